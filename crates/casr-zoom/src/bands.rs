//! The result in bands of rows, each made when it is taken.

use crate::{
    error::ZoomError,
    image::{COLOURS, Image},
    plan::Size,
    rows::Rows,
    step::{Below, Step},
    tile::Parts,
    view::ImageView,
};
use casr_net::{CELL, Cpu, Model, NetError};
use half::f16;
use std::{
    fmt,
    ops::{ControlFlow, Range},
    sync::Arc,
};

/// Rows of the image read at a time.
pub(crate) const SOURCE_ROWS: usize = 64;

/// A band of the result.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// The rows of the result that it holds.
    pub rows: Range<usize>,
    /// RGB in [0, 1], [rows, width, 3].
    pub pixels: Vec<f32>,
}

/// How far an enlargement is, in input pixels that went through the network, on all levels and with
/// their halos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Pixels done.
    pub done: u64,
    /// Pixels to do in all.
    pub total: u64,
}

/// An enlargement under way: yields the result in bands, top to bottom.
///
/// Every level pulls the rows it needs from the level below and forgets them afterwards. How the
/// result is cut depends on the plan and the tile alone, so two images with one plan (colours and
/// alpha) can be taken in lockstep.
pub struct Bands<'a> {
    size: Size,
    stages: Vec<Stage>,
    work: Work<'a>,
    stopped: bool,
}

/// One step with what it holds of the level below.
struct Stage {
    step: Step,
    parts: Parts,
    below: Rows<f32>,
    /// What the step below has left behind.
    statistics: Rows<f16>,
}

/// Called with bands of levels; see [`Bands::view`].
type Viewer<'a> = Box<dyn FnMut(usize, &Band) + Send + 'a>;

/// What all stages share.
struct Work<'a> {
    /// The network at its look.
    model: Model,
    image: ImageView<'a>,
    /// The same as RGB in floating point, where the network reads its self-similarity in every
    /// step.
    original: Option<Image>,
    /// The next row of the image.
    row: usize,
    progress: Progress,
    /// The largest tile, in pixels without halos, that may fit into the device's memory.
    most: usize,
    /// Why the processor does the rest of the work of a GPU, if it does.
    fallback: Option<NetError>,
    observer: Box<dyn FnMut(Progress) -> ControlFlow<()> + Send + 'a>,
    /// Called with every band of every level.
    viewer: Viewer<'a>,
}

impl<'a> Bands<'a> {
    pub(crate) fn new(model: Model, image: ImageView<'a>, size: Size, steps: Vec<Step>) -> Self {
        let looked_at = model.config().similarity && !steps.is_empty();
        let total = steps.iter().map(|step| step.tiling.work()).sum();
        // Level by level: the cells across the level below, and how many values the step that reads
        // it leaves at each.
        let mut statistics = (1, 1);
        let stage = |step: Step| {
            let width = step.tiling.input.width;
            let own = (width.div_ceil(CELL), step.statistics().max(1));
            let before = std::mem::replace(&mut statistics, own);
            Stage {
                parts: step.tiling.rows(),
                below: Rows::new(width, COLOURS),
                statistics: Rows::new(before.0, before.1),
                step,
            }
        };
        Self {
            size,
            stages: steps.into_iter().map(stage).collect(),
            work: Work {
                model,
                original: looked_at.then(|| image.into()),
                image,
                row: 0,
                progress: Progress { done: 0, total },
                most: usize::MAX,
                fallback: None,
                observer: Box::new(|_| ControlFlow::Continue(())),
                viewer: Box::new(|_, _| ()),
            },
            stopped: false,
        }
    }

    /// Has `observer` called after every tile; [`ControlFlow::Break`] ends the work with
    /// [`ZoomError::Cancelled`].
    #[must_use]
    pub fn observe(
        mut self,
        observer: impl FnMut(Progress) -> ControlFlow<()> + Send + 'a,
    ) -> Self {
        self.work.observer = Box::new(observer);
        self
    }

    /// Has `viewer` called with the bands of all levels as they are made, each level's from top to
    /// bottom: the first argument is the level's place in
    /// [`ScalePlan::levels`](crate::ScalePlan::levels).
    #[must_use]
    pub fn view(mut self, viewer: impl FnMut(usize, &Band) + Send + 'a) -> Self {
        self.work.viewer = Box::new(viewer);
        self
    }

