//! What depends on a step alone and takes the processor no time: the encoder's bias, and the decay
//! of frequencies.

use crate::weights::Weights;
use casr_net::{Origin, StepGeometry};

/// What the network knows of the step, as a part of the encoder's bias.
#[derive(Debug)]
pub(crate) struct Embedding {
    /// `[2, C]`.
    scales: Vec<f32>,
    /// `[3, C]`.
    origin: Vec<f32>,
    /// `[C]`.
    bias: Vec<f32>,
    /// `[C, C]`.
    output: Vec<f32>,
    /// `[C]`, of the encoder.
    encoder_bias: Vec<f32>,
}

impl Embedding {
    pub fn new(weights: &Weights) -> Result<Self, String> {
        Ok(Self {
            scales: weights.values("embedding.scales")?.to_vec(),
            origin: weights.values("embedding.origin")?.to_vec(),
            bias: weights.values("embedding.bias")?.to_vec(),
            output: weights.values("embedding.output")?.to_vec(),
            encoder_bias: weights.values("encoder.bias")?.to_vec(),
        })
    }

    /// The encoder's bias at a step, `[C]`.
    pub fn encoder_bias(&self, geometry: &StepGeometry, origin: Origin) -> Vec<f32> {
        let channels = self.bias.len();
        let scales = [geometry.rows.scale, geometry.columns.scale].map(|scale| scale.log2() as f32);
        let mut bias = self.encoder_bias.clone();
        for channel in 0..channels {
            let sum = |values: &[f32], weights: &[f32]| -> f32 {
                let column = weights.iter().skip(channel).step_by(channels);
                values.iter().zip(column).map(|(a, b)| a * b).sum()
            };
            let hidden = sum(&origin.values(), &self.origin)
                + (sum(&scales, &self.scales) + self.bias[channel]);
            let hidden = hidden / (1.0 + (-hidden).exp());
            let weights = &self.output[channel * channels..][..channels];
            for (bias, weight) in bias.iter_mut().zip(weights) {
                *bias += hidden * weight;
            }
        }
        bias
    }
}

/// The frequencies of the heat field and how they fade.
#[derive(Debug)]
pub(crate) struct Waves {
    /// `[H, 2]`, (ω_y, ω_x).
    frequencies: Vec<f32>,
    kappa: f32,
}

impl Waves {
    pub fn new(weights: &Weights) -> Result<Self, String> {
        let kappa = weights.values("head.kappa")?.first();
        Ok(Self {
            frequencies: weights.values("head.frequencies")?.to_vec(),
            kappa: *kappa.ok_or("head.kappa is empty")?,
        })
    }

    /// Frequencies along the rows' axis with what is left of each at the step's sampling, and those
    /// along the columns'.
    pub fn at(&self, geometry: &StepGeometry) -> [Vec<(f32, f32)>; 2] {
        let blur = [geometry.rows.scale, geometry.columns.scale].map(|scale| scale.powi(-2) as f32);
        let (pairs, _) = self.frequencies.as_chunks::<2>();
        let decayed = |[y, x]: &[f32; 2]| {
            let exponent = y * y * blur[0] + x * x * blur[1];
            (*y, (-(exponent * self.kappa)).exp())
        };
        [
            pairs.iter().map(decayed).collect(),
            pairs.iter().map(|pair| (pair[1], 1.0)).collect(),
        ]
    }
}
