//! The data that all rows share: the mirrored luma, and means and deviations of its windows.

use super::{AUTOCORRELATION_REACH, MAX_LAG, NOISE, RADIUS, TILE, WINDOW};
use crate::resample::mirror;
use crate::similarity::start;
use rayon::prelude::*;

/// Columns under the windows of a tile, rounded up to the longest vector of f64.
pub(super) const COLUMNS: usize = (TILE + 2 * RADIUS).next_multiple_of(8);
/// Reciprocal of the number of pixels of a window.
pub(super) const INVERSE_WINDOW_PIXELS: f64 = 1.0 / (WINDOW * WINDOW) as f64;

/// The luma of an image and the moments of its windows.
pub(super) struct Field {
    luma: Plane,
    /// The mean of the window around each pixel.
    means: Plane,
    /// Reciprocal of the square root of the variance plus [`NOISE`], for the window around each
    /// pixel.
    inverse_deviations: Plane,
}

impl Field {
    /// The field of `luma` `[height, width]`; neither size may be zero.
    pub fn new(height: usize, width: usize, luma: &[f32]) -> Self {
        // The columns of a tile may extend past those of its windows.
        let columns = width.next_multiple_of(TILE);
        let mut mirrored = Plane::new(height, columns + COLUMNS - TILE, AUTOCORRELATION_REACH);
        let margin = AUTOCORRELATION_REACH as i64;
        mirrored.fill(|row, line| {
            let row = &luma[mirror(row as i64, height) as usize * width..][..width];
            for (column, value) in (-margin..).zip(line) {
                *value = f64::from(row[mirror(column, width) as usize]);
            }
        });
        let mut means = Plane::new(height, columns, MAX_LAG);
        means.fill(|row, line| {
            mirrored.window_sums(row, line, |luma| luma);
            for value in line {
                *value *= INVERSE_WINDOW_PIXELS;
            }
        });
        let mut inverse_deviations = Plane::new(height, columns, MAX_LAG);
        inverse_deviations.fill(|row, line| {
            mirrored.window_sums(row, line, |luma| luma * luma);
            let means = means.at((row, -(MAX_LAG as isize)));
            for (value, mean) in line.iter_mut().zip(means) {
                let variance = (*value * INVERSE_WINDOW_PIXELS - mean * mean).max(0.0);
                *value = 1.0 / (variance + NOISE).sqrt();
            }
        });
        Self {
            luma: mirrored,
            means,
            inverse_deviations,
        }
    }

    /// The windows of a tile's pixels, the first of which is at `place`.
    #[inline(always)]
    pub fn windows(&self, place: (isize, isize)) -> Windows<'_> {
        let corner = self
            .luma
            .at((place.0 - RADIUS as isize, place.1 - RADIUS as isize));
        let mut lines = [start(corner); WINDOW];
        for (line, luma) in lines.iter_mut().zip(corner.chunks(self.luma.pitch)) {
            *line = start(luma);
        }
        Windows {
            lines,
            means: start(self.means.at(place)),
            scales: start(self.inverse_deviations.at(place)),
        }
    }
}

/// The windows of a tile's pixels.
pub(super) struct Windows<'a> {
    /// The rows of luma under the windows.
    pub lines: [&'a [f64; COLUMNS]; WINDOW],
    /// The means of the windows.
    pub means: &'a [f64; TILE],
    /// Reciprocals of the square roots of the windows' variances plus noise.
    pub scales: &'a [f64; TILE],
}

/// A 2-D array with a margin on all sides.
pub(super) struct Plane {
    values: Vec<f64>,
    /// Distance between rows, in elements.
    pitch: usize,
    margin: usize,
}

impl Plane {
    /// Zeros: `height` rows of `width`, plus the margin.
    fn new(height: usize, width: usize, margin: usize) -> Self {
        let pitch = width + 2 * margin;
        Self {
            values: vec![0.0; (height + 2 * margin) * pitch],
            pitch,
            margin,
        }
    }

    /// Calls `fill` for every row, including the margin; rows of the margin above have negative
    /// numbers.
    fn fill(&mut self, fill: impl Fn(isize, &mut [f64]) + Sync) {
        let margin = self.margin as isize;
        self.values
            .par_chunks_mut(self.pitch)
            .enumerate()
            .for_each(|(row, line)| fill(row as isize - margin, line));
    }

    /// The elements from a position on, row after row; it may lie in the margin.
    #[inline(always)]
    fn at(&self, (row, column): (isize, isize)) -> &[f64] {
        let margin = self.margin as isize;
        &self.values[(row + margin) as usize * self.pitch + (column + margin) as usize..]
    }

    /// For a row of pixels, from [`MAX_LAG`] before its first pixel on, the sum of `term` over the
    /// window around each: columns first, then rows.
    fn window_sums(&self, row: isize, sums: &mut [f64], term: impl Fn(f64) -> f64) {
        let radius = RADIUS as isize;
        let lines = self.at((row - radius, -(MAX_LAG as isize) - radius));
        let mut columns = vec![0.0; sums.len() + 2 * RADIUS];
        for line in lines.chunks(self.pitch).take(WINDOW) {
            for (sum, &value) in columns.iter_mut().zip(line) {
                *sum += term(value);
            }
        }
        sums.copy_from_slice(&columns[..sums.len()]);
        for across in 1..WINDOW {
            for (sum, column) in sums.iter_mut().zip(&columns[across..]) {
                *sum += column;
            }
        }
    }
}
