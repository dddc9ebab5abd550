"""Guards: what an enlargement keeps by construction, for any weights.

- Gates: flat stays flat, grey stays grey.
- Mirrored border: beyond its border a level is mirrored, so that convolutions do not see grey paint there.
- Anchor: half of what the result, shrunk again, disagrees with the level below is taken out.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from .resampling import Resize, mirrored_places

#: Luma of BT.601, from red, green and blue.
LUMA = (0.299, 0.587, 0.114)

#: The range, in code values, up to which pixels count as equal: far above what rounding leaves of a flat area.
EQUAL = 1 / 64
#: The range of a channel, in code values, beyond [`EQUAL`] from which on the whole correction passes.
FULL_RANGE = 2
#: The range of a colour difference, in code values, beyond [`EQUAL`] from which on the whole chroma passes.
FULL_CHROMA_RANGE = 4
#: How far around a pixel its gates look.
GATE_REACH = 2

#: The share of the disagreement that the anchor takes out: the whole of it rings on hard edges.
ANCHOR = 0.5


def luma_of(colours: Tensor, axis: int) -> Tensor:
    """Luma of colours along an axis, which is kept."""
    red, green, blue = colours.split(1, axis)
    return LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue


def largest_range(planes: Tensor) -> Tensor:
    """Maximum less minimum over 5×5 neighbours, of the plane where it is largest, `[B, c, h, w]` -> `[B, 1, h, w]`.

    Neighbours beyond the border repeat those inside, so they do not count.
    """
    planes = F.pad(planes, (GATE_REACH,) * 4, mode='replicate')
    side = 2 * GATE_REACH + 1
    return (F.max_pool2d(planes, side, 1) + F.max_pool2d(-planes, side, 1)).amax(1, keepdim=True)


@torch.no_grad()
def gates(level: Tensor) -> Tensor:
    """How much of a correction, and of its chroma, each pixel of a level `[B, 3, h, w]` lets through, `[B, 2, h, w]` in [0, 1].

    The first is (r - 1/64) / 2 within 0 and 1, r being the largest range of a channel over the 5×5 neighbours, in 8-bit code values;
    the second is (q - 1/64) / 4, q being that of the differences R - G and B - G. No gradient goes through them.
    """
    whole = (largest_range(level) * 255 - EQUAL) / FULL_RANGE
    chroma = (largest_range(level[:, ::2] - level[:, 1:2]) * 255 - EQUAL) / FULL_CHROMA_RANGE
    return torch.cat([whole, chroma], 1).clamp(0, 1)


def gated(correction: Tensor, gate: Tensor, chroma_gate: Tensor, axis: int) -> Tensor:
    """A correction d as gates let it through: g · (Y + c · (d - Y)), Y its luma; colours lie along `axis`."""
    luma = luma_of(correction, axis)
    return gate * (luma + chroma_gate * (correction - luma))


def mirrored(level: Tensor, border: int) -> Tensor:
    """A level `[B, c, h, w]` with so many mirrored pixels on all sides, the edge pixel repeated, as in MATLAB's `imresize`."""
    rows, columns = (mirrored_places(length, border, level.device) for length in level.shape[2:])
    return level[:, :, rows][:, :, :, columns]


def anchor_share(origin: Tensor) -> Tensor:
    """How much of the disagreement is taken out, `[B]`, where the input has this origin `[B, 3]`: see `network.step`.

    Less for a degraded LR, or its noise would come back.
    """
    return ANCHOR * (1 - 2 * origin[:, :2].amax(1)).clamp(min=0)


def anchored(result: Tensor, below: Tensor, share: Tensor, shrink: Resize, enlarge: Resize) -> Tensor:
    """Back-projection (Irani and Peleg, 1991): y + a · up(x - down(y)), y not clamped; `share` is a, `[B]`."""
    return result + share[:, None, None, None] * enlarge(below - shrink(result))
