//! Training of the CASR network: data, degradation, losses, schedule, checkpoints.
//!
//! [`Trainer`] holds everything a run needs to go on: parameters, their moving average, the
//! optimizer's state and the step. Every batch is a pure function of the seed and the step, so a
//! run that was stopped and resumed ends with the same weights, bit for bit, as one that was not.

#![forbid(unsafe_code)]

mod average;
mod checkpoint;
mod data;
mod degradation;
mod error;
mod loss;
mod optimizer;
mod options;
mod run;
mod sample;
mod trainer;
mod validation;

pub use data::Dataset;
pub use degradation::{DegradationModel, Jpeg};
pub use error::TrainError;
pub use loss::{
    LossTerms, LossWeights, alignment_loss, autocorrelation_loss, coarse_autocorrelation_loss,
    frequency_l1, l1, perceptual_loss,
};
pub use options::{Optimizer, Schedule, TrainOptions};
pub use run::{Outcome, Progress, run};
pub use sample::{Batch, Target, batch};
pub use trainer::{StepReport, StepTimes, Trainer};
pub use validation::Validation;
