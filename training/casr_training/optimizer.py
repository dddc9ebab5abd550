"""Muon and Adam, in place, so that a step can be a part of a CUDA graph."""

from collections.abc import Iterable

import torch
from torch import Tensor

#: Muon's momentum, and its rate beside Adam's for updates of the same size.
MOMENTUM = 0.95
MUON_RATE = 0.2
#: Coefficients of the iteration that makes a matrix nearly orthogonal.
_ITERATION = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5
_ADAM_FLOOR = 1e-8


def orthogonalized(matrices: Tensor) -> Tensor:
    """Stacked matrices `[n, rows, columns]` with all singular values near one, by Newton-Schulz iteration in bfloat16."""
    first, second, third = _ITERATION
    result = matrices.bfloat16()
    result = result / (result.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_ITERATIONS):
        gram = result @ result.mT
        result = first * result + (second * gram + third * gram @ gram) @ result
    return result.float()


class Optimizer:
    """Muon (K. Jordan, 2024) for stacked convolutions, `body.weights`; Adam (arXiv 1412.6980) for all else."""

    def __init__(
        self,
        parameters: dict[str, Tensor],
        betas: tuple[float, float] = (0.9, 0.99),
        muon: Iterable[str] = ('body.weights',),
        fast: Iterable[str] = (),
        fast_rate: float = 10.0,
    ):
        """`fast` names parameters that learn at `fast_rate` times the rate: fresh ones beside trained ones."""
        self.parameters, self.betas, self.fast, self.fast_rate = parameters, betas, frozenset(fast), fast_rate
        self.muon = frozenset(muon) & parameters.keys()
        device = next(iter(parameters.values())).device
        self.step_count = torch.zeros((), device=device)
        self.first = {name: torch.zeros_like(value) for name, value in parameters.items()}
        self.second = {name: torch.zeros_like(value) for name, value in parameters.items() if name not in self.muon}

    @torch.no_grad()
    def step(self, gradients: dict[str, Tensor], rate: Tensor) -> None:
        """Updates all parameters; `rate` is a tensor, so that a graph reads it anew."""
        self.step_count += 1
        for name, parameter in self.parameters.items():
            own_rate = rate * self.fast_rate if name in self.fast else rate
            if name in self.muon:
                self._muon_step(name, parameter, gradients[name], own_rate)
            else:
                self._adam_step(name, parameter, gradients[name], own_rate)

    def _muon_step(self, name: str, parameter: Tensor, gradient: Tensor, rate: Tensor) -> None:
        momentum = self.first[name].mul_(MOMENTUM).add_(gradient)
        ahead = momentum * MOMENTUM + gradient
        matrices = orthogonalized(ahead.reshape(*ahead.shape[:2], -1))
        size = max(matrices.shape[1:]) ** 0.5
        parameter.sub_(matrices.reshape(parameter.shape) * (rate * MUON_RATE * size))

    def _adam_step(self, name: str, parameter: Tensor, gradient: Tensor, rate: Tensor) -> None:
        (decay, square_decay), first, second = self.betas, self.first[name], self.second[name]
        first.mul_(decay).add_(gradient, alpha=1 - decay)
        second.mul_(square_decay).addcmul_(gradient, gradient, value=1 - square_decay)
        mean = first / (1 - decay**self.step_count)
        deviation = (second / (1 - square_decay**self.step_count)).sqrt()
        parameter.sub_(rate * mean / (deviation + _ADAM_FLOOR))

    def state(self) -> dict[str, Tensor]:
        """All that it remembers, by name: the tensors themselves."""
        state = {'step_count': self.step_count}
        state |= {f'first.{name}': value for name, value in self.first.items()}
        return state | {f'second.{name}': value for name, value in self.second.items()}
