//! All levels of an enlargement, from which anybody takes what is wanted: a tile, a window, or
//! rows.

mod bands;
mod levels;
mod request;
mod resized;
mod tiles;
mod walk;

use crate::{
    error::ZoomError,
    image::{COLOURS, Image},
    owned::OwnedImage,
    patch::overlap,
    plan::{ScalePlan, Size},
    sample::of_sixteen,
    step::{Made, Step},
    view::ImageView,
};
pub use bands::{Band, Bands};
use casr_net::{Model, NetError};
use levels::Levels;
use request::{Observer, Request};
pub use resized::Span;
use std::{
    fmt,
    ops::{ControlFlow, Range},
    sync::Arc,
};
use walk::Walk;
pub use walk::{EachTile, Tile};

/// Rows that [`Bands`] hands out at a time, at most.
pub(crate) const BAND_ROWS: usize = 64;

/// How far a work is, in input pixels that went through the network, on all levels, with their
/// halos and in all passes ([`Model::passes`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Pixels done.
    pub done: u64,
    /// Pixels to do in all.
    pub total: u64,
}

/// A rectangle of a level, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rectangle {
    /// The column of its left edge.
    pub x: usize,
    /// The row of its upper edge.
    pub y: usize,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
}

impl Rectangle {
    /// All of a level.
    pub fn whole(Size { width, height }: Size) -> Self {
        Self {
            x: 0,
            y: 0,
            width,
            height,
        }
    }

    /// Its size.
    pub fn size(&self) -> Size {
        Size {
            width: self.width,
            height: self.height,
        }
    }

    /// Whether it lies in a level of this size, with at least one pixel.
    pub fn lies_in(&self, size: Size) -> bool {
        self.within(size).is_some()
    }

    fn of(rows: &Range<usize>, columns: &Range<usize>) -> Self {
        Self {
            x: columns.start,
            y: rows.start,
            width: columns.len(),
            height: rows.len(),
        }
    }

    /// Its rows and columns; none where it does not lie in a level of this size.
    fn within(&self, size: Size) -> Option<(Range<usize>, Range<usize>)> {
        let range = |start: usize, length: usize, of: usize| {
            let end = start.checked_add(length)?;
            (length > 0 && end <= of).then_some(start..end)
        };
        let rows = range(self.y, self.height, size.height)?;
        Some((rows, range(self.x, self.width, size.width)?))
    }
}

impl fmt::Display for Rectangle {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Self { x, y, .. } = self;
        write!(formatter, "{} at {x},{y}", self.size())
    }
}

/// The image of a pyramid: borrowed, or held.
#[derive(Clone, Debug)]
pub enum ImageSource<'a> {
    /// Somebody else's.
    View(ImageView<'a>),
    /// One's own; clones share it.
    Owned(Arc<OwnedImage>),
}

impl ImageSource<'_> {
    /// Its pixels.
    pub fn view(&self) -> ImageView<'_> {
        match self {
            Self::View(view) => *view,
            Self::Owned(image) => image.view(),
        }
    }
}

impl<'a, T: Into<ImageView<'a>>> From<T> for ImageSource<'a> {
    fn from(view: T) -> Self {
        Self::View(view.into())
    }
}

impl From<Image> for ImageSource<'static> {
    fn from(image: Image) -> Self {
        OwnedImage::from(image).into()
    }
}

impl From<OwnedImage> for ImageSource<'static> {
    fn from(image: OwnedImage) -> Self {
        Self::Owned(Arc::new(image))
    }
}

impl From<Arc<OwnedImage>> for ImageSource<'static> {
    fn from(image: Arc<OwnedImage>) -> Self {
        Self::Owned(image)
    }
}

/// All levels of an enlargement, each tile made when it is first wanted: level 0 is the image, the
/// last one the result.
///
/// A tile is a function of those under it, and how a level is cut belongs to the plan: whoever asks
/// for a pixel, in whatever order, gets the same bits. Threads may share a pyramid, and clones are
/// one: a tile that two callers want at a time is made once, and the latest tiles of every level
/// are kept ([`Enlarger::room`](crate::Enlarger::room)). Levels are held with 16 bits a sample.
#[derive(Clone)]
pub struct Pyramid<'a> {
    levels: Arc<Levels<'a>>,
    observer: Option<SharedObserver<'a>>,
}

type SharedObserver<'a> = Arc<dyn Fn(Progress) -> ControlFlow<()> + Send + Sync + 'a>;

