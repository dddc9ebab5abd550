//! How a level is cut into tiles.

use crate::plan::Size;
use casr_net::{GRID, Model};
use std::ops::Range;

/// The tiles of one step, cut along pixels of its input: the outputs that fall into the cells of a
/// tile are made from the tile and a halo around it. Tiles and their windows begin on the network's
/// [`GRID`]. At the image's border a halo holds nothing but some mirrored pixels, so tiles there
/// are larger: all windows of an axis have about one size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tiling {
    /// The size of the level below.
    pub input: Size,
    /// The longest side of a tile with a halo on either side, without these halos, in input pixels,
    /// rounded down to the [`GRID`] but not to nothing.
    pub tile: usize,
    /// The width of the halo, in input pixels, a multiple of the [`GRID`]: as far as a pixel of the
    /// result looks.
    pub halo: usize,
    /// How many mirrored pixels lie around the level, a multiple of the [`GRID`].
    pub border: usize,
}

impl Tiling {
    /// The tiles of a level for a model.
    pub fn new(input: Size, tile: usize, model: &Model) -> Self {
        Self {
            input,
            tile,
            halo: model.config().reach(),
            border: model.config().border(),
        }
    }

    /// Bands of tiles, top to bottom: ranges of input rows.
    pub fn rows(&self) -> Parts {
        Parts::new(self.input.height, self.tile, self.halo)
    }

    /// Columns of tiles, left to right: ranges of input columns.
    pub fn columns(&self) -> Parts {
        Parts::new(self.input.width, self.tile, self.halo)
    }

    /// The input rows that a band of tiles reads.
    pub fn row_window(&self, rows: &Range<usize>) -> Range<usize> {
        window(rows, self.halo, self.input.height)
    }

    /// The input columns that a column of tiles reads.
    pub fn column_window(&self, columns: &Range<usize>) -> Range<usize> {
        window(columns, self.halo, self.input.width)
    }

    /// Mirrored pixels before and behind a window: all of [`Tiling::border`] where the level ends,
    /// none elsewhere. So the network sees one extended level, whichever tiles it is cut into.
    pub fn row_border(&self, window: &Range<usize>) -> [usize; 2] {
        border(window, self.border, self.input.height)
    }

    /// See [`Tiling::row_border`].
    pub fn column_border(&self, window: &Range<usize>) -> [usize; 2] {
        border(window, self.border, self.input.width)
    }

    /// Rows that go through the network for a row of tiles: with their halo and their border.
    pub fn rows_at_work(&self, rows: &Range<usize>) -> u64 {
        let window = self.row_window(rows);
        let [before, behind] = self.row_border(&window);
        (before + window.len() + behind) as u64
    }

    /// Columns that go through the network for a column of tiles.
    pub fn columns_at_work(&self, columns: &Range<usize>) -> u64 {
        let window = self.column_window(columns);
        let [before, behind] = self.column_border(&window);
        (before + window.len() + behind) as u64
    }

    /// Pixels that go through the network for a tile: with its halo and its border.
    pub fn tile_work(&self, rows: &Range<usize>, columns: &Range<usize>) -> u64 {
        self.rows_at_work(rows) * self.columns_at_work(columns)
    }
}

/// The fewest parts of an axis that begin on the [`GRID`] and whose windows are nearly equal and no
/// longer than a tile with two halos.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    length: usize,
    /// What the first and the last part have more than the others.
    halo: usize,
    count: usize,
    next: usize,
}

impl Parts {
    fn new(length: usize, tile: usize, halo: usize) -> Self {
        let cells = length.saturating_sub(2 * halo).div_ceil(GRID);
        Self {
            length,
            halo,
            count: cells.div_ceil((tile / GRID).max(1)).max(1),
            next: 0,
        }
    }

    /// Where a part begins.
    fn bound(&self, part: usize) -> usize {
        let cells = self.length.saturating_sub(2 * self.halo).div_ceil(GRID);
        match part {
            0 => 0,
            part if part == self.count => self.length,
            part => self.halo + part * cells / self.count * GRID,
        }
    }
}

impl Iterator for Parts {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if self.next == self.count {
            return None;
        }
        let range = self.bound(self.next)..self.bound(self.next + 1);
        self.next += 1;
        Some(range)
    }
}

/// `part` and the halo around it, as far as the axis goes.
fn window(part: &Range<usize>, halo: usize, length: usize) -> Range<usize> {
    part.start.saturating_sub(halo)..(part.end + halo).min(length)
}

/// See [`Tiling::row_border`].
fn border(window: &Range<usize>, border: usize, length: usize) -> [usize; 2] {
    let at = |ends: bool| if ends { border } else { 0 };
    [at(window.start == 0), at(window.end == length)]
}

/// Rows and columns of a tile.
pub(crate) type TileRange = (Range<usize>, Range<usize>);

/// The two halves of a tile, cut across its longer side on the [`GRID`]; none if that is no longer
/// than `smallest`.
pub(crate) fn halves(
    rows: &Range<usize>,
    columns: &Range<usize>,
    smallest: usize,
) -> Option<[TileRange; 2]> {
    let middle = |range: &Range<usize>| (range.start + range.len() / 2).next_multiple_of(GRID);
    if rows.len().max(columns.len()) <= smallest.max(2 * GRID) {
        None
    } else if rows.len() >= columns.len() {
        let cut = middle(rows);
        let columns = || columns.clone();
        Some([(rows.start..cut, columns()), (cut..rows.end, columns())])
    } else {
        let cut = middle(columns);
        let rows = || rows.clone();
        Some([(rows(), columns.start..cut), (rows(), cut..columns.end)])
    }
}
