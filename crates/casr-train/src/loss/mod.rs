//! The losses, in Burn's own operations and those of the network: they run wherever the network
//! runs.

mod alignment;
mod autocorrelation;
mod frequency;
mod perceptual;

pub use alignment::alignment_loss;
pub use autocorrelation::{autocorrelation_loss, coarse_autocorrelation_loss};
pub use frequency::frequency_l1;
pub use perceptual::perceptual_loss;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Mean absolute difference, shape `[1]`.
pub fn l1(difference: Tensor<4>) -> Tensor<1> {
    difference.abs().mean()
}

/// Weights of the losses beside L1; what has no weight is not computed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LossWeights {
    /// Of [`frequency_l1`].
    pub frequency: f64,
    /// Of [`alignment_loss`].
    pub alignment: f64,
    /// Of [`autocorrelation_loss`].
    pub autocorrelation: f64,
    /// Of [`coarse_autocorrelation_loss`].
    pub coarse_autocorrelation: f64,
    /// Of [`perceptual_loss`], where its network's weights are given.
    pub perceptual: f64,
}

impl Default for LossWeights {
    fn default() -> Self {
        Self {
            frequency: 0.1,
            alignment: 0.0,
            autocorrelation: 0.0,
            coarse_autocorrelation: 0.0,
            perceptual: 0.0,
        }
    }
}

/// The values of the losses, each as it is, without its weight; averaged over the levels of a
/// batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LossTerms {
    /// [`l1`].
    pub l1: f32,
    /// [`frequency_l1`].
    pub frequency: f32,
    /// [`alignment_loss`].
    pub alignment: f32,
    /// [`autocorrelation_loss`].
    pub autocorrelation: f32,
    /// [`coarse_autocorrelation_loss`].
    pub coarse_autocorrelation: f32,
    /// [`perceptual_loss`].
    pub perceptual: f32,
}
