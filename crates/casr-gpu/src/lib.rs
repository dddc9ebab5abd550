//! One step of the CASR network on any GPU: a handful of WGSL kernels on `wgpu`.

#![deny(unsafe_code)]

mod cache;
mod context;
mod device;
mod embedding;
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
mod weights;
mod workspace;

pub use device::GpuDevice;
pub use error::GpuError;
pub use gpu::{Gpu, OpenGpu};
pub use network::GpuNetwork;
pub use recorder::KernelTime;
