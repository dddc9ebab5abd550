//! Modulation of pixels by the cells around them, in vectors: lanes are channels.

use super::gather::{load_block, store_block};
use super::grid::{Band, span};
use super::{CELL, NEIGHBOURS, Source, Table};
use fearless_simd::{Level, Simd, dispatch, prelude::*};

/// The features of a row of cells times their gains, `Σ w gain`, and, with `offsets`, plus their
/// offsets, `Σ w offset`. `table` holds the gains of all channels, then their offsets; `output` is
/// the band's `[rows, width, channels]`.
pub(super) fn modulate(
    level: Level,
    source: Source,
    band: Band,
    table: Table,
    offsets: bool,
    output: &mut [f32],
) {
    dispatch!(level, simd => if offsets {
        cells::<_, true>(simd, source, band, table, output);
    } else {
        cells::<_, false>(simd, source, band, table, output);
    });
}

#[inline(always)]
fn cells<S: Simd, const OFFSETS: bool>(
    simd: S,
    source: Source,
    band: Band,
    table: Table,
    output: &mut [f32],
) {
    let channels = source.channels;
    let first_pixel = band.first_pixel();
    for column in 0..band.shape.cell_columns() {
        let columns = span(column, band.shape.width);
        for row in band.rows() {
            let first = band.pixel(row, columns.start);
            let output = &mut output[(first - first_pixel) * channels..];
            if columns.len() == CELL {
                let output = &mut output[..CELL * channels];
                pixels::<S, CELL, OFFSETS>(simd, source, band, column, table, first, output);
            } else {
                let output = output.chunks_exact_mut(channels).take(columns.len());
                for (first, output) in (first..).zip(output) {
                    pixels::<S, 1, OFFSETS>(simd, source, band, column, table, first, output);
                }
            }
        }
    }
}

/// Processes a few adjacent pixels of the cell in `column`, which share the loads of the cells'
/// values.
#[inline(always)]
fn pixels<S: Simd, const PIXELS: usize, const OFFSETS: bool>(
    simd: S,
    source: Source,
    band: Band,
    column: usize,
    table: Table,
    first: usize,
    output: &mut [f32],
) {
    let (channels, lanes) = (source.channels, S::f32s::LEN);
    let weights = &source.weights[first * NEIGHBOURS..][..PIXELS * NEIGHBOURS];
    let (weights, _) = weights.as_chunks::<NEIGHBOURS>();
    let mut cells = [([0.0; PIXELS], [0.0; 0].as_slice()); NEIGHBOURS];
    let mut count = 0;
    for (neighbour, cell) in band.neighbours(column) {
        let (of_pixels, numbers) = &mut cells[count];
        for (weight, weights) in of_pixels.iter_mut().zip(weights) {
            *weight = weights[neighbour];
        }
        *numbers = table.cell(cell);
        count += 1;
    }
    let cells = &cells[..count];
    let features = &source.features[first * channels..][..PIXELS * channels];
    let whole = channels / lanes * lanes;
    for at in (0..whole).step_by(lanes) {
        vectors::<S, PIXELS, OFFSETS, false>(simd, channels, cells, at, features, output);
    }
    if whole < channels {
        vectors::<S, PIXELS, OFFSETS, true>(simd, channels, cells, whole, features, output);
    }
}

/// Processes one vector of channels, from `at` on, of each pixel.
#[inline(always)]
fn vectors<S: Simd, const PIXELS: usize, const OFFSETS: bool, const TAIL: bool>(
    simd: S,
    channels: usize,
    cells: &[([f32; PIXELS], &[f32])],
    at: usize,
    features: &[f32],
    output: &mut [f32],
) {
    let zero = S::f32s::splat(simd, 0.0);
    let (mut gains, mut offsets) = ([zero; PIXELS], [zero; PIXELS]);
    for (weights, numbers) in cells {
        let (of_gains, of_offsets) = numbers[..2 * channels].split_at(channels);
        let [gain] = load_block::<S, 1, TAIL>(simd, of_gains, at);
        for (sum, weight) in gains.iter_mut().zip(weights) {
            *sum = S::f32s::splat(simd, *weight).mul_add(gain, *sum);
        }
        if OFFSETS {
            let [offset] = load_block::<S, 1, TAIL>(simd, of_offsets, at);
            for (sum, weight) in offsets.iter_mut().zip(weights) {
                *sum = S::f32s::splat(simd, *weight).mul_add(offset, *sum);
            }
        }
    }
    let pixels = features
        .chunks_exact(channels)
        .zip(output.chunks_exact_mut(channels));
    for ((features, output), (gain, offset)) in pixels.zip(gains.into_iter().zip(offsets)) {
        let [value] = load_block::<S, 1, TAIL>(simd, features, at);
        let value = if OFFSETS {
            value.mul_add(gain, offset)
        } else {
            value * gain
        };
        store_block::<S, 1, TAIL>([value], output, at);
    }
}
