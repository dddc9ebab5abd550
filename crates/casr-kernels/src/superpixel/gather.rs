//! Sums over the pixels of the 3 × 3 cells around a cell, in vectors: lanes are channels.
//!
//! Each cell reads its pixels itself, row by row. Every pixel is read nine times, but from the
//! first-level cache; in return no partial sums are shared, so the order of summation is that of
//! the rows.

use super::grid::{Band, Window};
use super::{Source, VARIANCE_FLOOR};
use fearless_simd::{Level, Simd, dispatch, prelude::*};

/// Lanes of the widest vector.
const MAX_LANES: usize = 16;

/// Computes means and deviations of a row of cells, `output` `[cell_columns, 2 * channels]`.
pub(super) fn moments(level: Level, source: Source, band: Band, output: &mut [f32]) {
    dispatch!(level, simd => all_moments(simd, source, band, output));
}

#[inline(always)]
fn all_moments<S: Simd>(simd: S, source: Source, band: Band, output: &mut [f32]) {
    let (channels, lanes) = (source.channels, S::f32s::LEN);
    for (column, output) in output.chunks_exact_mut(2 * channels).enumerate() {
        let window = Window::new(band, column, source.weights);
        let total = window.total();
        let mut first = 0;
        // Six sums hide the latency of an addition and, with six means, still fit the registers.
        while first + 6 * lanes <= channels {
            block_moments::<S, 6, false>(simd, source, &window, total, first, output);
            first += 6 * lanes;
        }
        while first + 3 * lanes <= channels {
            block_moments::<S, 3, false>(simd, source, &window, total, first, output);
            first += 3 * lanes;
        }
        while first + lanes <= channels {
            block_moments::<S, 1, false>(simd, source, &window, total, first, output);
            first += lanes;
        }
        if first < channels {
            block_moments::<S, 1, true>(simd, source, &window, total, first, output);
        }
    }
}

/// Computes means and deviations of the channels from `first` on.
#[inline(always)]
fn block_moments<S: Simd, const VECTORS: usize, const TAIL: bool>(
    simd: S,
    source: Source,
    window: &Window,
    total: f32,
    first: usize,
    output: &mut [f32],
) {
    let channels = source.channels;
    let zero = S::f32s::splat(simd, 0.0);
    let mut means = [zero; VECTORS];
    for (start, weights) in window.lines() {
        let line = &source.features[start * channels..][..weights.len() * channels];
        for (weight, pixel) in weights.iter().zip(line.chunks_exact(channels)) {
            let weight = S::f32s::splat(simd, *weight);
            let values = load_block::<S, VECTORS, TAIL>(simd, pixel, first);
            for (mean, value) in means.iter_mut().zip(values) {
                *mean = weight.mul_add(value, *mean);
            }
        }
    }
    for mean in &mut means {
        *mean /= total;
    }
    let mut squares = [zero; VECTORS];
    for (start, weights) in window.lines() {
        let line = &source.features[start * channels..][..weights.len() * channels];
        for (weight, pixel) in weights.iter().zip(line.chunks_exact(channels)) {
            let weight = S::f32s::splat(simd, *weight);
            let values = load_block::<S, VECTORS, TAIL>(simd, pixel, first);
            for ((square, value), mean) in squares.iter_mut().zip(values).zip(means) {
                let difference = value - mean;
                *square = (weight * difference).mul_add(difference, *square);
            }
        }
    }
    let mut deviations = squares;
    for deviation in &mut deviations {
        *deviation = (*deviation / total + VARIANCE_FLOOR).sqrt();
    }
    let (of_means, of_deviations) = output.split_at_mut(channels);
    store_block::<S, VECTORS, TAIL>(means, of_means, first);
    store_block::<S, VECTORS, TAIL>(deviations, of_deviations, first);
}

/// Loads vectors from `first` on; with `TAIL`, one vector padded with zeros.
#[inline(always)]
pub(super) fn load_block<S: Simd, const VECTORS: usize, const TAIL: bool>(
    simd: S,
    values: &[f32],
    first: usize,
) -> [S::f32s; VECTORS] {
    let lanes = S::f32s::LEN;
    let mut vectors = [S::f32s::splat(simd, 0.0); VECTORS];
    if TAIL {
        let mut padded = [0.0; MAX_LANES];
        let tail = &values[first..];
        padded[..tail.len()].copy_from_slice(tail);
        vectors[0] = S::f32s::from_slice(simd, &padded[..lanes]);
    } else {
        let values = &values[first..][..VECTORS * lanes];
        for (index, vector) in vectors.iter_mut().enumerate() {
            *vector = S::f32s::from_slice(simd, &values[index * lanes..][..lanes]);
        }
    }
    vectors
}

/// The inverse of [`load_block`].
#[inline(always)]
pub(super) fn store_block<S: Simd, const VECTORS: usize, const TAIL: bool>(
    vectors: [S::f32s; VECTORS],
    values: &mut [f32],
    first: usize,
) {
    let lanes = S::f32s::LEN;
    if TAIL {
        let mut padded = [0.0; MAX_LANES];
        vectors[0].store_slice(&mut padded[..lanes]);
        let tail = &mut values[first..];
        tail.copy_from_slice(&padded[..tail.len()]);
    } else {
        let values = &mut values[first..][..VECTORS * lanes];
        for (index, vector) in vectors.iter().enumerate() {
            vector.store_slice(&mut values[index * lanes..][..lanes]);
        }
    }
}
