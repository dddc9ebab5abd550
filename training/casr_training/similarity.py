"""SARM, self-similarity aware restoration: what repeats in the LR is offered to every step.

The method of arXiv 2602.22159. Both priors are computed from pixels alone, without gradient. The LR's local autocorrelation says where
textures repeat. Cross-scale matches (Glasner et al., ICCV 2009; CSNLN, arXiv 2006.01424) say what finer detail looks like:
patches of the level are looked for in the LR shrunk by the step's factor, and what the LR has there beyond its shrunk self is
what the level lacks.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .guards import luma_of
from .layers import he_normal
from .resampling import Resize, Size, mirrored_places, round_half_up
from .superpixels import CELL, Regions, cell_count

#: Lengths of the lags in pixels, along each axis that they move.
LENGTHS = (1, 2, 3, 4, 6, 8)
#: The lags as (dy, dx), at 0, 45, 90 and 135 degrees.
LAGS = [(down * length, across * length) for down, across in ((0, 1), (-1, 1), (-1, 0), (-1, -1)) for length in LENGTHS]
LONGEST = max(LENGTHS)
#: Side of the windows that are correlated, and of the pixels to either side of the middle.
WINDOW = 7
RADIUS = WINDOW // 2
#: Variance that is added to every window's: two code values, so that noise of a flat area is no texture.
VARIANCE_OF_NOISE = (2 / 255) ** 2

#: Side of the patches that are compared; patches look for their likes from every second row and column.
PATCH = 5
STRIDE = 2
#: Candidates along each axis, from SEARCH / 2 before the place that a patch shrinks to.
SEARCH = 16
#: Matches that are kept for a patch.
CANDIDATES = 4
#: Luma below which patches count as equal, in [0, 1]; and what every match weighs, however bad.
MATCH_NOISE = 0.02
WEIGHT_FLOOR = 1e-6
#: How far from an edge where a level was cut matches may depend on the cut, in pixels.
MATCHES_REACH = PATCH - 1
#: Places inside a pixel along an axis whose detail is offered, and the values of all of them.
PLACES = 2
DETAILS = 3 * PLACES * PLACES


@dataclass
class Prior:
    """What the self-similarity of the LR offers to a step."""

    #: `[B, 13, h, w]`: details at 2×2 places inside each pixel, and how good the matches are.
    matches: Tensor
    #: At the centres of the level's cells, `[B, rows, columns, 24]`.
    autocorrelation: Tensor

    def bordered(self, border: int) -> 'Prior':
        """With a border around the level, whose pixels and cells are offered what the nearest one inside is offered."""
        _, _, height, width = self.matches.shape
        before = border // CELL
        behind = [
            cell_count(length + 2 * border) - before - cells
            for length, cells in zip((height, width), self.autocorrelation.shape[1:3])
        ]
        cells = self.autocorrelation.permute(0, 3, 1, 2)
        cells = F.pad(cells, (before, behind[1], before, behind[0]), mode='replicate')
        return Prior(F.pad(self.matches, (border,) * 4, mode='replicate'), cells.permute(0, 2, 3, 1))


def fresh_parameters(channels: int, generator: torch.Generator) -> dict[str, Tensor]:
    """The parameters of the module before training."""
    return {
        'similarity.inner.weights': he_normal(generator, 1.0, channels, len(LAGS)),
        'similarity.inner.bias': torch.zeros(channels),
        'similarity.outer.weights': he_normal(generator, 0.02, 2 * channels, channels),
        'similarity.outer.bias': torch.zeros(2 * channels),
        'similarity.matches.weights': he_normal(generator, 0.2, channels, DETAILS + 1, 3),
        'similarity.matches.bias': torch.zeros(channels),
    }


def restore(
    parameters: dict[str, Tensor], encoded: Tensor, regions: Regions, prior: Prior, precision: torch.dtype
) -> Tensor:
    """Features `[B, C, h, w]`, scaled and shifted as the autocorrelation decides, superpixel by superpixel, with matches pasted in."""
    channels = encoded.shape[1]
    texture = F.linear(
        prior.autocorrelation, parameters['similarity.inner.weights'], parameters['similarity.inner.bias']
    )
    modulation = F.linear(F.silu(texture), parameters['similarity.outer.weights'], parameters['similarity.outer.bias'])
    gain, offset = modulation[..., :channels] + 1, modulation[..., channels:]
    modulated = regions.modulate(encoded.permute(0, 2, 3, 1), gain, offset).permute(0, 3, 1, 2)
    matches = prior.matches.to(precision).contiguous(memory_format=torch.channels_last)
    weights, bias = parameters['similarity.matches.weights'], parameters['similarity.matches.bias']
    return modulated + F.conv2d(matches, weights.to(precision), bias.to(precision), padding=1).float()


def window_means(planes: Tensor) -> Tensor:
    """Means over windows that lie in the planes, `[B, c, h, w]` -> `[B, c, h - 6, w - 6]`."""
    return F.avg_pool2d(planes, WINDOW, 1)


class AutocorrelationPrior:
    """The LR's local autocorrelation at the centres of a level's cells; beyond its border the LR is mirrored."""

    def __init__(self, image: Size, level: Size, device: torch.device | str = 'cpu'):
        self.image = image
        margin = LONGEST + RADIUS
        self.rows, self.columns = (mirrored_places(length, margin, device) for length in image)
        #: Along each axis, for every cell: the pixels around its centre, and how far behind the first one that lies.
        self.centres = []
        for length, level_length in zip(image, level):
            place = (np.arange(cell_count(level_length)) + 0.5) * CELL * length / level_length - 0.5
            place = np.clip(place, 0, length - 1)
            before = np.minimum(place.astype(int), max(length - 2, 0))
            behind = np.minimum(before + 1, length - 1)
            share = (place - before).astype(np.float32)
            self.centres.append(tuple(torch.from_numpy(values).to(device) for values in (before, behind, share)))

    @torch.no_grad()
    def __call__(self, image: Tensor) -> Tensor:
        """`[B, 3, h, w]` -> `[B, rows, columns, 24]`, of the image's precision."""
        height, width = self.image
        luma = (luma_of(image, 1) - 0.5)[:, :, self.rows][:, :, :, self.columns]
        means = window_means(luma)
        variances = (window_means(luma * luma) - means * means).clamp(min=0)
        scales = (variances + VARIANCE_OF_NOISE).rsqrt()

        def moved(planes: Tensor, lag: tuple[int, int], more: int = 0) -> Tensor:
            """The part of planes that lies a lag away from the image, with so many more rows and columns."""
            top, left = LONGEST + lag[0], LONGEST + lag[1]
            return planes[:, :, top : top + height + more, left : left + width + more]

        here, mean, scale = moved(luma, (0, 0), 2 * RADIUS), moved(means, (0, 0)), moved(scales, (0, 0))
        correlations = []
        for lag in LAGS:
            products = window_means(here * moved(luma, lag, 2 * RADIUS))
            correlations.append((products - mean * moved(means, lag)) * scale * moved(scales, lag))
        field = torch.cat(correlations, 1)
        (above, below, down), (left, right, across) = self.centres
        field = field[:, :, above] + down[:, None] * (field[:, :, below] - field[:, :, above])
        field = field[..., left] + across * (field[..., right] - field[..., left])
        return field.permute(0, 2, 3, 1)


