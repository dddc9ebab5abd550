//! The tiles of a window one after the other.

use super::{
    Progress, Rectangle,
    levels::Levels,
    request::{Held, Request},
    tiles::TilePlace,
};
use crate::{
    error::ZoomError,
    patch::overlap,
    sample::of_sixteen,
    step::{Made, Place},
};
use std::{fmt, ops::ControlFlow, sync::Arc};

/// Row by row from the upper left, each tile made when it is taken. Of every level below as many
/// tiles are held as those still to come may need.
pub(super) struct Walk<'a> {
    levels: Arc<Levels<'a>>,
    /// 1 or above.
    level: usize,
    /// The rows of tiles and the columns.
    tiles: Place,
    /// The row and the column of tiles that come next.
    next: (usize, usize),
    /// The row that tiles were let go for.
    row: Option<usize>,
    pub request: Request<'a>,
}

impl<'a> Walk<'a> {
    /// Over `tiles` of a level, 1 or above.
    pub fn new(levels: Arc<Levels<'a>>, level: usize, tiles: Place, request: Request<'a>) -> Self {
        Self {
            levels,
            level,
            next: (tiles.0.start, tiles.1.start),
            row: None,
            tiles,
            request,
        }
    }

    /// The row and the column of tiles that come next; none at the end.
    pub fn next(&self) -> Option<(usize, usize)> {
        (self.next.0 < self.tiles.0.end && !self.tiles.1.is_empty()).then_some(self.next)
    }

    /// Leaves the next tile out.
    pub fn skip(&mut self) {
        self.next.1 += 1;
        if self.next.1 >= self.tiles.1.end {
            self.next = (self.next.0 + 1, self.tiles.1.start);
        }
    }

    /// The next tile, and the tiles that were let go for it, level by level downwards; none at the
    /// end.
    ///
    /// # Errors
    /// [`ZoomError::Cancelled`], or [`ZoomError::Network`] if the device fails.
    pub fn take(
        &mut self,
        gone: &mut impl FnMut(usize, Held),
    ) -> Result<Option<Arc<Made>>, ZoomError> {
        let Some((row, column)) = self.next() else {
            return Ok(None);
        };
        // Once for a row: within it, rows of the levels below are not complete.
        if self.row != Some(row) {
            self.row = Some(row);
            self.let_go(row, gone);
        }
        let level = self.level;
        let place = TilePlace { level, row, column };
        let tile = self.levels.tile(place, &mut self.request)?;
        self.skip();
        Ok(Some(tile))
    }

    /// The rest of a row of tiles, from the next one on.
    ///
    /// # Errors
    /// As [`Walk::take`].
    pub fn row(&mut self, gone: &mut impl FnMut(usize, Held)) -> Result<Vec<Arc<Made>>, ZoomError> {
        let row = self.next.0;
        let mut tiles = Vec::new();
        while self.next.0 == row
            && let Some(tile) = self.take(gone)?
        {
            tiles.push(tile);
        }
        Ok(tiles)
    }

    /// Lets all tiles go.
    pub fn end(&mut self, gone: &mut impl FnMut(usize, Held)) {
        for level in (1..=self.level).rev() {
            gone(level, self.request.let_go(level, usize::MAX));
        }
    }

    /// Lets the tiles go that neither a row of tiles needs nor those below it.
    fn let_go(&mut self, row: usize, gone: &mut impl FnMut(usize, Held)) {
        gone(self.level, self.request.let_go(self.level, row));
        // Level by level downwards: the first row of tiles that may still be made.
        let mut next = row;
        for level in (1..self.level).rev() {
            let kept = if next < self.levels.step(level + 1).rows.len() {
                (self.levels)
                    .under(level + 1, &(next..next + 1, 0..1))
                    .0
                    .start
            } else {
                usize::MAX
            };
            gone(level, self.request.let_go(level, kept));
            // What is held of a level is complete down to its last row, but for rows that a window
            // or tiles left out have made incomplete: their tiles below are made again then.
            next = self.request.end(level).unwrap_or(kept);
        }
    }
}

/// Some tiles of a level one after the other, row by row from the upper left, each made when it is
/// taken; see [`Pyramid::each_tile`](super::Pyramid::each_tile).
pub struct EachTile<'a> {
    walk: Walk<'a>,
    /// The rows and the columns of those still to come.
    places: std::vec::IntoIter<(usize, usize)>,
    /// The rows and columns of the level that are wanted of them.
    window: Place,
    stopped: bool,
}

/// A tile of a level, or the part of it that lies in a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// Which column of tiles.
    pub x: usize,
    /// Which row of tiles.
    pub y: usize,
    /// Where it lies in the level.
    pub place: Rectangle,
    /// RGB in [0, 1], row by row.
    pub pixels: Vec<f32>,
}

impl<'a> EachTile<'a> {
    /// The tiles at `places`, row by row.
    pub(super) fn new(walk: Walk<'a>, places: Vec<(usize, usize)>, window: Place) -> Self {
        Self {
            walk,
            places: places.into_iter(),
            window,
            stopped: false,
        }
    }

    /// Has `observer` called before and after every tile that is made; [`ControlFlow::Break`] ends
    /// the work with [`ZoomError::Cancelled`].
    #[must_use]
    pub fn observe(
        mut self,
        observer: impl FnMut(Progress) -> ControlFlow<()> + Send + 'a,
    ) -> Self {
        self.walk.request.observer = Box::new(observer);
        self
    }

    fn tile(&mut self) -> Result<Option<Tile>, ZoomError> {
        let Some(place) = self.places.next() else {
            return Ok(None);
        };
        while self.walk.next().is_some_and(|next| next != place) {
            self.walk.skip();
        }
        let Some(made) = self.walk.take(&mut |_, _| ())? else {
            return Ok(None);
        };
        // Nothing above needs it.
        let (row, column) = place;
        let level = self.walk.level;
        (self.walk.request).release(TilePlace { level, row, column });
        let rows = overlap(&made.pixels.rows, &self.window.0);
        let columns = overlap(&made.pixels.columns, &self.window.1);
        let samples = made.pixels.window(rows.clone(), columns.clone());
        Ok(Some(Tile {
            x: place.1,
            y: place.0,
            place: Rectangle::of(&rows, &columns),
            pixels: samples.into_iter().map(of_sixteen).collect(),
        }))
    }
}

impl Iterator for EachTile<'_> {
    type Item = Result<Tile, ZoomError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.stopped {
            return None;
        }
        let tile = self.tile().transpose();
        self.stopped = !matches!(tile, Some(Ok(_)));
        tile
    }
}

impl fmt::Debug for EachTile<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter
            .debug_struct("EachTile")
            .field("progress", &self.walk.request.progress)
            .finish_non_exhaustive()
    }
}
