//! The CASR network.
//!
//! [`Network::step`] is one modest enlargement, level k−1 → level k: encoder, body and heat field head, in Burn, with the
//! heavy operations as extension ops that call `casr-kernels` on the CPU: what the trainer differentiates, and what runs on GPUs. On the
//! processor the same step is our kernels on slices, without a framework (`engine`). [`Model`] is a network with its weights
//! file, ready to use.
//!
//! A [`ComputeDevice`] says where: on the processor, or with the feature `gpu` on a GPU, where the heavy operations are
//! Burn's own.
//!
//! All tensors are NHWC, colours f32 RGB in [0, 1] in the file's own encoding, features f32 or on some GPUs f16.

#![forbid(unsafe_code)]

mod align;
mod condition;
mod device;
mod engine;
mod error;
mod geometry;
mod inspect;
mod layers;
mod model;
mod network;
pub mod ops;
mod parameters;
mod prior;
mod provenance;
mod similarity;
mod superpixel;
mod weights;
mod weights_v1;

pub use align::{Reference, cell_places, whole_places};
pub use casr_kernels::InstructionSet;
pub use casr_kernels::conv::Activation;
pub use casr_kernels::conv::GRID;
pub use casr_kernels::guard::LUMA;
pub use casr_kernels::resample::mirror;
pub use casr_kernels::superpixel::CELL;
pub use condition::{Origin, Wear};
pub use device::{ComputeDevice, DeviceChoice, GPU_SUPPORT, Precision};
pub use error::NetError;
pub use geometry::{AnchorAxis, Resampling, ResamplingKind, StepAxis, StepGeometry};
pub use inspect::autocorrelation;
pub use model::{Model, Statistics, StepWindow, mix_of_look};
pub use network::{Network, NetworkConfig, StepInput, StepOutput};
pub use ops::{CellPlaces, Places};
pub use parameters::Parameter;
pub use prior::{Pixels, Prior, PriorGeometry, PriorTensors};
pub use provenance::{FAITHFUL, Provenance, Run};
pub use superpixel::FIRST_TEMPERATURES;
pub use weights::WeightsFile;