class MatchesPrior:
    """Cross-scale matches of a level in the LR shrunk by the step's factor, pasted pixel by pixel."""

    def __init__(self, image: Size, level: Size, output: Size, device: torch.device | str = 'cpu'):
        self.level = level
        self.keys = tuple(
            max(1, round_half_up(length * level_length / output_length))
            for length, level_length, output_length in zip(image, level, output)
        )
        self.shrink = Resize(image, self.keys, device)
        self.shrink_less = Resize(image, tuple(PLACES * length for length in self.keys), device)
        # Keys are repeated beyond their border as far as candidates and their patches reach.
        margin = SEARCH // 2 + PATCH // 2
        #: Columns of the padded keys, and of the patches in them.
        self.pitch = self.keys[1] + 2 * margin
        self.patches_across = self.pitch - PATCH + 1
        self.padded = [
            torch.clamp(torch.arange(-margin, length + margin, device=device), 0, length - 1) for length in self.keys
        ]
        centres = [
            np.minimum(((np.arange(0, length, STRIDE) + 0.5) * keys / length).astype(int), keys - 1)
            for length, keys in zip(level, self.keys)
        ]
        rows, columns = (torch.from_numpy(values).to(device) for values in centres)
        #: For each query, the first pixel of its first candidate in the padded keys, and which patch that is.
        self.first_pixels = (rows[:, None] * self.pitch + columns).reshape(-1)
        self.first_patches = (rows[:, None] * self.patches_across + columns).reshape(-1)
        steps = torch.arange(SEARCH, device=device)
        self.steps = steps
        #: From a query's first pixel to those of all its candidates.
        self.candidates = (steps[:, None] * self.pitch + steps).reshape(-1)
        edge = PATCH // 2
        self.level_padded = [
            torch.clamp(torch.arange(-edge, length + edge, device=device), 0, length - 1) for length in level
        ]

    @torch.no_grad()
    def __call__(self, image: Tensor, level: Tensor) -> Tensor:
        """`[B, 3, h, w]` of the LR and of the level -> `[B, 13, h, w]`."""
        batch = len(image)
        (key_rows, key_columns), (rows, columns) = self.keys, self.padded
        keys, finer = self.shrink(image), self.shrink_less(image)
        details = finer.view(batch, 3, key_rows, PLACES, key_columns, PLACES) - keys[:, :, :, None, :, None]
        details = details.permute(0, 2, 4, 3, 5, 1).reshape(batch, key_rows, key_columns, DETAILS)
        details = details[:, rows][:, :, columns].reshape(batch, -1, DETAILS)
        key_patches = _patches(luma_of(keys, 1)[:, :, rows][:, :, :, columns], 1)
        level_rows, level_columns = self.level_padded
        queries = _patches(luma_of(level, 1)[:, :, level_rows][:, :, :, level_columns], STRIDE)

        distances = []
        for down in range(SEARCH):
            index = self.first_patches[:, None] + down * self.patches_across + self.steps
            candidates = key_patches.index_select(1, index.reshape(-1))
            candidates = candidates.view(batch, -1, SEARCH, PATCH * PATCH)
            distances.append((queries[:, :, None] - candidates).square().sum(3))
        distances, best = torch.cat(distances, 2).topk(CANDIDATES, dim=2, largest=False)
        weights = torch.exp(-distances / (PATCH**2 * MATCH_NOISE**2)) + WEIGHT_FLOOR
        first_pixels = self.first_pixels[None, :, None] + self.candidates[best]
        return self._pasted(details, weights, first_pixels)

    def _pasted(self, details: Tensor, weights: Tensor, first_pixels: Tensor) -> Tensor:
        """For every pixel the weighted mean of what all patches that hold it have found, and the mean weight.

        `weights` and `first_pixels` are `[B, queries, 4]`.
        """
        batch, queries, _ = weights.shape
        height, width = self.level
        query_rows, query_columns = -(-height // STRIDE), -(-width // STRIDE)
        sums = torch.zeros(batch, height + PATCH, width + PATCH, DETAILS + 1, device=details.device)
        counts = torch.zeros(1, height + PATCH, width + PATCH, 1, device=details.device)
        for down in range(PATCH):
            for across in range(PATCH):
                places = (first_pixels + down * self.pitch + across).reshape(batch, queries * CANDIDATES, 1)
                found = details.gather(1, places.expand(-1, -1, DETAILS))
                found = (found.view(batch, queries, CANDIDATES, DETAILS) * weights[..., None]).sum(2)
                found = torch.cat([found, weights.sum(2, keepdim=True)], 2)
                rows = slice(down, down + STRIDE * query_rows, STRIDE)
                columns = slice(across, across + STRIDE * query_columns, STRIDE)
                sums[:, rows, columns] += found.view(batch, query_rows, query_columns, DETAILS + 1)
                counts[:, rows, columns] += CANDIDATES
        inside = slice(PATCH // 2, PATCH // 2 + height), slice(PATCH // 2, PATCH // 2 + width)
        sums, counts = sums[:, inside[0], inside[1]], counts[:, inside[0], inside[1]]
        weight_sums = sums[..., DETAILS:]
        result = torch.cat([sums[..., :DETAILS] / weight_sums, weight_sums / counts], 3)
        return result.permute(0, 3, 1, 2).contiguous()


def _patches(luma: Tensor, stride: int) -> Tensor:
    """Patches less their means, `[B, 1, h, w]` -> `[B, patches, 25]`."""
    patches = F.unfold(luma, PATCH, stride=stride).transpose(1, 2)
    return patches - patches.mean(2, keepdim=True)
