"""SDAM, structural distribution alignment: the statistics of superpixels are held to what they were one step before.

The method of arXiv 2602.22159. After half of the blocks features are whitened by the statistics of their superpixels and coloured
anew, by statistics moved towards those that the step before left behind.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .layers import he_normal
from .superpixels import CELL, Regions, cell_count

#: Colours this far apart, in units of the whole range, weigh as much as places one cell apart.
COLOUR_DISTANCE = 0.1
#: Distances beyond this one count as this one, so that far from all the nearest still count.
FARTHEST = 80.0
#: Bounds of the logarithm of a gain.
LARGEST_GAIN = 3.0
#: How far a gate is open at first: sigmoid(-2) = 0.12.
FIRST_GATE = -2.0
COLOURS = 3


def fresh_parameters(channels: int, generator: torch.Generator) -> dict[str, Tensor]:
    """The parameters of the module before training: gates nearly closed, nothing done without a reference."""
    return {
        'alignment.inner.weights': he_normal(generator, 0.5, channels, 4 * channels),
        'alignment.inner.bias': torch.zeros(channels),
        'alignment.outer.weights': he_normal(generator, 0.02, 3 * channels, channels),
        'alignment.outer.bias': torch.cat([torch.full((channels,), FIRST_GATE), torch.zeros(2 * channels)]),
    }


class CellPlaces:
    """Where the cells of a level, `length` pixels long, lie among those of the level below it, along one axis.

    With a border, the cells beyond the level's own find what the nearest of these finds.
    """

    def __init__(self, length: int, below: int, border: int = 0, device: torch.device | str = 'cpu'):
        earlier = cell_count(below)
        centres = (np.arange(cell_count(length)) + 0.5) * (below / length)
        nearest = np.minimum(centres.astype(int), earlier - 1)
        offset = (centres - nearest - 0.5).astype(np.float32)
        before = border // CELL
        behind = cell_count(length + 2 * border) - before - len(nearest)
        nearest, offset = (np.pad(values, (before, behind), mode='edge') for values in (nearest, offset))
        around = [nearest + shift for shift in (-1, 0, 1)]
        #: For the cell before the nearest, the nearest, the one behind: its index,
        self.index = [torch.from_numpy(np.clip(cell, 0, earlier - 1)).to(device) for cell in around]
        #: the square of its distance, in earlier cells,
        self.distance = [torch.from_numpy(np.square(np.float32(shift) - offset)).to(device) for shift in (-1, 0, 1)]
        #: and whether it exists, 0 or 1.
        self.present = [
            torch.from_numpy(((cell >= 0) & (cell < earlier)).astype(np.float32)).to(device) for cell in around
        ]


@dataclass
class Before:
    """What the step before left behind."""

    #: `[B, rows, columns, 2C + 3]`: mean and logarithm of the deviation of every feature, and mean colours, of each cell.
    statistics: Tensor
    rows: CellPlaces
    columns: CellPlaces


def reference(colours: Tensor, before: Before) -> Tensor:
    """What the cells with these mean colours find at their places in the step before, `[B, rows, columns, 2C]`.

    The mean over the 3×3 cells around the place, weighted by nearness in place and colour, so that the two sides of an edge keep
    apart. No gradient goes through the weights.
    """
    total = weight_sum = 0
    rows, columns = before.rows, before.columns
    for down in range(3):
        lines = before.statistics.index_select(1, rows.index[down])
        for across in range(3):
            found = lines.index_select(2, columns.index[across])
            difference = (colours.detach() - found[..., -COLOURS:].detach()) / COLOUR_DISTANCE
            place = rows.distance[down][None, :, None] + columns.distance[across][None, None]
            distance = difference.square().sum(3) + place
            present = rows.present[down][None, :, None] * columns.present[across][None, None]
            weight = (torch.exp(-distance.clamp(max=FARTHEST)) * present)[..., None]
            total = total + found[..., :-COLOURS] * weight
            weight_sum = weight_sum + weight
    return total / weight_sum


def align(
    parameters: dict[str, Tensor], features: Tensor, level: Tensor, regions: Regions, before: Before | None
) -> tuple[Tensor, Tensor]:
    """Aligned features `[B, h, w, C]`, and statistics for the next step, `[B, rows, columns, 2C + 3]`.

    What is done to a superpixel is decided by two small layers that see its statistics, and how the reference differs. The first
    step aligns to itself.
    """
    channels = features.shape[3]
    colours, _ = regions.moments(level)
    mean, deviation = regions.moments(features)
    spread = deviation.log()
    mean_change, spread_change = torch.zeros_like(mean), torch.zeros_like(spread)
    if before is not None:
        found = reference(colours, before)
        mean_change, spread_change = found[..., :channels] - mean, found[..., channels:] - spread

    seen = torch.cat([mean, spread, mean_change, spread_change], 3)
    hidden = F.linear(seen, parameters['alignment.inner.weights'], parameters['alignment.inner.bias'])
    decided = F.linear(F.silu(hidden), parameters['alignment.outer.weights'], parameters['alignment.outer.bias'])
    gate, stretch, shift = decided.split(channels, 3)
    gate = gate.sigmoid()
    stretch = (gate * spread_change + stretch).clamp(-LARGEST_GAIN, LARGEST_GAIN)
    moved = mean + gate * mean_change + shift * deviation
    gain = stretch.exp()
    aligned = regions.modulate(features, gain, moved - mean * gain)
    return aligned, torch.cat([moved, spread + stretch, colours], 3)


def inside_cells(statistics: Tensor, height: int, width: int, border: int) -> Tensor:
    """The statistics of the cells of a level of this size, without those of its border alone."""
    first = border // CELL
    return statistics[:, first : first + cell_count(height), first : first + cell_count(width)]
