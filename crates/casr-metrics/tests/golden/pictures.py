"""Pictures that these scripts and the Rust tests make alike: crops of the samples, changed in whole numbers only."""

from pathlib import Path

import numpy as np
from PIL import Image

SAMPLES = Path(__file__).resolve().parents[4] / "samples"


def sample(name, left, top, width, height):
    """A crop of a sample, whole numbers of [height, width, 3]."""
    picture = np.asarray(Image.open(SAMPLES / f"{name}.png").convert("RGB"), dtype=np.int64)
    return picture[top : top + height, left : left + width]


def places(picture):
    """Column, row and colour of every value."""
    y, x, colour = np.indices(picture.shape)
    return x, y, colour


def repeated(picture, width, height):
    """Enlarged by repeating pixels: every pixel is the one under its centre."""
    rows = (2 * np.arange(height) + 1) * picture.shape[0] // (2 * height)
    columns = (2 * np.arange(width) + 1) * picture.shape[1] // (2 * width)
    return picture[rows][:, columns]


def ramped(picture):
    """Seven eighths of the picture and one of a ramp."""
    x, y, colour = places(picture)
    return (7 * picture + (5 * x + 3 * y + 29 * colour) % 256) // 8


def noisy(picture):
    """With differences of up to 8 levels without a visible pattern."""
    x, y, colour = places(picture)
    noise = (x * x * 31 + y * y * 17 + x * y * 37 + x * 73 + y * 179 + colour * 283) % 17 - 8
    return np.clip(picture + noise, 0, 255)


def blurred(picture):
    """The mean of 3x3 pixels, rounded down, the border repeated."""
    padded = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width, _ = picture.shape
    return sum(padded[dy : dy + height, dx : dx + width] for dy in range(3) for dx in range(3)) // 9


def luma(picture):
    """BT.601 luma in the full range, in [0, 1]."""
    return picture @ np.array([0.299, 0.587, 0.114]) / 255