impl<'a> Pyramid<'a> {
    /// `smooth` is up to which range tiles are interpolated alone, if some are.
    pub(crate) fn new(
        image: ImageSource<'a>,
        steps: Vec<Step>,
        model: Model,
        smooth: Option<f32>,
        room: usize,
    ) -> Self {
        Self {
            levels: Arc::new(Levels::new(image, steps, model, smooth, room)),
            observer: None,
        }
    }

    /// This pyramid with an observer of one's own: it is called around every tile that is made for
    /// this caller, and now and then while another one makes it; [`ControlFlow::Break`] ends the
    /// work with [`ZoomError::Cancelled`]. Tiles that are there already do not count as work.
    #[must_use]
    pub fn observe(
        &self,
        observer: impl Fn(Progress) -> ControlFlow<()> + Send + Sync + 'a,
    ) -> Self {
        Self {
            levels: self.levels.clone(),
            observer: Some(Arc::new(observer)),
        }
    }

    /// The same image at the same look by another plan. Levels that both plans have, from the image
    /// up, are those of this pyramid: a tile of theirs is made once for both. Those of the others
    /// have sides of up to `tile` input pixels, and are kept in `room` bytes.
    ///
    /// # Errors
    /// [`ZoomError::OtherPlan`] if the plan is for another size, [`ZoomError::NoLevel`] if this
    /// pyramid has the image alone, which is never looked at closely then.
    pub fn along(&self, plan: &ScalePlan, tile: usize, room: usize) -> Result<Self, ZoomError> {
        let size = self.levels.size(0);
        if plan.input() != size {
            return Err(ZoomError::OtherPlan {
                planned: plan.input(),
                image: size,
            });
        }
        let first = self.levels.steps.first();
        let first = first.ok_or(ZoomError::NoLevel {
            level: 1,
            levels: 1,
        })?;
        let (shared, origin) = (first.tiling.tile, first.origin());
        let own = self.levels.steps.iter().map(|step| step.output);
        let pairs = own.zip(plan.levels());
        let count = pairs.take_while(|(own, other)| own == *other).count();
        let tile = |step| if step < count { shared } else { tile };
        let steps = Step::all(plan, tile, origin, &self.levels.model());
        Ok(Self {
            levels: Arc::new(self.levels.branch(steps, count, room)),
            observer: self.observer.clone(),
        })
    }

    /// How many levels there are, the image included.
    pub fn levels(&self) -> usize {
        self.levels.steps.len() + 1
    }

    /// The size of a level.
    ///
    /// # Errors
    /// [`ZoomError::NoLevel`].
    pub fn size(&self, level: usize) -> Result<Size, ZoomError> {
        self.check(level)?;
        Ok(self.levels.size(level))
    }

    /// How many tiles of a level lie side by side, and how many below each other. The image is one.
    ///
    /// # Errors
    /// [`ZoomError::NoLevel`].
    pub fn tiles(&self, level: usize) -> Result<(usize, usize), ZoomError> {
        self.check(level)?;
        Ok(match level {
            0 => (1, 1),
            level => {
                let step = self.levels.step(level);
                (step.columns.len(), step.rows.len())
            }
        })
    }

    /// Where a tile lies, the `x`-th from the left and the `y`-th from above, both counted from 0.
    ///
    /// # Errors
    /// [`ZoomError::NoLevel`] or [`ZoomError::NoTile`].
    pub fn place(&self, level: usize, x: usize, y: usize) -> Result<Rectangle, ZoomError> {
        let (across, down) = self.tiles(level)?;
        if x >= across || y >= down {
            return Err(ZoomError::NoTile { level, x, y });
        }
        if level == 0 {
            return Ok(Rectangle::whole(self.levels.size(0)));
        }
        let step = self.levels.step(level);
        let rows = step.output_rows(&step.rows[y]);
        Ok(Rectangle::of(&rows, &step.output_columns(&step.columns[x])))
    }

    /// The pixels of a tile: RGB, row by row, 65,535 is full.
    ///
    /// # Errors
    /// As [`Pyramid::place`] and [`Pyramid::region`].
    pub fn tile(&self, level: usize, x: usize, y: usize) -> Result<Vec<u16>, ZoomError> {
        let place = self.place(level, x, y)?;
        self.samples(level, place)
    }

