"""Drift by its definition, one superpixel after the other; writes drift.json beside itself.

Needs numpy and pillow: python drift.py
"""

import json
from math import cos, log, pi, sin
from pathlib import Path

import numpy as np
from pictures import luma, noisy, ramped, repeated, sample

CELL = 4
COLOUR_WEIGHT = CELL**2 / (3 * 25.5**2)  # colours in 8-bit levels
NOISE = 2 / 255


def superpixels(picture):
    """The cell (row, column) that every pixel belongs to, as {cell: list of pixels}."""
    height, width, _ = picture.shape
    owner = {(y, x): (y // CELL, x // CELL) for y in range(height) for x in range(width)}
    for _ in range(3):
        members = {}
        for pixel, cell in owner.items():
            members.setdefault(cell, []).append(pixel)
        means = {}
        for cell, pixels in members.items():
            rows, columns = np.array(pixels).T
            means[cell] = picture[rows, columns].mean(0), rows.mean(), columns.mean()
        for y, x in owner:
            near = [(y // CELL + dy, x // CELL + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]

            def distance(cell):
                colour, row, column = means[cell]
                r, g, b = picture[y, x] - colour
                return COLOUR_WEIGHT * (r**2 + g**2 + b**2) + ((x - column) ** 2 + (y - row) ** 2)

            # min() returns the first of equals, and cells are listed in reading order.
            owner[y, x] = min((cell for cell in near if cell in means), key=distance)
    members = {}
    for pixel, cell in owner.items():
        members.setdefault(cell, []).append(pixel)
    return members


ANGLES = [pi * degrees / 180 for degrees in (0, 45, 90, 135)]


def features(picture, scale):
    """Colours and gradients, [height, width, 3 + 4]; scale (x, y) is that of the picture to level 0."""
    light = np.pad(luma(picture), 1, mode="edge")
    right = (light[1:-1, 2:] - light[1:-1, :-2]) / 2 * scale[0]
    up = (light[:-2, 1:-1] - light[2:, 1:-1]) / 2 * scale[1]
    return np.dstack([picture / 255] + [cos(angle) * right + sin(angle) * up for angle in ANGLES])


def floors(scale):
    """What noise adds to the variances of the features: two noisy values lie two pixels apart."""
    right, up = 2 * (NOISE / 2 * scale[0]) ** 2, 2 * (NOISE / 2 * scale[1]) ** 2
    gradients = [cos(angle) ** 2 * right + sin(angle) ** 2 * up for angle in ANGLES]
    return np.array([NOISE**2] * 3 + gradients)


def divergence(before, after, floor):
    """KL(before || after) of each channel, from samples [pixels, channels]."""
    m, v = before.mean(0), before.var(0) + floor
    n, w = after.mean(0), after.var(0) + floor
    return np.array([(log(w[i] / v[i]) + (v[i] + (m[i] - n[i]) ** 2) / w[i] - 1) / 2 for i in range(len(m))])


def drift(earlier, later, scale):
    height, width, _ = earlier.shape
    later_height, later_width, _ = later.shape
    factor = later_width / width, later_height / height
    before = features(earlier, scale)
    after = features(later, (scale[0] * factor[0], scale[1] * factor[1]))

    under = {}
    for y in range(later_height):
        for x in range(later_width):
            pixel = int((y + 0.5) * height / later_height), int((x + 0.5) * width / later_width)
            under.setdefault(pixel, []).append(after[y, x])

    results = []
    for pixels in superpixels(earlier).values():
        inside = [value for pixel in pixels for value in under.get(pixel, [])]
        if inside:
            own = np.array([before[pixel] for pixel in pixels])
            results.append(divergence(own, np.array(inside), floors(scale)))
    mean = np.mean(results, axis=0)
    return {"rgb": mean[:3].sum(), "gradients": mean[3:].sum()}


def main():
    city = sample("city", 500, 150, 48, 40)
    dog = sample("dog", 270, 180, 45, 38)
    flowers = sample("flowers", 310, 260, 50, 50)
    # Cells of 4 and of 2 pixels: column and row 3 are as near to either.
    flat = np.full((6, 6, 3), 100)
    results = {
        "city twice as large": drift(city, ramped(repeated(city, 96, 80)), (1, 1)),
        "dog by broken factors": drift(dog, noisy(repeated(dog, 101, 77)), (1.5, 2)),
        "flowers of equal size": drift(flowers, noisy(flowers), (4, 4)),
        "flat with ties": drift(flat, noisy(flat), (1, 1)),
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(results, indent=2) + "\n")


main()
