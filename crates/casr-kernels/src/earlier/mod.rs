//! Lookup of one grid of cells in an earlier, coarser grid over the same image.
//!
//! A cell takes the mean of the values of the 3 × 3 earlier cells around its position, weighted by
//! proximity in position and in colour, so that the two sides of an edge stay separate.

#[cfg(feature = "backward")]
mod backward;

#[cfg(feature = "backward")]
pub use backward::backward;

use crate::activation::exponential_scalar;
use rayon::prelude::*;
use std::ops::Range;

/// Number of colours at the end of an earlier cell's values.
pub const COLOURS: usize = 3;

/// The colour difference, in units of the full range, that reduces a weight as much as a distance
/// of one earlier cell.
pub const COLOUR_DISTANCE: f32 = 0.1;

/// Upper limit of the squared distance in the exponent of a weight, so that the nearest cells still
/// count where all are far away.
pub const MAX_SQUARED_DISTANCE: f32 = 80.0;

/// The positions of cells within the earlier grid, along one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct CellPlaces {
    /// Number of cells of the earlier grid.
    pub earlier: usize,
    /// For each cell, the earlier cell that contains its centre, or the nearest one.
    pub nearest: Vec<u32>,
    /// For each cell, the signed distance of its centre from the centre of that earlier cell, in
    /// earlier cells.
    pub offset: Vec<f32>,
}

impl CellPlaces {
    /// Cells with these centres, in units of earlier cells: 0.5 is the centre of the first one.
    ///
    /// # Panics
    /// If `earlier` is zero.
    pub fn new(earlier: usize, centres: impl Iterator<Item = f64>) -> Self {
        assert!(earlier > 0, "cells need earlier ones");
        let places = centres.map(|centre| {
            let nearest = (centre.max(0.0) as usize).min(earlier - 1);
            (nearest as u32, (centre - nearest as f64 - 0.5) as f32)
        });
        let (nearest, offset) = places.unzip();
        Self {
            earlier,
            nearest,
            offset,
        }
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.nearest.len()
    }

    /// The range of earlier cells that a range of cells depends on.
    pub fn support(&self, cells: Range<usize>) -> Range<usize> {
        if cells.is_empty() {
            return 0..0;
        }
        let nearest = |cell: usize| self.nearest[cell] as usize;
        let first = nearest(cells.start).saturating_sub(1);
        first..(nearest(cells.end - 1) + 2).min(self.earlier)
    }

    /// The positions of a range of cells within a window of the earlier grid that contains their
    /// [`CellPlaces::support`].
    pub fn window(&self, cells: Range<usize>, earlier: Range<usize>) -> Self {
        let nearest = &self.nearest[cells.clone()];
        Self {
            earlier: earlier.len(),
            nearest: nearest.iter().map(|n| n - earlier.start as u32).collect(),
            offset: self.offset[cells].to_vec(),
        }
    }

    /// These positions with `before` and `after` additional cells at the ends, which copy the first
    /// and the last cell.
    #[must_use]
    pub fn bordered(mut self, before: usize, after: usize) -> Self {
        replicate(&mut self.nearest, before, after);
        replicate(&mut self.offset, before, after);
        self
    }

    /// The signed distance of an earlier cell's centre from that of a cell, in earlier cells.
    fn distance(&self, cell: usize, earlier: usize) -> f32 {
        (earlier as i64 - i64::from(self.nearest[cell])) as f32 - self.offset[cell]
    }
}

/// Prepends copies of the first value and appends copies of the last.
fn replicate<T: Copy>(values: &mut Vec<T>, before: usize, after: usize) {
    if let (Some(&first), Some(&last)) = (values.first(), values.last()) {
        values.splice(0..0, std::iter::repeat_n(first, before));
        values.extend(std::iter::repeat_n(last, after));
    }
}

/// Sizes of the tensors, apart from those of the grids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlierShape {
    /// Number of images.
    pub images: usize,
    /// Number of values of an earlier cell, without the colours.
    pub channels: usize,
}

/// The earlier cells that a cell depends on, with their weights, in reading order; the weights sum
/// to one.
fn weights(
    (row, column): (usize, usize),
    rows: &CellPlaces,
    columns: &CellPlaces,
    colour: &[f32],
    earlier: &[f32],
    stride: usize,
) -> impl Iterator<Item = (usize, f32)> {
    let mut found = [(0, 0.0); 9];
    let mut count = 0;
    let mut sum = 0.0;
    for y in rows.support(row..row + 1) {
        for x in columns.support(column..column + 1) {
            let cell = y * columns.earlier + x;
            let values = &earlier[cell * stride..][..stride];
            let square = |difference: f32| difference * difference;
            let place = square(rows.distance(row, y)) + square(columns.distance(column, x));
            let colours = values[stride - COLOURS..].iter().zip(colour);
            let colours = colours.fold(0.0, |sum, (a, b)| sum + square(a - b));
            let distance = place + colours / (COLOUR_DISTANCE * COLOUR_DISTANCE);
            let weight = exponential_scalar(-distance.min(MAX_SQUARED_DISTANCE));
            found[count] = (cell, weight);
            count += 1;
            sum += weight;
        }
    }
    found
        .into_iter()
        .take(count)
        .map(move |(cell, weight)| (cell, weight / sum))
}

/// Computes the weighted means for all cells.
///
/// - `colours` `[images, rows.cells(), columns.cells(), COLOURS]`: the colours of the cells.
/// - `earlier` `[images, rows.earlier, columns.earlier, channels + COLOURS]`: the values of the
///   earlier cells, followed by their mean colours.
/// - `output` `[images, rows.cells(), columns.cells(), channels]` is overwritten.
///
/// # Panics
/// If the length of a slice does not match its shape.
pub fn forward(
    shape: EarlierShape,
    rows: &CellPlaces,
    columns: &CellPlaces,
    colours: &[f32],
    earlier: &[f32],
    output: &mut [f32],
) {
    let (height, width) = (rows.cells(), columns.cells());
    let stride = check(shape, rows, columns, colours, earlier.len(), output.len());
    let image_values = rows.earlier * columns.earlier * stride;
    output
        .par_chunks_mut((width * shape.channels).max(1))
        .enumerate()
        .for_each(|(line, output)| {
            let (image, row) = (line / height, line % height);
            let earlier = &earlier[image * image_values..][..image_values];
            for (column, output) in output.chunks_exact_mut(shape.channels).enumerate() {
                let colour = &colours[(line * width + column) * COLOURS..][..COLOURS];
                output.fill(0.0);
                for (cell, weight) in weights((row, column), rows, columns, colour, earlier, stride)
                {
                    let values = &earlier[cell * stride..][..shape.channels];
                    for (sum, value) in output.iter_mut().zip(values) {
                        *sum += weight * value;
                    }
                }
            }
        });
}

/// Checks the lengths and returns the number of values of an earlier cell, including its colours.
fn check(
    shape: EarlierShape,
    rows: &CellPlaces,
    columns: &CellPlaces,
    colours: &[f32],
    earlier: usize,
    output: usize,
) -> usize {
    let cells = shape.images * rows.cells() * columns.cells();
    let stride = shape.channels + COLOURS;
    let earlier_cells = shape.images * rows.earlier * columns.earlier;
    assert_eq!(colours.len(), cells * COLOURS, "colours length");
    assert_eq!(earlier, earlier_cells * stride, "earlier length");
    assert_eq!(output, cells * shape.channels, "output length");
    stride
}