    /// A window of a level.
    ///
    /// # Errors
    /// [`ZoomError::NoLevel`], [`ZoomError::Outside`] if it does not lie within the level,
    /// [`ZoomError::Memory`], [`ZoomError::Cancelled`], or [`ZoomError::Network`] if the device
    /// fails.
    pub fn region(&self, level: usize, window: Rectangle) -> Result<Image, ZoomError> {
        let size = window.size();
        if level == 0 {
            let (rows, columns) = self.window(level, window)?;
            let values = self.levels.image.view().window(rows, columns);
            return Ok(Image::checked(size, values));
        }
        let mut values = room(size)?;
        let samples = |line: &[u16]| values.extend(line.iter().copied().map(of_sixteen));
        self.lines(level, window, samples)?;
        Ok(Image::checked(size, values))
    }

    /// The same in 16 bits: RGB, row by row, 65,535 is full.
    ///
    /// # Errors
    /// As [`Pyramid::region`].
    pub fn samples(&self, level: usize, window: Rectangle) -> Result<Vec<u16>, ZoomError> {
        if level == 0 {
            return Ok(self.region(level, window)?.to_u16());
        }
        let mut values = room(window.size())?;
        self.lines(level, window, |line| values.extend_from_slice(line))?;
        Ok(values)
    }

    /// A level in bands of rows, top to bottom. Of the levels below it no more is held than the
    /// next rows need.
    ///
    /// # Errors
    /// [`ZoomError::NoLevel`].
    pub fn rows(&self, level: usize) -> Result<Bands<'a>, ZoomError> {
        let size = self.size(level)?;
        self.window_rows(level, Rectangle::whole(size))
    }

    /// A window of a level in bands of its rows, top to bottom.
    ///
    /// # Errors
    /// [`ZoomError::NoLevel`], or [`ZoomError::Outside`] if it does not lie within the level.
    pub fn window_rows(&self, level: usize, window: Rectangle) -> Result<Bands<'a>, ZoomError> {
        let window = self.window(level, window)?;
        Ok(Bands::new(
            self.levels.clone(),
            level,
            window,
            self.observer(),
        ))
    }

    /// The tiles of a window of a level above the image one after the other, as far as `wanted`
    /// says so of their column and row; each as far as it lies in the window. Of the levels below
    /// no more is held than those still to come need.
    ///
    /// # Errors
    /// [`ZoomError::NoLevel`], for level 0 as well, or [`ZoomError::Outside`] if the window does
    /// not lie within the level.
    pub fn each_tile(
        &self,
        level: usize,
        window: Rectangle,
        wanted: impl Fn(usize, usize) -> bool,
    ) -> Result<EachTile<'a>, ZoomError> {
        if level == 0 {
            let levels = self.levels();
            return Err(ZoomError::NoLevel { level, levels });
        }
        let window = self.window(level, window)?;
        let tiles = self.levels.step(level).making(&window);
        let all = (tiles.0.clone()).flat_map(|y| tiles.1.clone().map(move |x| (y, x)));
        let places: Vec<(usize, usize)> = all.filter(|&(y, x)| wanted(x, y)).collect();
        let total = self.levels.missing_of(level, &places);
        let request = Request::new(level, total, self.observer());
        let walk = Walk::new(self.levels.clone(), level, tiles, request);
        Ok(EachTile::new(walk, places, window))
    }

    /// Which tiles of a level hold a window: the columns and the rows of them.
    ///
    /// # Errors
    /// [`ZoomError::NoLevel`], or [`ZoomError::Outside`] if it does not lie within the level.
    pub fn tiles_of(
        &self,
        level: usize,
        window: Rectangle,
    ) -> Result<(Range<usize>, Range<usize>), ZoomError> {
        let window = self.window(level, window)?;
        Ok(match level {
            0 => (0..1, 0..1),
            level => {
                let (rows, columns) = self.levels.step(level).making(&window);
                (columns, rows)
            }
        })
    }

    /// Pixels that would go through the network for a window, on all levels and with halos.
    ///
    /// # Errors
    /// [`ZoomError::NoLevel`], or [`ZoomError::Outside`] if it does not lie within the level.
    pub fn work(&self, level: usize, window: Rectangle) -> Result<u64, ZoomError> {
        let window = self.window(level, window)?;
        Ok(match level {
            0 => 0,
            level => {
                let tiles = self.levels.step(level).making(&window);
                self.levels.missing(level, &tiles)
            }
        })
    }

    /// The tiles of the level below that the tiles of a window are made from, as a rectangle of
    /// that level; of a window of level 1 it is the pixels of the image around which tiles lie, all
    /// of it.
    ///
    /// # Errors
    /// [`ZoomError::NoLevel`], for level 0 as well, or [`ZoomError::Outside`] if the window does
    /// not lie within the level.
    pub fn under(&self, level: usize, window: Rectangle) -> Result<Rectangle, ZoomError> {
        let window = self.window(level, window)?;
        Ok(match level {
            0 => {
                let levels = self.levels();
                return Err(ZoomError::NoLevel { level, levels });
            }
            1 => Rectangle::whole(self.levels.size(0)),
            level => {
                let tiles = self.levels.step(level).making(&window);
                let (rows, columns) = self.levels.under(level, &tiles);
                let below = self.levels.step(level - 1);
                let around = |made: &dyn Fn(usize) -> Range<usize>, tiles: Range<usize>| {
                    made(tiles.start).start..made(tiles.end - 1).end
                };
                let rows = around(&|row| below.output_rows(&below.rows[row]), rows);
                let columns = around(
                    &|column| below.output_columns(&below.columns[column]),
                    columns,
                );
                Rectangle::of(&rows, &columns)
            }
        })
    }

    /// Lets the tiles of a level go that are kept for those who may ask again
    /// ([`Enlarger::room`](crate::Enlarger::room)): who wants one afterwards has it made anew.
    pub fn forget(&self, level: usize) {
        self.levels.forget(level);
    }

    /// How many tiles were made so far with the network, and how many by interpolation alone; see
    /// [`Enlarger::exact`](crate::Enlarger::exact).
    pub fn made(&self) -> (usize, usize) {
        self.levels.made()
    }

    /// Why the processor does the rest of the work of a GPU, if it does: that one failed, or has
    /// too little memory for the smallest tile.
    pub fn fallback(&self) -> Option<&NetError> {
        self.levels.fallback()
    }

    /// Hands on the rows of a window of a level above 0, from top to bottom.
    fn lines(
        &self,
        level: usize,
        window: Rectangle,
        mut line: impl FnMut(&[u16]),
    ) -> Result<(), ZoomError> {
        for band in self.window_rows(level, window)?.tiles() {
            band?.lines(&mut line);
        }
        Ok(())
    }

    fn observer(&self) -> Observer<'a> {
        match self.observer.clone() {
            Some(observer) => Box::new(move |progress| observer(progress)),
            None => Box::new(|_| ControlFlow::Continue(())),
        }
    }

    fn check(&self, level: usize) -> Result<(), ZoomError> {
        match self.levels() {
            levels if level < levels => Ok(()),
            levels => Err(ZoomError::NoLevel { level, levels }),
        }
    }

    fn window(
        &self,
        level: usize,
        window: Rectangle,
    ) -> Result<(Range<usize>, Range<usize>), ZoomError> {
        let size = self.size(level)?;
        (window.within(size)).ok_or(ZoomError::Outside { window, size })
    }
}

