"""Soft superpixels: which regions of a level its pixels belong to (after SSN, arXiv 1807.10174).

A level is cut into cells of 4×4 pixels, anchored at its origin; those at the right and at the bottom may be cut short. Every
pixel belongs to the 3×3 cells around it, to each by a weight. Tensors are `[B, h, w, c]` by pixel, `[B, rows, columns, c]` by
cell; in between, `[B, rows, columns, 16, c]` holds the pixels of each cell.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

#: Height and width of a cell, in pixels.
CELL = 4
#: The cells that a pixel belongs to, in reading order, its own in the middle.
NEIGHBOURS = 9
#: Added to variances of features.
VARIANCE_FLOOR = 1e-4

_constants: dict[tuple[str, str], Tensor] = {}


def constant(name: str, values: list, device: torch.device) -> Tensor:
    """A named constant on a device, brought there once: nothing may be copied while a CUDA graph is captured."""
    key = name, str(device)
    if key not in _constants:
        _constants[key] = torch.tensor(values, dtype=torch.float32, device=device)
    return _constants[key]


def cell_count(length: int) -> int:
    """Cells along an axis of so many pixels."""
    return -(-length // CELL)


def by_cell(pixels: Tensor) -> Tensor:
    """`[B, h, w, c]` -> `[B, rows, columns, 16, c]`; zero where a cell is cut short."""
    batch, height, width, channels = pixels.shape
    rows, columns = cell_count(height), cell_count(width)
    if (rows * CELL, columns * CELL) != (height, width):
        pixels = F.pad(pixels, (0, 0, 0, columns * CELL - width, 0, rows * CELL - height))
    pixels = pixels.reshape(batch, rows, CELL, columns, CELL, channels).permute(0, 1, 3, 2, 4, 5)
    return pixels.reshape(batch, rows, columns, CELL * CELL, channels)


def by_pixel(cells: Tensor, height: int, width: int) -> Tensor:
    """The inverse of [`by_cell`]."""
    batch, rows, columns, _, channels = cells.shape
    pixels = cells.reshape(batch, rows, columns, CELL, CELL, channels).permute(0, 1, 3, 2, 4, 5)
    return pixels.reshape(batch, rows * CELL, columns * CELL, channels)[:, :height, :width]


def neighbours(cells: Tensor) -> Tensor:
    """The values of the cells around each, `[B, rows, columns, c]` -> `[B, rows, columns, 9, c]`; zeros beyond the border."""
    _, rows, columns, _ = cells.shape
    padded = F.pad(cells, (0, 0, 1, 1, 1, 1))
    return torch.stack([padded[:, i // 3 : i // 3 + rows, i % 3 : i % 3 + columns] for i in range(NEIGHBOURS)], 3)


def gathered(shares: Tensor) -> Tensor:
    """What each cell gets from those around it, `[B, rows, columns, 9, c]` -> `[B, rows, columns, c]`: the transpose of [`neighbours`]."""
    _, rows, columns, _, _ = shares.shape
    padded = F.pad(shares, (0, 0, 0, 0, 1, 1, 1, 1))
    return sum(padded[:, 2 - i // 3 : 2 - i // 3 + rows, 2 - i % 3 : 2 - i % 3 + columns, i] for i in range(NEIGHBOURS))


#: Squared distances from every pixel of a cell to the centres of the cells around it, in cells, `[16, 9]`.
SQUARED_DISTANCES = [
    [
        ((pixel // CELL + 0.5) / CELL - (cell // 3 - 0.5)) ** 2 + ((pixel % CELL + 0.5) / CELL - (cell % 3 - 0.5)) ** 2
        for cell in range(NEIGHBOURS)
    ]
    for pixel in range(CELL * CELL)
]


@dataclass
class Regions:
    """The superpixels of a level."""

    #: Of every pixel for the cells around it, `[B, rows, columns, 16, 9]`; they sum to one, and are zero for pixels beyond the level.
    weights: Tensor
    height: int
    width: int

    def moments(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of features `[B, h, w, c]` in every superpixel, each `[B, rows, columns, c]`."""
        values, weights = by_cell(features), self.weights.transpose(3, 4)
        weight_sums = weights.sum(-1, keepdim=True)
        totals = gathered(weight_sums)
        means = gathered(weights @ values) / totals
        # Squares about the mean of the pixel's own cell first, moved to the superpixel's mean after: no digits are lost.
        own = values.mean(3, keepdim=True)
        near = values - own
        shift = own - neighbours(means)
        squares = weights @ near.square() + 2 * (weights @ near) * shift + weight_sums * shift.square()
        variances = (gathered(squares) / totals).clamp(min=0)
        return means, (variances + VARIANCE_FLOOR).sqrt()

    def modulate(self, features: Tensor, gain: Tensor, offset: Tensor) -> Tensor:
        """features · gain + offset, `[B, h, w, c]`, both spread from the superpixels `[B, rows, columns, c]` to their pixels."""
        channels = features.shape[3]
        spread = self.weights @ neighbours(torch.cat([gain, offset], 3))
        spread = by_pixel(spread, self.height, self.width)
        return features * spread[..., :channels] + spread[..., channels:]


def regions(level: Tensor, temperatures: Tensor) -> Regions:
    """The superpixels of a level `[B, h, w, 3]`: pixels are drawn to the mean colours of the cells around them, and to their places.

    `temperatures` `[2]` are the sharpness in colour and the compactness in place.
    """
    _, height, width, _ = level.shape
    cells, device = by_cell(level), level.device
    rows, columns = cells.shape[1:3]
    whole = height % CELL == 0 and width % CELL == 0
    present = None if whole else by_cell(torch.ones(1, height, width, 1, device=device))
    means = cells.mean(3) if whole else cells.sum(3) / present.sum(3)
    means = neighbours(means)
    inside = neighbours(torch.ones(1, rows, columns, 1, device=device)).permute(0, 1, 2, 4, 3)
    distances = (cells[:, :, :, :, None] - means[:, :, :, None]).square().sum(-1) * temperatures[0]
    distances = distances + constant('squared distances', SQUARED_DISTANCES, device) * temperatures[1]
    weights = torch.softmax((inside - 1) * 1e9 - distances, -1) * inside
    return Regions(weights if whole else weights * present, height, width)
