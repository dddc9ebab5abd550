//! What a step computes once, whatever its window: the encoder's bias, into which the step's
//! embedding goes, and the decay of the heat field's frequencies.

use crate::condition::Origin;
use crate::geometry::StepGeometry;

/// The parameters of a network that act once in a step and not for every pixel: every device leaves
/// them to the processor.
#[derive(Clone, Debug)]
pub struct PerStep {
    /// `[2, C]`, of the logarithms of the factors.
    scales: Vec<f32>,
    /// `[Origin::COUNT, C]`, of the condition.
    origin: Vec<f32>,
    /// `[C]`, of the embedding.
    bias: Vec<f32>,
    /// `[C, C]`.
    output: Vec<f32>,
    /// `[C]`, of the encoder.
    encoder_bias: Vec<f32>,
    /// `[H, 2]`, (ω_y, ω_x).
    frequencies: Vec<f32>,
    kappa: f32,
}

impl PerStep {
    /// Of the values that `values` has under their names.
    ///
    /// # Errors
    /// The first one of `values`.
    pub fn new<E>(mut values: impl FnMut(&str) -> Result<Vec<f32>, E>) -> Result<Self, E> {
        Ok(Self {
            scales: values("embedding.scales")?,
            origin: values("embedding.origin")?,
            bias: values("embedding.bias")?,
            output: values("embedding.output")?,
            encoder_bias: values("encoder.bias")?,
            frequencies: values("head.frequencies")?,
            kappa: values("head.kappa")?.into_iter().sum(),
        })
    }

    /// The encoder's bias, `[C]`: its own and the embedding of the step, two small layers on (log₂
    /// s_y, log₂ s_x) and the condition with SiLU between them.
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

    /// The frequencies of the heat field, `[H, 2]`, (ω_y, ω_x) in radians per input pixel.
    pub fn frequencies(&self) -> &[f32] {
        &self.frequencies
    }

    /// How much of each frequency is left at the step's sampling, `[H]`: e^(−κ ω² / s²).
    pub fn decay(&self, geometry: &StepGeometry) -> Vec<f32> {
        let blur = [geometry.rows.scale, geometry.columns.scale].map(|scale| scale.powi(-2) as f32);
        let (pairs, _) = self.frequencies.as_chunks::<2>();
        let decay = |[y, x]: &[f32; 2]| {
            let exponent = y * y * blur[0] + x * x * blur[1];
            (-(exponent * self.kappa)).exp()
        };
        pairs.iter().map(decay).collect()
    }
}
