//! What one caller wants of the levels: what it holds of them meanwhile, and who watches.

use super::{Progress, tiles::TilePlace};
use crate::{error::ZoomError, step::Made};
use std::{collections::BTreeMap, fmt, ops::ControlFlow, sync::Arc};

/// Called with how far the work is; may stop it.
pub(super) type Observer<'a> = Box<dyn FnMut(Progress) -> ControlFlow<()> + Send + 'a>;

/// Tiles by row and column.
pub(super) type Held = BTreeMap<(usize, usize), Arc<Made>>;

/// See the module.
pub(super) struct Request<'a> {
    pub observer: Observer<'a>,
    pub progress: Progress,
    /// Level by level, the first one's at 0.
    held: Vec<Held>,
}

impl<'a> Request<'a> {
    /// For work on `total` pixels.
    pub fn new(levels: usize, total: u64, observer: Observer<'a>) -> Self {
        Self {
            observer,
            progress: Progress { done: 0, total },
            held: vec![Held::new(); levels],
        }
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// [`ZoomError::Cancelled`] if not.
    pub fn check(&mut self) -> Result<(), ZoomError> {
        match (self.observer)(self.progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ZoomError::Cancelled),
        }
    }

    /// Notes that so many pixels went through the network.
    ///
    /// # Errors
    /// [`ZoomError::Cancelled`] if the work is not to go on.
    pub fn done(&mut self, work: u64) -> Result<(), ZoomError> {
        self.progress.done += work;
        self.check()
    }

    /// Holds a tile until its row is let go.
    pub fn hold(&mut self, place: TilePlace, tile: &Arc<Made>) {
        let held = &mut self.held[place.level - 1];
        (held.entry((place.row, place.column))).or_insert_with(|| tile.clone());
    }

    /// Lets one tile go.
    pub fn release(&mut self, place: TilePlace) {
        self.held[place.level - 1].remove(&(place.row, place.column));
    }

    /// The row of tiles below the last one that is held of a level, if one is.
    pub fn end(&self, level: usize) -> Option<usize> {
        let last = self.held[level - 1].last_key_value()?;
        Some(last.0.0 + 1)
    }

    /// Lets the tiles of a level above a row of tiles go.
    pub fn let_go(&mut self, level: usize, row: usize) -> Held {
        let held = &mut self.held[level - 1];
        let below = held.split_off(&(row, 0));
        std::mem::replace(held, below)
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}
