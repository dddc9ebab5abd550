//! Colours and alpha of one picture, enlarged side by side: any window of any level.

use crate::layers::{AlphaRows, interleave};
use casr_codec::Colour;
use casr_zoom::{
    Alpha, Bands, EachTile, Enlarger, Layers, Pyramid, Rectangle, ScalePlan, Size, ZoomError,
};
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicU64, Ordering};

/// Is told how much is done, of how much, and says whether to go on: colours and alpha are one
/// work. In input pixels that went through the network, as [`casr_zoom::Progress`].
pub type Watch<'a> = dyn Fn(u64, u64) -> ControlFlow<()> + Send + Sync + 'a;

/// The pyramids of a picture's colours and of its alpha. Clones are the same pyramids, and threads
/// may share them.
#[derive(Clone, Debug)]
pub struct Pyramids {
    colours: Pyramid<'static>,
    /// Alpha, where there is something to enlarge.
    mask: Option<Pyramid<'static>>,
    /// Alpha, where it is the same everywhere.
    opacity: Option<f32>,
    /// What colours are handed out as.
    colour: Colour,
    /// How often the network goes over the colours; over the mask it goes once.
    passes: u64,
}

impl Pyramids {
    /// The pyramids hold what they read of `layers`. `colour` is what colours are handed out as.
    ///
    /// # Errors
    /// [`ZoomError::OtherPlan`] if the plan is for another size.
    pub fn new(
        layers: &Layers,
        enlarger: &Enlarger,
        plan: &ScalePlan,
        colour: Colour,
    ) -> Result<Self, ZoomError> {
        let (mask, opacity) = match &layers.alpha {
            None => (None, None),
            Some(Alpha::Constant(value)) => (None, Some(*value)),
            Some(Alpha::Varying(mask)) => (Some(mask.clone()), None),
        };
        let mask = mask.map(|mask| enlarger.for_masks().pyramid(mask, plan));
        Ok(Self {
            colours: enlarger.pyramid(layers.colours.clone(), plan)?,
            mask: mask.transpose()?,
            opacity,
            colour,
            passes: enlarger.model().passes().into(),
        })
    }

    /// How many levels there are, the image included.
    pub fn levels(&self) -> usize {
        self.colours.levels()
    }

    /// The size of a level.
    ///
    /// # Errors
    /// [`ZoomError::NoLevel`].
    pub fn size(&self, level: usize) -> Result<Size, ZoomError> {
        self.colours.size(level)
    }

    /// How many tiles of a level lie side by side, and how many below each other.
    ///
    /// # Errors
    /// [`ZoomError::NoLevel`].
    pub fn tiles(&self, level: usize) -> Result<(usize, usize), ZoomError> {
        self.colours.tiles(level)
    }

    /// Which tiles of a level hold a window: the columns and the rows of them.
    ///
    /// # Errors
    /// See [`Pyramid::tiles_of`].
    pub fn tiles_of(
        &self,
        level: usize,
        window: Rectangle,
    ) -> Result<(Range<usize>, Range<usize>), ZoomError> {
        self.colours.tiles_of(level, window)
    }

    /// Where a tile of a level lies, by its column and row.
    ///
    /// # Errors
    /// See [`Pyramid::place`].
    pub fn place(&self, level: usize, x: usize, y: usize) -> Result<Rectangle, ZoomError> {
        self.colours.place(level, x, y)
    }

    /// Samples of a pixel, alpha included.
    pub fn channels(&self) -> usize {
        let has_alpha = self.mask.is_some() || self.opacity.is_some();
        self.colour.channels() + usize::from(has_alpha)
    }

