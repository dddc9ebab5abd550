//! The rows of a level that the level above it still needs.

use casr_net::mirror;
use std::ops::Range;

/// A window of whole rows that moves down a level: rows are added below and forgotten above. A row
/// is of pixels or of cells, each with some values.
#[derive(Debug)]
pub(crate) struct Rows<T> {
    /// Places in a row.
    width: usize,
    /// Values of a place.
    channels: usize,
    first: usize,
    values: Vec<T>,
}

impl<T: Copy> Rows<T> {
    /// No rows yet, of a level with so many places across and values at each.
    pub fn new(width: usize, channels: usize) -> Self {
        Self {
            width,
            channels,
            first: 0,
            values: Vec::new(),
        }
    }

    /// The row below the last one held.
    pub fn end(&self) -> usize {
        self.first + self.values.len() / (self.width * self.channels)
    }

    /// Adds the next rows.
    pub fn append(&mut self, values: &[T]) {
        // Grown in doubles, a level would hold up to twice the rows it needs.
        self.values.reserve_exact(values.len());
        self.values.extend_from_slice(values);
    }

    /// Forgets the rows above `row`.
    pub fn forget_above(&mut self, row: usize) {
        let row = row.min(self.end());
        let gone = row.saturating_sub(self.first);
        self.values.drain(..gone * self.width * self.channels);
        self.first += gone;
    }

    /// The values of a window, [rows, columns, channels]; its rows must be held.
    pub fn window(&self, rows: Range<usize>, columns: Range<usize>) -> Vec<T> {
        let mut values = Vec::with_capacity(rows.len() * columns.len() * self.channels);
        for row in rows {
            let start = (row - self.first) * self.width;
            let (first, last) = (start + columns.start, start + columns.end);
            values.extend_from_slice(&self.values[first * self.channels..last * self.channels]);
        }
        values
    }

    /// [`Rows::window`] with mirrored places around it, [before, behind], the window's own edge
    /// repeated: for windows that end where the level does.
    pub fn bordered(
        &self,
        (rows, row_border): (Range<usize>, [usize; 2]),
        (columns, column_border): (Range<usize>, [usize; 2]),
    ) -> Vec<T> {
        let places = |length: usize, [before, behind]: [usize; 2]| {
            (-(before as i64)..(length + behind) as i64).map(move |place| mirror(place, length))
        };
        let across: Vec<usize> = places(columns.len(), column_border)
            .map(|place| place as usize * self.channels)
            .collect();
        let count = row_border[0] + rows.len() + row_border[1];
        let mut values = Vec::with_capacity(count * across.len() * self.channels);
        for place in places(rows.len(), row_border) {
            let start = (rows.start + place as usize - self.first) * self.width + columns.start;
            let line = &self.values[start * self.channels..][..columns.len() * self.channels];
            for &place in &across {
                values.extend_from_slice(&line[place..place + self.channels]);
            }
        }
        values
    }
}
