//! The vector implementation: lanes are neighbouring pixels.

use super::field::{COLUMNS, Field, INVERSE_WINDOW_PIXELS, Windows};
use super::{LAGS, RADIUS, TILE, WINDOW, interleave, lags};
use fearless_simd::{Level, Simd, dispatch, prelude::*};

/// One row of pixels.
pub(super) fn row(level: Level, field: &Field, row: usize, output: &mut [[f32; LAGS]]) {
    dispatch!(level, simd => pixels(simd, field, row, output));
}

#[inline(always)]
fn pixels<S: Simd>(simd: S, field: &Field, row: usize, output: &mut [[f32; LAGS]]) {
    for (tile, output) in output.chunks_mut(TILE).enumerate() {
        let first = (row as isize, (tile * TILE) as isize);
        let here = field.windows(first);
        let mut values = [[0.0; TILE]; LAGS];
        for (lag, values) in lags().iter().zip(&mut values) {
            let there = field.windows((first.0 + lag.0 as isize, first.1 + lag.1 as isize));
            correlate(simd, &here, &there, values);
        }
        interleave(&values, output);
    }
}

/// Correlates the windows of a tile with their shifted windows.
#[inline(always)]
fn correlate<S: Simd>(simd: S, here: &Windows, there: &Windows, values: &mut [f32; TILE]) {
    let lanes = S::f64s::LEN;
    let mut columns = [0.0; COLUMNS];
    for at in (0..TILE + 2 * RADIUS).step_by(lanes) {
        let mut sum = S::f64s::splat(simd, 0.0);
        for (here, there) in here.lines.iter().zip(&there.lines) {
            let here = S::f64s::from_slice(simd, &here[at..at + lanes]);
            let there = S::f64s::from_slice(simd, &there[at..at + lanes]);
            sum = here.mul_add(there, sum);
        }
        sum.store_slice(&mut columns[at..at + lanes]);
    }
    for at in (0..TILE).step_by(lanes) {
        let mut sum = S::f64s::from_slice(simd, &columns[at..at + lanes]);
        for at in at + 1..at + WINDOW {
            sum += S::f64s::from_slice(simd, &columns[at..at + lanes]);
        }
        let mean_here = S::f64s::from_slice(simd, &here.means[at..at + lanes]);
        let mean_there = S::f64s::from_slice(simd, &there.means[at..at + lanes]);
        let scale_here = S::f64s::from_slice(simd, &here.scales[at..at + lanes]);
        let scale_there = S::f64s::from_slice(simd, &there.scales[at..at + lanes]);
        let covariance = sum * INVERSE_WINDOW_PIXELS - mean_here * mean_there;
        let correlations = covariance * (scale_here * scale_there);
        let values = &mut values[at..at + lanes];
        for (value, correlation) in values.iter_mut().zip(correlations.as_slice()) {
            *value = *correlation as f32;
        }
    }
}
