//! The network: encode, body, heat field head.

use crate::geometry::StepGeometry;
use crate::ops::{convolution, heat_field, resample};
use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, FloatDType, Tensor, TensorData, activation::silu};
use casr_kernels::conv::{Activation, ConvShape, GRID};
use serde::{Deserialize, Serialize};
use std::f32::consts::PI;
use std::sync::Arc;

/// Colours per pixel: RGB.
const COLOURS: usize = 3;

/// The edge of training: the largest factor of one step.
const MAX_TRAINED_SCALE: f32 = 4.0;

/// The size of a network, stored with its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Feature channels C.
    pub channels: usize,
    /// Residual blocks of three convolutions each.
    pub blocks: usize,
    /// Frequencies H of the heat field.
    pub frequencies: usize,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            channels: 48,
            blocks: 6,
            frequencies: 32,
        }
    }
}

impl NetworkConfig {
    /// How far around its place in the input the bits of a pixel of the result depend on it, in input pixels: what each 3×3
    /// convolution (encoder, three a block, the body's last) adds, never less than the two of the bicubic enlargement, and
    /// a multiple of [`GRID`].
    pub fn halo(&self) -> usize {
        let body = [self.channels; 2];
        let layers = std::iter::once([COLOURS, self.channels])
            .chain(std::iter::repeat_n(body, 3 * self.blocks + 1));
        let spoiled = layers.fold(0, |margin, [inputs, outputs]| {
            let layer = ConvShape {
                images: 1,
                height: 1,
                width: 1,
                inputs,
                outputs,
                kernel: 3,
            };
            layer.spoiled(margin)
        });
        spoiled.max(2).next_multiple_of(GRID)
    }

    /// How far around its place in the input a pixel of the result looks, in input pixels: the sum of what the 3×3 convolutions
    /// look, and a multiple of [`GRID`]. [`NetworkConfig::halo`] is wider: equal bits take more than equal sums.
    pub fn reach(&self) -> usize {
        (3 * self.blocks + 2).next_multiple_of(GRID)
    }

    /// Floating point operations of the convolutions for one input pixel, forward; a multiplication and an addition
    /// count as two.
    pub fn operations_per_pixel(&self) -> f64 {
        let body = (3 * self.blocks + 1) * 9 * self.channels * self.channels;
        let ends = 9 * COLOURS * self.channels + self.channels * self.head_channels();
        2.0 * (body + ends) as f64
    }

    /// Channels of the head: two coefficients for each frequency and a constant, for each colour.
    fn head_channels(&self) -> usize {
        (2 * self.frequencies + 1) * COLOURS
    }
}

/// A convolution with its parameters.
#[derive(Module, Debug)]
struct Convolution {
    /// `[k, k, in, out]`.
    weights: Param<Tensor<4>>,
    /// `[out]`.
    bias: Param<Tensor<1>>,
}

impl Convolution {
    /// He initialisation times `gain`; the bias starts at zero.
    fn new(kernel: usize, inputs: usize, outputs: usize, gain: f64, device: &Device) -> Self {
        let deviation = gain * (2.0 / (kernel * kernel * inputs) as f64).sqrt();
        Self {
            weights: Param::from_tensor(Tensor::random(
                [kernel, kernel, inputs, outputs],
                Distribution::Normal(0.0, deviation),
                device,
            )),
            bias: Param::from_tensor(Tensor::zeros([outputs], device)),
        }
    }

    /// With parameters, and so results, in half precision.
    fn half(self) -> Self {
        Self {
            weights: self.weights.map(|weights| weights.cast(FloatDType::F16)),
            bias: self.bias.map(|bias| bias.cast(FloatDType::F16)),
        }
    }

    fn forward(
        &self,
        input: Tensor<4>,
        residual: Option<Tensor<4>>,
        activation: Activation,
    ) -> Tensor<4> {
        convolution(
            input,
            self.weights.val(),
            self.bias.val(),
            residual,
            activation,
        )
    }
}

/// x + conv(SiLU(conv(SiLU(conv x)))).
#[derive(Module, Debug)]
struct Block {
    first: Convolution,
    second: Convolution,
    third: Convolution,
}

impl Block {
    fn new(channels: usize, device: &Device) -> Self {
        let convolution = |gain| Convolution::new(3, channels, channels, gain, device);
        Self {
            first: convolution(1.0),
            second: convolution(1.0),
            third: convolution(0.1),
        }
    }

    fn half(self) -> Self {
        Self {
            first: self.first.half(),
            second: self.second.half(),
            third: self.third.half(),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let inner = self.first.forward(x.clone(), None, Activation::Silu);
        let inner = self.second.forward(inner, None, Activation::Silu);
        self.third.forward(inner, Some(x), Activation::None)
    }
}

/// What the network knows of the factor: two small layers on (log2 s_y, log2 s_x), added to the encoder's bias.
#[derive(Module, Debug)]
struct ScaleEmbedding {
    /// `[2, C]`.
    first: Param<Tensor<2>>,
    /// `[1, C]`.
    first_bias: Param<Tensor<2>>,
    /// `[C, C]`.
    second: Param<Tensor<2>>,
}

impl ScaleEmbedding {
    fn new(channels: usize, device: &Device) -> Self {
        let normal = |shape, deviation| {
            Param::from_tensor(Tensor::random(
                shape,
                Distribution::Normal(0.0, deviation),
                device,
            ))
        };
        Self {
            first: normal([2, channels], 1.0),
            first_bias: normal([1, channels], 1.0),
            second: normal([channels, channels], 0.1 / (channels as f64).sqrt()),
        }
    }