    /// Hands on the rows of a window of a level, some at a time, from the top: samples in `[0, 1]`,
    /// those of a pixel side by side, alpha last.
    ///
    /// # Errors
    /// [`ZoomError::Cancelled`] where `watch` says so, others of [`Pyramid::window_rows`], or what
    /// `write` says.
    pub fn stream<E: From<ZoomError>>(
        &self,
        level: usize,
        window: Rectangle,
        watch: &Watch<'_>,
        mut write: impl FnMut(&[f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let tally = self.tally(watch);
        let bands = |pyramid: &Pyramid<'static>, passes| -> Result<Bands<'_>, ZoomError> {
            let bands = pyramid.window_rows(level, window)?;
            Ok(bands.observe(tally.observer(passes)))
        };
        let mask = self.mask.as_ref();
        let mut alphas = mask.map(|mask| bands(mask, 1)).transpose()?;
        for band in bands(&self.colours, self.passes)? {
            // One plan cuts both into the same rows.
            let alpha = alphas.as_mut().and_then(Iterator::next).transpose()?;
            let alpha = self.alpha_rows(alpha.as_ref().map(|band| &*band.pixels));
            write(&interleave(&band?.pixels, &alpha, self.colour))?;
        }
        Ok(())
    }

    /// Hands on the samples of wanted tiles of a window of a level above the image, as far as they
    /// lie in the window: column and row, where it lies in the level, and its samples row by row.
    ///
    /// # Errors
    /// [`ZoomError::Cancelled`] where `watch` says so, others of [`Pyramid::each_tile`], or what
    /// `write` says.
    pub fn each_tile<E: From<ZoomError>>(
        &self,
        level: usize,
        window: Rectangle,
        wanted: impl Fn((usize, usize)) -> bool,
        watch: &Watch<'_>,
        mut write: impl FnMut((usize, usize), Rectangle, &[f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let tally = self.tally(watch);
        let tiles = |pyramid: &Pyramid<'static>, passes| -> Result<EachTile<'_>, ZoomError> {
            let tiles = pyramid.each_tile(level, window, |x, y| wanted((x, y)))?;
            Ok(tiles.observe(tally.observer(passes)))
        };
        let mask = self.mask.as_ref();
        let mut alphas = mask.map(|mask| tiles(mask, 1)).transpose()?;
        for tile in tiles(&self.colours, self.passes)? {
            let alpha = alphas.as_mut().and_then(Iterator::next).transpose()?;
            let alpha = self.alpha_rows(alpha.as_ref().map(|tile| &*tile.pixels));
            let tile = tile?;
            let samples = interleave(&tile.pixels, &alpha, self.colour);
            write((tile.x, tile.y), tile.place, &samples)?;
        }
        Ok(())
    }

    /// Why the processor did a part of a GPU's work, if it did.
    pub fn fallback(&self) -> Option<String> {
        let pyramids = [Some(&self.colours), self.mask.as_ref()];
        let mut fallbacks = pyramids.into_iter().flatten().filter_map(Pyramid::fallback);
        let why = fallbacks.next()?;
        Some(format!("{why} The processor did the rest"))
    }

    /// How many tiles of colours were made so far with the network, and how many by interpolation
    /// alone.
    pub fn made(&self) -> (usize, usize) {
        self.colours.made()
    }

    fn alpha_rows<'b>(&self, enlarged: Option<&'b [f32]>) -> AlphaRows<'b> {
        match (self.opacity, enlarged) {
            (Some(value), _) => AlphaRows::Constant(value),
            (None, Some(pixels)) => AlphaRows::Enlarged(pixels),
            (None, None) => AlphaRows::Absent,
        }
    }

    fn tally<'b>(&self, watch: &'b Watch<'b>) -> Tally<'b> {
        Tally {
            watch,
            done: AtomicU64::new(0),
            passes: self.passes + u64::from(self.mask.is_some()),
        }
    }
}

/// Adds up what pyramids have done that are one work.
struct Tally<'a> {
    watch: &'a Watch<'a>,
    done: AtomicU64,
    /// How often the network goes over the image, for colours and alpha together.
    passes: u64,
}

impl Tally<'_> {
    /// Watches a pyramid of `passes`, each of which is as much work.
    fn observer(
        &self,
        passes: u64,
    ) -> impl FnMut(casr_zoom::Progress) -> ControlFlow<()> + Send + '_ {
        let mut before = 0;
        move |now| {
            let more = now.done - before;
            before = now.done;
            let done = self.done.fetch_add(more, Ordering::Relaxed) + more;
            (self.watch)(done, now.total / passes * self.passes)
        }
    }
}
