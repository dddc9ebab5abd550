//! The network: encode, body, heat field head.

use crate::align::{Alignment, Reference};
use crate::condition::Origin;
use crate::geometry::{Resampling, ResamplingKind, StepGeometry};
use crate::layers::Convolution;
use crate::ops::{convolution, gates, heat_field, resample};
use crate::prior::{DETAILS, PriorTensors};
use crate::similarity::Similarity;
use crate::superpixel::{FIRST_TEMPERATURES, Superpixels};
use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, FloatDType, Tensor, TensorData, activation::silu};
use casr_kernels::conv::{Activation, GRID};
use casr_kernels::{
    similarity::{LAGS, MATCHES_REACH},
    superpixel::{CELL, NEIGHBOURS},
};
use serde::{Deserialize, Serialize};
use std::f32::consts::PI;
use std::{ops::Range, sync::Arc};

/// Colours per pixel: RGB.
pub(crate) const COLOURS: usize = 3;

/// The edge of training: the largest factor of one step.
const MAX_TRAINED_SCALE: f32 = 4.0;

/// The size of a network, stored with its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// Feature channels C.
    pub channels: usize,
    /// Residual blocks of three convolutions each.
    pub blocks: usize,
    /// Frequencies H of the heat field.
    pub frequencies: usize,
    /// Whether it aligns the statistics of superpixels with those of the step before (SDAM).
    pub alignment: bool,
    /// Whether it is shown the self-similarity of the original image (SARM).
    pub similarity: bool,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            channels: 48,
            blocks: 6,
            frequencies: 32,
            alignment: false,
            similarity: false,
        }
    }
}

impl NetworkConfig {
    /// How far around its place in the input a pixel of the result looks, in input pixels: what the network looks
    /// ([`NetworkConfig::border`]) and what the anchor adds; a multiple of [`GRID`].
    pub fn reach(&self) -> usize {
        (self.border() + ANCHOR_REACH).next_multiple_of(GRID)
    }

    /// How many mirrored pixels lie around a level: as far as the network looks, the sum of what the 3×3 convolutions and the modules
    /// look, and a multiple of [`GRID`]. Beyond them convolutions see zeros.
    pub fn border(&self) -> usize {
        const CONVOLUTION: usize = 1;
        let mut reach = CONVOLUTION;
        if self.similarity {
            reach = reach.max(MATCHES_REACH + CONVOLUTION).max(CELL);
        }
        for block in 0..self.blocks {
            reach += BLOCK * CONVOLUTION;
            if self.alignment && block + 1 == blocks_before_alignment(self.blocks) {
                // A pixel reads the cells around its own, and these the pixels of the cells around them.
                reach = reach.max(CELL).next_multiple_of(CELL) + 3 * CELL;
            }
        }
        (reach + CONVOLUTION)
            .max(BICUBIC_REACH)
            .next_multiple_of(GRID)
    }

    /// Whether a network of `other` has all the parameters of one of this configuration.
    pub fn fits(&self, other: &Self) -> bool {
        let size = |config: &Self| (config.channels, config.blocks, config.frequencies);
        size(self) == size(other)
            && self.alignment <= other.alignment
            && self.similarity <= other.similarity
    }

    /// Values that a step with [`NetworkConfig::alignment`] leaves behind for each cell: mean and logarithm of the deviation of
    /// every feature, and mean colours.
    pub fn statistics(&self) -> usize {
        2 * self.channels + COLOURS
    }

    /// Values that modules hold for each input pixel beside features: the weights of superpixels, and matches, on the host and on
    /// the device.
    pub fn module_values(&self) -> usize {
        let superpixels = (self.alignment || self.similarity).then_some(NEIGHBOURS);
        let matches = (self.similarity).then_some(2 * (DETAILS + 1));
        superpixels.unwrap_or_default() + matches.unwrap_or_default()
    }

    /// Floating point operations of the convolutions for one input pixel, forward; a multiplication and an addition
    /// count as two.
    pub fn operations_per_pixel(&self) -> f64 {
        let body = (BLOCK * self.blocks + 1) * 9 * self.channels * self.channels;
        let ends = 9 * COLOURS * self.channels + self.channels * self.head_channels();
        let square = self.channels * self.channels;
        let (mut matches, mut of_cells) = (0, 0);
        if self.similarity {
            matches = 9 * (DETAILS + 1) * self.channels;
            of_cells += LAGS * self.channels + 2 * square;
        }
        if self.alignment {
            of_cells += (4 + 3) * square;
        }
        let cells = of_cells as f64 / (CELL * CELL) as f64;
        2.0 * ((body + ends + matches) as f64 + cells)
    }

    /// Channels of the head: two coefficients for each frequency and a constant, for each colour.
    pub fn head_channels(&self) -> usize {
        (2 * self.frequencies + 1) * COLOURS
    }
}

/// How far the bicubic enlargement looks, in input pixels.
const BICUBIC_REACH: usize = 2;

