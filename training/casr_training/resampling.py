"""Bicubic resampling as MATLAB's `imresize` does it, and which outputs of a step lie in which input pixel."""

import math

import numpy as np
import torch
from torch import Tensor

Size = tuple[int, int]


def round_half_up(value: float) -> int:
    """The nearest integer, the larger one of two equally near ones: how the program rounds sizes (Python rounds halves to even)."""
    return math.floor(value + 0.5)


def cubic(distance: np.ndarray) -> np.ndarray:
    """Keys' cubic with a = -1/2 at these distances, in pixels."""
    distance = np.abs(distance)
    near = (1.5 * distance - 2.5) * distance * distance + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance < 1, near, np.where(distance < 2, far, 0.0))


def mirrored_index(place: int, length: int) -> int:
    """The pixel of an axis that lies at a place, which may be beyond the border: … 1 0 | 0 1 2 …, with a period of 2 · length."""
    place %= 2 * length
    return min(place, 2 * length - 1 - place)


def mirrored_places(length: int, margin: int, device: torch.device | str) -> Tensor:
    """[`mirrored_index`] of an axis with so many more places on both sides, `[length + 2 · margin]`."""
    places = torch.arange(-margin, length + margin, device=device) % (2 * length)
    return torch.minimum(places, 2 * length - 1 - places)


def bicubic_matrix(inputs: int, outputs: int, antialias: bool = True) -> Tensor:
    """One axis of MATLAB's `imresize` as a dense matrix `[outputs, inputs]`, f32, computed in f64. Its rows sum to one.

    With `antialias`, shrinking widens the cubic by inputs / outputs; the border is mirrored.
    """
    step = inputs / outputs
    stretch = max(step, 1.0) if antialias else 1.0
    support = 4 * stretch
    taps = np.arange(math.ceil(support))
    matrix = np.zeros((outputs, inputs))
    for output in range(outputs):
        centre = (output + 0.5) * step - 0.5
        first = math.floor(centre - support / 2) + 1
        weights = cubic((centre - (first + taps)) / stretch)
        weights /= weights.sum()
        for tap, weight in zip(taps, weights):
            matrix[output, mirrored_index(int(first + tap), inputs)] += weight
    return torch.from_numpy(matrix.astype(np.float32))


class Resize:
    """Bicubic resampling between two sizes, as a product of matrices along both axes."""

    def __init__(self, inputs: Size, outputs: Size, device: torch.device | str = 'cpu'):
        self.rows, self.columns = (bicubic_matrix(a, b).to(device) for a, b in zip(inputs, outputs))

    def __call__(self, images: Tensor) -> Tensor:
        """`[B, c, h, w]` -> `[B, c, H, W]`."""
        return self.rows @ images @ self.columns.T


class CellAxis:
    """One axis of a step: the outputs sorted by the input pixel, their cell, that they fall into.

    Output o lies at (o + 1/2) · inputs / outputs - 1/2 and belongs to the nearest input, the right one of two equally near
    ones. Both are computed from integers, so that offsets that are equal in theory are equal in their bits.
    """

    def __init__(self, inputs: int, outputs: int):
        position = (2 * np.arange(outputs) + 1) * inputs
        self.inputs = inputs
        #: The input pixel of each output.
        self.cell = position // (2 * outputs)
        #: Distance from the centre of that pixel, in input pixels, within ±1/2.
        self.offset = ((position - (2 * self.cell + 1) * outputs) / (2 * outputs)).astype(np.float32)
        #: Its place among the outputs of its cell.
        self.slot = np.arange(outputs) - np.searchsorted(self.cell, self.cell)
        #: The most outputs of a cell.
        self.slots = int(self.slot.max()) + 1

    def table(self, slots: int) -> Tensor:
        """Offsets by cell and slot, `[inputs, slots]`; zero where a cell has fewer outputs."""
        table = np.zeros((self.inputs, slots), np.float32)
        table[self.cell, self.slot] = self.offset
        return torch.from_numpy(table)

    def shares(self) -> Tensor:
        """A matrix `[inputs, outputs]` that takes the mean of the outputs of each cell."""
        shares = torch.zeros(self.inputs, len(self.cell))
        shares[torch.from_numpy(self.cell), torch.arange(len(self.cell))] = 1
        return shares / shares.sum(1, keepdim=True).clamp(min=1)


class StepGeometry:
    """Where the pixels of one level lie in the level below: what a step knows of its factor, separate along both axes."""

    def __init__(self, inputs: Size, outputs: Size, device: torch.device | str = 'cpu'):
        self.inputs, self.outputs = inputs, outputs
        self.base = Resize(inputs, outputs, device)
        rows, columns = (CellAxis(a, b) for a, b in zip(inputs, outputs))
        #: The most outputs of a cell, down and across; the latter padded for aligned products.
        self.slots = rows.slots, -(-columns.slots // 4) * 4
        self.row_offsets = rows.table(self.slots[0]).to(device)
        self.column_offsets = columns.table(self.slots[1]).to(device)
        cells = rows.cell[:, None] * inputs[1] + columns.cell[None, :]
        places = (cells * self.slots[0] + rows.slot[:, None]) * self.slots[1] + columns.slot[None, :]
        #: Where each output, in reading order, lies among those sorted by cell, row and column in it.
        self.places = torch.from_numpy(places.reshape(-1)).to(device)
        scales = [b / a for a, b in zip(inputs, outputs)]
        #: log2 of the factors, `[1, 2]`.
        self.log_scales = torch.tensor([[math.log2(scale) for scale in scales]], device=device)
        #: How much the heat field is blurred along each axis, `[1, 2]`.
        self.blur = torch.tensor([[scale**-2 for scale in scales]], device=device)


class Gather(torch.autograd.Function):
    """`values[:, places]` with distinct places: going back, nothing has to be added up."""

    @staticmethod
    def forward(context, values: Tensor, places: Tensor) -> Tensor:
        context.save_for_backward(places)
        context.length = values.shape[1]
        return values.index_select(1, places)

    @staticmethod
    def backward(context, gradient: Tensor) -> tuple[Tensor, None]:
        (places,) = context.saved_tensors
        result = gradient.new_zeros(gradient.shape[0], context.length)
        result.index_copy_(1, places, gradient.contiguous())
        return result, None
