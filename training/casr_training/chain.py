"""Levels through the loop: a LR, and the steps that enlarge it, each fed with the result of the one before."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from .alignment import Before, CellPlaces, inside_cells
from .guards import anchor_share, anchored
from .network import STEP_ORIGIN, NetworkConfig, Parameters, StepInput, step
from .resampling import CellAxis, Resize, Size, StepGeometry, round_half_up
from .similarity import AutocorrelationPrior, MatchesPrior, Prior
from .tiles import Batch


def square_sizes(*sides: int) -> list[Size]:
    """The sizes of square levels."""
    return [(side, side) for side in sides]


def equal_sides(low: int, top: int, steps: int, grid: int = 1) -> list[int]:
    """The sides of levels by equal factors from one to another, those in between on a grid."""
    between = [round_half_up(low * (top / low) ** (index / steps) / grid) * grid for index in range(1, steps)]
    return [low, *between, top]


@dataclass(frozen=True)
class ChainOptions:
    """What all steps of a chain do alike."""

    #: Whether corrections go through gates and results are anchored.
    guarded: bool = True
    #: Whether it is an enlargement as the program does it: a mirrored border around every level, statistics of superpixels handed on
    #: in half precision, priors in double. Crops of training go without.
    whole: bool = False
    #: Whether a noise channel reads zeros in place of noise.
    quiet: bool = False


class Chain:
    """The geometry of a LR and of the levels above it, and buffers for a batch: fixed places, so that a CUDA graph can read them."""

    def __init__(
        self,
        batch: int,
        sizes: list[Size],
        config: NetworkConfig,
        device: torch.device | str,
        options: ChainOptions = ChainOptions(),
    ):
        self.batch, self.sizes, self.config, self.options = batch, sizes, config, options
        self.border = config.border if options.whole else 0

        def images(size: Size) -> Tensor:
            return torch.zeros(batch, 3, *size, device=device)

        #: The LR, degraded; what is known of that; the LR before; and the levels as they should be.
        self.low, self.clean = images(sizes[0]), images(sizes[0])
        self.origin = torch.zeros(batch, 3, device=device)
        self.truths = [images(size) for size in sizes[1:]]
        self._step_origin = torch.tensor([STEP_ORIGIN], device=device).expand(batch, 3).contiguous()

        steps = list(pairwise(sizes))
        self._geometry = [StepGeometry(below, above, device) for below, above in steps]
        self._shrink = [Resize(above, below, device) for below, above in steps] if options.guarded else []
        self._autocorrelation, self._matches, self._places = [], [], []
        if config.similarity:
            self._autocorrelation = [AutocorrelationPrior(sizes[0], below, device) for below, _ in steps]
            self._matches = [MatchesPrior(sizes[0], below, above, device) for below, above in steps]
        if config.alignment:
            # The second step aligns its level, sizes[1], to what the first one left behind on sizes[0], and so on.
            self._places = [None] + [
                tuple(CellPlaces(length, before, self.border, device) for length, before in zip(level, below))
                for below, level in steps[:-1]
            ]

    @property
    def precision_of_priors(self) -> torch.dtype:
        return torch.float64 if self.options.whole else torch.float32

    def fill(self, batch: Batch) -> None:
        """Copies a batch into the buffers."""
        self.low.copy_(batch.low)
        self.origin.copy_(batch.origin)
        self.clean.copy_(batch.clean)
        for buffer, truth in zip(self.truths, batch.truths):
            buffer.copy_(truth)

    def levels(self, parameters: Parameters, precision: torch.dtype = torch.float32) -> list[Tensor]:
        """All levels above the LR in the buffer, `[B, 3, H, W]` each, not clamped; steps read them clamped to [0, 1]."""
        level, origin, statistics, results = self.low, self.origin, None, []
        for index, geometry in enumerate(self._geometry):
            before = None
            if statistics is not None:
                before = Before(statistics, *self._places[index])
            given = StepInput(
                level,
                geometry,
                origin,
                border=self.border,
                guarded=self.options.guarded,
                prior=self._prior(index, level),
                before=before,
                noise=self._noise(level),
            )
            result, statistics = step(parameters, self.config, given, precision)
            if statistics is not None and self.options.whole:
                statistics = inside_cells(statistics, *geometry.inputs, self.border).half().float()
            if self.options.guarded:
                result = anchored(result, level, anchor_share(origin), self._shrink[index], geometry.base)
            results.append(result)
            level, origin = result.clamp(0, 1), self._step_origin
        return results

    def _prior(self, index: int, level: Tensor) -> Prior | None:
        if not self.config.similarity:
            return None
        autocorrelation = self._autocorrelation[index](self.low.to(self.precision_of_priors)).float()
        matches = self._matches[index](self.low, level.detach())
        return Prior(matches, autocorrelation).bordered(self.border)

    def _noise(self, level: Tensor) -> Tensor | None:
        """Zeros for a noise channel that shall be quiet; else none, and it is drawn where it is needed."""
        if not self.options.quiet:
            return None
        _, _, height, width = level.shape
        return level.new_zeros(len(level), 1, height + 2 * self.border, width + 2 * self.border)


class Comparisons:
    """How the levels of a chain are compared with its LR and with each other, for losses."""

    def __init__(self, sizes: list[Size], device: torch.device | str):
        #: From each level to the LR's size.
        self.to_low = [Resize(size, sizes[0], device) for size in sizes[1:]]
        #: From each level to means over the pixels of the level below: two matrices `[inputs, outputs]`.
        self.to_cells = [
            tuple(CellAxis(a, b).shares().to(device) for a, b in zip(below, above)) for below, above in pairwise(sizes)
        ]
