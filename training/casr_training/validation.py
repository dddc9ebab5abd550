"""PSNR on luma by the literature's protocol, through the whole loop, of a folder of benchmark images."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .chain import Chain, ChainOptions
from .degradation import eight_bits
from .errors import DataError
from .network import NetworkConfig, Parameters
from .precision import exact_products
from .resampling import Resize, round_half_up

#: Factors, the number of steps, and what their figures are called behind the folder's name.
ENLARGEMENTS = ((2, 1, 'x2'), (4, 1, 'x4 in one step'), (4, 2, 'x4'))


def luma_of_video(pixels: np.ndarray) -> np.ndarray:
    """Y of BT.601 in 16 to 235, of RGB in [0, 1], `[h, w, 3]`."""
    return pixels @ np.array([65.481, 128.553, 24.966]) + 16


def psnr(image: np.ndarray, truth: np.ndarray, cropped: int) -> float:
    """PSNR in dB on luma, of images `[h, w, 3]` in [0, 1], without so many pixels at every side."""
    difference = luma_of_video(image) - luma_of_video(truth)
    difference = difference[cropped:-cropped, cropped:-cropped]
    return float(10 * np.log10(255**2 / np.mean(difference**2)))


class Validation:
    """Enlargements that are measured again and again, whatever the parameters."""

    def __init__(self, folder: Path, config: NetworkConfig, device: str, guarded: bool):
        self.name = folder.name
        options = ChainOptions(guarded=guarded, whole=guarded, quiet=True)
        self.items = []
        for path in sorted(folder.glob('*.png')):
            pixels = np.asarray(Image.open(path).convert('RGB'))
            for factor, steps, label in ENLARGEMENTS:
                low = tuple(length // factor for length in pixels.shape[:2])
                truth = pixels[: low[0] * factor, : low[1] * factor] / 255
                shares = [index / steps for index in range(steps + 1)]
                sizes = [tuple(round_half_up(length * factor**share) for length in low) for share in shares]
                chain = Chain(1, sizes, config, device, options)
                image = torch.from_numpy(truth).permute(2, 0, 1)[None].float().to(device)
                chain.low.copy_(eight_bits(Resize(sizes[-1], low, device)(image)))
                self.items.append((factor, label, truth, chain))
        if not self.items:
            raise DataError(f'{folder} has no PNG images')

    @torch.no_grad()
    def __call__(self, parameters: Parameters) -> dict[str, float]:
        """Mean PSNR in dB, such as "Set5 x4": 31.63."""
        found: dict[str, list[float]] = {}
        for factor, label, truth, chain in self.items:
            with exact_products():
                level = eight_bits(chain.levels(parameters)[-1])
            pixels = level[0].permute(1, 2, 0).double().cpu().numpy()
            found.setdefault(f'{self.name} {label}', []).append(psnr(pixels, truth, factor))
        return {name: round(float(np.mean(values)), 3) for name, values in found.items()}