/// How much farther the anchor looks, in input pixels: what it takes out of a pixel comes from inputs within [`BICUBIC_REACH`], and is
/// what outputs within [`BICUBIC_REACH`] of these differ.
const ANCHOR_REACH: usize = 2 * BICUBIC_REACH;

/// Half of the blocks.
pub(crate) fn blocks_before_alignment(blocks: usize) -> usize {
    blocks.div_ceil(2)
}

/// Convolutions of a block.
const BLOCK: usize = 3;

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

/// What the network knows of the step: two small layers on (log2 s_y, log2 s_x) and the input's [`Origin`], added to what
/// the encoder gives.
#[derive(Module, Debug)]
struct StepEmbedding {
    /// `[2, C]`.
    scales: Param<Tensor<2>>,
    /// `[3, C]`.
    origin: Param<Tensor<2>>,
    /// `[1, C]`.
    bias: Param<Tensor<2>>,
    /// `[C, C]`.
    output: Param<Tensor<2>>,
}

impl StepEmbedding {
    fn new(channels: usize, device: &Device) -> Self {
        let normal = |shape, deviation| {
            Param::from_tensor(Tensor::random(
                shape,
                Distribution::Normal(0.0, deviation),
                device,
            ))
        };
        Self {
            scales: normal([2, channels], 1.0),
            origin: Param::from_tensor(Tensor::zeros([Origin::COUNT, channels], device)),
            bias: normal([1, channels], 1.0),
            output: normal([channels, channels], 0.1 / (channels as f64).sqrt()),
        }
    }

    /// `[n, C]`, a row for each of `origins`.
    fn forward(&self, geometry: &StepGeometry, origins: &[Origin]) -> Tensor<2> {
        let device = self.scales.device();
        let matrix = |values: Vec<f32>, rows, columns| {
            Tensor::<2>::from_data(TensorData::new(values, [rows, columns]), &device)
        };
        let scales = [geometry.rows.scale, geometry.columns.scale].map(|s| s.log2() as f32);
        let scales = matrix(scales.to_vec(), 1, 2);
        let values = origins.iter().flat_map(|origin| origin.values());
        let origin = matrix(values.collect(), origins.len(), Origin::COUNT);
        let hidden =
            origin.matmul(self.origin.val()) + (scales.matmul(self.scales.val()) + self.bias.val());
        silu(hidden).matmul(self.output.val())
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
        gates: Tensor<4>,
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
        let coefficients = (self.coefficients).forward(features, None, Activation::None);
        // Waves of many radians are not for half precision.
        let coefficients = coefficients.cast(FloatDType::F32);
        heat_field(coefficients, frequencies, decay, base, gates, geometry)
    }
}

/// What one step reads.
#[derive(Clone, Debug)]
pub struct StepInput {
    /// Windows of level k−1, `[n, h, w, 3]`, in an enlargement with [`NetworkConfig::border`] mirrored pixels where the level ends. They
    /// begin on the [`GRID`].
    pub level: Tensor<4>,
    /// How they become their part of level k.
    pub geometry: Arc<StepGeometry>,
    /// Where each of them comes from.
    pub origins: Vec<Origin>,
    /// The self-similarity of the original image; needed by a network with [`NetworkConfig::similarity`].
    pub prior: Option<PriorTensors>,
    /// The statistics that step k−1 left behind; none at the first step.
    pub reference: Option<Reference>,
}

/// What one step makes.
#[derive(Clone, Debug)]
pub struct StepOutput {
    /// A part of level k, `[n, H, W, 3]`, not clamped.
    pub level: Tensor<4>,
    /// What the next step aligns to, `[n, rows, columns, statistics]` over the cells of the windows; see
    /// [`NetworkConfig::statistics`]. None without [`NetworkConfig::alignment`].
    pub statistics: Option<Tensor<4>>,
}

/// The network: one step, level k−1 → level k.
#[derive(Module, Debug)]
pub struct Network {
    embedding: StepEmbedding,
    encoder: Convolution,
    superpixels: Option<Superpixels>,
    similarity: Option<Similarity>,
    blocks: Vec<Block>,
    alignment: Option<Alignment>,
    body: Convolution,
    head: HeatHead,
}

impl Network {
    /// A network with fresh parameters, drawn from the device's generator (see `Device::seed`).
    pub fn new(config: NetworkConfig, device: &Device) -> Self {
        let channels = config.channels;
        let regions = config.alignment || config.similarity;
        Self {
            embedding: StepEmbedding::new(channels, device),
            encoder: Convolution::new(3, COLOURS, channels, 1.0, device),
            superpixels: regions.then(|| Superpixels::new(device)),
            similarity: (config.similarity).then(|| Similarity::new(channels, device)),
            blocks: (0..config.blocks)
                .map(|_| Block::new(channels, device))
                .collect(),
            alignment: (config.alignment).then(|| Alignment::new(channels, device)),
            body: Convolution::new(3, channels, channels, 0.1, device),
            head: HeatHead::new(config, device),
        }
    }

