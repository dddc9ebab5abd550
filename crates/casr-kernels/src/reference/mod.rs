//! What one grid of cells finds at its places in an earlier, coarser one.
//!
//! Both grids lie over the same image. A cell looks at the 3 × 3 earlier cells around its place and takes the mean of their values,
//! weighted by nearness in place and colour, so that the two sides of an edge keep apart.

#[cfg(feature = "backward")]
mod backward;

#[cfg(feature = "backward")]
pub use backward::backward;

use crate::activation::exponential_scalar;
use rayon::prelude::*;
use std::ops::Range;

/// Colours at the end of a cell's values.
pub const COLOURS: usize = 3;

/// Colours this far apart, in units of the whole range, weigh as much as places one cell apart.
pub const COLOUR_DISTANCE: f32 = 0.1;

/// Distances beyond this one count as this one, so that far from all the nearest still count.
pub const FARTHEST: f32 = 80.0;

/// Where the cells of one axis lie among those of the earlier grid.
#[derive(Clone, Debug, PartialEq)]
pub struct CellPlaces {
    /// Cells of the earlier grid.
    pub earlier: usize,
    /// The earlier cell that holds the centre of a cell, or the nearest one.
    pub nearest: Vec<u32>,
    /// How far behind the centre of that one the cell's lies, in earlier cells.
    pub offset: Vec<f32>,
}

impl CellPlaces {
    /// Cells with these centres, in earlier cells: 0.5 is the centre of the first one.
    ///
    /// # Panics
    /// If there are no earlier cells.
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

    /// The earlier cells that a range of cells looks at.
    pub fn support(&self, cells: Range<usize>) -> Range<usize> {
        if cells.is_empty() {
            return 0..0;
        }
        let nearest = |cell: usize| self.nearest[cell] as usize;
        let first = nearest(cells.start).saturating_sub(1);
        first..(nearest(cells.end - 1) + 2).min(self.earlier)
    }

    /// The places of a range of cells in a window of the earlier grid that holds their [`CellPlaces::support`].
    pub fn window(&self, cells: Range<usize>, earlier: Range<usize>) -> Self {
        let nearest = &self.nearest[cells.clone()];
        Self {
            earlier: earlier.len(),
            nearest: nearest.iter().map(|n| n - earlier.start as u32).collect(),
            offset: self.offset[cells].to_vec(),
        }
    }

    /// These places with `before` and `behind` more cells on their sides, which find what the nearest of these finds.
    #[must_use]
    pub fn bordered(mut self, before: usize, behind: usize) -> Self {
        replicate(&mut self.nearest, before, behind);
        replicate(&mut self.offset, before, behind);
        self
    }

    /// How far an earlier cell's centre lies behind that of a cell, in earlier cells.
    fn distance(&self, cell: usize, earlier: usize) -> f32 {
        (earlier as i64 - i64::from(self.nearest[cell])) as f32 - self.offset[cell]
    }
}

/// Repeats the first and the last of some values.
fn replicate<T: Copy>(values: &mut Vec<T>, before: usize, behind: usize) {
    if let (Some(&first), Some(&last)) = (values.first(), values.last()) {
        values.splice(0..0, std::iter::repeat_n(first, before));
        values.extend(std::iter::repeat_n(last, behind));
    }
}

/// Sizes of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferenceShape {
    /// Number of images.
    pub images: usize,
    /// Values of an earlier cell, the colours at their end not counted.
    pub channels: usize,
}

/// The earlier cells that a cell looks at, with their weights, in reading order; the weights sum to one.
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
            let weight = exponential_scalar(-distance.min(FARTHEST));
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

/// Writes `output` `[images, rows, columns, channels]`: the weighted means of `earlier` `[images, rows.earlier, columns.earlier, channels +
/// COLOURS]`, whose last values are the mean colours of the earlier cells; `colours` `[images, rows, columns, COLOURS]` are those of the
/// cells.
///
/// # Panics
/// When the length of a slice does not fit its shape.
pub fn forward(
    shape: ReferenceShape,
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

/// Values of an earlier cell; panics where lengths do not fit.
fn check(
    shape: ReferenceShape,
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
