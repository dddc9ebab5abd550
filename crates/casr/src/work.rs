//! The network's work on one image: colours and alpha side by side, from pyramids to rows or tiles.

use crate::picture::{AlphaRows, interleave};
use casr_cli::{Progress, interrupt};
use casr_codec::Colour;
use casr_zoom::{
    Alpha, Bands, EachTile, Enlarger, Layers, Pyramid, Rectangle, ScalePlan, Size, ZoomError,
};
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicU64, Ordering};

/// A window of an image's enlargement.
pub struct Work<'a> {
    colours: Pyramid<'a>,
    /// Alpha, where there is something to enlarge.
    mask: Option<Pyramid<'a>>,
    /// How often the network goes over the colours; over the mask it goes once.
    passes: u64,
    alpha: Option<&'a Alpha>,
    colour: Colour,
    /// The sizes of the image and of all levels.
    sizes: Vec<Size>,
    /// The longest side of a tile, in pixels of the level below.
    pub tile: usize,
    /// The last level.
    level: usize,
    pub window: Rectangle,
    /// The columns and the rows of tiles that hold the window.
    tiles: (Range<usize>, Range<usize>),
}

impl<'a> Work<'a> {
    /// For a window of a plan's result.
    ///
    /// # Errors
    /// [`ZoomError::OtherPlan`] if the plan is for another size, or the window lies outside.
    pub fn new(
        layers: &'a Layers,
        enlarger: &Enlarger,
        plan: &ScalePlan,
        window: Rectangle,
        colour: Colour,
    ) -> Result<Self, ZoomError> {
        let mask = match &layers.alpha {
            Some(Alpha::Varying(mask)) => Some(enlarger.for_masks().pyramid(&**mask, plan)?),
            _ => None,
        };
        let colours = enlarger.pyramid(&*layers.colours, plan)?;
        let level = plan.levels().len();
        Ok(Self {
            tiles: colours.tiles_of(level, window)?,
            colours,
            mask,
            passes: enlarger.model().passes().into(),
            alpha: layers.alpha.as_ref(),
            colour,
            sizes: std::iter::once(plan.input())
                .chain(plan.levels().iter().copied())
                .collect(),
            tile: enlarger.tile_of(plan),
            level,
            window,
        })
    }

    /// The image's size.
    pub fn input(&self) -> Size {
        self.sizes[0]
    }

    /// The sizes of all levels, the image included.
    pub fn levels(&self) -> impl Iterator<Item = Size> {
        self.sizes.iter().copied()
    }

    /// Samples of a pixel, alpha included.
    pub fn channels(&self) -> usize {
        self.colour.channels() + usize::from(self.alpha.is_some())
    }

    /// The columns and rows of all tiles that hold the window, row by row.
    pub fn tiles(&self) -> Vec<(usize, usize)> {
        let (columns, rows) = self.tiles.clone();
        rows.flat_map(|y| columns.clone().map(move |x| (x, y)))
            .collect()
    }

    /// How many tiles lie side by side and below each other, level by level: how all are cut.
    pub fn cut(&self) -> String {
        let levels = (1..=self.level).filter_map(|level| self.colours.tiles(level).ok());
        let levels: Vec<String> = levels
            .map(|(across, down)| format!("{across}×{down}"))
            .collect();
        levels.join(" ")
    }

    /// Where a tile lies in the window, as far as it does.
    ///
    /// # Errors
    /// There is no such tile.
    pub fn place(&self, (x, y): (usize, usize)) -> Result<Rectangle, ZoomError> {
        let tile = self.colours.place(self.level, x, y)?;
        let within = |start: usize, length: usize, from: usize, of: usize| {
            let first = start.max(from);
            (first - from, (start + length).min(from + of) - first)
        };
        let window = self.window;
        let (x, width) = within(tile.x, tile.width, window.x, window.width);
        let (y, height) = within(tile.y, tile.height, window.y, window.height);
        Ok(Rectangle {
            x,
            y,
            width,
            height,
        })
    }

    /// Hands on the rows of the window, some at a time, from the top.
    ///
    /// # Errors
    /// [`ZoomError`], or what `write` says.
    pub fn stream(
        &self,
        progress: &Progress,
        mut write: impl FnMut(&[f32]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let watch = self.watch(progress);
        let bands = |pyramid: &Pyramid<'a>, passes| -> Result<Bands<'_>, ZoomError> {
            let bands = pyramid.window_rows(self.level, self.window)?;
            Ok(bands.observe(watch.observer(passes)))
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

    /// Hands on the samples of wanted tiles, as far as they lie in the window, row by row.
    ///
    /// # Errors
    /// [`ZoomError`], or what `write` says.
    pub fn each_tile(
        &self,
        wanted: impl Fn((usize, usize)) -> bool,
        progress: &Progress,
        mut write: impl FnMut((usize, usize), Rectangle, &[f32]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let watch = self.watch(progress);
        let tiles = |pyramid: &Pyramid<'a>, passes| -> Result<EachTile<'_>, ZoomError> {
            let tiles = pyramid.each_tile(self.level, self.window, |x, y| wanted((x, y)))?;
            Ok(tiles.observe(watch.observer(passes)))
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

    fn watch<'b>(&self, progress: &'b Progress) -> Watch<'b> {
        Watch {
            progress,
            done: AtomicU64::new(0),
            passes: self.passes + u64::from(self.mask.is_some()),
        }
    }

    /// Why the processor did a part of a GPU's work, if it did.
    pub fn fallback(&self) -> Option<String> {
        let pyramids = [Some(&self.colours), self.mask.as_ref()];
        let mut fallbacks = pyramids.into_iter().flatten().filter_map(Pyramid::fallback);
        let why = fallbacks.next()?;
        Some(format!("{why} The processor did the rest"))
    }

    /// How many tiles were so smooth that they were interpolated alone, if some were.
    pub fn saved(&self) -> Option<String> {
        let (network, interpolated) = self.colours.made();
        (interpolated > 0).then(|| {
            format!(
                "{interpolated} of {} tiles were smooth and interpolated alone",
                network + interpolated
            )
        })
    }

    fn alpha_rows<'b>(&self, enlarged: Option<&'b [f32]>) -> AlphaRows<'b> {
        match (self.alpha, enlarged) {
            (Some(Alpha::Constant(value)), _) => AlphaRows::Constant(*value),
            (_, Some(pixels)) => AlphaRows::Enlarged(pixels),
            (_, None) => AlphaRows::Absent,
        }
    }
}

/// Shows how far one image is, and stops the work after Ctrl-C. Colours and alpha are one work.
struct Watch<'a> {
    progress: &'a Progress,
    done: AtomicU64,
    /// How often the network goes over the image, for colours and alpha together.
    passes: u64,
}

impl Watch<'_> {
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
            self.progress.update(done, now.total / passes * self.passes);
            if interrupt::requested() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }
    }
}
