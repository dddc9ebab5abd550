//! Scalar reference implementation: the sums as they are defined in [`super`].

use super::finish::Finish;
use super::number::widen;
use super::{BLOCK, KERNEL, Source, run};

/// Computes the rows of one task. `weights` are HWIO, rounded.
pub(super) fn convolve(source: &Source, weights: &[u16], mut finish: Finish) {
    let input = source.input;
    let (channels, outputs) = (input.channels(), source.outputs);
    let (first, rows) = finish.rows();
    for (row, column) in (0..rows).flat_map(|row| (0..input.size().1).map(move |c| (row, c))) {
        for output in 0..outputs {
            let mut sum = 0.0;
            for tap_row in 0..KERNEL {
                let start = (first + row + tap_row) * input.pitch() + column * channels;
                let values = &input.values()[start..][..run(channels)];
                let weights = &weights[tap_row * run(channels) * outputs..];
                for (block, values) in values.chunks(BLOCK).enumerate() {
                    let mut chains = [0.0_f32; 2];
                    for (index, value) in values.iter().enumerate() {
                        let weight = weights[(block * BLOCK + index) * outputs + output];
                        let chain = &mut chains[index % 2];
                        *chain = widen(*value).mul_add(widen(weight), *chain);
                    }
                    sum += chains[0] + chains[1];
                }
            }
            finish.put_scalar(row, column, output, sum);
        }
    }
}
