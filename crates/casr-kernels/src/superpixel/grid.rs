//! The positions of cells and their pixels.

use super::{CELL, NEIGHBOURS, SuperpixelShape};
use rayon::prelude::*;
use std::ops::Range;

/// Side of the 3 × 3 cells around a cell, in pixels.
const SIDE: usize = 3 * CELL;

/// A row of cells of one image: the work of one parallel task.
#[derive(Clone, Copy)]
pub(super) struct Band {
    pub shape: SuperpixelShape,
    pub image: usize,
    /// Index of the row of cells in its image.
    pub row: usize,
}

impl Band {
    fn new(shape: SuperpixelShape, index: usize) -> Self {
        Self {
            shape,
            image: index / shape.cell_rows(),
            row: index % shape.cell_rows(),
        }
    }

    /// The rows of pixels, counted within the image.
    pub fn rows(self) -> Range<usize> {
        span(self.row, self.shape.height)
    }

    /// Index of a pixel among those of all images.
    pub fn pixel(self, row: usize, column: usize) -> usize {
        (self.image * self.shape.height + row) * self.shape.width + column
    }

    /// Index of the band's first pixel among those of all images.
    pub fn first_pixel(self) -> usize {
        self.pixel(self.row * CELL, 0)
    }

    /// Index of a cell among those of all images.
    pub fn cell(self, row: usize, column: usize) -> usize {
        (self.image * self.shape.cell_rows() + row) * self.shape.cell_columns() + column
    }

    /// The cells around the cell in `column`, in reading order: the number of the neighbour (0 to
    /// 8) and the index of the cell. Neighbours outside the image are skipped.
    #[inline(always)]
    pub fn neighbours(self, column: usize) -> impl Iterator<Item = (usize, usize)> {
        around(self.row, self.shape.cell_rows()).flat_map(move |row| {
            around(column, self.shape.cell_columns()).map(move |other| {
                let neighbour = (row + 1 - self.row) * 3 + other + 1 - column;
                (neighbour, self.cell(row, other))
            })
        })
    }
}

/// The pixels of a cell along an axis of `length` pixels.
pub(super) fn span(cell: usize, length: usize) -> Range<usize> {
    cell * CELL..((cell + 1) * CELL).min(length)
}

/// A cell and its neighbours along an axis of `cells` cells.
pub(super) fn around(cell: usize, cells: usize) -> Range<usize> {
    cell.saturating_sub(1)..(cell + 2).min(cells)
}

/// All bands in order; none if there are no pixels.
pub(super) fn bands(shape: SuperpixelShape) -> impl IndexedParallelIterator<Item = Band> {
    let count = match shape.pixels() {
        0 => 0,
        _ => shape.images * shape.cell_rows(),
    };
    (0..count)
        .into_par_iter()
        .map(move |index| Band::new(shape, index))
}

/// Splits `[images, height, width, per_pixel]` into the parts of all bands.
pub(super) fn cut(
    shape: SuperpixelShape,
    per_pixel: usize,
    mut data: &mut [f32],
) -> Vec<&mut [f32]> {
    let mut parts = Vec::with_capacity(shape.images * shape.cell_rows());
    for _ in 0..shape.images {
        for row in 0..shape.cell_rows() {
            let length = span(row, shape.height).len() * shape.width * per_pixel;
            let (part, rest) = data.split_at_mut(length);
            parts.push(part);
            data = rest;
        }
    }
    parts
}

/// The 3 × 3 cells around a cell and the weights of their pixels for it.
pub(super) struct Window {
    band: Band,
    column: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    /// Weights by row and column of pixels, starting at the first that the window could have, which
    /// may lie outside the image; zero outside the image.
    weights: [[f32; SIDE]; SIDE],
}

impl Window {
    /// The window around the cell of `band` in `column`; `weights` is
    /// `[images, height, width, NEIGHBOURS]`.
    #[inline(always)]
    pub fn new(band: Band, column: usize, weights: &[f32]) -> Self {
        let (cell_rows, cell_columns) = (band.shape.cell_rows(), band.shape.cell_columns());
        let rows = around(band.row, cell_rows);
        let columns = around(column, cell_columns);
        let mut window = Self {
            band,
            column,
            rows: rows.start * CELL..(rows.end * CELL).min(band.shape.height),
            columns: columns.start * CELL..(columns.end * CELL).min(band.shape.width),
            weights: [[0.0; SIDE]; SIDE],
        };
        let first = CELL * (columns.start + 1 - column);
        for y in window.rows.clone() {
            let line = band.pixel(y, window.columns.start)..band.pixel(y, window.columns.end);
            let (pixels, _) =
                weights[line.start * NEIGHBOURS..line.end * NEIGHBOURS].as_chunks::<NEIGHBOURS>();
            // For the pixel, the cell is the neighbour on the opposite side: above becomes below.
            let neighbour = (band.row + 1 - y / CELL) * 3;
            let row = &mut window.weights[y + CELL - band.row * CELL];
            for (at, pixel) in (first..).zip(pixels) {
                row[at] = pixel[neighbour + 2 - at / CELL];
            }
        }
        window
    }

    /// The sum of all weights: over rows first, then over columns.
    pub fn total(&self) -> f32 {
        let mut columns = [0.0; SIDE];
        for row in &self.weights {
            for (sum, weight) in columns.iter_mut().zip(row) {
                *sum += weight;
            }
        }
        columns.into_iter().fold(0.0, |sum, column| sum + column)
    }

    /// The rows of pixels that lie in the image: the index of the first pixel of each, and the
    /// weights.
    #[inline(always)]
    pub fn lines(&self) -> impl Iterator<Item = (usize, &[f32])> {
        let first = self.columns.start + CELL - self.column * CELL;
        self.rows.clone().map(move |y| {
            let weights = &self.weights[y + CELL - self.band.row * CELL][first..];
            (
                self.band.pixel(y, self.columns.start),
                &weights[..self.columns.len()],
            )
        })
    }
}