    /// The size of the result.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Why the processor does the rest of the work of a GPU, if it does: that one failed, or has
    /// too little memory for the smallest tile.
    pub fn fallback(&self) -> Option<&NetError> {
        self.work.fallback.as_ref()
    }

    /// How far the work is.
    pub fn progress(&self) -> Progress {
        self.work.progress
    }

    /// The bands not yet taken as one image.
    ///
    /// # Errors
    /// [`ZoomError::Memory`] or [`ZoomError::Cancelled`]; [`ZoomError::PixelCount`] if bands were
    /// taken before.
    pub fn into_image(self) -> Result<Image, ZoomError> {
        let size = self.size;
        let mut pixels = Vec::new();
        size.width
            .checked_mul(size.height)
            .and_then(|count| count.checked_mul(COLOURS))
            .and_then(|values| pixels.try_reserve_exact(values).ok())
            .ok_or(ZoomError::Memory { size })?;
        for band in self {
            pixels.extend_from_slice(&band?.pixels);
        }
        Image::new(size.width, size.height, pixels)
    }
}

impl Iterator for Bands<'_> {
    type Item = Result<Band, ZoomError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.stopped {
            return None;
        }
        let band = self.work.pull(&mut self.stages).transpose();
        self.stopped = !matches!(band, Some(Ok(_)));
        band
    }
}

impl fmt::Debug for Bands<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter
            .debug_struct("Bands")
            .field("size", &self.size)
            .field("progress", &self.work.progress)
            .finish_non_exhaustive()
    }
}

impl Work<'_> {
    /// The next band of the level that the last of `stages` makes; of the image itself where there
    /// are none.
    fn pull(&mut self, stages: &mut [Stage]) -> Result<Option<Band>, ZoomError> {
        Ok(self.made(stages)?.map(|(band, _)| band))
    }

    /// See [`Work::pull`]: with the statistics that the step leaves behind.
    fn made(&mut self, stages: &mut [Stage]) -> Result<Option<(Band, Vec<f16>)>, ZoomError> {
        let Some((stage, stages_below)) = stages.split_last_mut() else {
            return Ok(self.source().map(|band| (band, Vec::new())));
        };
        let Some(part) = stage.parts.next() else {
            return Ok(None);
        };
        let window = stage.step.tiling.row_window(&part);
        let before = stage.step.rows_before(&part);
        stage.below.forget_above(window.start);
        stage.statistics.forget_above(before.start);
        while (stage.below.end() < window.end || stage.statistics.end() < before.end)
            && let Some((band, statistics)) = self.made(stages_below)?
        {
            stage.below.append(&band.pixels);
            stage.statistics.append(&statistics);
        }
        let (band, statistics) = self.band(stage, &part)?;
        (self.viewer)(stages_below.len(), &band);
        Ok(Some((band, statistics)))
    }

    /// The next rows of the image.
    fn source(&mut self) -> Option<Band> {
        let height = self.image.size().height;
        let rows = self.row..(self.row + SOURCE_ROWS).min(height);
        self.row = rows.end;
        (!rows.is_empty()).then(|| Band {
            pixels: self.image.rows(rows.clone()),
            rows,
        })
    }

    /// The band that a step makes from the input rows `part`, tile by tile, and what it leaves
    /// behind.
    fn band(&mut self, stage: &Stage, part: &Range<usize>) -> Result<(Band, Vec<f16>), ZoomError> {
        let step = &stage.step;
        let below = Below {
            image: self.original.as_ref(),
            pixels: &stage.below,
            statistics: &stage.statistics,
        };
        let whole = 0..step.tiling.input.width;
        let mut made = step.blank(part, &whole);
        for columns in step.tiling.columns() {
            let most = &mut self.most;
            let tile = match step.tile(&self.model, &below, part, &columns, most) {
                Err(error) if self.model.device().is_gpu() => {
                    self.model = self.model.clone().on(Arc::new(Cpu::single()));
                    self.fallback = Some(error);
                    *most = usize::MAX;
                    step.tile(&self.model, &below, part, &columns, most)
                }
                made => made,
            }?;
            step.place(&tile, (part, &columns), (part, &whole), &mut made);
            self.progress.done += step.tiling.tile_work(part, &columns);
            if (self.observer)(self.progress).is_break() {
                return Err(ZoomError::Cancelled);
            }
        }
        let rows = step.output_rows(part);
        let pixels = made.pixels;
        Ok((Band { rows, pixels }, made.statistics))
    }
}
