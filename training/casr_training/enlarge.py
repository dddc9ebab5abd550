"""Enlarges one image through the whole loop, as the program does: to try networks, and for golden files."""

import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .chain import Chain, ChainOptions
from .errors import DataError
from .network import MAX_STEP, NetworkConfig, Parameters
from .resampling import Size, round_half_up

#: The largest factor of one step where none is given.
DEFAULT_MAX_STEP = 2.0
#: Relative slack when factors are compared, for rounding.
_TOLERANCE = 1e-12
_MOST_LEVELS = 64


def plan(size: Size, target: Size, max_step: float = DEFAULT_MAX_STEP) -> list[Size]:
    """The sizes of all levels from an image to a result, both included: the fewest equal steps, none over `max_step`.

    The program's scale plan for a result of exactly this size. Raises DataError where the target is smaller than the image.
    """
    if any(wanted < length for wanted, length in zip(target, size)):
        raise DataError(f'{target} is smaller than the image of {size}')
    if not 1 < max_step <= MAX_STEP:
        raise DataError(f'a step of {max_step} is not above 1 and at most {MAX_STEP}')
    factor = max(wanted / length for wanted, length in zip(target, size))
    steps = next(n for n in range(_MOST_LEVELS + 1) if factor <= max_step**n * (1 + _TOLERANCE))
    if steps == 0:
        return [size]
    axes = [_axis(length, wanted, steps) for length, wanted in zip(size, target)]
    return list(zip(*axes))


def _axis(length: int, wanted: int, steps: int) -> list[int]:
    """The sides of all levels along one axis, last to first bounded by what one step can reach."""
    sides = [wanted]
    for level in reversed(range(1, steps)):
        equal = round_half_up(length * (wanted / length) ** (level / steps))
        sides.append(min(max(equal, math.ceil(sides[-1] / MAX_STEP)), sides[-1]))
    return [length, *reversed(sides)]


@torch.no_grad()
def enlarge_levels(
    parameters: Parameters,
    config: NetworkConfig,
    image: Tensor,
    sizes: list[Size],
    noise: float = 0.0,
    compression: float = 0.0,
    options: ChainOptions = ChainOptions(whole=True),
) -> list[Tensor]:
    """All levels above an image `[1, 3, h, w]` in [0, 1], clamped, `[1, 3, H, W]` each.

    `sizes` are of [`plan`]; `noise` and `compression`, from 0 to 1, say how degraded the image is.
    """
    chain = Chain(1, sizes, config, image.device, options)
    chain.low.copy_(image)
    chain.origin.copy_(torch.tensor([[noise, compression, 0.0]]))
    return [level.clamp(0, 1) for level in chain.levels(parameters)]


def read_image(path: str | Path) -> Tensor:
    """An image file as `[1, 3, h, w]` in [0, 1]."""
    pixels = np.array(Image.open(path).convert('RGB'))
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


def write_image(path: str | Path, image: Tensor) -> None:
    """Writes `[1, 3, h, w]` in [0, 1] with 8 bits."""
    pixels = (image[0].permute(1, 2, 0).cpu().numpy() * 255).round().astype(np.uint8)
    Image.fromarray(pixels).save(path)
