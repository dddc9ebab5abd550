//! Extension ops: what Burn has no fast CPU kernel for.
//!
//! Each op is a backend trait whose CPU implementation calls `casr-kernels` without copies, and whose autodiff
//! implementation registers the kernels' own gradients. Call them through the functions on tensors.

mod convolution;
mod flex;
mod heat;
mod resample;

pub use convolution::{ConvolutionBackend, ConvolutionGradients, convolution};
pub use heat::{HeatBackend, HeatGradients, heat_field};
pub use resample::{ResampleBackend, ResampleGradients, resample};
