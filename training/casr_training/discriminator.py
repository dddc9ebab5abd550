"""The discriminator: judges patches of pixels, and features of VGG16 (after Projected GANs, arXiv 2111.01007), in pairs.

It is relativistic (arXiv 1807.00734): it judges the truth less the result of the same crop, so that what both share cancels out.
Judging each by itself it stayed near chance. Weights have spectral norms (arXiv 1802.05957), but for first and last layers.
"""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from .weights import save_tensors

#: Heads: one on pixels, and one on each of VGG's depths 1, 2 and 3.
FEATURE_CHANNELS = {1: 128, 2: 256, 3: 512}
HEADS = 1 + len(FEATURE_CHANNELS)
CHANNELS = 48
_HEAD_CHANNELS = 128
_STRIDES = (1, 2, 2, 1, 1)


def _shapes() -> dict[str, tuple[int, int, int]]:
    """Outputs, inputs and side of every convolution."""
    count = CHANNELS
    shapes = {
        'pixels.0': (count, 3, 3),
        'pixels.1': (2 * count, count, 4),
        'pixels.2': (4 * count, 2 * count, 4),
        'pixels.3': (4 * count, 4 * count, 3),
        'pixels.4': (1, 4 * count, 3),
    }
    for depth, channels in FEATURE_CHANNELS.items():
        shapes[f'features.{depth}.0'] = (_HEAD_CHANNELS, channels, 1)
        shapes[f'features.{depth}.1'] = (_HEAD_CHANNELS, _HEAD_CHANNELS, 3)
        shapes[f'features.{depth}.2'] = (1, _HEAD_CHANNELS, 3)
    return shapes


_WITHOUT_NORM = ('pixels.0', 'pixels.4', *(f'features.{depth}.2' for depth in FEATURE_CHANNELS))


class Discriminator:
    """Parameters, and for each norm a vector that follows the largest singular vector."""

    def __init__(self, device: torch.device | str, seed: int = 1):
        generator = torch.Generator().manual_seed(seed)
        self.parameters: dict[str, Tensor] = {}
        self.spectral: dict[str, Tensor] = {}
        for name, (outputs, inputs, side) in _shapes().items():
            weights = torch.randn(outputs, inputs, side, side, generator=generator) * (2 / (inputs * side**2)) ** 0.5
            self.parameters[f'{name}.weights'] = weights.to(device).requires_grad_()
            self.parameters[f'{name}.bias'] = torch.zeros(outputs, device=device).requires_grad_()
            if name not in _WITHOUT_NORM:
                self.spectral[name] = F.normalize(torch.randn(outputs, generator=generator), dim=0).to(device)

    def weights(self, precision: torch.dtype, update: bool) -> dict[str, Tensor]:
        """The parameters as the convolutions use them, with gradients; `update` lets the vectors of the norms follow."""
        result = {}
        for name, value in self.parameters.items():
            layer = name.removesuffix('.weights')
            if layer in self.spectral:
                value = value / self._norm(layer, value, update)
            value = value.to(precision)
            is_kernel = value.dim() == 4
            result[name] = value.contiguous(memory_format=torch.channels_last) if is_kernel else value
        return result

    def _norm(self, layer: str, weights: Tensor, update: bool) -> Tensor:
        """The largest singular value of a layer, by one step of power iteration."""
        matrix, left = weights.reshape(len(weights), -1), self.spectral[layer]
        with torch.no_grad():
            right = F.normalize(matrix.T @ left, dim=0)
            ahead = F.normalize(matrix @ right, dim=0)
            if update:
                left.copy_(ahead)
        return ahead @ (matrix @ right)

    def state(self) -> dict[str, Tensor]:
        """Everything that training changes, by name: the tensors themselves."""
        return self.parameters | {f'spectral.{name}': value for name, value in self.spectral.items()}

    def save(self, path: str | Path) -> None:
        save_tensors(path, {name: value.detach().cpu() for name, value in self.state().items()})

    def load(self, path: str | Path) -> None:
        """Goes on with what another run's discriminator learnt."""
        saved = torch.load(path, map_location='cpu', weights_only=True)
        with torch.no_grad():
            for name, value in self.state().items():
                value.copy_(saved[name])


def judged(weights: dict[str, Tensor], images: Tensor, features: list[Tensor]) -> list[Tensor]:
    """Judgements of every patch of images `[B, 3, h, w]` with these features of VGG16, `[B, 1, ·, ·]` a head: larger is truer."""

    def convolve(layer: str, inputs: Tensor, stride: int = 1) -> Tensor:
        kernel = weights[f'{layer}.weights']
        side = kernel.shape[2]
        padding = 1 if side == 4 else side // 2
        return F.conv2d(inputs, kernel, weights[f'{layer}.bias'], stride=stride, padding=padding)

    values = (2 * images - 1).to(weights['pixels.0.weights'].dtype).contiguous(memory_format=torch.channels_last)
    for index, stride in enumerate(_STRIDES[:-1]):
        values = F.leaky_relu(convolve(f'pixels.{index}', values, stride), 0.2)
    judgements = [convolve('pixels.4', values).float()]
    for depth in FEATURE_CHANNELS:
        values = features[depth]
        size = (values.float().square().mean((1, 2, 3), keepdim=True) + 1e-6).sqrt()
        values = values / size.to(values.dtype)
        for index in (0, 1):
            values = F.leaky_relu(convolve(f'features.{depth}.{index}', values), 0.2)
        judgements.append(convolve(f'features.{depth}.2', values).float())
    return judgements


def relativistic_loss(favoured: list[Tensor], others: list[Tensor]) -> Tensor:
    """Small where the heads judge the favoured images truer than the others, in pairs; ln 2 at chance."""
    return sum(F.softplus(other - own).mean() for own, other in zip(favoured, others)) / HEADS
