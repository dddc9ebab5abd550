"""The network: one step, level k-1 -> level k. The twin of the program's engine.

Parameters are plain tensors under their names in a dictionary, in PyTorch's layout: convolutions `[outputs, inputs, 3, 3]`, layers
`[outputs, inputs]`. The convolutions of the body are stacked into one tensor, so that the optimizer takes them all at once.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from . import alignment, similarity, superpixels
from .guards import gated, gates, mirrored
from .layers import he_normal
from .resampling import Gather, StepGeometry
from .superpixels import CELL

Parameters = dict[str, Tensor]

COLOURS = 3
#: Numbers that say where an input comes from: noise, compression, whether a step made it.
ORIGINS = 3
#: The origin of a level that a step has made.
STEP_ORIGIN = (0.0, 0.0, 1.0)
#: Convolutions of a block.
BLOCK = 3
#: The edge of training: the largest factor of one step.
MAX_STEP = 4
#: How far the bicubic enlargement looks, in input pixels.
BICUBIC_REACH = 2
#: The most values of the heat field's waves that are held at once where no gradient is wanted.
WAVES_AT_ONCE = 1 << 26


@dataclass(frozen=True)
class NetworkConfig:
    """The size of a network, stored with its weights."""

    #: Feature channels C.
    channels: int = 48
    #: Residual blocks of three convolutions each.
    blocks: int = 6
    #: Frequencies H of the heat field.
    frequencies: int = 32
    #: Whether it aligns the statistics of superpixels with those of the step before (SDAM).
    alignment: bool = False
    #: Whether it is shown the self-similarity of the LR (SARM).
    similarity: bool = False

    @property
    def body_layers(self) -> int:
        """3×3 convolutions of the body."""
        return BLOCK * self.blocks + 1

    @property
    def coefficients(self) -> int:
        """Coefficients of a colour: cosine and sine of every frequency, and a constant."""
        return 2 * self.frequencies + 1

    @property
    def padded_coefficients(self) -> int:
        """[`NetworkConfig.coefficients`] with as many zeros as make products aligned."""
        return -(-self.coefficients // 8) * 8

    @property
    def blocks_before_alignment(self) -> int:
        """Half of the blocks."""
        return -(-self.blocks // 2)

    @property
    def border(self) -> int:
        """How many mirrored pixels lie around a level in an enlargement: as far as the network looks, a multiple of 4."""
        margin = 1
        if self.similarity:
            margin = max(margin, similarity.MATCHES_REACH + 1, CELL)
        for block in range(self.blocks):
            margin += BLOCK
            if self.alignment and block + 1 == self.blocks_before_alignment:
                # A pixel reads the cells around its own, and these the pixels of the cells around them.
                margin = -(-max(margin, CELL) // CELL) * CELL + 3 * CELL
        return -(-max(margin + 1, BICUBIC_REACH) // CELL) * CELL


def fresh_parameters(
    config: NetworkConfig, seed: int = 0, noise_channel: bool = False, device: torch.device | str = 'cpu'
) -> Parameters:
    """The parameters of a network that has not been trained. `noise_channel` adds one that reads white noise, for experiments."""
    channels, frequencies, layers = config.channels, config.frequencies, config.body_layers
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    values = {
        'embedding.scales': normal(2, channels),
        'embedding.origin': torch.zeros(ORIGINS, channels),
        'embedding.bias': normal(1, channels),
        'embedding.output': normal(channels, channels) * 0.1 / math.sqrt(channels),
        'encoder.weights': he_normal(generator, 1.0, channels, COLOURS, 3),
        'encoder.bias': torch.zeros(channels),
    }
    # What is added to a sum is small at first.
    gains = torch.ones(layers)
    gains[BLOCK - 1 :: BLOCK] = 0.1
    gains[-1] = 0.1
    body = normal(layers, channels, channels, 3, 3) * math.sqrt(2 / (9 * channels))
    values['body.weights'] = body * gains[:, None, None, None, None]
    values['body.bias'] = torch.zeros(layers, channels)

    padded = config.padded_coefficients
    head = he_normal(generator, 0.05, COLOURS * padded, channels).view(COLOURS, padded, channels)
    head[:, config.coefficients :] = 0
    values['head.weights'] = head.view(COLOURS * padded, channels)
    values['head.bias'] = torch.zeros(COLOURS * padded)
    # Spread evenly over the half disc up to the Nyquist frequency of the largest step, by the golden angle.
    index = torch.arange(frequencies).float()
    radius = math.pi * MAX_STEP * ((index + 0.5) / frequencies).sqrt()
    angle = math.pi * (index * 0.618034).frac()
    values['head.frequencies'] = torch.stack([radius * angle.sin(), radius * angle.cos()], 1)
    values['head.kappa'] = torch.tensor([math.sqrt(math.log(4)) / (2 * math.pi**2)])

    if noise_channel:
        values['noise.weights'] = torch.zeros(channels, 1, 3, 3)
    if config.alignment or config.similarity:
        values['superpixels.temperatures'] = torch.tensor([100.0, 1.0]).log()
    if config.alignment:
        values |= alignment.fresh_parameters(channels, generator)
    if config.similarity:
        values |= similarity.fresh_parameters(channels, generator)
    return trainable(values, device)


def trainable(values: Parameters, device: torch.device | str) -> Parameters:
    """Copies of values on a device, each to be trained."""
    return {name: value.detach().to(device, copy=True).contiguous().requires_grad_() for name, value in values.items()}


def by_pixel_last(images: Tensor) -> Tensor:
    """`[B, c, h, w]` -> `[B, h, w, c]`."""
    return images.permute(0, 2, 3, 1)


def by_channel(images: Tensor) -> Tensor:
    """`[B, h, w, c]` -> `[B, c, h, w]`."""
    return images.permute(0, 3, 1, 2)


@dataclass
class StepInput:
    """What one step reads."""

    #: Level k-1, `[B, 3, h, w]`.
    level: Tensor
    geometry: StepGeometry
    #: Where each of the images comes from, `[B, 3]`: the noise and the compression of a LR, or [`STEP_ORIGIN`].
    origin: Tensor
    #: How many mirrored pixels lie around the level: none on crops, [`NetworkConfig.border`] in an enlargement. A multiple of 4.
    border: int = 0
    #: Whether the correction goes through gates.
    guarded: bool = True
    #: For SARM, border and all: matches `[B, 13, h, w]` and autocorrelation `[B, rows, columns, 24]`.
    prior: 'similarity.Prior | None' = None
    #: For SDAM, from the second step on: what step k-1 left behind.
    before: 'alignment.Before | None' = None
    #: For the noise channel, `[B, 1, h, w]` with the border; drawn where there is none.
    noise: Tensor | None = None


def step(
    parameters: Parameters, config: NetworkConfig, given: StepInput, precision: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor | None]:
    """One step: level k, `[B, 3, H, W]`, neither clamped nor anchored, and SDAM's statistics, with those of the border.

    The arithmetic of convolutions is of `precision` (bfloat16 on GPUs and CPUs that have it), the sums of the residual blocks
    and everything else of float32.
    """
    values, level, border = parameters, given.level, given.border
    _, _, height, width = level.shape
    base = given.geometry.base(level)
    extended = mirrored(level, border) if border else level
    areas = None
    if 'superpixels.temperatures' in values:
        areas = superpixels.regions(by_pixel_last(extended), values['superpixels.temperatures'].exp())

    encoded = _encode(values, given, extended, precision)
    if config.similarity:
        encoded = similarity.restore(values, encoded, areas, given.prior, precision)
    features, statistics = encoded, None
    weights, biases = values['body.weights'].to(precision), values['body.bias'].to(precision)

    def convolve(inputs: Tensor, layer: int) -> Tensor:
        return F.conv2d(inputs.to(precision), weights[layer], biases[layer], padding=1)

    for block in range(config.blocks):
        inner = F.silu(convolve(features, BLOCK * block))
        inner = F.silu(convolve(inner, BLOCK * block + 1))
        features = features + convolve(inner, BLOCK * block + 2)
        if config.alignment and block + 1 == config.blocks_before_alignment:
            features, statistics = alignment.align(
                values, by_pixel_last(features), by_pixel_last(extended), areas, given.before
            )
            features = by_channel(features)
    features = encoded + convolve(features, BLOCK * config.blocks)
    features = features[:, :, border : border + height, border : border + width]
    gate = gates(level) if given.guarded else None
    return base + heat_field(values, config, features, gate, given.geometry, precision), statistics


def _encode(values: Parameters, given: StepInput, extended: Tensor, precision: torch.dtype) -> Tensor:
    """The features of the encoder, `[B, C, h, w]`, with what the network knows of the step."""
    hidden = given.origin @ values['embedding.origin']
    hidden = hidden + (given.geometry.log_scales @ values['embedding.scales'] + values['embedding.bias'])
    embedding = F.silu(hidden) @ values['embedding.output']
    # Centred, so that zero padding is mid-grey and not black.
    centred = (extended - 0.5).to(precision).contiguous(memory_format=torch.channels_last)
    weights, bias = values['encoder.weights'].to(precision), values['encoder.bias'].to(precision)
    encoded = F.conv2d(centred, weights, bias, padding=1).float() + embedding[:, :, None, None]
    if 'noise.weights' in values:
        noise = torch.randn_like(extended[:, :1]) if given.noise is None else given.noise
        encoded = encoded + F.conv2d(noise, values['noise.weights'], padding=1)
    return encoded


def heat_field(
    values: Parameters,
    config: NetworkConfig,
    features: Tensor,
    gate: Tensor | None,
    geometry: StepGeometry,
    precision: torch.dtype,
) -> Tensor:
    """The head: what is added to the bicubic enlargement, `[B, 3, H, W]`, of features `[B, C, h, w]` (Thera, arXiv 2311.17643).

    A 1×1 convolution gives every input pixel coefficients of the learned frequencies, for each colour; the field is evaluated
    at the places of the outputs that lie in the pixel, its waves damped as the sampling wants: e^(-κ ω² t). `gate`
    `[B, 2, h, w]` is of [`gates`].
    """
    batch, _, height, width = features.shape
    padded = config.padded_coefficients
    coefficients = F.linear(
        by_pixel_last(features).to(precision), values['head.weights'].to(precision), values['head.bias'].to(precision)
    ).float()
    coefficients = coefficients.view(batch, height, width, COLOURS, padded)
    slots = geometry.slots[0] * geometry.slots[1]
    rows_at_once = height
    if not torch.is_grad_enabled():
        rows_at_once = min(height, max(1, WAVES_AT_ONCE // (width * padded * slots)))
    corrections = []
    for first in range(0, height, rows_at_once):
        rows = slice(first, first + rows_at_once)
        waves = _waves(values, config, geometry, rows)
        part = coefficients[:, rows].permute(1, 2, 0, 3, 4).reshape(len(waves), batch * COLOURS, padded)
        corrections.append(torch.bmm(part, waves))
    correction = torch.cat(corrections) if len(corrections) > 1 else corrections[0]
    correction = correction.view(height * width, batch, COLOURS, slots)
    if gate is not None:
        gate = gate.permute(2, 3, 0, 1).reshape(height * width, batch, 2, 1)
        correction = gated(correction, gate[:, :, :1], gate[:, :, 1:], 2)
    correction = correction.permute(1, 2, 0, 3).reshape(batch * COLOURS, height * width * slots)
    return Gather.apply(correction, geometry.places).view(batch, COLOURS, *geometry.outputs)


def _waves(values: Parameters, config: NetworkConfig, geometry: StepGeometry, rows: slice) -> Tensor:
    """The damped waves at the places of the outputs in some rows of input pixels, `[pixels, coefficients, outputs of a pixel]`."""
    frequencies = values['head.frequencies']
    decay = torch.exp(-values['head.kappa'] * (frequencies**2 * geometry.blur).sum(1))
    down = frequencies[:, 0][:, None, None] * geometry.row_offsets[rows]
    across = frequencies[:, 1][:, None, None] * geometry.column_offsets
    angles = down[:, :, None, :, None] + across[:, None, :, None, :]  # [H, h, w, slots down, slots across]
    decay = decay[:, None, None, None, None]
    one = torch.ones_like(angles[:1])
    padding = torch.zeros_like(angles[:1]).expand(config.padded_coefficients - config.coefficients, *angles.shape[1:])
    waves = torch.cat([angles.cos() * decay, angles.sin() * decay, one, padding])
    _, height, width, slots_down, slots_across = waves.shape
    waves = waves.permute(1, 2, 0, 3, 4)
    return waves.reshape(height * width, config.padded_coefficients, slots_down * slots_across)
