//! Extension ops: what Burn has no fast CPU kernel for.
//!
//! Each op is a backend trait whose CPU implementation calls `casr-kernels` without copies, and
//! whose autodiff implementation registers the kernels' own gradients. Call them through the
//! functions on tensors, which are Burn's on the processor ("Flex").

mod convolution;
mod earlier;
mod flex;
mod gates;
mod heat;
mod resample;
mod superpixel;

pub use convolution::{ConvolutionBackend, ConvolutionGradients, convolution};
pub use earlier::{EarlierBackend, EarlierGradients, earlier_values};
pub use gates::gates;
pub use heat::{HeatBackend, HeatGradients, heat_field};
pub use resample::{ResampleBackend, ResampleGradients, resample};
pub use superpixel::{SuperpixelBackend, SuperpixelGradients, assign, modulate, moments};
