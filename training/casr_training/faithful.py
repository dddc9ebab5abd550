"""Stage 1, the faithful end: least error, through single steps and chains of two and three."""

import argparse
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .chain import Chain, equal_sides, square_sizes
from .checkpoint import Checkpoint
from .losses import faithful_loss
from .network import Parameters
from .optimizer import Optimizer
from .provenance import FAITHFUL
from .resampling import round_half_up
from .superpixels import CELL
from .tiles import Photographs
from .trainer import FRESH_RATE, Stage

#: Steps until the rate is at its peak, and what it never falls below.
WARM_UP = 300
LEAST_RATE = 1e-6
#: The share of batches of another factor along each axis.
UNEQUAL_SHARE = 0.07


@dataclass(frozen=True)
class Factors:
    """Which enlargements are trained."""

    single: tuple[float, ...]
    unequal: tuple[tuple[float, float], ...]
    #: In two and in three steps.
    double: tuple[float, ...]
    triple: tuple[float, ...]


ALL_FACTORS = Factors(
    single=(1, 1.125, 1.25, 1.4, 1.6, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.3, 3.65, 4),
    unequal=((2, 2.5), (2.75, 2), (1.25, 1.6), (3.3, 4)),
    double=(2, 2.33, 2.67, 3, 3.33, 4),
    triple=(2, 2.5, 3.2, 4),
)
FEW_FACTORS = Factors(single=(1, 2, 3.3), unequal=((2, 2.5),), double=(3,), triple=(4,))


class Faithful(Stage):
    """L1 and the spectrum's L1 on every level; a cosine. The last part of a run is in single precision, with squares."""

    name = FAITHFUL
    marks = (0.25, 0.5, 0.75)
    logged = ('loss',)

    def __init__(self, options: argparse.Namespace, checkpoint: Checkpoint, parameters: Parameters):
        super().__init__(options, checkpoint, parameters)
        self.optimizer = Optimizer(parameters, fast=checkpoint.fresh, fast_rate=FRESH_RATE)
        self.rate = torch.zeros((), device=self.device)
        patch, batch = options.patch, options.batch
        factors = FEW_FACTORS if options.tiny else ALL_FACTORS
        modules = self.config.alignment or self.config.similarity
        grid = CELL if modules else 1

        def larger(side: int, factor: float) -> int:
            return round_half_up(side * factor)

        low = (patch, patch)
        self.singles = [self.chain(batch, [low, (larger(patch, f),) * 2]) for f in factors.single]
        self.unequals = [
            self.chain(batch, [low, (larger(patch, down), larger(patch, across))]) for down, across in factors.unequal
        ]
        # Smaller patches where more levels are held at once.
        small = patch * 3 // 4
        smallest = patch * 5 // 8 // CELL * CELL + (CELL if modules else 2)
        few = max(1, batch // 2)
        self.doubles = [
            self.chain(few, square_sizes(*equal_sides(small, larger(small, f), 2, grid))) for f in factors.double
        ]
        self.triples = [
            self.chain(few, square_sizes(*equal_sides(smallest, larger(smallest, f), 3, grid))) for f in factors.triple
        ]

    def state(self) -> dict[str, Tensor]:
        state = {f'parameter.{name}': value for name, value in self.parameters.items()}
        state |= {f'average.{name}': value for name, value in self.average.items()}
        return state | {f'optimizer.{name}': value for name, value in self.optimizer.state().items()}

    def warm_up(self, photographs: Photographs) -> None:
        for polish in (False, True):
            for chain in [*self.singles, *self.unequals, *self.doubles, *self.triples]:
                self._run(photographs, chain, polish)

    def step(self, photographs: Photographs, generator: np.random.Generator, steps: int, progress: float) -> None:
        cosine = 0.5 * (1 + math.cos(math.pi * progress))
        self.rate.fill_(self.options.rate * min(1, (steps + 1) / WARM_UP) * cosine + LEAST_RATE)
        chains = self._group(generator.random())
        chain = chains[generator.integers(len(chains))]
        self._run(photographs, chain, progress > self.options.polish_from)

    def _group(self, place: float) -> list[Chain]:
        """The chains that a number in [0, 1) picks."""
        unrolled = self.options.unroll
        if place < unrolled / 3:
            return self.triples
        if place < unrolled:
            return self.doubles
        return self.unequals if place < unrolled + UNEQUAL_SHARE else self.singles

    def _run(self, photographs: Photographs, chain: Chain, polish: bool) -> None:
        chain.fill(photographs.batch(chain.batch, chain.sizes))
        self.runner.run((id(chain), polish), lambda: self._body(chain, polish))

    def _body(self, chain: Chain, polish: bool) -> None:
        """One step on the batch in the chain's buffers."""
        levels = chain.levels(self.parameters, torch.float32 if polish else self.precision)
        pairs = zip(levels, chain.truths)
        loss = sum(faithful_loss(level, truth, polish) for level, truth in pairs) / len(levels)
        gradients = torch.autograd.grad(loss, list(self.parameters.values()))
        self.optimizer.step(dict(zip(self.parameters, gradients)), self.rate)
        self.add_to_sums(loss.detach()[None])
        self.update_average()
