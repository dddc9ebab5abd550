//! A level in bands of rows, each made when it is taken.

use super::{
    BAND_ROWS, Progress, TileRow,
    levels::Levels,
    request::{Held, Observer, Request},
    room,
    tiles::TilePlace,
};
use crate::{
    error::ZoomError,
    image::Image,
    plan::Size,
    step::{Place, from_sample},
};
use casr_net::NetError;
use std::{
    fmt,
    ops::{ControlFlow, Range},
    sync::Arc,
};

/// A band of a level, or of a window of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// The rows of the level that it holds.
    pub rows: Range<usize>,
    /// RGB in [0, 1], [rows, width, 3].
    pub pixels: Vec<f32>,
}

/// A level under way, or a window of it: yields it in bands, top to bottom.
///
/// Of every level below as many tiles are held as the next rows need. How rows are cut into bands
/// depends on the plan alone, so two images with one plan (colours and alpha) can be taken in
/// lockstep.
pub struct Bands<'a> {
    levels: Arc<Levels<'a>>,
    level: usize,
    /// The wanted rows and columns.
    window: Place,
    /// The tiles of the level that hold them; nothing for the image itself.
    tiles: Place,
    /// What is at hand of the level.
    current: Option<TileRow>,
    /// The next row to hand out.
    row: usize,
    request: Request<'a>,
    viewer: Option<Viewer<'a>>,
    stopped: bool,
}

/// Called with bands of levels; see [`Bands::view`].
type Viewer<'a> = Box<dyn FnMut(usize, &Band) + Send + 'a>;

impl<'a> Bands<'a> {
    pub(super) fn new(
        levels: Arc<Levels<'a>>,
        level: usize,
        window: Place,
        observer: Observer<'a>,
    ) -> Self {
        let (tiles, total) = match level {
            0 => ((0..0, 0..0), 0),
            level => {
                let tiles = levels.step(level).making(&window);
                let total = levels.missing(level, &tiles);
                (tiles, total)
            }
        };
        let request = Request::new(level, total, observer);
        Self {
            level,
            row: window.0.start,
            window,
            tiles,
            current: None,
            request,
            viewer: None,
            stopped: false,
            levels,
        }
    }

    /// Has `observer` called before and after every tile that is made; [`ControlFlow::Break`] ends the work
    /// with [`ZoomError::Cancelled`].
    #[must_use]
    pub fn observe(
        mut self,
        observer: impl FnMut(Progress) -> ControlFlow<()> + Send + 'a,
    ) -> Self {
        self.request.observer = Box::new(observer);
        self
    }

    /// Has `viewer` called with the bands of all levels above the image, each level's from top to
    /// bottom: the first argument is the level's place in
    /// [`ScalePlan::levels`](crate::ScalePlan::levels). Of a window it sees what the window needs.
    #[must_use]
    pub fn view(mut self, viewer: impl FnMut(usize, &Band) + Send + 'a) -> Self {
        self.viewer = Some(Box::new(viewer));
        self
    }

    /// The size of all bands together.
    pub fn size(&self) -> Size {
        Size {
            width: self.window.1.len(),
            height: self.window.0.len(),
        }
    }

    /// Why the processor does the rest of the work of a GPU, if it does: that one failed, or has
    /// too little memory for the smallest tile.
    pub fn fallback(&self) -> Option<&NetError> {
        self.levels.fallback()
    }

    /// How far the work is. Tiles that were there before do not count.
    pub fn progress(&self) -> Progress {
        self.request.progress
    }

    /// The bands not yet taken as one image.
    ///
    /// # Errors
    /// [`ZoomError::Memory`] or [`ZoomError::Cancelled`]; [`ZoomError::PixelCount`] if bands were
    /// taken before.
    pub fn into_image(self) -> Result<Image, ZoomError> {
        let size = self.size();
        let mut pixels = room(size)?;
        for band in self {
            pixels.extend_from_slice(&band?.pixels);
        }
        Image::new(size.width, size.height, pixels)
    }

