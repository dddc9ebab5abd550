//! Scalar reference implementations of the gradients: the same sums as the vector code, without
//! vectors or packing.

use super::activation::{Pixels, silu_derivative_scalar};
use crate::conv::ConvShape;
use crate::conv::scalar::value_under;
use std::ops::Range;

/// The contribution of a range of rows to the gradient of the weights.
pub(super) fn weight_gradient(
    shape: ConvShape,
    input: &[f32],
    output_gradient: &[f32],
    rows: Range<usize>,
) -> Vec<f32> {
    let mut sums = vec![0.0_f32; shape.weights_len()];
    for row in rows {
        for column in 0..shape.width {
            let pixel = row * shape.width + column;
            let gradient = &output_gradient[pixel * shape.outputs..][..shape.outputs];
            for (index, sums) in sums.chunks_exact_mut(shape.outputs).enumerate() {
                let (tap, channel) = (index / shape.inputs, index % shape.inputs);
                let tap = (tap / shape.kernel, tap % shape.kernel);
                if shape.row_under(row, tap.0).is_none() {
                    continue;
                }
                let value = value_under(shape, input, (row, column), tap, channel);
                for (sum, gradient) in sums.iter_mut().zip(gradient) {
                    *sum = value.mul_add(*gradient, *sum);
                }
            }
        }
    }
    sums
}

/// Writes the gradient through the activation of some pixels and returns its sum over them.
pub(super) fn activation_gradient(outputs: usize, pixels: Pixels) -> Vec<f32> {
    let mut sums = vec![0.0; outputs];
    for (index, gradient) in pixels.gradient.iter_mut().enumerate() {
        *gradient = match pixels.pre_activation.get(index) {
            Some(value) => pixels.output_gradient[index] * silu_derivative_scalar(*value),
            None => pixels.output_gradient[index],
        };
        sums[index % outputs] += *gradient;
    }
    sums
}
