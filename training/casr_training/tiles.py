"""Photographs in tiles, held on the device, and batches cut from them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .degradation import Degradation, eight_bits
from .drawn import drawn_tiles
from .errors import DataError
from .precision import exact_products
from .resampling import Resize, Size

#: Height and width of a tile, in pixels.
SIDE = 512
#: By how much crops are shrunk before anything else: most not at all, some to be sharper than photographs are.
SHRINKS = (1, 1, 1, 1, 1.25, 1.5, 1.75, 2)


def load_tiles(folders: list[str | Path], drawn: int = 0, seed: int = 0) -> np.ndarray:
    """All tiles in the images (JPEG, PNG) of some folders, and so many drawn ones: `[n, 512, 512, 3]`, 8 bits.

    Larger images are cut into tiles, smaller ones and what is left at edges are not used. Raises DataError where there are none.
    """
    paths = sorted(path for folder in folders for kind in ('*.jpg', '*.png') for path in Path(folder).glob(kind))
    with ThreadPoolExecutor(16) as readers:
        tiles = [tile for found in readers.map(_tiles_of, paths) for tile in found]
    if drawn:
        tiles.extend(drawn_tiles(drawn, SIDE, seed))
    if not tiles:
        raise DataError(f'no images of {SIDE}×{SIDE} pixels or more in {", ".join(map(str, folders))}')
    return np.stack(tiles)


def _tiles_of(path: Path) -> list[np.ndarray]:
    pixels = np.asarray(Image.open(path).convert('RGB'))
    height, width, _ = pixels.shape
    return [
        pixels[top : top + SIDE, left : left + SIDE]
        for top in range(0, height - SIDE + 1, SIDE)
        for left in range(0, width - SIDE + 1, SIDE)
    ]


@dataclass
class Batch:
    """What a chain of levels is trained on."""

    #: The LR, degraded, `[B, 3, h, w]`; its origin, `[B, 3]`; and the LR as it was before.
    low: Tensor
    origin: Tensor
    clean: Tensor
    #: The levels above it as they should be.
    truths: list[Tensor]


class Photographs:
    """Cuts batches from tiles."""

    def __init__(self, tiles: np.ndarray, device: torch.device | str, degradation: Degradation):
        self.tiles = torch.from_numpy(tiles).to(device)
        self.device, self.degradation = device, degradation
        self._resizes: dict[tuple[Size, Size], Resize] = {}

    def _resized(self, images: Tensor, inputs: Size, outputs: Size) -> Tensor:
        if inputs == outputs:
            return images
        key = inputs, outputs
        if key not in self._resizes:
            self._resizes[key] = Resize(inputs, outputs, self.device)
        return self._resizes[key](images)

    def crops(self, batch: int, size: Size) -> Tensor:
        """Random crops `[B, 3, h, w]`, flipped and, where they are square, turned at random."""
        height, width = size
        count, side = self.tiles.shape[:2]

        def random(limit: int) -> Tensor:
            return torch.randint(limit, (batch,), device=self.device)

        def places(length: int, first: Tensor) -> Tensor:
            place = torch.arange(length, device=self.device)[None].expand(batch, length)
            return torch.where(random(2)[:, None] > 0, length - 1 - place, place) + first[:, None]

        tile, top, left = random(count), random(side - height + 1), random(side - width + 1)
        rows, columns = places(height, top), places(width, left)
        crops = self.tiles[tile[:, None, None], rows[:, :, None], columns[:, None, :]]
        crops = crops.permute(0, 3, 1, 2).float() / 255
        if height == width:
            turned = (random(2) > 0)[:, None, None, None]
            crops = torch.where(turned, crops.transpose(2, 3), crops)
        return crops

    @torch.no_grad()
    def batch(self, batch: int, sizes: list[Size]) -> Batch:
        """A batch for levels of these sizes, the LR's first. All levels are shrunk from the last one's size as the literature does."""
        low, *levels = sizes
        top = levels[-1]
        shrink = SHRINKS[torch.randint(len(SHRINKS), (1,)).item()]
        crop = tuple(min(self.tiles.shape[1], round(length * shrink)) for length in top)
        with exact_products():
            image = self.crops(batch, crop)
            if crop != top:
                image = self._resized(image, crop, top).clamp(0, 1)
            clean = eight_bits(self._resized(image, top, low))
            degraded, origin = self.degradation(clean)
            return Batch(degraded, origin, clean, [self._resized(image, top, size) for size in levels])
