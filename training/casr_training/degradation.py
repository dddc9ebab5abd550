"""Degradation of LRs: noise, JPEG and blur, on the device, and the estimate of it that the network reads."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

#: The standard deviation of noise, in code values, that is the worst of training: a condition of 1.
WORST_NOISE = 10.0
#: The quality of JPEG that is the worst of training: a condition of 1. Quality 100 is a condition of 0.
WORST_QUALITY = 50
BEST_QUALITY = 95

_LUMA_TABLE = """
    16 11 10 16 24 40 51 61  12 12 14 19 26 58 60 55  14 13 16 24 40 57 69 56  14 17 22 29 51 87 80 62
    18 22 37 56 68 109 103 77  24 35 55 64 81 104 113 92  49 64 78 87 103 121 120 101  72 92 95 98 112 100 103 99
"""
_CHROMA_CORNER = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]
_TO_YCBCR = [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]]
_BLOCK = 8
#: Blocks of chroma at half resolution span so many pixels.
_MACROBLOCK = 16


class Jpeg:
    """What JPEG does to an image: the tables and the rounding of libjpeg, without its entropy coding."""

    def __init__(self, device: torch.device | str):
        luma = torch.tensor([float(value) for value in _LUMA_TABLE.split()]).view(_BLOCK, _BLOCK)
        chroma = torch.full((_BLOCK, _BLOCK), 99.0)
        chroma[:4, :4] = torch.tensor(_CHROMA_CORNER)
        self.tables = luma.to(device), chroma.to(device)
        cosines = [
            [math.cos((2 * x + 1) * u * math.pi / 16) * (math.sqrt(1 / 8) if u == 0 else 0.5) for x in range(_BLOCK)]
            for u in range(_BLOCK)
        ]
        self.transform = torch.tensor(cosines).to(device)
        to_ycbcr = torch.tensor(_TO_YCBCR)
        self.to_ycbcr, self.to_rgb = to_ycbcr.to(device), torch.linalg.inv(to_ycbcr).to(device)

    def __call__(self, images: Tensor, quality: Tensor, halved: Tensor, phase: Tensor) -> Tensor:
        """Images `[B, 3, h, w]` in [0, 1] as JPEG files give them back.

        `quality` `[B]`; `halved` `[B]`, whether chroma has half the resolution; `phase` `[B, 2]`, where in a
        macroblock the image begins (0 to 15 down and across): crops of larger files do not begin with a block.
        """
        batch, _, height, width = images.shape
        device = images.device

        def places(length: int, phase: Tensor) -> Tensor:
            """The pixel at each place of whole macroblocks, the border mirrored before and repeated behind, `[B, places]`."""
            blocks = -(-(length + _MACROBLOCK - 1) // _MACROBLOCK)
            place = torch.arange(blocks * _MACROBLOCK, device=device)[None] - phase[:, None]
            return torch.where(place < 0, -place - 1, place).clamp(0, length - 1)

        rows, columns = places(height, phase[:, 0]), places(width, phase[:, 1])
        image = torch.arange(batch, device=device)[:, None, None]
        pixels = images.permute(0, 2, 3, 1)[image, rows[:, :, None], columns[:, None, :]] * 255
        ycbcr = pixels @ self.to_ycbcr.T
        scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality)[:, None, None]
        luma_table, chroma_table = ((table * scale + 50).div(100).floor().clamp(1, 255) for table in self.tables)

        planes = [self._coded((ycbcr[..., 0] - 128).contiguous(), luma_table) + 128]
        for index in (1, 2):
            plane = ycbcr[..., index].contiguous()
            small = F.avg_pool2d(plane[:, None], 2)[:, 0].contiguous()
            small = self._coded(small, chroma_table)[:, None]
            enlarged = F.interpolate(small, scale_factor=2, mode='bilinear', align_corners=False)[:, 0]
            whole = self._coded(plane, chroma_table)
            planes.append(torch.where(halved[:, None, None], enlarged, whole))
        result = (torch.stack(planes, -1) @ self.to_rgb.T).round().clamp(0, 255) / 255
        rows = torch.arange(height, device=device)[None] + phase[:, :1]
        columns = torch.arange(width, device=device)[None] + phase[:, 1:]
        return result[image, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).contiguous()

    def _coded(self, planes: Tensor, table: Tensor) -> Tensor:
        """Planes `[B, h, w]` around zero, their blocks' coefficients rounded to multiples of a table `[B, 8, 8]`."""
        batch, height, width = planes.shape
        blocks = planes.view(batch, height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK).permute(0, 1, 3, 2, 4)
        coefficients = self.transform @ blocks @ self.transform.T
        table = table[:, None, None]
        blocks = self.transform.T @ ((coefficients / table).round() * table) @ self.transform
        return blocks.permute(0, 1, 3, 2, 4).reshape(batch, height, width)