    /// The rows of tiles not yet taken; of a level above the image.
    pub(super) fn tiles(mut self) -> impl Iterator<Item = Result<TileRow, ZoomError>> {
        std::iter::from_fn(move || self.tile_row().transpose())
    }

    /// The next row of tiles.
    fn tile_row(&mut self) -> Result<Option<TileRow>, ZoomError> {
        let Some(row) = self.tiles.0.next() else {
            return Ok(None);
        };
        self.let_go(row);
        let level = self.level;
        let tile = |column| {
            let place = TilePlace { level, row, column };
            self.levels.tile(place, &mut self.request)
        };
        let tiles: Result<Vec<_>, _> = self.tiles.1.clone().map(tile).collect();
        let step = self.levels.step(level);
        let rows = step.output_rows(&step.rows[row]);
        let made = TileRow {
            tiles: tiles?,
            rows: rows.start.max(self.window.0.start)..rows.end.min(self.window.0.end),
            columns: self.window.1.clone(),
        };
        if self.tiles.0.is_empty() {
            self.let_all_go();
        }
        Ok(Some(made))
    }

    /// Lets the tiles go that neither a row of tiles needs nor those below it.
    fn let_go(&mut self, row: usize) {
        let gone = self.request.let_go(self.level, row);
        self.show(self.level, gone);
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
            let gone = self.request.let_go(level, kept);
            self.show(level, gone);
            next = self.request.end(level).unwrap_or(kept);
        }
    }

    fn let_all_go(&mut self) {
        for level in (1..=self.level).rev() {
            let gone = self.request.let_go(level, usize::MAX);
            self.show(level, gone);
        }
    }

    /// Shows rows of tiles that are complete.
    fn show(&mut self, level: usize, gone: Held) {
        let Some(viewer) = &mut self.viewer else {
            return;
        };
        let mut rows: Vec<(usize, Vec<Arc<_>>)> = Vec::new();
        for ((row, _), tile) in gone {
            match rows.last_mut() {
                Some((last, tiles)) if *last == row => tiles.push(tile),
                _ => rows.push((row, vec![tile])),
            }
        }
        for (_, tiles) in rows {
            let (Some(first), Some(last)) = (tiles.first(), tiles.last()) else {
                continue;
            };
            let rows = first.pixels.rows.clone();
            let columns = first.pixels.columns.start..last.pixels.columns.end;
            let row = TileRow {
                rows: rows.clone(),
                columns,
                tiles,
            };
            let mut pixels = Vec::new();
            for line in rows.clone() {
                row.line(line, &mut pixels, from_sample);
            }
            viewer(level - 1, &Band { rows, pixels });
        }
    }

    /// The next band.
    fn band(&mut self) -> Result<Option<Band>, ZoomError> {
        if self.row == self.window.0.end {
            return Ok(None);
        }
        if self.level == 0 {
            let rows = self.row..(self.row + BAND_ROWS).min(self.window.0.end);
            self.row = rows.end;
            let view = self.levels.image.view();
            let pixels = view.window(rows.clone(), self.window.1.clone());
            return Ok(Some(Band { rows, pixels }));
        }
        if self
            .current
            .as_ref()
            .is_none_or(|row| row.rows.end <= self.row)
        {
            self.current = None;
            self.current = self.tile_row()?;
        }
        let Some(current) = &self.current else {
            return Ok(None);
        };
        let rows = self.row..(self.row + BAND_ROWS).min(current.rows.end);
        self.row = rows.end;
        let mut pixels = Vec::with_capacity(rows.len() * self.size().width * crate::image::COLOURS);
        for row in rows.clone() {
            current.line(row, &mut pixels, from_sample);
        }
        Ok(Some(Band { rows, pixels }))
    }
}

impl Iterator for Bands<'_> {
    type Item = Result<Band, ZoomError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.stopped {
            return None;
        }
        let band = self.band().transpose();
        self.stopped = !matches!(band, Some(Ok(_)));
        band
    }
}

impl fmt::Debug for Bands<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter
            .debug_struct("Bands")
            .field("size", &self.size())
            .field("progress", &self.request.progress)
            .finish_non_exhaustive()
    }
}
