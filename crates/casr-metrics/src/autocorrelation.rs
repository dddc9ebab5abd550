//! Local autocorrelation maps: how much the surroundings of a pixel resemble themselves, shifted.

use crate::RgbImage;
use crate::eight_bit::{EightBit, LUMA_UNIT};
use rayon::prelude::*;
use std::collections::VecDeque;

/// Side of the window in cells.
const WINDOW: usize = 11;

/// The longest lag along an axis, in cells.
const REACH: usize = 8;

/// Cells that an image needs along each axis: a window, and a lag on both sides.
pub(crate) const NEEDED: usize = WINDOW + 2 * REACH;

/// Lengths of the lags in cells, along each axis that they move.
const LENGTHS: [usize; 6] = [1, 2, 3, 4, 6, REACH];

/// Number of lags.
pub(crate) const LAGS: usize = 4 * LENGTHS.len();

/// Variance that is added to every window's, in squared 8-bit levels: noise of a flat area is no
/// texture.
const NOISE: f64 = 2.0 * 2.0;

/// An image whose windows are correlated with shifted ones.
///
/// Windows and lags are whole numbers of cells, so sums over a window are sums over cells: of one
/// pixel, or of as many as an enlargement has for a pixel of its input.
pub(crate) struct Patches {
    /// Cells in a row.
    columns: usize,
    /// Rows of cells.
    rows: usize,
    /// Width and height of a cell in pixels.
    cell: (usize, usize),
    /// Luma with mid-grey at 0, which keeps the sums of products small enough to be exact.
    luma: Vec<i32>,
    /// Sum over each window, one for each place where it lies wholly inside.
    sums: Vec<f64>,
    /// Variance of each window, times the squared number of its pixels.
    variances: Vec<f64>,
    /// One over the root of the variance with noise, over the number of pixels.
    inverse_deviations: Vec<f64>,
}

impl Patches {
    /// The windows of an image of whole cells, at least [`NEEDED`] a side.
    pub fn new(image: &RgbImage, cell: (usize, usize)) -> Self {
        let image = EightBit::new(image);
        let grey = (127.5 * LUMA_UNIT) as i32;
        let mut patches = Self {
            columns: image.width / cell.0,
            rows: image.height / cell.1,
            cell,
            luma: image.luma().into_iter().map(|luma| luma - grey).collect(),
            sums: Vec::new(),
            variances: Vec::new(),
            inverse_deviations: Vec::new(),
        };
        let (sums, squares): (Vec<f64>, Vec<f64>) = rayon::join(
            || patches.window_sums(|row| patches.totals(row)),
            || patches.window_sums(|row| patches.products((0, row), (0, row), patches.columns)),
        );
        let pixels = patches.window_pixels();
        let noise = NOISE * LUMA_UNIT * LUMA_UNIT * pixels * pixels;
        patches.variances = sums
            .par_iter()
            .zip(&squares)
            .map(|(sum, square)| (pixels * square - sum * sum).max(0.0))
            .collect();
        patches.inverse_deviations = patches
            .variances
            .par_iter()
            .map(|variance| (variance + noise).sqrt().recip())
            .collect();
        patches.sums = sums;
        patches
    }

    /// The standard deviation of the window at each place of [`Self::correlations`], row by row, up
    /// to a common factor.
    pub fn deviations(&self) -> Vec<Vec<f64>> {
        let (columns, rows) = (self.columns + 1 - NEEDED, self.rows + 1 - NEEDED);
        (0..rows)
            .map(|row| {
                let variances = &self.variances[self.window(REACH, REACH + row)..][..columns];
                variances.iter().map(|variance| variance.sqrt()).collect()
            })
            .collect()
    }

    /// Normalised correlation of windows with those one lag away, row by row, wherever all lags
    /// stay inside the image.
    ///
    /// `cov(p, q) / √((var(p) + noise) (var(q) + noise))`, where `lag` is one of [`lags`].
    pub fn correlations(&self, lag: (usize, usize)) -> impl Iterator<Item = Vec<f64>> {
        let columns = self.columns - 2 * REACH;
        let products = (0..self.rows - 2 * REACH)
            .map(move |row| self.products((REACH, REACH + row), (lag.0, lag.1 + row), columns));
        let pixels = self.window_pixels();
        box_sums(products).enumerate().map(move |(row, products)| {
            let here = self.window(REACH, REACH + row);
            let there = self.window(lag.0, lag.1 + row);
            let sums = self.sums[here..].iter().zip(&self.sums[there..]);
            let scales = self.inverse_deviations[here..]
                .iter()
                .zip(&self.inverse_deviations[there..]);
            let terms = products.iter().zip(sums).zip(scales);
            terms
                .map(|((product, sums), scales)| {
                    (pixels * product - sums.0 * sums.1) * (scales.0 * scales.1)
                })
                .collect()
        })
    }

