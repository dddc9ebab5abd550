//! Averaging of the matches in vectors: lanes are details.

use super::keys::{Keys, LANES};
use super::queries::{Level, Match, covering, offset};
use fearless_simd::{Simd, dispatch, f32x16, prelude::*};

/// One row of pixels.
pub(super) fn row(
    instructions: fearless_simd::Level,
    level: &Level,
    keys: &Keys,
    row: usize,
    found: &[Match],
    output: &mut [f32],
) {
    dispatch!(instructions, simd => pixels(simd, level, keys, row, found, output));
}

#[inline(always)]
fn pixels<S: Simd>(
    simd: S,
    level: &Level,
    keys: &Keys,
    row: usize,
    found: &[Match],
    output: &mut [f32],
) {
    let shape = level.shape;
    let rows = covering(row, level.query_rows());
    for (column, output) in output.chunks_exact_mut(shape.details + 1).enumerate() {
        let columns = covering(column, level.query_columns());
        let number = (rows.len() * columns.len() * shape.candidates) as f32;
        let mut total = 1.0;
        for block in 0..keys.blocks {
            let mut sums = f32x16::splat(simd, 0.0);
            for query_row in rows.clone() {
                let found = &found[query_row * level.found_in_row()..][..level.found_in_row()];
                for query_column in columns.clone() {
                    let offset = offset(row, query_row) * keys.pitch + offset(column, query_column);
                    for found in &found[query_column * shape.candidates..][..shape.candidates] {
                        let place = found.place as usize + offset;
                        let values =
                            f32x16::from_slice(simd, &keys.table[place * keys.blocks + block]);
                        sums = values.mul_add(f32x16::splat(simd, found.weight), sums);
                    }
                }
            }
            // The first element of the first block is 1: its weighted sum is the sum of the
            // weights.
            if block == 0 {
                total = sums[0];
                output[shape.details] = total / number;
            }
            let means = sums / f32x16::splat(simd, total);
            let means = means.as_slice();
            if block == 0 {
                let length = shape.details.min(LANES - 1);
                output[..length].copy_from_slice(&means[1..=length]);
            } else {
                let details = &mut output[block * LANES - 1..shape.details];
                let length = details.len().min(LANES);
                details[..length].copy_from_slice(&means[..length]);
            }
        }
    }
}
