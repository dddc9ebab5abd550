//! The rows of a level that the level above it still needs.

use crate::image::COLOURS;
use std::ops::Range;

/// A window of whole rows that moves down a level: rows are added below and forgotten above.
#[derive(Debug)]
pub(crate) struct Rows {
    width: usize,
    first: usize,
    pixels: Vec<f32>,
}

impl Rows {
    /// No rows yet, of a level `width` pixels across.
    pub fn new(width: usize) -> Self {
        Self {
            width,
            first: 0,
            pixels: Vec::new(),
        }
    }

    /// The row below the last one held.
    pub fn end(&self) -> usize {
        self.first + self.pixels.len() / (self.width * COLOURS)
    }

    /// Adds the next rows.
    pub fn append(&mut self, pixels: &[f32]) {
        // Grown in doubles, a level would hold up to twice the rows it needs.
        self.pixels.reserve_exact(pixels.len());
        self.pixels.extend_from_slice(pixels);
    }

    /// Forgets the rows above `row`.
    pub fn forget_above(&mut self, row: usize) {
        let row = row.min(self.end());
        let gone = row.saturating_sub(self.first);
        self.pixels.drain(..gone * self.width * COLOURS);
        self.first += gone;
    }

    /// The values of a window, [rows, columns, 3]; its rows must be held.
    pub fn window(&self, rows: Range<usize>, columns: Range<usize>) -> Vec<f32> {
        let mut values = Vec::with_capacity(rows.len() * columns.len() * COLOURS);
        for row in rows {
            let start = (row - self.first) * self.width;
            let (first, last) = (start + columns.start, start + columns.end);
            values.extend_from_slice(&self.pixels[first * COLOURS..last * COLOURS]);
        }
        values
    }
}
