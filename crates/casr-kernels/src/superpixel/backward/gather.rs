//! The gradient of the modulations in vectors, sums over the pixels of 3 × 3 cells: lanes are
//! channels.

use crate::superpixel::Source;
use crate::superpixel::gather::{load_block, store_block};
use crate::superpixel::grid::{Band, Window};
use fearless_simd::{Level, Simd, dispatch, prelude::*};

/// Computes the gradient of a row of cells' modulations, `gradient` `[cell_columns, 2 * channels]`.
pub(super) fn modulation_gradient(
    level: Level,
    source: Source,
    band: Band,
    output_gradient: &[f32],
    gradient: &mut [f32],
) {
    dispatch!(level, simd => all_gradients(simd, source, band, output_gradient, gradient));
}

#[inline(always)]
fn all_gradients<S: Simd>(
    simd: S,
    source: Source,
    band: Band,
    output_gradient: &[f32],
    gradient: &mut [f32],
) {
    let (channels, lanes) = (source.channels, S::f32s::LEN);
    for (column, gradient) in gradient.chunks_exact_mut(2 * channels).enumerate() {
        let window = Window::new(band, column, source.weights);
        let mut first = 0;
        // Twelve sums in sixteen registers, so that the pixels are read only once.
        while first + 6 * lanes <= channels {
            block_gradient::<S, 6, false>(simd, source, &window, output_gradient, first, gradient);
            first += 6 * lanes;
        }
        while first + 3 * lanes <= channels {
            block_gradient::<S, 3, false>(simd, source, &window, output_gradient, first, gradient);
            first += 3 * lanes;
        }
        while first + lanes <= channels {
            block_gradient::<S, 1, false>(simd, source, &window, output_gradient, first, gradient);
            first += lanes;
        }
        if first < channels {
            block_gradient::<S, 1, true>(simd, source, &window, output_gradient, first, gradient);
        }
    }
}

/// Computes the gradients of gains and offsets of the channels from `first` on.
#[inline(always)]
fn block_gradient<S: Simd, const VECTORS: usize, const TAIL: bool>(
    simd: S,
    source: Source,
    window: &Window,
    output_gradient: &[f32],
    first: usize,
    gradient: &mut [f32],
) {
    let channels = source.channels;
    let zero = S::f32s::splat(simd, 0.0);
    let (mut gains, mut offsets) = ([zero; VECTORS], [zero; VECTORS]);
    for (start, weights) in window.lines() {
        let line = start * channels..(start + weights.len()) * channels;
        let features = source.features[line.clone()].chunks_exact(channels);
        let upstream = output_gradient[line].chunks_exact(channels);
        for ((weight, pixel), upstream) in weights.iter().zip(features).zip(upstream) {
            let weight = S::f32s::splat(simd, *weight);
            let values = load_block::<S, VECTORS, TAIL>(simd, pixel, first);
            let upstream = load_block::<S, VECTORS, TAIL>(simd, upstream, first);
            for index in 0..VECTORS {
                let share = weight * upstream[index];
                gains[index] = share.mul_add(values[index], gains[index]);
                offsets[index] += share;
            }
        }
    }
    let (of_gains, of_offsets) = gradient.split_at_mut(channels);
    store_block::<S, VECTORS, TAIL>(gains, of_gains, first);
    store_block::<S, VECTORS, TAIL>(offsets, of_offsets, first);
}
