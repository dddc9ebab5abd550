//! The network's work on one image: a window of its result, in rows or tiles.

use crate::pyramids::{Pyramids, Watch};
use casr_codec::Colour;
use casr_zoom::{Enlarger, Layers, Rectangle, ScalePlan, Size, ZoomError};
use std::ops::Range;

/// A window of an image's enlargement.
#[derive(Debug)]
pub struct Work {
    pyramids: Pyramids,
    /// The sizes of the image and of all levels.
    sizes: Vec<Size>,
    /// The longest side of a tile, in pixels of the level below.
    pub tile: usize,
    /// The last level.
    level: usize,
    /// The window, in pixels of the result.
    pub window: Rectangle,
    /// The columns and the rows of tiles that hold the window.
    tiles: (Range<usize>, Range<usize>),
}

impl Work {
    /// For a window of a plan's result.
    ///
    /// # Errors
    /// [`ZoomError::OtherPlan`] if the plan is for another size, or the window lies outside.
    pub fn new(
        layers: &Layers,
        enlarger: &Enlarger,
        plan: &ScalePlan,
        window: Rectangle,
        colour: Colour,
    ) -> Result<Self, ZoomError> {
        let pyramids = Pyramids::new(layers, enlarger, plan, colour)?;
        let level = plan.levels().len();
        Ok(Self {
            tiles: pyramids.tiles_of(level, window)?,
            pyramids,
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
        self.pyramids.channels()
    }

    /// The columns and rows of all tiles that hold the window, row by row.
    pub fn tiles(&self) -> Vec<(usize, usize)> {
        let (columns, rows) = self.tiles.clone();
        rows.flat_map(|y| columns.clone().map(move |x| (x, y)))
            .collect()
    }

    /// How many tiles lie side by side and below each other, level by level: how all are cut.
    pub fn cut(&self) -> String {
        let levels = (1..=self.level).filter_map(|level| self.pyramids.tiles(level).ok());
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
        let tile = self.pyramids.place(self.level, x, y)?;
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

    /// Hands on the rows of the window, some at a time, from the top; see [`Pyramids::stream`].
    ///
    /// # Errors
    /// [`ZoomError`], or what `write` says.
    pub fn stream<E: From<ZoomError>>(
        &self,
        watch: &Watch<'_>,
        write: impl FnMut(&[f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.pyramids.stream(self.level, self.window, watch, write)
    }

    /// Hands on the samples of wanted tiles, as far as they lie in the window, row by row; see
    /// [`Pyramids::each_tile`].
    ///
    /// # Errors
    /// [`ZoomError`], or what `write` says.
    pub fn each_tile<E: From<ZoomError>>(
        &self,
        wanted: impl Fn((usize, usize)) -> bool,
        watch: &Watch<'_>,
        write: impl FnMut((usize, usize), Rectangle, &[f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        (self.pyramids).each_tile(self.level, self.window, wanted, watch, write)
    }

    /// Why the processor did a part of a GPU's work, if it did.
    pub fn fallback(&self) -> Option<String> {
        self.pyramids.fallback()
    }

    /// How many tiles were so smooth that they were interpolated alone, if some were.
    pub fn saved(&self) -> Option<String> {
        let (network, interpolated) = self.pyramids.made();
        (interpolated > 0).then(|| {
            format!(
                "{interpolated} of {} tiles were smooth and interpolated alone",
                network + interpolated
            )
        })
    }
}
