"""Stage 2, the vivid end: the best look, through the whole loop to ×16.

Every level is trained to look right on the network's own results: L1, chroma, consistency with the LR, LPIPS, an adversarial loss
whose gradient is scaled to a share of the others', and the losses of the modules.
"""

import argparse
import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .chain import Chain, Comparisons, square_sizes
from .checkpoint import Checkpoint
from .discriminator import Discriminator, judged, relativistic_loss
from .losses import alignment_loss, autocorrelation_loss, chroma_loss
from .network import Parameters
from .optimizer import Optimizer
from .perceptual import Vgg
from .provenance import VIVID
from .tiles import Photographs
from .trainer import FRESH_RATE, Stage, log

#: Chains: their share of the steps, images of a batch, sides of the levels.
CHAINS = (
    (0.14, 16, (48, 96)),
    (0.08, 16, (64, 88)),
    (0.06, 8, (40, 160)),
    (0.20, 8, (40, 80, 160)),
    (0.10, 8, (48, 88, 160)),
    (0.14, 6, (24, 48, 96, 192)),
    (0.14, 4, (16, 32, 64, 128, 256)),
    (0.07, 6, (32, 56, 96, 160)),
    (0.07, 4, (20, 36, 64, 112, 200)),
)
TINY_CHAINS = ((1.0, 1, (16, 32, 64)),)
#: Not trained in this stage: what they mean is shared by all looks.
FIXED = ('head.frequencies', 'head.kappa')

#: Steps until the rate is at its peak; steps without adversarial loss, and until it is whole.
WARM_UP = 200
ADVERSARIAL_AFTER, ADVERSARIAL_WARM_UP = 100, 400
#: The shares of their peaks that rates end with.
LAST_RATE, LAST_DISCRIMINATOR_RATE = 0.02, 0.2


