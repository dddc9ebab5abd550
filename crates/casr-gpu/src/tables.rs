//! What kernels know of a step, in the layout in which they read it.

use casr_kernels::earlier::CellPlaces;
use casr_kernels::heat::CellAxis;
use casr_kernels::resample::Taps;
use std::collections::HashMap;

/// Where a uniform begins may be a multiple of this, on any device.
pub(crate) const UNIFORM: u64 = 256;

/// Sizes of a step and places in its tables: `Step` of `wgsl/step.wgsl`, in its order.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct StepSizes {
    pub height: u32,
    pub width: u32,
    pub made_height: u32,
    pub made_width: u32,
    pub cell_rows: u32,
    pub cell_columns: u32,
    pub earlier_rows: u32,
    pub earlier_columns: u32,
    pub row_starts: u32,
    pub column_starts: u32,
    pub column_cells: u32,
    pub base_rows: u32,
    pub base_row_count: u32,
    pub base_columns: u32,
    pub base_column_count: u32,
    pub earlier_row_places: u32,
    pub earlier_column_places: u32,
    pub column_phases: u32,
}

/// `Resampling` of `wgsl/resample.wgsl`, in its order.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct ResamplingSizes {
    pub height: u32,
    pub width: u32,
    pub source_width: u32,
    pub other_width: u32,
    pub other_top: u32,
    pub other_left: u32,
    pub rows: u32,
    pub row_count: u32,
    pub columns: u32,
    pub column_count: u32,
    pub share: f32,
}

/// Numbers that kernels look up, those in floating point by their bits.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub values: Vec<u32>,
}

impl Tables {
    /// The first output of every cell and one past the last, then the cell of every output: where
    /// both begin.
    pub fn cells(&mut self, axis: &CellAxis) -> [u32; 2] {
        let starts = self.begin();
        self.values.extend(&axis.starts);
        let cells = self.begin();
        let outputs = |input| axis.cell(input).map(move |_| input as u32);
        self.values.extend((0..axis.inputs()).flat_map(outputs));
        [starts, cells]
    }

    /// Taps of an axis: where they begin, and how many there are for each output.
    pub fn taps(&mut self, taps: &Taps) -> [u32; 2] {
        let first = self.begin();
        self.values.extend(&taps.index);
        self.values
            .extend(taps.weight.iter().map(|weight| weight.to_bits()));
        [first, taps.count as u32]
    }

    /// Places of cells among earlier ones: where they begin.
    pub fn places(&mut self, places: &CellPlaces) -> u32 {
        let first = self.begin();
        self.values.extend(&places.nearest);
        self.values
            .extend(places.offset.iter().map(|offset| offset.to_bits()));
        first
    }

    fn begin(&self) -> u32 {
        self.values.len() as u32
    }
}

/// Cosine and sine of every frequency at the outputs of an axis, `[outputs, frequencies, 2]`.
/// `frequencies` are those along the axis, each with its amplitude.
pub(crate) fn phases(offsets: &[f32], frequencies: &[(f32, f32)]) -> Vec<f32> {
    // A whole factor has few offsets, which come again in every pixel.
    let mut known = HashMap::new();
    let mut phases = Vec::with_capacity(2 * offsets.len() * frequencies.len());
    for &offset in offsets {
        let start = phases.len();
        let first = *known.entry(offset.to_bits()).or_insert(start);
        if first < start {
            phases.extend_from_within(first..first + 2 * frequencies.len());
            continue;
        }
        for &(frequency, amplitude) in frequencies {
            let (sine, cosine) = (f64::from(frequency) * f64::from(offset)).sin_cos();
            phases.extend([cosine, sine].map(|value| (f64::from(amplitude) * value) as f32));
        }
    }
    phases
}
