"""Parameters of layers before training."""

import math

import torch
from torch import Tensor


def he_normal(generator: torch.Generator, gain: float, outputs: int, inputs: int, side: int | None = None) -> Tensor:
    """Weights `[outputs, inputs]` of a layer, or `[outputs, inputs, side, side]` of a convolution (He et al., arXiv 1502.01852)."""
    shape = (outputs, inputs) if side is None else (outputs, inputs, side, side)
    fan_in = inputs * (side or 1) ** 2
    return torch.randn(*shape, generator=generator) * gain * math.sqrt(2 / fan_in)
