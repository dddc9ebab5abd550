//! A level's rows, gathered until a row of tiles, or a strip, can be cut out of them.

use std::collections::TryReserveError;
use std::ops::Range;

/// How a level is cut: into tiles side by side, from its upper left corner.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    /// Columns and rows of a tile, without what it shares with its neighbours.
    pub(super) tile: (usize, usize),
    /// Columns and rows that a tile has of each neighbour in addition.
    pub(super) overlap: usize,
}

impl Grid {
    /// How many tiles there are across and down.
    pub(super) fn count(&self, (width, height): (usize, usize)) -> (usize, usize) {
        (width.div_ceil(self.tile.0), height.div_ceil(self.tile.1))
    }

    /// Where a tile lies on one axis.
    fn span(&self, index: usize, tile: usize, side: usize) -> Range<usize> {
        let start = (index * tile).saturating_sub(self.overlap);
        start..((index + 1) * tile + self.overlap).min(side)
    }

    /// The columns of a tile.
    pub(super) fn columns(&self, index: usize, width: usize) -> Range<usize> {
        self.span(index, self.tile.0, width)
    }

    /// The rows of a tile.
    pub(super) fn rows(&self, index: usize, height: usize) -> Range<usize> {
        self.span(index, self.tile.1, height)
    }

    /// The most rows of a level that are held at once.
    pub(super) fn held_rows(&self, height: usize) -> usize {
        (self.tile.1 + 2 * self.overlap).min(height)
    }
}

/// The rows of a level that the next row of tiles is cut from.
pub(super) struct Band {
    grid: Grid,
    size: (usize, usize),
    pixel_bytes: usize,
    /// Which row of tiles it is.
    index: usize,
    bytes: Vec<u8>,
}

impl Band {
    /// The first band of a level; its memory is reserved here.
    pub(super) fn new(
        grid: Grid,
        size: (usize, usize),
        pixel_bytes: usize,
    ) -> Result<Self, TryReserveError> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(grid.held_rows(size.1) * size.0 * pixel_bytes)?;
        Ok(Self {
            grid,
            size,
            pixel_bytes,
            index: 0,
            bytes,
        })
    }

    /// Adds bytes of the level's next row.
    pub(super) fn extend(&mut self, bytes: impl Iterator<Item = u8>) {
        self.bytes.extend(bytes);
    }

    /// Whether all rows are there, and there are tiles that have not been cut yet.
    pub(super) fn is_full(&self) -> bool {
        let rows = self.grid.rows(self.index, self.size.1);
        self.index < self.grid.count(self.size).1
            && self.bytes.len() == rows.len() * self.row_bytes()
    }

    /// Goes on to the next row of tiles, and keeps the rows that it shares with this one.
    pub(super) fn advance(&mut self) {
        let [now, next] = [0, 1].map(|more| self.grid.rows(self.index + more, self.size.1));
        let passed = (next.start - now.start) * self.row_bytes();
        self.bytes.drain(..passed.min(self.bytes.len()));
        self.index += 1;
    }

    /// Which row of tiles it is, counted from 0.
    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// The level's columns and rows.
    pub(super) fn size(&self) -> (usize, usize) {
        self.size
    }

    /// How many tiles are cut from it.
    pub(super) fn tiles(&self) -> usize {
        self.grid.count(self.size).0
    }

    /// Puts the bytes of a tile into `tile`; returns its columns and rows.
    pub(super) fn cut(&self, column: usize, tile: &mut Vec<u8>) -> (usize, usize) {
        let columns = self.grid.columns(column, self.size.0);
        let range = columns.start * self.pixel_bytes..columns.end * self.pixel_bytes;
        tile.clear();
        let rows = self.bytes.chunks_exact(self.row_bytes());
        let count = rows.len();
        rows.for_each(|row| tile.extend_from_slice(&row[range.clone()]));
        (columns.len(), count)
    }

    fn row_bytes(&self) -> usize {
        self.size.0 * self.pixel_bytes
    }
}
