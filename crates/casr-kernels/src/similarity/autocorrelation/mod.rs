//! Local autocorrelation: how much the surroundings of a pixel resemble themselves, shifted.
//!
//! Sums are f64. The product of two f32 numbers is exact there, so that a fused multiplication and addition has the bits
//! of a plain one, and what is left of the variance of a nearly flat window is good to all digits of the result.

mod field;
mod scalar;
mod vector;

use crate::InstructionSet;
use field::Field;
use rayon::prelude::*;

/// Lengths of the lags in pixels, along each axis that they move.
const LENGTHS: [i32; 6] = [1, 2, 3, 4, 6, LONGEST as i32];
/// The longest lag along an axis, in pixels.
const LONGEST: usize = 8;

/// Number of lags.
pub const LAGS: usize = 4 * LENGTHS.len();
/// Side of the windows that are correlated, in pixels.
pub const WINDOW: usize = 7;
/// Variance that is added to every window's: two of 255 levels, so that noise of a flat area is no texture.
pub const NOISE: f64 = (2.0 / 255.0) * (2.0 / 255.0);
/// How far a pixel's correlations see, in pixels along an axis: the longest lag and half a window.
pub const AUTOCORRELATION_REACH: usize = LONGEST + RADIUS;

/// Pixels of a window to either side of its middle.
const RADIUS: usize = WINDOW / 2;
/// Columns whose correlations are computed together: what they read and write stays in the nearest cache.
const TILE: usize = 32;

/// The lags as (dy, dx): 1, 2, 3, 4, 6 and 8 pixels along each moved axis, at 0, 45, 90 and 135 degrees.
pub fn lags() -> [(i32, i32); LAGS] {
    std::array::from_fn(|lag| {
        let length = LENGTHS[lag % LENGTHS.len()];
        match lag / LENGTHS.len() {
            0 => (0, length),
            1 => (-length, length),
            2 => (-length, 0),
            _ => (-length, -length),
        }
    })
}

/// Correlates the window around every pixel with those one of [`lags`] away.
///
/// Entry k of pixel p is `cov(p, q) / √((var(p) + NOISE) (var(q) + NOISE))`, where q lies at p + lag k and the moments
/// are those of the population of a window of [`WINDOW`] pixels a side. Beyond its edges the image is mirrored, the border
/// value repeated (… 1 0 | 0 1 2 …), as often as it takes.
///
/// - `luma` `[height, width]`, finite, where 1 is white.
/// - `output` `[height, width, LAGS]` is overwritten.
///
/// A pixel's bits depend only on the pixels within [`AUTOCORRELATION_REACH`] of it.
///
/// # Panics
/// When the length of a slice does not fit the size.
pub fn autocorrelation(
    set: InstructionSet,
    height: usize,
    width: usize,
    luma: &[f32],
    output: &mut [f32],
) {
    assert_eq!(luma.len(), height * width, "luma length");
    assert_eq!(output.len(), luma.len() * LAGS, "output length");
    if output.is_empty() {
        return;
    }
    let field = Field::new(height, width, luma);
    output
        .par_chunks_mut(width * LAGS)
        .enumerate()
        .for_each(|(row, output)| {
            let (output, _) = output.as_chunks_mut();
            match set.level() {
                Some(level) => vector::row(level, &field, row, output),
                None => scalar::row(&field, row, output),
            }
        });
}

/// Puts the correlations with all lags side by side.
fn interleave(values: &[[f32; TILE]; LAGS], output: &mut [[f32; LAGS]]) {
    for (column, output) in output.iter_mut().enumerate() {
        for (output, values) in output.iter_mut().zip(values) {
            *output = values[column];
        }
    }
}
