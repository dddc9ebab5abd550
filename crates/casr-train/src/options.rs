//! The options of a training.

use crate::error::TrainError;
use crate::loss::LossWeights;
use casr_net::NetworkConfig;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// Everything that decides the weights of a training. It is stored in checkpoints, and written by
/// people in recipes, where what is missing is the default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainOptions {
    /// The network's size.
    pub network: NetworkConfig,
    /// Seed of initial weights and batches.
    pub seed: u64,
    /// Images a batch.
    pub batch: usize,
    /// Side of a low-resolution patch, pixels.
    pub patch: usize,
    /// What turns gradients into updates.
    pub optimizer: Optimizer,
    /// Learning rate over the steps.
    pub schedule: Schedule,
    /// Weights of the losses beside L1.
    pub losses: LossWeights,
    /// Share of batches that run two or three steps and learn on the network's own output.
    pub unroll: f64,
    /// Share of patches with noise, traces of JPEG or a light blur.
    pub degraded: f64,
    /// Decay of the moving average of weights, per step.
    pub average_decay: f64,
    /// Bound on the norm of each parameter's gradient.
    pub clip: f32,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            network: NetworkConfig::default(),
            seed: 1,
            batch: 16,
            patch: 48,
            optimizer: Optimizer::Muon,
            schedule: Schedule::default(),
            losses: LossWeights::default(),
            unroll: 0.5,
            degraded: 0.5,
            average_decay: 0.999,
            clip: 1.0,
        }
    }
}

impl TrainOptions {
    /// The largest factor of one step in training.
    pub const MAX_SCALE: f64 = 4.0;

    /// Checks the ranges.
    ///
    /// # Errors
    /// [`TrainError::Option`] names the setting and its range.
    pub fn check(&self) -> Result<(), TrainError> {
        let wrong = |message: &str| Err(TrainError::Option(message.to_owned()));
        if self.batch == 0 {
            return wrong("the batch must hold at least 1 patch.");
        }
        if !(8..=512).contains(&self.patch) {
            return wrong("the patch must lie between 8 and 512 pixels.");
        }
        let losses = &self.losses;
        for (name, weight) in [
            ("frequency", losses.frequency),
            ("alignment", losses.alignment),
            ("autocorrelation", losses.autocorrelation),
            ("coarse_autocorrelation", losses.coarse_autocorrelation),
            ("perceptual", losses.perceptual),
        ] {
            if !(weight >= 0.0 && weight.is_finite()) {
                return Err(TrainError::Option(format!(
                    "losses.{name} must be 0 or a positive number."
                )));
            }
        }
        if self.schedule.steps == 0 {
            return wrong("at least 1 step must be asked for.");
        }
        if !(0.0..=1.0).contains(&self.unroll) {
            return wrong("the share of unrolled batches must lie between 0 and 1.");
        }
        if !(0.0..=1.0).contains(&self.degraded) {
            return wrong("the share of degraded images must lie between 0 and 1.");
        }
        if !(self.schedule.peak > 0.0 && self.schedule.peak < 1.0) {
            return wrong("the learning rate must lie between 0 and 1.");
        }
        Ok(())
    }
}

/// What turns gradients into updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// Adam (Kingma and Ba, arXiv 1412.6980).
    Adam,
    /// Muon (Jordan et al., 2024, <https://kellerjordan.github.io/posts/muon>) for the convolutions
    /// between many channels, Adam for the rest. It learns more from a step: 800 steps from the
    /// same weights, batch 8, patch 32, rate 1e-3 and a whole cosine ended at 35.56, 32.21 and
    /// 30.39 dB (×2, ×3, ×4, held out) where Adam's ended at 35.50, 32.14 and 30.36.
    Muon,
}

/// Cosine learning rate with a linear warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// Optimizer steps in all.
    pub steps: u64,
    /// Highest learning rate.
    pub peak: f64,
    /// Learning rate at the end.
    pub floor: f64,
    /// Steps of linear warm-up.
    pub warm_up: u64,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            steps: 20_000,
            peak: 1e-3,
            floor: 1e-6,
            warm_up: 100,
        }
    }
}

impl Schedule {
    /// The learning rate of `step`, counted from 0.
    pub fn rate(&self, step: u64) -> f64 {
        if step < self.warm_up {
            return self.peak * (step + 1) as f64 / self.warm_up as f64;
        }
        let span = self.steps.saturating_sub(self.warm_up).max(1);
        let progress = ((step - self.warm_up) as f64 / span as f64).min(1.0);
        self.floor + (self.peak - self.floor) * 0.5 * (1.0 + (PI * progress).cos())
    }
}
