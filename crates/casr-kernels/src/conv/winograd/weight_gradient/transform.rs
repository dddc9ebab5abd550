//! The transforms of the weight gradient: transposes of those of the forward pass.

use crate::conv::winograd::transform::{KERNEL, TILE, Value, WINDOW, change_base};

/// A · `x`, the transpose of [`output_line`](crate::conv::winograd::transform::output_line), which
/// transforms the gradient of a tile.
#[inline(always)]
pub(super) fn output_gradient_line<T: Value>(
    x: [T; TILE],
    multiply_add: impl Fn(T, f32, T) -> T,
) -> [T; WINDOW] {
    let (even, odd) = (x[0] + x[2], x[1] + x[3]);
    let even_of_two = multiply_add(x[2], 4.0, x[0]);
    let half_odd_of_two = multiply_add(x[3], 4.0, x[1]);
    [
        x[0],
        even + odd,
        even - odd,
        multiply_add(half_odd_of_two, 2.0, even_of_two),
        multiply_add(half_odd_of_two, -2.0, even_of_two),
        x[3],
    ]
}

/// Gᵀ · `x`, the transpose of `weight_line`.
#[inline(always)]
fn weight_gradient_line(x: [f32; WINDOW]) -> [f32; KERNEL] {
    let (sum, difference) = ((x[1] + x[2]) * (1.0 / 6.0), (x[2] - x[1]) * (1.0 / 6.0));
    let (sum_of_two, difference_of_two) = (x[3] + x[4], x[3] - x[4]);
    [
        x[0] * 0.25 - sum + sum_of_two * (1.0 / 24.0),
        difference + difference_of_two * (1.0 / 12.0),
        sum_of_two * (1.0 / 6.0) - sum + x[5],
    ]
}

/// Gᵀ · u · G for every pair of channels, the transpose of the transform of the weights:
/// `[POINTS][pairs]` to HWIO.
pub(super) fn transform_weight_gradient(points: &[f32]) -> Vec<f32> {
    change_base::<WINDOW, KERNEL>(points, weight_gradient_line)
}
