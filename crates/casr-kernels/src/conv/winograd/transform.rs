//! The transforms of F(4×4, 3×3): along one axis, and along both axes of a square.
//!
//! Aᵀ, G and Bᵀ are those of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks"
//! (arXiv 1509.09308), section 4.1, for the points 0, ±1, ±2 and ∞. Vector and scalar code share
//! these functions, so both perform the same operations in the same order.

use std::array::from_fn;
use std::ops::{Add, Sub};

/// Side of a tile of output pixels.
pub(in super::super) const TILE: usize = 4;
/// Side of the window of input pixels under a tile; also of its transform.
pub(super) const WINDOW: usize = 6;
/// Elements (points) of the transform of one channel's window.
pub(super) const POINTS: usize = WINDOW * WINDOW;
/// Side of the kernel.
pub(super) const KERNEL: usize = 3;

/// The type that the transforms compute with: a single value or a vector.
pub(super) trait Value: Copy + Add<Output = Self> + Sub<Output = Self> {}

impl<T: Copy + Add<Output = T> + Sub<Output = T>> Value for T {}

/// Bᵀ · `x`. `multiply_add(a, b, c)` is a · b + c, rounded once.
#[inline(always)]
pub(super) fn input_line<T: Value>(
    x: [T; WINDOW],
    multiply_add: impl Fn(T, f32, T) -> T,
) -> [T; WINDOW] {
    let (even, odd) = (
        multiply_add(x[2], -4.0, x[4]),
        multiply_add(x[1], -4.0, x[3]),
    );
    let (even_of_two, odd_of_two) = (x[4] - x[2], x[3] - x[1]);
    [
        multiply_add(x[0], 4.0, multiply_add(x[2], -5.0, x[4])),
        even + odd,
        even - odd,
        multiply_add(odd_of_two, 2.0, even_of_two),
        multiply_add(odd_of_two, -2.0, even_of_two),
        multiply_add(x[1], 4.0, multiply_add(x[3], -5.0, x[5])),
    ]
}

/// Aᵀ · `x`.
#[inline(always)]
pub(super) fn output_line<T: Value>(
    x: [T; WINDOW],
    multiply_add: impl Fn(T, f32, T) -> T,
) -> [T; TILE] {
    let (sum, difference) = (x[1] + x[2], x[1] - x[2]);
    let (sum_of_two, difference_of_two) = (x[3] + x[4], x[3] - x[4]);
    [
        x[0] + sum + sum_of_two,
        multiply_add(difference_of_two, 2.0, difference),
        multiply_add(sum_of_two, 4.0, sum),
        multiply_add(difference_of_two, 8.0, difference) + x[5],
    ]
}

/// G · `x`, without fused multiply-adds.
#[inline(always)]
fn weight_line(x: [f32; KERNEL]) -> [f32; WINDOW] {
    let (outer, inner) = ((x[0] + x[2]) * (1.0 / 6.0), x[1] * (1.0 / 6.0));
    let outer_of_two = x[0] * (1.0 / 24.0) + x[2] * (1.0 / 6.0);
    let inner_of_two = x[1] * (1.0 / 12.0);
    [
        x[0] * 0.25,
        -(outer + inner),
        inner - outer,
        outer_of_two + inner_of_two,
        outer_of_two - inner_of_two,
        x[2],
    ]
}

/// Applies `line` to every row of a square and then to every column, and passes the result to
/// `put(row, column, value)`.
#[inline(always)]
pub(super) fn both_ways<T: Copy, const FROM: usize, const TO: usize>(
    square: [[T; FROM]; FROM],
    line: impl Fn([T; FROM]) -> [T; TO],
    mut put: impl FnMut(usize, usize, T),
) {
    // Loops rather than `array::map`: its closures are compiled without the caller's instruction
    // set.
    let first = square[0][0];
    let mut rows = [[first; TO]; FROM];
    for (row, result) in square.into_iter().zip(&mut rows) {
        *result = line(row);
    }
    for column in 0..TO {
        let mut values = [first; FROM];
        for (value, row) in values.iter_mut().zip(&rows) {
            *value = row[column];
        }
        for (row, value) in line(values).into_iter().enumerate() {
            put(row, column, value);
        }
    }
}

/// G · g · Gᵀ for every pair of channels: HWIO `weights` to `[POINTS][pairs]`.
pub(super) fn transform_weights(weights: &[f32]) -> Vec<f32> {
    change_base::<KERNEL, WINDOW>(weights, weight_line)
}

/// [`both_ways`] for many squares stored side by side: `[FROM · FROM][squares]` to
/// `[TO · TO][squares]`.
#[inline(always)]
pub(super) fn change_base<const FROM: usize, const TO: usize>(
    from: &[f32],
    line: impl Fn([f32; FROM]) -> [f32; TO],
) -> Vec<f32> {
    let squares = from.len() / (FROM * FROM);
    let mut rows = vec![0.0; FROM * TO * squares];
    for (from, to) in from
        .chunks_exact(FROM * squares)
        .zip(rows.chunks_exact_mut(TO * squares))
    {
        change_lines(from, to, &line);
    }
    let mut to = vec![0.0; TO * TO * squares];
    change_lines(&rows, &mut to, &line);
    to
}

/// Applies `line` along the first axis: `[FROM][anything]` to `[TO][anything]`.
#[inline(always)]
fn change_lines<const FROM: usize, const TO: usize>(
    from: &[f32],
    to: &mut [f32],
    line: impl Fn([f32; FROM]) -> [f32; TO],
) {
    let length = from.len() / FROM;
    let from: [&[f32]; FROM] = from_fn(|index| &from[index * length..][..length]);
    for index in 0..length {
        let result = line(from_fn(|place| from[place][index]));
        for (place, value) in result.into_iter().enumerate() {
            to[place * length + index] = value;
        }
    }
}
