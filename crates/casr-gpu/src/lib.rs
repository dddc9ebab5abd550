//! One step of the CASR network on any GPU: a handful of WGSL kernels on `wgpu`.

#![deny(unsafe_code)]

mod cache;
mod context;
mod error;
mod gpu;
mod kernels;
mod layout;
mod recorder;
mod tables;
mod template;
#[cfg(test)]
mod tests;

pub use error::GpuError;
pub use gpu::{Gpu, OpenGpu};
pub use recorder::KernelTime;
