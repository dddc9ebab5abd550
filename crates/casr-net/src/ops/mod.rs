//! Extension ops: what Burn has no fast CPU kernel for.
//!
//! Each op is a backend trait whose CPU implementation calls `casr-kernels` without copies, and whose autodiff
//! implementation registers the kernels' own gradients. Call them through the functions on tensors; on other devices these
//! compute the same from Burn's own operations, [`composed`].

pub mod composed;
mod convolution;
mod flex;
mod gates;
mod heat;
mod reference;
mod resample;
mod superpixel;

pub use convolution::{ConvolutionBackend, ConvolutionGradients, convolution};
pub use gates::gates;
pub use heat::{HeatBackend, HeatGradients, heat_field};
pub use reference::{CellPlaces, Places, ReferenceBackend, ReferenceGradients, reference};
pub use resample::{ResampleBackend, ResampleGradients, resample};
pub use superpixel::{SuperpixelBackend, SuperpixelGradients, assign, modulate, moments};

/// Whether our kernels run on the device of a tensor.
fn has_kernels<const D: usize>(tensor: &burn::tensor::Tensor<D>) -> bool {
    tensor.device() == burn::tensor::Device::flex()
}
