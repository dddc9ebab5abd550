//! Local autocorrelation: the similarity of the surroundings of a pixel to shifted copies of
//! themselves.
//!
//! Sums are f64. There the product of two f32 values is exact, so that a fused multiply-add gives
//! the bits of a separate multiplication and addition, and the variance of a nearly flat window
//! keeps all digits that the result needs.

mod field;
mod scalar;
mod vector;

use crate::InstructionSet;
use field::Field;
use rayon::prelude::*;

/// Lengths of the lags in pixels, along each axis that they shift.
const LENGTHS: [i32; 6] = [1, 2, 3, 4, 6, MAX_LAG as i32];
/// The longest lag along an axis, in pixels.
const MAX_LAG: usize = 8;

/// Number of lags.
pub const LAGS: usize = 4 * LENGTHS.len();
/// Side of the correlated windows, in pixels.
pub const WINDOW: usize = 7;
/// Variance that is added to that of every window: two of 255 code values, squared, so that noise
/// in a flat area does not count as texture.
pub const NOISE: f64 = (2.0 / 255.0) * (2.0 / 255.0);
/// Radius of the area that a pixel's correlations depend on, in pixels along an axis: the longest
/// lag plus half a window.
pub const AUTOCORRELATION_REACH: usize = MAX_LAG + RADIUS;

/// Radius of a window, in pixels.
const RADIUS: usize = WINDOW / 2;
/// Columns that are processed together: their data stays in the first-level cache.
const TILE: usize = 32;

/// The lags as (dy, dx): 1, 2, 3, 4, 6 and 8 pixels along each shifted axis, at 0, 45, 90 and 135
/// degrees.
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

/// Correlates the window around every pixel with the windows shifted by each of [`lags`].
///
/// Element k of pixel p is `cov(p, q) / √((var(p) + NOISE) (var(q) + NOISE))`, where q = p + lag k,
/// and the moments are population moments of windows of [`WINDOW`]×[`WINDOW`] pixels. Outside its
/// borders the image is mirrored with the border value repeated (… 1 0 | 0 1 2 …), as often as
/// necessary.
///
/// - `luma` `[height, width]`: finite values, where 1 is white.
/// - `output` `[height, width, LAGS]` is overwritten.
///
/// The bits of a pixel depend only on the pixels within [`AUTOCORRELATION_REACH`] of it.
///
/// # Panics
/// If the length of a slice does not match the size.
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

/// Transposes the correlations of a tile to `[pixels][LAGS]`.
fn interleave(values: &[[f32; TILE]; LAGS], output: &mut [[f32; LAGS]]) {
    for (column, output) in output.iter_mut().enumerate() {
        for (output, values) in output.iter_mut().zip(values) {
            *output = values[column];
        }
    }
}
