//! What all parts of the network are made of.

use crate::ops::convolution;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use casr_kernels::conv::Activation;

/// A convolution with its parameters.
#[derive(Module, Debug)]
pub(crate) struct Convolution {
    /// `[k, k, in, out]`.
    pub weights: Param<Tensor<4>>,
    /// `[out]`.
    pub bias: Param<Tensor<1>>,
}

impl Convolution {
    pub fn zeros(kernel: usize, inputs: usize, outputs: usize, device: &Device) -> Self {
        let weights = Tensor::zeros([kernel, kernel, inputs, outputs], device);
        Self {
            weights: Param::from_tensor(weights),
            bias: Param::from_tensor(Tensor::zeros([outputs], device)),
        }
    }

    pub fn forward(
        &self,
        input: Tensor<4>,
        residual: Option<Tensor<4>>,
        activation: Activation,
    ) -> Tensor<4> {
        let (weights, bias) = (self.weights.val(), self.bias.val());
        convolution(input, weights, bias, residual, activation)
    }
}