    /// Pixels in a window.
    fn window_pixels(&self) -> f64 {
        (WINDOW * self.cell.0) as f64 * (WINDOW * self.cell.1) as f64
    }

    /// Where the window at a cell is kept.
    fn window(&self, column: usize, row: usize) -> usize {
        row * (self.columns + 1 - WINDOW) + column
    }

    /// Sums over all windows of what `line` gives for each cell of a row.
    fn window_sums(&self, line: impl Fn(usize) -> Vec<f64>) -> Vec<f64> {
        box_sums((0..self.rows).map(line)).flatten().collect()
    }

    /// The pixels of `columns` cells to the right of one, in one of the cell's lines.
    fn pixels(&self, (column, row): (usize, usize), line: usize, columns: usize) -> &[i32] {
        let stride = self.columns * self.cell.0;
        let first = (row * self.cell.1 + line) * stride + column * self.cell.0;
        &self.luma[first..][..columns * self.cell.0]
    }

    /// Sums over the cells of a row.
    fn totals(&self, row: usize) -> Vec<f64> {
        let mut totals = vec![0.0; self.columns];
        for line in 0..self.cell.1 {
            let pixels = self.pixels((0, row), line, self.columns);
            for (total, pixels) in totals.iter_mut().zip(pixels.chunks_exact(self.cell.0)) {
                *total += pixels.iter().map(|&pixel| f64::from(pixel)).sum::<f64>();
            }
        }
        totals
    }

    /// Sums over the cells of the products of their pixels, for `columns` pairs of cells to the
    /// right of these two.
    fn products(&self, here: (usize, usize), there: (usize, usize), columns: usize) -> Vec<f64> {
        let mut products = vec![0.0; columns];
        for line in 0..self.cell.1 {
            let here = self.pixels(here, line, columns).chunks_exact(self.cell.0);
            let there = self.pixels(there, line, columns).chunks_exact(self.cell.0);
            for ((product, here), there) in products.iter_mut().zip(here).zip(there) {
                let pairs = here.iter().zip(there);
                *product += pairs
                    .map(|(&a, &b)| f64::from(a) * f64::from(b))
                    .sum::<f64>();
            }
        }
        products
    }
}

/// The lags: 1, 2, 3, 4, 6 and 8 cells along each moved axis, at 0, 45, 90 and 135 degrees. Each is
/// given by the column and row where a window that was at ([`REACH`], [`REACH`]) arrives.
pub(crate) fn lags() -> [(usize, usize); LAGS] {
    std::array::from_fn(|lag| {
        let length = LENGTHS[lag % LENGTHS.len()];
        match lag / LENGTHS.len() {
            0 => (REACH + length, REACH),
            1 => (REACH + length, REACH - length),
            2 => (REACH, REACH - length),
            _ => (REACH - length, REACH - length),
        }
    })
}

/// Sums over a window of [`WINDOW`] lines and columns wherever it lies wholly inside, at a cost
/// that does not depend on the window.
fn box_sums(lines: impl Iterator<Item = Vec<f64>>) -> impl Iterator<Item = Vec<f64>> {
    let mut inside: VecDeque<Vec<f64>> = VecDeque::new();
    let mut columns = Vec::new();
    lines.filter_map(move |line| {
        columns.resize(line.len(), 0.0);
        for (sum, value) in columns.iter_mut().zip(&line) {
            *sum += value;
        }
        inside.push_back(line);
        if inside.len() < WINDOW {
            return None;
        }
        let sums = running_sums(&columns);
        let leaving = inside.pop_front()?;
        for (sum, value) in columns.iter_mut().zip(&leaving) {
            *sum -= value;
        }
        Some(sums)
    })
}

/// Sums of [`WINDOW`] neighbours along a line.
fn running_sums(line: &[f64]) -> Vec<f64> {
    let mut sum: f64 = line.iter().take(WINDOW).sum();
    let mut sums = Vec::with_capacity(line.len());
    sums.push(sum);
    // One addition waits for the one before, not two.
    sums.extend(line.windows(WINDOW + 1).map(|window| {
        sum += window[WINDOW] - window[0];
        sum
    }));
    sums
}
