//! The adjoint of resampling.

use super::Taps;
use super::gather::{self, Gather};

/// The adjoint of [`forward`](super::forward()): overwrites `input_gradient`
/// `[images, rows.inputs, columns.inputs, channels]` with the gradient of the input, given
/// `output_gradient` `[images, rows.outputs, columns.outputs, channels]`.
///
/// # Panics
/// If the length of a slice does not match its shape.
pub fn backward(
    images: usize,
    channels: usize,
    rows: &Taps,
    columns: &Taps,
    output_gradient: &[f32],
    input_gradient: &mut [f32],
) {
    gather::apply(
        images,
        channels,
        &Gather::transposed(rows),
        &Gather::transposed(columns),
        output_gradient,
        input_gradient,
    );
}

impl Gather {
    /// The transposed matrix of `taps`; the terms of a row are in the order of the outputs that
    /// they belong to.
    fn transposed(taps: &Taps) -> Self {
        let mut starts = vec![0; taps.inputs + 1];
        for &input in &taps.index {
            starts[input as usize + 1] += 1;
        }
        for input in 0..taps.inputs {
            starts[input + 1] += starts[input];
        }
        let mut next = starts.clone();
        let mut index = vec![0; taps.index.len()];
        let mut weight = vec![0.0; taps.index.len()];
        for (tap, (&input, &value)) in taps.index.iter().zip(&taps.weight).enumerate() {
            let place = &mut next[input as usize];
            index[*place] = (tap / taps.count) as u32;
            weight[*place] = value;
            *place += 1;
        }
        Self {
            inputs: taps.outputs,
            starts,
            index,
            weight,
        }
    }
}
