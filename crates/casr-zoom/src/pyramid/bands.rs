//! A level in bands of rows, each made when it is taken.

use super::{
    BAND_ROWS, Progress, TileRow,
    levels::Levels,
    request::{Held, Observer, Request},
    room,
    walk::Walk,
};
use crate::{
    error::ZoomError,
    image::{COLOURS, Image},
    patch::overlap,
    plan::Size,
    sample::of_sixteen,
    step::{Made, Place},
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
    /// The tiles of the level that hold them; none for the image itself.
    walk: Option<Walk<'a>>,
    /// What is at hand of the level.
    current: Option<TileRow>,
    /// The next row to hand out.
    row: usize,
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
        let walk = (level > 0).then(|| {
            let tiles = levels.step(level).making(&window);
            let total = levels.missing(level, &tiles);
            let request = Request::new(level, total, observer);
            Walk::new(levels.clone(), level, tiles, request)
        });
        Self {
            level,
            row: window.0.start,
            window,
            walk,
            current: None,
            viewer: None,
            stopped: false,
            levels,
        }
    }

    /// Has `observer` called before and after every tile that is made; [`ControlFlow::Break`] ends
    /// the work with [`ZoomError::Cancelled`].
    #[must_use]
    pub fn observe(
        mut self,
        observer: impl FnMut(Progress) -> ControlFlow<()> + Send + 'a,
    ) -> Self {
        if let Some(walk) = &mut self.walk {
            walk.request.observer = Box::new(observer);
        }
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
        let none = Progress { done: 0, total: 0 };
        (self.walk.as_ref()).map_or(none, |walk| walk.request.progress)
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
        let Some(walk) = &mut self.walk else {
            return Ok(None);
        };
        let viewer = &mut self.viewer;
        let mut gone = |level, held| show(viewer, level, held);
        let Some((row, _)) = walk.next() else {
            return Ok(None);
        };
        let tiles = walk.row(&mut gone)?;
        let step = self.levels.step(self.level);
        let rows = step.output_rows(&step.rows[row]);
        if walk.next().is_none() {
            walk.end(&mut gone);
        }
        Ok(Some(TileRow {
            tiles,
            rows: overlap(&self.window.0, &rows),
            columns: self.window.1.clone(),
        }))
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
        let mut pixels = Vec::with_capacity(rows.len() * self.size().width * COLOURS);
        for row in rows.clone() {
            current.line(row, &mut pixels, of_sixteen);
        }
        Ok(Some(Band { rows, pixels }))
    }
}

/// Shows rows of tiles that are complete.
fn show(viewer: &mut Option<Viewer>, level: usize, gone: Held) {
    let Some(viewer) = viewer else {
        return;
    };
    let mut rows: Vec<(usize, Vec<Arc<Made>>)> = Vec::new();
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
            row.line(line, &mut pixels, of_sixteen);
        }
        viewer(level - 1, &Band { rows, pixels });
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
            .field("progress", &self.progress())
            .finish_non_exhaustive()
    }
}