class Vivid(Stage):
    """The network and its discriminator, in turn on the same batch."""

    name = VIVID
    marks = (0.5,)
    logged = ('L1', 'consistency', 'LPIPS', 'autocorrelation', 'alignment', 'G', 'D', 'gradient')

    def __init__(self, options: argparse.Namespace, checkpoint: Checkpoint, parameters: Parameters):
        super().__init__(options, checkpoint, parameters)
        self.trained = {name: value for name, value in parameters.items() if name not in FIXED}
        self.optimizer = Optimizer(self.trained, fast=checkpoint.fresh, fast_rate=FRESH_RATE)
        self.vgg = Vgg(options.vgg, self.device, self.precision)
        self.discriminator = Discriminator(self.device)
        self._load_discriminator()
        self.discriminator_optimizer = Optimizer(self.discriminator.parameters, betas=(0.5, 0.99), muon=())
        self.rate, self.discriminator_rate, self.adversarial = (torch.zeros((), device=self.device) for _ in range(3))

        chains = TINY_CHAINS if options.tiny else CHAINS
        self.chains = [
            self.chain(max(1, round(batch * options.batch_share)), square_sizes(*sides)) for _, batch, sides in chains
        ]
        self.comparisons = [Comparisons(chain.sizes, self.device) for chain in self.chains]
        shares = np.array([share for share, _, _ in chains])
        self.shares = shares / shares.sum()

    def _load_discriminator(self) -> None:
        """Goes on with what the run before has taught the discriminator."""
        start, named = self.options.start, self.options.discriminator
        if self.checkpoint.position.steps:
            return
        beside = Path(f'{start}.discriminator.pt')
        path = Path(named) if named else beside
        if named or (start and beside.exists()):
            self.discriminator.load(path)
            log(f'goes on with the discriminator of {path.name}')

    def save_more(self) -> None:
        self.discriminator.save(f'{self.options.out}.discriminator.pt')

    def state(self) -> dict[str, Tensor]:
        parts = {
            'parameter': self.parameters,
            'average': self.average,
            'optimizer': self.optimizer.state(),
            'discriminator': self.discriminator.state(),
            'discriminator optimizer': self.discriminator_optimizer.state(),
        }
        return {f'{part}.{name}': value for part, values in parts.items() for name, value in values.items()}

    def warm_up(self, photographs: Photographs) -> None:
        for index in range(len(self.chains)):
            self._run(photographs, index)

    def step(self, photographs: Photographs, generator: np.random.Generator, steps: int, progress: float) -> None:
        options = self.options
        falling = (progress - options.hold) / (1 - options.hold) if progress >= options.hold else 0.0
        share = 0.5 * (1 + math.cos(math.pi * falling))
        warm = min(1, (steps + 1) / WARM_UP)
        self.rate.fill_(options.rate * warm * (LAST_RATE + (1 - LAST_RATE) * share))
        least = LAST_DISCRIMINATOR_RATE
        self.discriminator_rate.fill_(options.discriminator_rate * (least + (1 - least) * share))
        self.adversarial.fill_(options.adversarial * min(1, max(0, (steps - ADVERSARIAL_AFTER) / ADVERSARIAL_WARM_UP)))
        self._run(photographs, generator.choice(len(self.chains), p=self.shares))

    def _run(self, photographs: Photographs, index: int) -> None:
        chain = self.chains[index]
        chain.fill(photographs.batch(chain.batch, chain.sizes))
        self.runner.run(index, lambda: self._body(chain, self.comparisons[index]))

    def _body(self, chain: Chain, comparisons: Comparisons) -> None:
        """One step of network and discriminator on the batch in the chain's buffers."""
        levels = chain.levels(self.parameters, self.precision)
        judge = self.discriminator.weights(self.precision, update=False)
        judge = {name: value.detach() for name, value in judge.items()}
        gradients, compared, terms, below = [], [], 0, chain.clean
        for index, (level, truth) in enumerate(zip(levels, chain.truths)):
            level = level.detach().requires_grad_()
            with torch.no_grad():
                true_features = self.vgg.features(truth)
            features = self.vgg.features(level)
            loss, of_level = self._reconstruction(
                chain, comparisons, index, level, below, self.vgg.distance(features, true_features)
            )
            with torch.no_grad():
                truth_judged = judged(judge, truth, true_features)
            deceived = relativistic_loss(judged(judge, level, features), truth_judged)
            gradients.append(self._balanced(loss, deceived, level) / len(levels))
            compared.append((level.detach(), [value.detach() for value in features], truth, true_features))
            terms = terms + torch.stack([*of_level, deceived.detach()]) / len(levels)
            below = level.detach().clamp(0, 1)
        norm = self._step_network(levels, gradients)
        discriminated = self._step_discriminator(compared)
        self.add_to_sums(torch.cat([terms, discriminated[None], norm[None]]))
        self.update_average()

    def _reconstruction(
        self, chain: Chain, comparisons: Comparisons, index: int, level: Tensor, below: Tensor, lpips: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """The losses that compare a level with the truth, weighed; and L1, consistency, LPIPS and the modules' losses."""
        options, truth = self.options, chain.truths[index]
        difference = level - truth
        absolute = difference.abs().mean()
        consistency = (comparisons.to_low[index](level) - chain.clean).abs().mean()
        loss = options.l1 * absolute + options.chroma * chroma_loss(difference)
        loss = loss + options.consistency * consistency + options.lpips * lpips
        repeated = drifted = level.new_zeros(())
        if options.autocorrelation_loss:
            repeated = autocorrelation_loss(level, truth)
            loss = loss + options.autocorrelation_loss * repeated
        if options.alignment_loss:
            drifted = alignment_loss(below, level, comparisons.to_cells[index])
            loss = loss + options.alignment_loss * drifted
        return loss, [value.detach() for value in (absolute, consistency, lpips, repeated, drifted)]

    def _balanced(self, loss: Tensor, adversarial: Tensor, level: Tensor) -> Tensor:
        """The gradient at a level: of the losses, and the adversarial one's scaled to a share of its size."""
        (gradient,) = torch.autograd.grad(loss, level, retain_graph=True)
        (other,) = torch.autograd.grad(adversarial, level)
        return gradient + other * (self.adversarial * gradient.norm() / (other.norm() + 1e-9))

    def _step_network(self, levels: list[Tensor], gradients: list[Tensor]) -> Tensor:
        """Brings the gradients at the levels to the parameters; the size of all of them before they are clipped."""
        found = torch.autograd.grad(levels, list(self.trained.values()), grad_outputs=gradients)
        norm = sum(gradient.square().sum() for gradient in found).sqrt()
        scale = (self.options.clip / (norm + 1e-9)).clamp(max=1)
        self.optimizer.step({name: gradient * scale for name, gradient in zip(self.trained, found)}, self.rate)
        return norm

    def _step_discriminator(self, compared: list[tuple]) -> Tensor:
        """Teaches the discriminator to tell results from truths; its loss, 1.386 at chance."""
        weights, loss = self.discriminator.weights(self.precision, update=True), 0
        for level, features, truth, true_features in compared:
            right = relativistic_loss(judged(weights, truth, true_features), judged(weights, level, features))
            loss = loss + 2 * right / len(compared)
        parameters = self.discriminator.parameters
        gradients = torch.autograd.grad(loss, list(parameters.values()))
        self.discriminator_optimizer.step(dict(zip(parameters, gradients)), self.discriminator_rate)
        return loss.detach()
