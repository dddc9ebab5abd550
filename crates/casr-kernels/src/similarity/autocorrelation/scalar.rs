//! Scalar reference implementation: one column of a window and one correlation at a time, in the
//! order of the vector code.

use super::field::{COLUMNS, Field, INVERSE_WINDOW_PIXELS, Windows};
use super::{LAGS, RADIUS, TILE, WINDOW, interleave, lags};

/// One row of pixels.
pub(super) fn row(field: &Field, row: usize, output: &mut [[f32; LAGS]]) {
    for (tile, output) in output.chunks_mut(TILE).enumerate() {
        let first = (row as isize, (tile * TILE) as isize);
        let here = field.windows(first);
        let mut values = [[0.0; TILE]; LAGS];
        for (lag, values) in lags().iter().zip(&mut values) {
            let there = field.windows((first.0 + lag.0 as isize, first.1 + lag.1 as isize));
            correlate(&here, &there, &mut values[..output.len()]);
        }
        interleave(&values, output);
    }
}

/// Correlates the first windows of a tile with their shifted windows.
fn correlate(here: &Windows, there: &Windows, values: &mut [f32]) {
    let mut columns = [0.0; COLUMNS];
    for (at, sum) in columns[..values.len() + 2 * RADIUS].iter_mut().enumerate() {
        for (here, there) in here.lines.iter().zip(&there.lines) {
            *sum += here[at] * there[at];
        }
    }
    for (at, value) in values.iter_mut().enumerate() {
        let mut sum = columns[at];
        for column in &columns[at + 1..at + WINDOW] {
            sum += column;
        }
        let covariance = sum * INVERSE_WINDOW_PIXELS - here.means[at] * there.means[at];
        *value = (covariance * (here.scales[at] * there.scales[at])) as f32;
    }
}
