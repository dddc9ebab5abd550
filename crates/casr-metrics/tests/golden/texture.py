"""Texture consistency by its definition, one pair of windows after the other; writes texture.json beside itself.

Needs numpy and pillow: python texture.py
"""

import json
from math import ceil, floor
from pathlib import Path

import numpy as np
from pictures import blurred, luma, noisy, ramped, repeated, sample

NOISE = (2 / 255) ** 2
LAGS = [(dx * n, dy * n) for dx, dy in ((1, 0), (1, -1), (0, -1), (-1, -1)) for n in (1, 2, 3, 4, 6, 8)]


def correlation(a, b):
    covariance = np.mean((a - a.mean()) * (b - b.mean()))
    return covariance / np.sqrt((a.var() + NOISE) * (b.var() + NOISE))


def consistency(result, reference, block=(1, 1)):
    """1 minus the weighted mean difference; the result is block (x, y) times as large as the reference."""
    result, reference = luma(result), luma(reference)
    bx, by = block
    height, width = reference.shape
    total = weights = 0
    for y in range(13, height - 13):
        for x in range(13, width - 13):

            def windows(dx, dy):
                # The 11x11 pixels around (x + dx, y + dy), and what covers them in the result.
                top, left = y + dy - 5, x + dx - 5
                large = result[top * by : (top + 11) * by, left * bx : (left + 11) * bx]
                return large, reference[top : top + 11, left : left + 11]

            large, small = windows(0, 0)
            weight = small.std()
            for lag in LAGS:
                moved_large, moved_small = windows(*lag)
                difference = correlation(large, moved_large) - correlation(small, moved_small)
                total += weight * abs(difference)
            weights += weight * len(LAGS)
    return 1 - total / weights


def cubic(t):
    """Keys' kernel, a = -1/2."""
    t = abs(t)
    if t <= 1:
        return 1.5 * t**3 - 2.5 * t**2 + 1
    if t < 2:
        return -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    return 0


def enlarged(picture, length, axis):
    """MATLAB's bicubic imresize along an axis, to at least as many pixels; symmetric border."""
    old = picture.shape[axis]
    matrix = np.zeros((length, old))
    for i in range(length):
        centre = (i + 0.5) * old / length - 0.5
        for j in range(floor(centre) - 1, floor(centre) + 3):
            mirrored = -1 - j if j < 0 else 2 * old - 1 - j if j >= old else j
            matrix[i, mirrored] += cubic(centre - j)
    return np.moveaxis(np.tensordot(matrix, picture, (1, axis)), 0, axis)


def consistency_with_input(result, small):
    height, width, _ = small.shape
    block = ceil(result.shape[1] / width), ceil(result.shape[0] / height)
    size = width * block[0], height * block[1]
    if (result.shape[1], result.shape[0]) != size:
        result = enlarged(enlarged(result, size[1], 0), size[0], 1)
        result = np.clip(np.floor(result + 0.5), 0, 255)
    return consistency(result, small, block)


def main():
    city = sample("city", 500, 150, 64, 60)
    dog = sample("dog", 270, 180, 58, 50)
    flowers = sample("flowers", 310, 260, 36, 33)
    results = {
        "city with noise": consistency(noisy(city), city),
        "dog blurred, border of 4": consistency(blurred(dog)[4:-4, 4:-4], dog[4:-4, 4:-4]),
        "flowers twice as large": consistency_with_input(ramped(repeated(flowers, 72, 66)), flowers),
        "flowers by 3 and 2": consistency_with_input(noisy(repeated(flowers, 108, 66)), flowers),
        "flowers by broken factors": consistency_with_input(noisy(repeated(flowers, 91, 60)), flowers),
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(results, indent=2) + "\n")


main()