    /// `[C]`.
    fn forward(&self, geometry: &StepGeometry) -> Tensor<1> {
        let scales = [geometry.rows.scale, geometry.columns.scale].map(|s| s.log2() as f32);
        let input = Tensor::<2>::from_data(
            TensorData::new(scales.to_vec(), [1, 2]),
            &self.first.device(),
        );
        let hidden = silu(input.matmul(self.first.val()) + self.first_bias.val());
        hidden.matmul(self.second.val()).squeeze_dim(0)
    }
}

/// The head: a 1×1 convolution to the coefficients of global learned frequencies (Thera).
#[derive(Module, Debug)]
struct HeatHead {
    coefficients: Convolution,
    /// Rows (ω_y, ω_x), radians per input pixel, `[H, 2]`.
    frequencies: Param<Tensor<2>>,
    /// κ of the decay e^(−κ ω² t), `[1]`.
    kappa: Param<Tensor<1>>,
}

impl HeatHead {
    fn new(config: NetworkConfig, device: &Device) -> Self {
        let count = config.frequencies;
        // Spread evenly over the half disc up to the Nyquist frequency of the largest step, by the golden angle.
        let frequencies: Vec<f32> = (0..count)
            .flat_map(|h| {
                let radius = PI * MAX_TRAINED_SCALE * ((h as f32 + 0.5) / count as f32).sqrt();
                let angle = PI * (h as f32 * 0.618_034).fract();
                [radius * angle.sin(), radius * angle.cos()]
            })
            .collect();
        let kappa = 4f32.ln().sqrt() / (2.0 * PI * PI);
        Self {
            coefficients: Convolution::new(
                1,
                config.channels,
                config.head_channels(),
                0.05,
                device,
            ),
            frequencies: Param::from_tensor(Tensor::from_data(
                TensorData::new(frequencies, [count, 2]),
                device,
            )),
            kappa: Param::from_tensor(Tensor::from_data(TensorData::new(vec![kappa], [1]), device)),
        }
    }

    fn forward(
        &self,
        features: Tensor<4>,
        base: Tensor<4>,
        geometry: Arc<StepGeometry>,
    ) -> Tensor<4> {
        let frequencies = self.frequencies.val();
        let blur = [geometry.rows.scale, geometry.columns.scale].map(|s| s.powi(-2) as f32);
        let blur = Tensor::<2>::from_data(
            TensorData::new(blur.to_vec(), [1, 2]),
            &frequencies.device(),
        );
        let exponent: Tensor<1> = (frequencies.clone().powi_scalar(2) * blur)
            .sum_dim(1)
            .squeeze_dim(1);
        let decay = (exponent * self.kappa.val()).neg().exp();
        let coefficients = self.coefficients.forward(features, None, Activation::None);
        // Waves of many radians are not for half precision.
        let coefficients = coefficients.cast(FloatDType::F32);
        heat_field(coefficients, frequencies, decay, base, geometry)
    }
}

/// The network: one step, level k−1 → level k.
#[derive(Module, Debug)]
pub struct Network {
    embedding: ScaleEmbedding,
    encoder: Convolution,
    blocks: Vec<Block>,
    body: Convolution,
    head: HeatHead,
}

impl Network {
    /// A network with fresh parameters, drawn from the device's generator (see `Device::seed`).
    pub fn new(config: NetworkConfig, device: &Device) -> Self {
        let channels = config.channels;
        Self {
            embedding: ScaleEmbedding::new(channels, device),
            encoder: Convolution::new(3, COLOURS, channels, 1.0, device),
            blocks: (0..config.blocks)
                .map(|_| Block::new(channels, device))
                .collect(),
            body: Convolution::new(3, channels, channels, 0.1, device),
            head: HeatHead::new(config, device),
        }
    }

    /// This network with its convolutions in half precision (f16), for devices that have it. Colours, the sums of residual
    /// blocks and the heat field stay in single.
    #[must_use]
    pub fn half(mut self) -> Self {
        self.encoder = self.encoder.half();
        self.blocks = self.blocks.into_iter().map(Block::half).collect();
        self.body = self.body.half();
        self.head.coefficients = self.head.coefficients.half();
        self
    }

    /// One step: a window of level k−1, `[n, h, w, 3]`, becomes its part of level k, `[n, H, W, 3]`, as `geometry` says.
    ///
    /// The result is not clamped. Values closer to a cut edge of the window than [`NetworkConfig::halo`] are not to the bit
    /// what the whole level would give; at the level's own edges they are.
    pub fn step(&self, input: Tensor<4>, geometry: &Arc<StepGeometry>) -> Tensor<4> {
        let base = resample(input.clone(), geometry.clone());
        let precision = self.encoder.weights.val().dtype();
        let bias = self.encoder.bias.val() + self.embedding.forward(geometry).cast(precision);
        // Centred, so that zero padding is mid-grey and not black.
        let encoded = convolution(
            (input - 0.5).cast(precision),
            self.encoder.weights.val(),
            bias,
            None,
            Activation::None,
        )
        .cast(FloatDType::F32);
        let features = self
            .blocks
            .iter()
            .fold(encoded.clone(), |x, block| block.forward(x));
        let features = self.body.forward(features, Some(encoded), Activation::None);
        self.head.forward(features, base, geometry.clone())
    }
}
