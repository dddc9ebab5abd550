"""Features of VGG16, and LPIPS: how different two images look (arXiv 1801.03924)."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

#: Convolutions before which the image is halved, and after which features are taken.
_HALVED_BEFORE = (2, 4, 7, 10)
_TAKEN_AFTER = (1, 3, 6, 9, 12)
#: What LPIPS subtracts from images in [-1, 1] and divides them by.
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)


class Vgg:
    """VGG16 with the heads of LPIPS v0.1, from `lpips_vgg.safetensors`: `conv0` … `conv12` and `lin0` … `lin4`."""

    def __init__(self, path: str | Path, device: torch.device | str, precision: torch.dtype):
        values = {name: value.to(device).float() for name, value in load_file(path).items()}
        self.precision = precision
        self.convolutions = [
            (
                values[f'conv{index}.weight'].to(precision).contiguous(memory_format=torch.channels_last),
                values[f'conv{index}.bias'].to(precision),
            )
            for index in range(13)
        ]
        self.heads = [values[f'lin{index}.weight'].reshape(1, -1, 1, 1) for index in range(5)]
        self.shift, self.scale = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in (_SHIFT, _SCALE))

    def features(self, images: Tensor) -> list[Tensor]:
        """Features of five depths, the first of full resolution, of images `[B, 3, h, w]` in [0, 1]."""
        values = ((2 * images - 1 - self.shift) / self.scale).to(self.precision)
        values = values.contiguous(memory_format=torch.channels_last)
        features = []
        for index, (weights, bias) in enumerate(self.convolutions):
            if index in _HALVED_BEFORE:
                values = F.max_pool2d(values, 2)
            values = F.relu(F.conv2d(values, weights, bias, padding=1))
            if index in _TAKEN_AFTER:
                features.append(values)
        return features

    def distance(self, features: list[Tensor], others: list[Tensor]) -> Tensor:
        """LPIPS of images with these features, its mean over the batch."""

        def normalised(values: Tensor) -> Tensor:
            values = values.float()
            return values / (values.square().sum(1, keepdim=True) + 1e-10).sqrt()

        return sum(
            ((normalised(a) - normalised(b)).square() * head).sum(1).mean()
            for a, b, head in zip(features, others, self.heads)
        )
