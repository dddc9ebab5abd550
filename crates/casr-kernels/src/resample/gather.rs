//! Weighted sums along both axes.

use super::Taps;
use rayon::prelude::*;

/// Elements combined at a time in the vertical pass: few enough to stay in registers and the
/// first-level cache.
const BLOCK: usize = 64;

/// A sparse matrix by rows: output `i` is the sum of `weight[j] * input[index[j]]` over
/// `starts[i]..starts[i + 1]`.
pub(super) struct Gather {
    pub inputs: usize,
    pub starts: Vec<usize>,
    pub index: Vec<u32>,
    pub weight: Vec<f32>,
}

impl Gather {
    /// The matrix of `taps`.
    pub(super) fn new(taps: &Taps) -> Self {
        assert_eq!(
            taps.index.len(),
            taps.outputs * taps.count,
            "one tap index per output and tap"
        );
        assert_eq!(
            taps.weight.len(),
            taps.index.len(),
            "one weight per tap index"
        );
        Self {
            inputs: taps.inputs,
            starts: (0..=taps.outputs)
                .map(|output| output * taps.count)
                .collect(),
            index: taps.index.clone(),
            weight: taps.weight.clone(),
        }
    }

    fn outputs(&self) -> usize {
        self.starts.len() - 1
    }

    /// The input positions and weights of one output.
    #[inline(always)]
    fn terms(&self, output: usize) -> impl Iterator<Item = (usize, f32)> {
        let terms = self.starts[output]..self.starts[output + 1];
        let weight = &self.weight[terms.clone()];
        self.index[terms]
            .iter()
            .zip(weight)
            .map(|(&index, &weight)| (index as usize, weight))
    }
}

/// Multiplies `[images, rows.inputs, columns.inputs, channels]` by both matrices, rows first.
pub(super) fn apply(
    images: usize,
    channels: usize,
    rows: &Gather,
    columns: &Gather,
    input: &[f32],
    output: &mut [f32],
) {
    let input_row = columns.inputs * channels;
    let output_row = columns.outputs() * channels;
    assert_eq!(
        input.len(),
        images * rows.inputs * input_row,
        "input length"
    );
    assert_eq!(
        output.len(),
        images * rows.outputs() * output_row,
        "output length"
    );
    if output.is_empty() {
        return;
    }
    output.par_chunks_mut(output_row).enumerate().for_each_init(
        || vec![0.0; input_row],
        |combined, (index, output)| {
            let image = &input[index / rows.outputs() * rows.inputs * input_row..]
                [..rows.inputs * input_row];
            combine_rows(rows, index % rows.outputs(), image, combined);
            match channels {
                1 => combine_columns::<1>(columns, combined, output),
                3 => combine_columns::<3>(columns, combined, output),
                4 => combine_columns::<4>(columns, combined, output),
                _ => combine_wide_columns(columns, channels, combined, output),
            }
        },
    );
}

/// The vertical pass for one output row.
fn combine_rows(rows: &Gather, row: usize, image: &[f32], combined: &mut [f32]) {
    let row_length = combined.len();
    for (block, combined) in combined.chunks_mut(BLOCK).enumerate() {
        combined.fill(0.0);
        for (source, weight) in rows.terms(row) {
            let source = &image[source * row_length + block * BLOCK..][..combined.len()];
            for (sum, value) in combined.iter_mut().zip(source) {
                *sum += weight * value;
            }
        }
    }
}

/// The horizontal pass over a row of pixels with few channels, held in registers.
fn combine_columns<const CHANNELS: usize>(columns: &Gather, row: &[f32], output: &mut [f32]) {
    let (row, _) = row.as_chunks::<CHANNELS>();
    let (output, _) = output.as_chunks_mut::<CHANNELS>();
    for (column, output) in output.iter_mut().enumerate() {
        let mut sums = [0.0; CHANNELS];
        for (source, weight) in columns.terms(column) {
            for (sum, value) in sums.iter_mut().zip(&row[source]) {
                *sum += weight * value;
            }
        }
        *output = sums;
    }
}

/// The horizontal pass over a row of pixels with any number of channels.
fn combine_wide_columns(columns: &Gather, channels: usize, row: &[f32], output: &mut [f32]) {
    for (column, output) in output.chunks_mut(channels).enumerate() {
        output.fill(0.0);
        for (source, weight) in columns.terms(column) {
            for (sum, value) in output.iter_mut().zip(&row[source * channels..][..channels]) {
                *sum += weight * value;
            }
        }
    }
}
