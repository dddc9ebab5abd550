//! The CASR network in [Burn](https://burn.dev): what `casr-lab train` differentiates.
//!
//! [`Network::step`] is the step of [`casr_net`], in tensors. The heavy operations are extension
//! ops that call `casr-kernels`, forward and backward ([`ops`]). Tests hold the values equal to the
//! engine's.
//!
//! All tensors are NHWC, f32; colours are RGB in [0, 1] in the file's own encoding.

#![forbid(unsafe_code)]

mod align;
mod layers;
mod network;
pub mod ops;
mod parameters;
mod prior;
mod similarity;
mod superpixel;

pub use align::Statistics;
pub use network::{Network, StepInput, StepOutput};
pub use prior::PriorTensors;
