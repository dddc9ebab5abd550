//! What all rows of correlations read: the mirrored luma, and means and deviations of its windows.

use super::{AUTOCORRELATION_REACH, LONGEST, NOISE, RADIUS, TILE, WINDOW};
use crate::resample::mirror;
use crate::similarity::start;
use rayon::prelude::*;

/// Columns under the windows of a tile, up to the end of the widest vector of f64.
pub(super) const COLUMNS: usize = (TILE + 2 * RADIUS).next_multiple_of(8);
/// One over the number of pixels of a window.
pub(super) const SHARE: f64 = 1.0 / (WINDOW * WINDOW) as f64;

/// An image and the moments of its windows.
pub(super) struct Field {
    luma: Plane,
    /// The mean of the window around each pixel.
    means: Plane,
    /// One over the root of the variance, with noise, of the window around each pixel.
    inverse_deviations: Plane,
}

impl Field {
    /// The field of `luma` `[height, width]`, neither of which is zero.
    pub fn new(height: usize, width: usize, luma: &[f32]) -> Self {
        // A tile's columns may end after those of its windows.
        let columns = width.next_multiple_of(TILE);
        let mut mirrored = Plane::new(height, columns + COLUMNS - TILE, AUTOCORRELATION_REACH);
        let margin = AUTOCORRELATION_REACH as i64;
        mirrored.fill(|row, line| {
            let row = &luma[mirror(row as i64, height) as usize * width..][..width];
            for (column, value) in (-margin..).zip(line) {
                *value = f64::from(row[mirror(column, width) as usize]);
            }
        });
        let mut means = Plane::new(height, columns, LONGEST);
        means.fill(|row, line| {
            mirrored.window_sums(row, line, |luma| luma);
            for value in line {
                *value *= SHARE;
            }
        });
        let mut inverse_deviations = Plane::new(height, columns, LONGEST);
        inverse_deviations.fill(|row, line| {
            mirrored.window_sums(row, line, |luma| luma * luma);
            let means = means.at((row, -(LONGEST as isize)));
            for (value, mean) in line.iter_mut().zip(means) {
                let variance = (*value * SHARE - mean * mean).max(0.0);
                *value = 1.0 / (variance + NOISE).sqrt();
            }
        });
        Self {
            luma: mirrored,
            means,
            inverse_deviations,
        }
    }

    /// The windows of a tile's pixels, of which the first lies at `place`.
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
    /// The lines of luma under them.
    pub lines: [&'a [f64; COLUMNS]; WINDOW],
    /// Their means.
    pub means: &'a [f64; TILE],
    /// One over the roots of their variances, with noise.
    pub scales: &'a [f64; TILE],
}

/// Rows of numbers with a margin all around.
pub(super) struct Plane {
    values: Vec<f64>,
    /// From one row to the next.
    pitch: usize,
    margin: usize,
}

impl Plane {
    /// Zeros: `height` rows of `width`, without the margin.
    fn new(height: usize, width: usize, margin: usize) -> Self {
        let pitch = width + 2 * margin;
        Self {
            values: vec![0.0; (height + 2 * margin) * pitch],
            pitch,
            margin,
        }
    }

    /// Lets `fill` write every row, margin included; rows are counted from below the margin.
    fn fill(&mut self, fill: impl Fn(isize, &mut [f64]) + Sync) {
        let margin = self.margin as isize;
        self.values
            .par_chunks_mut(self.pitch)
            .enumerate()
            .for_each(|(row, line)| fill(row as isize - margin, line));
    }

    /// What lies from a place on, row after row; it may lie in the margin.
    #[inline(always)]
    fn at(&self, (row, column): (isize, isize)) -> &[f64] {
        let margin = self.margin as isize;
        &self.values[(row + margin) as usize * self.pitch + (column + margin) as usize..]
    }

    /// Sums of what `term` makes of the pixels of the windows around a row, from [`LONGEST`] before its first pixel on:
    /// down the columns first.
    fn window_sums(&self, row: isize, sums: &mut [f64], term: impl Fn(f64) -> f64) {
        let radius = RADIUS as isize;
        let lines = self.at((row - radius, -(LONGEST as isize) - radius));
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
