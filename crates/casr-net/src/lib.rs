//! The CASR network, written once.
//!
//! [`Network::step`] is one modest enlargement, level k−1 → level k: encoder, body and heat field head, in Burn, with the
//! heavy operations as extension ops that call `casr-kernels` on the CPU. The trainer differentiates the very lines that
//! enlarge images. [`Model`] is a network with its weights file, ready to use.
//!
//! All tensors are NHWC, f32, colours RGB in [0, 1] in the file's own encoding.

#![forbid(unsafe_code)]

mod error;
mod geometry;
mod model;
mod network;
pub mod ops;
mod parameters;
mod weights;

pub use casr_kernels::conv::Activation;
pub use casr_kernels::conv::GRID;
pub use error::NetError;
pub use geometry::{StepAxis, StepGeometry};
pub use model::Model;
pub use network::{Network, NetworkConfig};
pub use weights::{Recipe, WeightsFile};
