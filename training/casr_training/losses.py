"""Losses on levels `[B, 3, h, w]`. Those of the look (LPIPS, adversarial) are in `perceptual.py` and `discriminator.py`."""

import torch
from torch import Tensor
from torch.nn import functional as F

from .guards import luma_of
from .similarity import LAGS, LONGEST, RADIUS, VARIANCE_OF_NOISE, window_means
from .superpixels import constant, regions

#: Cb and Cr of RGB (BT.601).
CHROMA = [[-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]]
#: Weight of [`frequency_loss`] beside L1, and of squares where they count (see `faithful_loss`).
FREQUENCY_WEIGHT = 0.1
SQUARE_WEIGHT = 8.0
#: The superpixels that [`alignment_loss`] compares: sharpness in colour, compactness in place.
TEMPERATURES = [100.0, 1.0]


def frequency_loss(difference: Tensor) -> Tensor:
    """The mean size of real and imaginary parts of the spectrum of a difference (as in SMFANet and SAFMN)."""
    return torch.view_as_real(torch.fft.rfft2(difference, norm='ortho')).abs().mean()


def faithful_loss(level: Tensor, truth: Tensor, polish: bool) -> Tensor:
    """L1 and a tenth of [`frequency_loss`]; with `polish`, half of L1 and squares, for that is what PSNR measures."""
    difference = level - truth
    loss = difference.abs().mean()
    if polish:
        loss = 0.5 * loss + SQUARE_WEIGHT * (difference * difference).mean()
    return loss + FREQUENCY_WEIGHT * frequency_loss(difference)


def chroma_loss(difference: Tensor) -> Tensor:
    """L1 of a difference's Cb and Cr: against coloured speckle."""
    to_chroma = constant('chroma', CHROMA, difference.device)
    return torch.einsum('kc,bchw->bkhw', to_chroma, difference).abs().mean()


def _correlation_parts(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Luma, and the means and reciprocal deviations of its windows."""
    luma = luma_of(image, 1) - 0.5
    means = window_means(luma)
    variances = (window_means(luma * luma) - means * means).clamp(min=0)
    return luma, means, (variances + VARIANCE_OF_NOISE).rsqrt()


def _correlation(parts: tuple[Tensor, Tensor, Tensor], lag: tuple[int, int]) -> Tensor:
    """The correlation of windows with those a lag away, wherever all lags lie in the image."""
    luma, means, scales = parts
    height, width = luma.shape[2:]

    def moved(planes: Tensor, lag: tuple[int, int], less: int = 0) -> Tensor:
        top, left = LONGEST + lag[0], LONGEST + lag[1]
        bottom, right = height - LONGEST + lag[0] - less, width - LONGEST + lag[1] - less
        return planes[:, :, top:bottom, left:right]

    products = window_means(moved(luma, (0, 0)) * moved(luma, lag))
    less = 2 * RADIUS
    covariance = products - moved(means, (0, 0), less) * moved(means, lag, less)
    return covariance * moved(scales, (0, 0), less) * moved(scales, lag, less)


def autocorrelation_loss(level: Tensor, truth: Tensor) -> Tensor:
    """Mean difference of local autocorrelations, of both blurred by [1 2 1]: textures repeat as they should (SARM's loss).

    Zero for levels too small for the longest lag.
    """
    kernel = constant('binomial', [0.25, 0.5, 0.25], level.device)
    kernel = (kernel[:, None] * kernel)[None, None].expand(3, 1, 3, 3)
    level, truth = F.conv2d(level, kernel, groups=3), F.conv2d(truth, kernel, groups=3)
    if min(level.shape[2:]) < 2 * (LONGEST + RADIUS) + 1:
        return level.sum() * 0
    parts = _correlation_parts(level)
    with torch.no_grad():
        true_parts = _correlation_parts(truth)
    differences = [(_correlation(parts, lag) - _correlation(true_parts, lag)).abs().mean() for lag in LAGS]
    return sum(differences) / len(LAGS)


def alignment_loss(below: Tensor, level: Tensor, to_cells: tuple[Tensor, Tensor]) -> Tensor:
    """KL divergence of the colours of superpixels from one level to the next, summed over channels as Gaussians (SDAM's loss).

    `to_cells` takes means of the level over the pixels of the level below, see `chain.Comparisons`. No gradient for `below`, whose
    superpixels both are measured in.
    """

    def pixels(images: Tensor) -> Tensor:
        return images.permute(0, 2, 3, 1)

    below = below.detach()
    areas = regions(pixels(below), constant('temperatures', TEMPERATURES, below.device))

    def statistics(values: Tensor, squares: Tensor) -> tuple[Tensor, Tensor]:
        mean, _ = areas.moments(pixels(values))
        mean_square, _ = areas.moments(pixels(squares))
        return mean, (mean_square - mean.square()).clamp(min=0) + VARIANCE_OF_NOISE

    def in_cells(images: Tensor) -> Tensor:
        return to_cells[0] @ images @ to_cells[1].T

    below, level = below - 0.5, level - 0.5
    old_mean, old_variance = statistics(below, below * below)
    mean, variance = statistics(in_cells(level), in_cells(level * level))
    moved = (old_variance + (mean - old_mean).square()) / variance
    return (moved - 1 + variance.log() - old_variance.log()).mean() * 1.5
