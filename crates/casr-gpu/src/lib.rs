//! One step of the CASR network on any GPU: a handful of hand-written WGSL kernels on `wgpu`, which
//! reaches Vulkan, Metal and DirectX 12.
//!
//! [`Gpu::all`] lists the GPUs of the machine, [`Gpu::open`] makes one ready, and [`GpuDevice`] is
//! what [`casr_net::Model::on`] takes:
//!
//! ```
//! use casr_gpu::{Gpu, GpuDevice};
//! use casr_net::{Model, Origin, Pixels, StepGeometry};
//! use std::sync::Arc;
//!
//! let mut model = Model::embedded()?;
//! // One that the processor simulates is slower than the processor itself.
//! if let Some(gpu) = Gpu::all().iter().find(|gpu| !gpu.is_simulated()) {
//!     let device = GpuDevice::new(gpu.open(None)?, gpu.has_half())?;
//!     model = model.on(Arc::new(device));
//! }
//! let (values, clean) = ([0.5; 8 * 6 * 3], Origin::Image(Default::default()));
//! let image = Pixels { height: 8, width: 6, values: &values };
//! let doubled = model.first_step(image, &StepGeometry::new((8, 6), (16, 12)), clean)?;
//! assert_eq!(doubled.len(), 16 * 12 * 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A window of pixels goes up, a tile of pixels comes back, and everything between stays on the
//! device: weights are uploaded once, and the memory of a step is kept for the next one. The
//! kernels (`wgsl`) are templates (`template`), which `kernels` fills in with a network's numbers;
//! `step` says in which order they run on what. Results are within 10⁻⁴ of the processor's; in half
//! precision, on photographs, within one of 255 code values.
//!
//! Whatever happens is a [`GpuError`]. A window that does not fit is [`GpuError::OutOfMemory`], and
//! the next one may be smaller; a device that is lost stays lost.

#![deny(unsafe_code)]

mod cache;
mod context;
mod device;
mod error;
mod gpu;
mod kernels;
mod layout;
mod network;
mod recorder;
mod step;
mod tables;
mod template;
#[cfg(test)]
mod tests;
mod wait;
mod weights;
mod workspace;

pub use device::GpuDevice;
pub use error::GpuError;
pub use gpu::{Gpu, OpenGpu};
pub use network::GpuNetwork;
pub use recorder::KernelTime;