def blurred(images: Tensor, deviation: Tensor) -> Tensor:
    """Images `[B, 3, h, w]`, each blurred by a Gaussian of its own standard deviation `[B]`, in pixels, below one."""
    batch, colours, _, _ = images.shape
    places = torch.arange(-3, 4, device=images.device).float()
    kernel = torch.exp(-0.5 * (places / deviation[:, None]) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(colours, 0)[:, None]
    planes = F.pad(images, (3, 3, 3, 3), mode='replicate')
    planes = planes.reshape(1, batch * colours, *planes.shape[2:])
    planes = F.conv2d(planes, kernel[:, :, None, :], groups=batch * colours)
    planes = F.conv2d(planes, kernel[:, :, :, None], groups=batch * colours)
    return planes.view_as(images)


def eight_bits(images: Tensor) -> Tensor:
    """Images as files of 8 bits hold them."""
    return (images * 255).round().clamp(0, 255) / 255


@dataclass(frozen=True)
class Kinds:
    """Which degradations there are, in shares of the degraded images. The rest is both JPEG and blur."""

    noise: float = 0.4
    jpeg: float = 0.4
    noise_and_jpeg: float = 0.1
    noise_and_blur: float = 0.05


class Degradation:
    """Degrades a share of LRs, and estimates how much: nearly right, and sometimes wrong."""

    def __init__(self, share: float, device: torch.device | str, kinds: Kinds = Kinds()):
        self.share, self.device, self.kinds = share, device, kinds
        self.jpeg = Jpeg(device)

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images `[B, 3, h, w]` of 8 bits -> degraded ones, and their origins `[B, 3]`: noise, compression, zero."""
        batch, device = len(images), self.device

        def uniform() -> Tensor:
            return torch.rand(batch, device=device)

        def where(mask: Tensor, ours: Tensor, others: Tensor) -> Tensor:
            return torch.where(mask[:, None, None, None], ours, others)

        degraded, kind = uniform() < self.share, uniform()
        first_jpeg = self.kinds.noise
        both = first_jpeg + self.kinds.jpeg
        noise_and_blur = both + self.kinds.noise_and_jpeg
        jpeg_and_blur = noise_and_blur + self.kinds.noise_and_blur
        is_noisy = degraded & ((kind < first_jpeg) | ((kind >= both) & (kind < jpeg_and_blur)))
        is_coded = degraded & (((kind >= first_jpeg) & (kind < noise_and_blur)) | (kind >= jpeg_and_blur))
        is_blurred = degraded & (kind >= noise_and_blur)

        deviation = 1 + (WORST_NOISE - 1) * uniform()
        qualities = BEST_QUALITY - WORST_QUALITY + 1
        quality = (WORST_QUALITY + qualities * uniform()).floor().clamp(WORST_QUALITY, BEST_QUALITY)
        result = where(is_blurred, blurred(images, 0.2 + 0.6 * uniform()), images)
        noise = torch.randn_like(result) * (deviation / 255)[:, None, None, None]
        result = eight_bits(where(is_noisy, result + noise, result))
        halved, phase = uniform() < 0.5, torch.randint(_MACROBLOCK, (batch, 2), device=device)
        result = where(is_coded, self.jpeg(result, quality, halved, phase), result)
        return result, self._estimate(is_noisy, is_coded, deviation, quality, uniform)

    def _estimate(self, is_noisy: Tensor, is_coded: Tensor, deviation: Tensor, quality: Tensor, uniform) -> Tensor:
        """The estimate: off by up to a fifth; texture is taken for noise, JPEG hides noise, and is overlooked itself."""
        zero = torch.zeros_like(deviation)
        noise = torch.where(is_noisy, deviation / WORST_NOISE, zero) * (0.8 + 0.4 * uniform())
        compression = torch.where(is_coded, (100 - quality) / (100 - WORST_QUALITY), zero) * (0.8 + 0.4 * uniform())
        texture = torch.where(uniform() < 0.5, 0.15 * uniform(), zero)
        noise = texture + torch.where(compression > 0, noise * uniform(), noise)
        overlooked = uniform() < torch.where(compression < 0.24, 0.6, 0.1)
        compression = torch.where(overlooked, zero, compression.clamp(max=1))
        return torch.stack([noise.clamp(max=1), compression, zero], 1)
