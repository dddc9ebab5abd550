//! Where the outputs of a period lie, and the bicubic weights of a period: what the engine computes
//! for any geometry, here for the middle of an axis, where all periods are alike.

use crate::ratio::Ratio;
use casr_kernels::resample::Taps;
use casr_net::StepAxis;
use std::ops::Range;

/// How far the bicubic enlargement looks, in inputs.
pub(crate) const BICUBIC_REACH: usize = 2;

/// One axis of a step, a period of it.
#[derive(Clone, Debug)]
pub(crate) struct Periods {
    /// For each output, the input that it lies in and its distance from the centre of that one.
    pub cells: Vec<(usize, f32)>,
    /// The bicubic enlargement, `[outputs, BICUBIC_REACH + inputs + BICUBIC_REACH]`.
    pub enlarge: Vec<Vec<f32>>,
    /// The antialiased bicubic reduction, `[inputs, reach + outputs + reach]`.
    pub shrink: Vec<Vec<f32>>,
    /// How far the reduction looks, in outputs.
    pub shrink_reach: usize,
    /// The axis's factor as the engine has it.
    pub axis: StepAxis,
}

impl Periods {
    pub fn new(ratio: Ratio) -> Self {
        // Enough periods that none of the middle one's taps are mirrored at the ends.
        const PERIODS: usize = 16;
        const MIDDLE: usize = PERIODS / 2;
        let (inputs, outputs) = (ratio.inputs(), ratio.outputs());
        let axis = StepAxis::new(PERIODS * inputs, PERIODS * outputs);
        let (first_input, first_output) = (MIDDLE * inputs, MIDDLE * outputs);
        let mut cells = Vec::with_capacity(outputs);
        for input in 0..inputs {
            for output in axis.cells.cell(first_input + input) {
                cells.push((input, axis.cells.offsets[output]));
            }
        }
        let enlarge = dense(
            &axis.base,
            first_output..first_output + outputs,
            first_input - BICUBIC_REACH..first_input + inputs + BICUBIC_REACH,
        );
        let shrink = &axis.anchor.shrink;
        let reads = shrink.support(first_input..first_input + inputs);
        let shrink_reach = (first_output - reads.start).max(reads.end - first_output - outputs);
        let shrink = dense(
            shrink,
            first_input..first_input + inputs,
            first_output - shrink_reach..first_output + outputs + shrink_reach,
        );
        Self {
            cells,
            enlarge,
            shrink,
            shrink_reach,
            axis,
        }
    }
}

/// The weights of some outputs as rows over the inputs that they read.
fn dense(taps: &Taps, outputs: Range<usize>, inputs: Range<usize>) -> Vec<Vec<f32>> {
    let row = |output: usize| {
        let mut row = vec![0.0; inputs.len()];
        let terms = output * taps.count..(output + 1) * taps.count;
        for (index, weight) in taps.index[terms.clone()].iter().zip(&taps.weight[terms]) {
            // What lies outside has no weight.
            if let Some(place) = (*index as usize).checked_sub(inputs.start)
                && let Some(sum) = row.get_mut(place)
            {
                *sum += weight;
            }
        }
        row
    };
    outputs.map(row).collect()
}
