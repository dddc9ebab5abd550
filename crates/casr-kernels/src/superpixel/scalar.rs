//! Scalar reference implementations of the kernels on features: one pixel or cell and one channel
//! at a time, in the order of the vector code.

use super::grid::{Band, Window};
use super::{CELL, NEIGHBOURS, Source, Table, VARIANCE_FLOOR};

/// Computes means and deviations of a row of cells, `output` `[cell_columns, 2 * channels]`.
pub(super) fn moments(source: Source, band: Band, output: &mut [f32]) {
    let channels = source.channels;
    for (column, output) in output.chunks_exact_mut(2 * channels).enumerate() {
        let window = Window::new(band, column, source.weights);
        let total = window.total();
        for channel in 0..channels {
            let value = |pixel: usize| source.features[pixel * channels + channel];
            let mut sum = 0.0;
            for (pixel, weight) in weighted_pixels(&window) {
                sum = weight.mul_add(value(pixel), sum);
            }
            let mean = sum / total;
            let mut squares = 0.0;
            for (pixel, weight) in weighted_pixels(&window) {
                let difference = value(pixel) - mean;
                squares = (weight * difference).mul_add(difference, squares);
            }
            output[channel] = mean;
            output[channels + channel] = (squares / total + VARIANCE_FLOOR).sqrt();
        }
    }
}

/// The pixels of a window and their weights, row by row.
pub(super) fn weighted_pixels(window: &Window) -> impl Iterator<Item = (usize, f32)> {
    window
        .lines()
        .flat_map(|(start, weights)| (start..).zip(weights.iter().copied()))
}

/// The band's pixels, each with the column of its cell.
pub(super) fn pixels(band: Band) -> impl Iterator<Item = (usize, usize)> {
    (band.first_pixel()..)
        .take(band.rows().len() * band.shape.width)
        .map(move |pixel| (pixel, pixel % band.shape.width / CELL))
}

/// The features of a row of cells times their gains and, with `offsets`, plus their offsets; see
/// `spread.rs`.
pub(super) fn modulate(
    source: Source,
    band: Band,
    table: Table,
    offsets: bool,
    output: &mut [f32],
) {
    let channels = source.channels;
    for ((pixel, column), output) in pixels(band).zip(output.chunks_exact_mut(channels)) {
        for (channel, output) in output.iter_mut().enumerate() {
            let (mut gain, mut offset) = (0.0, 0.0);
            for (neighbour, cell) in band.neighbours(column) {
                let weight = source.weights[pixel * NEIGHBOURS + neighbour];
                let numbers = table.cell(cell);
                gain = weight.mul_add(numbers[channel], gain);
                if offsets {
                    offset = weight.mul_add(numbers[channels + channel], offset);
                }
            }
            let value = source.features[pixel * channels + channel];
            *output = if offsets {
                value.mul_add(gain, offset)
            } else {
                value * gain
            };
        }
    }
}
