//! The network: encode, body, heat field head.

use crate::align::{Alignment, Statistics};
use crate::layers::Convolution;
use crate::ops::{convolution, gates, heat_field, resample};
use crate::prior::PriorTensors;
use crate::similarity::Similarity;
use crate::superpixel::Superpixels;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, activation::silu};
use casr_kernels::conv::Activation;
use casr_net::{
    COLOURS, NetError, NetworkConfig, Origin, Parameter, Resampling, ResamplingKind, StepGeometry,
};
use std::{ops::Range, sync::Arc};

/// x + conv(SiLU(conv(SiLU(conv x)))).
#[derive(Module, Debug)]
struct Block {
    first: Convolution,
    second: Convolution,
    third: Convolution,
}

impl Block {
    fn zeros(channels: usize, device: &Device) -> Self {
        let convolution = || Convolution::zeros(3, channels, channels, device);
        Self {
            first: convolution(),
            second: convolution(),
            third: convolution(),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let inner = self.first.forward(x.clone(), None, Activation::Silu);
        let inner = self.second.forward(inner, None, Activation::Silu);
        self.third.forward(inner, Some(x), Activation::None)
    }
}

/// What the network knows of the step: two small layers on (log2 s_y, log2 s_x) and the input's
/// [`Origin`], added to what the encoder gives.
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
    fn zeros(channels: usize, device: &Device) -> Self {
        let zeros = |rows| Param::from_tensor(Tensor::zeros([rows, channels], device));
        Self {
            scales: zeros(2),
            origin: zeros(Origin::COUNT),
            bias: zeros(1),
            output: zeros(channels),
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
    fn zeros(config: NetworkConfig, device: &Device) -> Self {
        let outputs = config.head_channels();
        Self {
            coefficients: Convolution::zeros(1, config.channels, outputs, device),
            frequencies: Param::from_tensor(Tensor::zeros([config.frequencies, 2], device)),
            kappa: Param::from_tensor(Tensor::zeros([1], device)),
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
        heat_field(coefficients, frequencies, decay, base, gates, geometry)
    }
}

/// What one step reads.
#[derive(Clone, Debug)]
pub struct StepInput {
    /// Windows of level k−1, `[n, h, w, 3]`, in an enlargement with [`NetworkConfig::border`]
    /// mirrored pixels where the level ends. They begin on the [`GRID`](casr_net::GRID).
    pub level: Tensor<4>,
    /// How they become their part of level k.
    pub geometry: Arc<StepGeometry>,
    /// Where each of them comes from.
    pub origins: Vec<Origin>,
    /// The self-similarity of the original image; needed by a network with
    /// [`NetworkConfig::similarity`].
    pub prior: Option<PriorTensors>,
    /// The statistics that step k−1 left behind; none at the first step.
    pub before: Option<Statistics>,
}

/// What one step makes.
#[derive(Clone, Debug)]
pub struct StepOutput {
    /// A part of level k, `[n, H, W, 3]`, not clamped.
    pub level: Tensor<4>,
    /// What the next step aligns to, `[n, rows, columns, statistics]` over the cells of the
    /// windows; see [`NetworkConfig::statistics`]. None without [`NetworkConfig::alignment`].
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
    /// A network of these values; `name` is that of their file, for messages.
    ///
    /// # Errors
    /// [`NetError::Foreign`] if a parameter is missing, has another shape, or is one too many.
    pub fn new(
        config: NetworkConfig,
        name: &str,
        parameters: &[Parameter],
        device: &Device,
    ) -> Result<Self, NetError> {
        let values = config.arrange(name, parameters)?.into_iter();
        let values = values.map(|parameter| parameter.values).collect();
        Ok(Self::zeros(config, device).with_values(values))
    }

    /// A network whose parameters `seed` decides; see [`NetworkConfig::initial_parameters`].
    pub fn fresh(config: NetworkConfig, seed: u64, device: &Device) -> Self {
        let values = config.initial_parameters(seed).into_iter();
        let values = values.map(|parameter| parameter.values).collect();
        Self::zeros(config, device).with_values(values)
    }

    fn zeros(config: NetworkConfig, device: &Device) -> Self {
        let channels = config.channels;
        let regions = config.alignment || config.similarity;
        Self {
            embedding: StepEmbedding::zeros(channels, device),
            encoder: Convolution::zeros(3, COLOURS, channels, device),
            superpixels: regions.then(|| Superpixels::zeros(device)),
            similarity: (config.similarity).then(|| Similarity::zeros(channels, device)),
            blocks: (0..config.blocks)
                .map(|_| Block::zeros(channels, device))
                .collect(),
            alignment: (config.alignment).then(|| Alignment::zeros(channels, device)),
            body: Convolution::zeros(3, channels, channels, device),
            head: HeatHead::zeros(config, device),
        }
    }

    /// One step, level k−1 → level k.
    ///
    /// Values closer to a cut edge of the window than [`NetworkConfig::reach`] are not what the
    /// whole level would give; at the level's own edges they are, and elsewhere but for rounding.
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
        let size = NetworkConfig {
            blocks: self.blocks.len(),
            ..NetworkConfig::default()
        };
        let blocks_before_alignment = size.blocks_before_alignment();
        for (index, block) in self.blocks.iter().enumerate() {
            features = block.forward(features);
            if index + 1 == blocks_before_alignment
                && let (Some(alignment), Some(regions)) = (&self.alignment, &regions)
            {
                let aligned = alignment.forward(features, regions, input.before.as_ref());
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
        let encode = |bias: Tensor<1>| {
            // Centred, so that zero padding is mid-grey and not black.
            let weights = self.encoder.weights.val();
            convolution(input - 0.5, weights, bias, None, Activation::None)
        };
        let embedding = self.embedding.forward(geometry, origins);
        let bias = self.encoder.bias.val();
        match origins {
            // Where there is one image, the embedding is a part of the bias.
            [_] => encode(bias + embedding.squeeze_dim(0)),
            _ => encode(bias) + embedding.reshape([origins.len(), 1, 1, self.channels()]),
        }
    }

    fn channels(&self) -> usize {
        self.encoder.bias.dims()[0]
    }
}

/// Takes a share of what the outputs of the heat field, shrunk again, differ from the level below
/// out of those that are kept: see [`Origin::anchor`].
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
