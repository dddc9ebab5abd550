//! How a level is cut into tiles.

use crate::plan::Size;
use casr_net::GRID;
use std::ops::Range;

/// The tiles of one step, cut along pixels of its input: the outputs that fall into the cells of a tile are made from the
/// tile and a halo around it. Tiles and their windows begin on the network's [`GRID`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tiling {
    /// The size of the level below.
    pub input: Size,
    /// The longest side of a tile, without its halo, in input pixels, rounded down to the [`GRID`] but not to nothing.
    pub tile: usize,
    /// The width of the halo, in input pixels, a multiple of the [`GRID`].
    pub halo: usize,
}

impl Tiling {
    /// Bands of tiles, top to bottom: ranges of input rows.
    pub fn rows(&self) -> Parts {
        Parts::new(self.input.height, self.tile)
    }

    /// Columns of tiles, left to right: ranges of input columns.
    pub fn columns(&self) -> Parts {
        Parts::new(self.input.width, self.tile)
    }

    /// The input rows that a band of tiles reads.
    pub fn row_window(&self, rows: &Range<usize>) -> Range<usize> {
        window(rows, self.halo, self.input.height)
    }

    /// The input columns that a column of tiles reads.
    pub fn column_window(&self, columns: &Range<usize>) -> Range<usize> {
        window(columns, self.halo, self.input.width)
    }

    /// Input pixels read in all: those of halos count once for every tile.
    pub fn work(&self) -> u64 {
        let rows = self.rows().map(|part| self.row_window(&part).len() as u64);
        let columns = self
            .columns()
            .map(|part| self.column_window(&part).len() as u64);
        rows.sum::<u64>() * columns.sum::<u64>()
    }
}

/// The fewest, nearly equal parts of an axis that are no longer than a tile and begin on the [`GRID`].
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    length: usize,
    count: usize,
    next: usize,
}

impl Parts {
    fn new(length: usize, tile: usize) -> Self {
        Self {
            length,
            count: length.div_ceil(GRID).div_ceil((tile / GRID).max(1)),
            next: 0,
        }
    }
}

impl Iterator for Parts {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if self.next == self.count {
            return None;
        }
        let cells = self.length.div_ceil(GRID);
        let bound = |part: usize| (part * cells / self.count * GRID).min(self.length);
        let range = bound(self.next)..bound(self.next + 1);
        self.next += 1;
        Some(range)
    }
}

/// `part` and the halo around it, as far as the axis goes.
fn window(part: &Range<usize>, halo: usize, length: usize) -> Range<usize> {
    part.start.saturating_sub(halo)..(part.end + halo).min(length)
}
