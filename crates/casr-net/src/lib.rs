//! The CASR network on the processor: the engine that products run.
//!
//! [`Model`] is a network with its weights file, ready to use. [`Model::step`] is one modest
//! enlargement, level k−1 → level k: encoder, body and heat field head, as kernels on slices,
//! without a framework. A [`Device`] says where it runs: on the processor, or wherever another
//! crate can run it.
//!
//! Pixels are row-major, colours f32 RGB in [0, 1] in the file's own encoding.
//!
//! ```
//! use casr_net::{Degradation, Model, Origin, Pixels, StepGeometry};
//! let (values, clean) = ([0.5; 8 * 6 * 3], Origin::Image(Degradation::default()));
//! let image = Pixels { height: 8, width: 6, values: &values };
//! let geometry = StepGeometry::new((8, 6), (16, 12));
//! let doubled = Model::embedded()?.first_step(image, &geometry, clean)?;
//! assert_eq!(doubled, [0.5; 16 * 12 * 3]);
//! # Ok::<(), casr_net::NetError>(())
//! ```

#![forbid(unsafe_code)]

mod condition;
mod config;
mod device;
mod engine;
mod ensemble;
mod error;
mod geometry;
mod model;
mod parameters;
mod per_step;
mod places;
mod prior;
mod provenance;
mod tensors;
mod weights;
mod weights_v1;

pub use casr_kernels::InstructionSet;
pub use casr_kernels::conv::half::HalfInstructions;
pub use casr_kernels::conv::{Activation, GRID};
pub use casr_kernels::guard::LUMA;
pub use casr_kernels::heat::CellAxis;
pub use casr_kernels::resample::mirror;
pub use casr_kernels::superpixel::CELL;
pub use condition::{Degradation, Origin};
pub use config::{COLOURS, NetworkConfig};
pub use device::{Cpu, Device, Stepper};
pub use engine::{CENTRE, LARGEST_GAIN};
pub use error::{NetError, NetErrorKind};
pub use geometry::{AnchorAxis, Resampling, ResamplingKind, StepAxis, StepGeometry, interpolate};
pub use model::{Model, Statistics, StepResult, StepWindow, mix_of_look};
pub use parameters::{FIRST_TEMPERATURES, LARGEST_STEP, Parameter};
pub use per_step::PerStep;
pub use places::{CellPlaces, Places, cell_places, whole_places};
pub use prior::{DETAILS, Original, Pixels, Prior, PriorGeometry, luma};
pub use provenance::{FAITHFUL, Provenance, Run};
pub use tensors::tensor_values;
pub use weights::WeightsFile;
