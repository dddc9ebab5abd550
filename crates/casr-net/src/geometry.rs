//! Where the pixels of one level lie in the level below.

use crate::config::COLOURS;
use casr_kernels::{
    heat::CellAxis,
    resample::{self, Taps},
    zeros,
};
use std::{ops::Range, sync::Arc};

/// One axis of a step: `inputs` pixels of level k−1 become `outputs` pixels of level k.
///
/// In a window the heat field makes some more outputs than are kept: those that the anchor shrinks
/// again.
#[derive(Clone, Debug, PartialEq)]
pub struct StepAxis {
    /// The factor of the whole level along this axis, outputs / inputs, at least 1. A window keeps
    /// it.
    pub scale: f64,
    /// Which outputs of the heat field lie in which input pixel, and where.
    pub cells: CellAxis,
    /// The bicubic enlargement that the heat field adds to.
    pub base: Taps,
    /// How the outputs are held to the input.
    pub anchor: AnchorAxis,
}

/// One axis of the anchor: what the outputs, shrunk again, differ from the input is enlarged and
/// taken out.
#[derive(Clone, Debug, PartialEq)]
pub struct AnchorAxis {
    /// From the outputs of the heat field to some of the inputs.
    pub shrink: Taps,
    /// Which inputs these are.
    pub inputs: Range<usize>,
    /// From these to the outputs that are kept.
    pub enlarge: Taps,
    /// Which outputs of the heat field are kept.
    pub kept: Range<usize>,
}

impl StepAxis {
    /// The axis of a whole level.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        let base = Taps::bicubic(inputs, outputs, false);
        Self {
            scale: outputs as f64 / inputs as f64,
            cells: CellAxis::new(inputs, outputs),
            anchor: AnchorAxis {
                shrink: Taps::bicubic(outputs, inputs, true),
                inputs: 0..inputs,
                enlarge: base.clone(),
                kept: 0..outputs,
            },
            base,
        }
    }

    /// The part of an axis, of `whole.0` pixels that become `whole.1`, that makes `outputs` from a
    /// window `inputs` of the level below. `border` counts the pixels that lie before and behind
    /// the window: mirrored ones, where it ends at the level's border. It takes time and memory of
    /// the window, however long the whole axis is.
    ///
    /// # Panics
    /// If the window does not hold what the bicubic taps of `outputs`, and of those around them,
    /// read.
    pub fn part(
        whole: (usize, usize),
        inputs: Range<usize>,
        outputs: Range<usize>,
        border: [usize; 2],
    ) -> Self {
        let [before, behind] = border;
        let back = (whole.1, whole.0);
        let all = |taps: &Taps| taps.support(0..taps.outputs);
        let enlarge = Taps::bicubic_part(whole, false, outputs.clone());
        let differing = all(&enlarge);
        let shrink = Taps::bicubic_part(back, true, differing.clone());
        let shrunk = all(&shrink);
        let made = shrunk.start.min(outputs.start)..shrunk.end.max(outputs.end);
        let base = Taps::bicubic_part(whole, false, made.clone());
        let within = |part: &Range<usize>, whole: usize| part.start - whole..part.end - whole;
        let anchored = within(&differing, inputs.start);
        let cells = CellAxis::part(whole, inputs.clone(), made.clone());
        Self {
            scale: whole.1 as f64 / whole.0 as f64,
            cells: cells.bordered(before, behind),
            base: (base.window(inputs, 0..made.len())).bordered(before, behind),
            anchor: AnchorAxis {
                shrink: shrink.window(made.clone(), 0..differing.len()),
                inputs: before + anchored.start..before + anchored.end,
                enlarge: enlarge.window(differing, 0..outputs.len()),
                kept: within(&outputs, made.start),
            },
        }
    }

    /// The axis of the mirrored step, which reads its inputs and makes its outputs in reversed
    /// order: what [`StepAxis::part`] gives for the mirrored ranges, but for the rounding of
    /// weights and for taps whose weight is zero.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let back = |part: &Range<usize>, whole: usize| whole - part.end..whole - part.start;
        let anchor = &self.anchor;
        Self {
            scale: self.scale,
            cells: self.cells.mirrored(),
            base: self.base.mirrored(),
            anchor: AnchorAxis {
                shrink: anchor.shrink.mirrored(),
                inputs: back(&anchor.inputs, self.inputs()),
                enlarge: anchor.enlarge.mirrored(),
                kept: back(&anchor.kept, self.cells.outputs()),
            },
        }
    }

    /// Pixels of level k−1, with those beyond the border.
    pub fn inputs(&self) -> usize {
        self.base.inputs
    }

    /// Pixels of level k.
    pub fn outputs(&self) -> usize {
        self.anchor.kept.len()
    }
}

/// The geometry of one step, or of a window of it: separate factors per axis.
#[derive(Clone, Debug, PartialEq)]
pub struct StepGeometry {
    /// Top to bottom.
    pub rows: StepAxis,
    /// Left to right.
    pub columns: StepAxis,
}

impl StepGeometry {
    /// The geometry of a whole level; sizes are (height, width).
    pub fn new(inputs: (usize, usize), outputs: (usize, usize)) -> Self {
        Self {
            rows: StepAxis::new(inputs.0, outputs.0),
            columns: StepAxis::new(inputs.1, outputs.1),
        }
    }
}

/// The bicubic enlargement of a level, which a step's correction is added to, for some `outputs`
/// (rows, columns) from a window `inputs` of the level below, `pixels` `[rows, columns, 3]`: what a
/// step comes to where its correction is nothing. `down` and `across` are the pixels of both
/// levels.
///
/// # Panics
/// If the window does not hold what the bicubic taps of `outputs` read.
pub fn interpolate(
    (down, across): ((usize, usize), (usize, usize)),
    inputs: (Range<usize>, Range<usize>),
    outputs: (Range<usize>, Range<usize>),
    pixels: &[f32],
) -> Vec<f32> {
    let taps = |whole, inputs: Range<usize>, outputs: Range<usize>| {
        let count = outputs.len();
        Taps::bicubic_part(whole, false, outputs).window(inputs, 0..count)
    };
    let rows = taps(down, inputs.0, outputs.0);
    let columns = taps(across, inputs.1, outputs.1);
    let mut enlarged = zeros(rows.outputs * columns.outputs * COLOURS);
    resample::forward(1, COLOURS, &rows, &columns, pixels, &mut enlarged);
    enlarged
}

/// Which resampling of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResamplingKind {
    /// [`StepAxis::base`].
    Base,
    /// [`AnchorAxis::shrink`].
    Shrink,
    /// [`AnchorAxis::enlarge`].
    Enlarge,
}

/// A resampling along both axes of a step.
#[derive(Clone, Debug)]
pub struct Resampling {
    geometry: Arc<StepGeometry>,
    kind: ResamplingKind,
}

impl Resampling {
    /// A resampling of a step.
    pub fn new(geometry: &Arc<StepGeometry>, kind: ResamplingKind) -> Self {
        Self {
            geometry: geometry.clone(),
            kind,
        }
    }

    /// Top to bottom.
    pub fn rows(&self) -> &Taps {
        self.taps(&self.geometry.rows)
    }

    /// Left to right.
    pub fn columns(&self) -> &Taps {
        self.taps(&self.geometry.columns)
    }

    fn taps<'a>(&self, axis: &'a StepAxis) -> &'a Taps {
        match self.kind {
            ResamplingKind::Base => &axis.base,
            ResamplingKind::Shrink => &axis.anchor.shrink,
            ResamplingKind::Enlarge => &axis.anchor.enlarge,
        }
    }
}