    /// This network with its convolutions between pixels in half precision (f16), for devices that have it. Colours, the sums of
    /// residual blocks, superpixels and the heat field stay in single.
    #[must_use]
    pub fn half(mut self) -> Self {
        self.encoder = self.encoder.half();
        self.blocks = self.blocks.into_iter().map(Block::half).collect();
        self.body = self.body.half();
        self.head.coefficients = self.head.coefficients.half();
        self
    }

    /// One step, level k−1 → level k.
    ///
    /// Values closer to a cut edge of the window than [`NetworkConfig::reach`] are not what the whole level would give; at the level's own
    /// edges they are, and elsewhere but for rounding.
    ///
    /// # Panics
    /// If the prior is missing for a network that needs it.
    pub fn step(&self, input: StepInput) -> StepOutput {
        let (level, geometry) = (input.level, input.geometry);
        let base = Resampling::new(&geometry, ResamplingKind::Base);
        let base = resample(level.clone(), base);
        let gates = gates(level.clone());
        let regions =
            (self.superpixels.as_ref()).map(|superpixels| superpixels.regions(level.clone()));
        let mut encoded = self.encode(level.clone(), &geometry, &input.origins);
        if let (Some(similarity), Some(regions)) = (&self.similarity, &regions) {
            let prior = input
                .prior
                .expect("a network with similarity reads a prior");
            encoded = similarity.forward(encoded, regions, prior);
        }
        let mut features = encoded.clone();
        let mut statistics = None;
        for (index, block) in self.blocks.iter().enumerate() {
            features = block.forward(features);
            if index + 1 == blocks_before_alignment(self.blocks.len())
                && let (Some(alignment), Some(regions)) = (&self.alignment, &regions)
            {
                let aligned = alignment.forward(features, regions, input.reference.as_ref());
                features = aligned.features;
                statistics = Some(aligned.statistics);
            }
        }
        let features = (self.body).forward(features, Some(encoded), Activation::None);
        let result = (self.head).forward(features, base, gates, geometry.clone());
        StepOutput {
            level: anchored(result, level, &geometry, &input.origins),
            statistics,
        }
    }

    /// `[n, h, w, C]`.
    fn encode(&self, input: Tensor<4>, geometry: &StepGeometry, origins: &[Origin]) -> Tensor<4> {
        let weights = self.encoder.weights.val();
        let precision = weights.dtype();
        let encode = |bias: Tensor<1>| {
            // Centred, so that zero padding is mid-grey and not black.
            let input = (input - 0.5).cast(precision);
            let bias = bias.cast(precision);
            convolution(input, weights, bias, None, Activation::None).cast(FloatDType::F32)
        };
        let embedding = self.embedding.forward(geometry, origins);
        let bias = self.encoder.bias.val();
        match origins {
            // Where there is one image, the embedding is a part of the bias.
            [_] => encode(bias.cast(FloatDType::F32) + embedding.squeeze_dim(0)),
            _ => encode(bias) + embedding.reshape([origins.len(), 1, 1, self.channels()]),
        }
    }

    /// Sharpness and compactness of the superpixels: its own, or those that training starts from.
    pub(crate) fn temperatures(&self) -> [f32; 2] {
        let superpixels = self.superpixels.as_ref();
        superpixels.map_or(FIRST_TEMPERATURES, Superpixels::temperatures)
    }

    fn channels(&self) -> usize {
        self.encoder.bias.dims()[0]
    }
}

/// Takes a share of what the outputs of the heat field, shrunk again, differ from the level below out of those that are kept: see
/// [`Origin::anchor`].
fn anchored(
    result: Tensor<4>,
    below: Tensor<4>,
    geometry: &Arc<StepGeometry>,
    origins: &[Origin],
) -> Tensor<4> {
    let (rows, columns) = (&geometry.rows.anchor, &geometry.columns.anchor);
    let part = |tensor: Tensor<4>, rows: &Range<usize>, columns: &Range<usize>| {
        tensor
            .narrow(1, rows.start, rows.len())
            .narrow(2, columns.start, columns.len())
    };
    let shrunk = resample(
        result.clone(),
        Resampling::new(geometry, ResamplingKind::Shrink),
    );
    let missing = part(below, &rows.inputs, &columns.inputs) - shrunk;
    let missing = resample(missing, Resampling::new(geometry, ResamplingKind::Enlarge));
    let missing = match origins {
        [origin] => missing * origin.anchor(),
        _ => {
            let shares: Vec<f32> = origins.iter().map(|origin| origin.anchor()).collect();
            let shape = [shares.len(), 1, 1, 1];
            missing.clone() * Tensor::from_data(TensorData::new(shares, shape), &missing.device())
        }
    };
    part(result, &rows.kept, &columns.kept) + missing
}