impl fmt::Debug for Pyramid<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter
            .debug_struct("Pyramid")
            .field("input", &self.levels.size(0))
            .field("output", &self.levels.size(self.levels.steps.len()))
            .finish_non_exhaustive()
    }
}

/// Room for the values of an image.
fn room<T>(size: Size) -> Result<Vec<T>, ZoomError> {
    let mut values = Vec::new();
    (size.width.checked_mul(size.height))
        .and_then(|count| count.checked_mul(COLOURS))
        .and_then(|count| values.try_reserve_exact(count).ok())
        .ok_or(ZoomError::Memory { size })?;
    Ok(values)
}

/// Tiles side by side, as far as they lie in a window.
#[derive(Debug)]
pub(crate) struct TileRow {
    tiles: Vec<Arc<Made>>,
    /// The rows of the level that are within both.
    rows: Range<usize>,
    /// The columns of the window.
    columns: Range<usize>,
}

impl TileRow {
    /// Hands on its rows from top to bottom.
    fn lines(&self, line: &mut impl FnMut(&[u16])) {
        let mut values = Vec::with_capacity(self.columns.len() * COLOURS);
        for row in self.rows.clone() {
            values.clear();
            self.line(row, &mut values, |sample| sample);
            line(&values);
        }
    }

    /// Appends a row to `values`.
    fn line<T>(&self, row: usize, values: &mut Vec<T>, convert: impl Fn(u16) -> T) {
        for tile in &self.tiles {
            let columns = overlap(&self.columns, &tile.pixels.columns);
            let line = tile.pixels.line(row, columns);
            values.extend(line.iter().map(|sample| convert(*sample)));
        }
    }
}
