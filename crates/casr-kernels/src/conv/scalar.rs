//! Scalar reference implementation: the same sums as the vector code, without vectors, packing or
//! tiles.

use super::forward::{Rows, Source};
use super::{Activation, ConvShape};
use crate::activation::silu_scalar;

/// The input at channel `channel` under the tap (`tap_row`, `tap_column`) of the output pixel at
/// (`row`, `column`); zero in the padding. Rows are counted through all images.
pub(super) fn value_under(
    shape: ConvShape,
    input: &[f32],
    (row, column): (usize, usize),
    (tap_row, tap_column): (usize, usize),
    channel: usize,
) -> f32 {
    let column = (column + tap_column).checked_sub(shape.padding());
    match (shape.row_under(row, tap_row), column) {
        (Some(row), Some(column)) if column < shape.width => {
            input[(row * shape.width + column) * shape.inputs + channel]
        }
        _ => 0.0,
    }
}

/// Computes convolution, bias, activation and residual of some rows.
pub(super) fn forward(source: &Source, weights: &[f32], bias: Option<&[f32]>, mut rows: Rows) {
    let shape = source.shape;
    for index in 0..rows.output.len() {
        let (pixel, output) = (index / shape.outputs, index % shape.outputs);
        let place = (rows.first + pixel / shape.width, pixel % shape.width);
        let mut sum = bias.map_or(0.0, |bias| bias[output]);
        let mut weights = weights[output..].iter().step_by(shape.outputs);
        for tap_row in 0..shape.kernel {
            for tap_column in 0..shape.kernel {
                for (channel, weight) in (0..shape.inputs).zip(&mut weights) {
                    let tap = (tap_row, tap_column);
                    let value = value_under(shape, source.input, place, tap, channel);
                    sum = value.mul_add(*weight, sum);
                }
            }
        }
        finish(source, &mut rows, index, sum);
    }
}

/// Stores element `index` of some rows, given `sum`, the convolution plus bias.
pub(super) fn finish(source: &Source, rows: &mut Rows, index: usize, sum: f32) {
    if let Some(pre_activation) = &mut rows.pre_activation {
        pre_activation[index] = sum;
    }
    let activated = match source.activation {
        Activation::None => sum,
        Activation::Silu => silu_scalar(sum),
    };
    rows.output[index] = match rows.residual {
        Some(residual) => activated + residual[index],
        None => activated,
    };
}
