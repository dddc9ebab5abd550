//! Scalar reference implementation: one candidate and one detail at a time, in the order of the
//! vector code.

use super::keys::Keys;
use super::queries::{Best, Level, Match, Query, covering, offset};
use super::{PATCH_PIXELS, SEARCH};

/// The matches of one row of queries.
pub(super) fn search_row(level: &Level, keys: &Keys, row: usize, found: &mut [Match]) {
    let found = found.chunks_exact_mut(level.shape.candidates);
    for (query, found) in level.queries(keys, row).zip(found) {
        let mut best = Best::new(found.len(), &query);
        for y in 0..SEARCH {
            for x in 0..SEARCH {
                let place = query.first + y * keys.pitch + x;
                best.offer(distance(keys, &query, place), place);
            }
        }
        best.write(level.scale, found);
    }
}

/// The distance of a query from a candidate.
fn distance(keys: &Keys, query: &Query, place: usize) -> f32 {
    let mut squares = 0.0;
    for (line, taps) in query.patch.iter().enumerate() {
        for (tap, key) in taps.iter().zip(&keys.luma[place + line * keys.pitch..]) {
            let difference: f32 = tap - key;
            squares = difference.mul_add(difference, squares);
        }
    }
    let sum = query.sum - keys.sums[place];
    let mean = sum * (-1.0 / PATCH_PIXELS);
    mean.mul_add(sum, squares).max(0.0)
}

/// One row of pixels.
pub(super) fn gather_row(
    level: &Level,
    keys: &Keys,
    row: usize,
    found: &[Match],
    output: &mut [f32],
) {
    let shape = level.shape;
    let rows = covering(row, level.query_rows());
    let table = keys.table.as_flattened();
    let pitch = table.len() / keys.luma.len();
    for (column, output) in output.chunks_exact_mut(shape.details + 1).enumerate() {
        let columns = covering(column, level.query_columns());
        // The first sum is that of the weights, the others are those of the details.
        let mut sums = vec![0.0; shape.details + 1];
        for query_row in rows.clone() {
            for query_column in columns.clone() {
                let offset = offset(row, query_row) * keys.pitch + offset(column, query_column);
                let query = query_row * level.query_columns() + query_column;
                for found in &found[query * shape.candidates..][..shape.candidates] {
                    let values = &table[(found.place as usize + offset) * pitch..];
                    for (sum, value) in sums.iter_mut().zip(values) {
                        *sum = found.weight.mul_add(*value, *sum);
                    }
                }
            }
        }
        let number = rows.len() * columns.len() * shape.candidates;
        let (mean_weight, details) = (sums[0] / number as f32, &sums[1..]);
        for (output, sum) in output.iter_mut().zip(details) {
            *output = sum / sums[0];
        }
        output[shape.details] = mean_weight;
    }
}
