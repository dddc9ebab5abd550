//! What all parts of the network are made of.

use crate::ops::convolution;
use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, FloatDType, Tensor};
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
    /// He initialisation times `gain`; the bias starts at zero.
    pub fn new(kernel: usize, inputs: usize, outputs: usize, gain: f64, device: &Device) -> Self {
        let deviation = gain * (2.0 / (kernel * kernel * inputs) as f64).sqrt();
        Self {
            weights: Param::from_tensor(Tensor::random(
                [kernel, kernel, inputs, outputs],
                Distribution::Normal(0.0, deviation),
                device,
            )),
            bias: Param::from_tensor(Tensor::zeros([outputs], device)),
        }
    }

    /// With parameters, and so results, in half precision.
    pub fn half(self) -> Self {
        Self {
            weights: self.weights.map(|weights| weights.cast(FloatDType::F16)),
            bias: self.bias.map(|bias| bias.cast(FloatDType::F16)),
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
