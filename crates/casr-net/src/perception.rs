//! From the least error to the best look: one network for both ends of the perception-distortion trade-off.

use crate::layers::{Convolution, Kernel};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

/// What turns a network that was trained for the least error into one that looks well, as far as is asked for: a gain and a shift for
/// every feature that a convolution of the body makes, and other coefficients of the heat field (adaptive feature
/// modification; He et al., CVPR 2019). All of it goes into the convolutions' parameters, so it costs nothing for a pixel.
#[derive(Module, Debug)]
pub(crate) struct Perception {
    /// `[convolutions, C]`.
    gains: Param<Tensor<2>>,
    /// `[convolutions, C]`.
    shifts: Param<Tensor<2>>,
    head: Convolution,
}

impl Perception {
    /// Without effect, for a body of so many convolutions and a head like this one.
    pub fn new(convolutions: usize, head: &Convolution, device: &Device) -> Self {
        let [_, _, channels, coefficients] = head.weights.dims();
        let zeros = || Param::from_tensor(Tensor::zeros([convolutions, channels], device));
        Self {
            gains: zeros(),
            shifts: zeros(),
            head: Convolution::new(1, channels, coefficients, 0.0, device),
        }
    }

    /// A convolution of the body, counted from its first, at this strength.
    pub fn of_body(&self, index: usize, kernel: Kernel, strength: f32) -> Kernel {
        let row = |rows: &Param<Tensor<2>>| -> Tensor<1> {
            rows.val().narrow(0, index, 1).squeeze_dim(0) * strength
        };
        let (gain, shift) = (row(&self.gains) + 1.0, row(&self.shifts));
        let precision = kernel.weights.dtype();
        let channels = gain.dims()[0];
        Kernel {
            bias: kernel.bias * gain.clone().cast(precision) + shift.cast(precision),
            weights: kernel.weights * gain.reshape([1, 1, 1, channels]).cast(precision),
        }
    }

    /// The head's convolution at this strength.
    pub fn of_head(&self, kernel: Kernel, strength: f32) -> Kernel {
        let other = self.head.kernel();
        let precision = kernel.weights.dtype();
        Kernel {
            weights: kernel.weights + (other.weights * strength).cast(precision),
            bias: kernel.bias + (other.bias * strength).cast(precision),
        }
    }
}
