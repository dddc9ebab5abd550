//! Where the pixels of one level lie in the level below.

use casr_kernels::{heat::CellAxis, resample::Taps};
use std::ops::Range;

/// One axis of a step: `inputs` pixels of level k−1 become `outputs` pixels of level k.
#[derive(Clone, Debug, PartialEq)]
pub struct StepAxis {
    /// The factor of the whole level along this axis, outputs / inputs, at least 1. A window keeps it.
    pub scale: f64,
    /// Which outputs lie in which input pixel, and where.
    pub cells: CellAxis,
    /// The bicubic enlargement that the head adds to.
    pub taps: Taps,
}

impl StepAxis {
    /// The axis of a whole level.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self {
            scale: outputs as f64 / inputs as f64,
            cells: CellAxis::new(inputs, outputs),
            taps: Taps::bicubic(inputs, outputs, false),
        }
    }

    /// The part that makes `outputs` from a window `inputs` of the level below.
    ///
    /// # Panics
    /// If the window does not hold what the bicubic taps of `outputs` read.
    pub fn window(&self, inputs: Range<usize>, outputs: Range<usize>) -> Self {
        Self {
            scale: self.scale,
            cells: self.cells.window(inputs.clone(), outputs.clone()),
            taps: self.taps.window(inputs, outputs),
        }
    }

    /// Pixels of level k−1.
    pub fn inputs(&self) -> usize {
        self.taps.inputs
    }

    /// Pixels of level k.
    pub fn outputs(&self) -> usize {
        self.taps.outputs
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
