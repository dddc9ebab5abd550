//! Gradients of the convolution: of its input, of its weights, and through activation and bias.

pub(crate) mod activation;
mod scalar;
pub(crate) mod weights;

use super::forward::Forward;
use super::{Activation, ConvShape, check_length, instructions};
use crate::InstructionSet;
use activation::ActivationGradient;
use weights::WeightGradient;

/// The gradient of the convolution's input: `output_gradient` `[images, height, width, outputs]`
/// convolved with the weights rotated by 180°, inputs and outputs exchanged. Overwrites
/// `input_gradient` `[images, height, width, inputs]`.
///
/// # Panics
///
/// If the kernel's side is neither 1 nor 3, a size is zero, or a slice's length does not match its
/// shape.
pub fn input_gradient(
    set: InstructionSet,
    shape: ConvShape,
    output_gradient: &[f32],
    weights: &[f32],
    input_gradient: &mut [f32],
) {
    shape.check();
    check_length("output_gradient", output_gradient.len(), shape.output_len());
    check_length("weights", weights.len(), shape.weights_len());
    check_length("input_gradient", input_gradient.len(), shape.input_len());
    let kernel = Forward {
        shape: ConvShape {
            inputs: shape.outputs,
            outputs: shape.inputs,
            ..shape
        },
        rows: 0..shape.rows(),
        cache: None,
        input: output_gradient,
        weights: &turned(shape, weights),
        bias: None,
        activation: Activation::None,
        residual: None,
        output: input_gradient,
        pre_activation: None,
    };
    instructions::run(set, kernel);
}

/// The gradient of the weights: overwrites `weight_gradient` `[kernel, kernel, inputs, outputs]`,
/// given the `input` `[images, height, width, inputs]` and the gradient of the convolution's
/// output, `output_gradient` `[images, height, width, outputs]`.
///
/// # Panics
///
/// If the kernel's side is neither 1 nor 3, a size is zero, or a slice's length does not match its
/// shape.
pub fn weight_gradient(
    set: InstructionSet,
    shape: ConvShape,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
) {
    shape.check();
    check_length("input", input.len(), shape.input_len());
    check_length("output_gradient", output_gradient.len(), shape.output_len());
    check_length(
        "weight_gradient",
        weight_gradient.len(),
        shape.weights_len(),
    );
    let kernel = WeightGradient {
        shape,
        input,
        output_gradient,
        weight_gradient,
    };
    instructions::run(set, kernel);
}

/// The gradient through activation and bias: overwrites `gradient` with
/// `output_gradient · activation′(pre_activation)`, all `[images, height, width, outputs]`, and
/// `bias_gradient` `[outputs]` with its sum over the pixels. `pre_activation` is ignored and may be
/// empty for [`Activation::None`].
///
/// # Panics
///
/// If the kernel's side is neither 1 nor 3, a size is zero, or a slice's length does not match its
/// shape.
pub fn activation_gradient(
    set: InstructionSet,
    shape: ConvShape,
    activation: Activation,
    output_gradient: &[f32],
    pre_activation: &[f32],
    gradient: &mut [f32],
    bias_gradient: &mut [f32],
) {
    shape.check();
    check_length("output_gradient", output_gradient.len(), shape.output_len());
    check_length("gradient", gradient.len(), shape.output_len());
    check_length("bias_gradient", bias_gradient.len(), shape.outputs);
    if activation != Activation::None {
        check_length("pre_activation", pre_activation.len(), shape.output_len());
    }
    let kernel = ActivationGradient {
        shape,
        activation,
        output_gradient,
        pre_activation,
        gradient,
        bias_gradient,
    };
    instructions::run(set, kernel);
}

impl ConvShape {
    /// Rows per parallel task, where each task returns a partial sum. The partition determines the
    /// order of summation, so it depends on the shape alone: enough tasks to use many cores, but
    /// few enough that adding up their results is cheap.
    pub(super) fn rows_per_partial_sum(&self) -> usize {
        const TASKS: usize = 32;
        const MIN_PIXELS: usize = 512;
        let min_rows = MIN_PIXELS.div_ceil(self.width);
        self.rows().div_ceil(TASKS).max(min_rows)
    }
}

/// The weights of the convolution that computes the input's gradient: taps in reverse order, inputs
/// and outputs exchanged.
fn turned(shape: ConvShape, weights: &[f32]) -> Vec<f32> {
    let mut turned = Vec::with_capacity(weights.len());
    for tap in weights.chunks_exact(shape.inputs * shape.outputs).rev() {
        for output in 0..shape.outputs {
            turned.extend(tap[output..].iter().step_by(shape.outputs));
        }
    }
    turned
}
