//! Scalar reference implementations: one pixel or cell and one channel at a time, in the order of
//! the vector code.

use super::dots::LANES;
use crate::superpixel::grid::{Band, Window};
use crate::superpixel::scalar::{pixels, weighted_pixels};
use crate::superpixel::{NEIGHBOURS, Source, Table};

/// Computes the gradient of a row of cells' modulations, `gradient` `[cell_columns, 2 * channels]`.
pub(super) fn modulation_gradient(
    source: Source,
    band: Band,
    output_gradient: &[f32],
    gradient: &mut [f32],
) {
    let channels = source.channels;
    for (column, gradient) in gradient.chunks_exact_mut(2 * channels).enumerate() {
        let window = Window::new(band, column, source.weights);
        for channel in 0..channels {
            let (mut gain, mut offset) = (0.0, 0.0);
            for (pixel, weight) in weighted_pixels(&window) {
                let at = pixel * channels + channel;
                let share = weight * output_gradient[at];
                gain = share.mul_add(source.features[at], gain);
                offset += share;
            }
            gradient[channel] = gain;
            gradient[channels + channel] = offset;
        }
    }
}

/// The gradient of the weights through `modulate`; see `dots.rs`.
pub(super) fn modulate_weight_gradient(
    source: Source,
    band: Band,
    modulation: Table,
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
) {
    let channels = source.channels;
    weight_gradients(band, weight_gradient, |pixel, cell| {
        let numbers = modulation.cell(cell);
        let sum = lanes_sum(channels, |channel, sum| {
            let [gain, offset, feature, upstream] = match channel {
                Some(channel) => [
                    numbers[channel],
                    numbers[channels + channel],
                    source.features[pixel * channels + channel],
                    output_gradient[pixel * channels + channel],
                ],
                None => [0.0; 4],
            };
            upstream.mul_add(feature.mul_add(gain, offset), sum)
        });
        1.0 * sum + 0.0
    });
}

/// The gradient of the weights through `moments`; see `dots.rs`.
pub(super) fn moments_weight_gradient(
    source: Source,
    band: Band,
    moments: Table,
    slopes: Table,
    weight_gradient: &mut [f32],
) {
    let channels = source.channels;
    weight_gradients(band, weight_gradient, |pixel, cell| {
        let (means, slopes) = (moments.cell(cell), slopes.cell(cell));
        let sum = lanes_sum(channels, |channel, sum| {
            let [mean, slope, twice_a, feature] = match channel {
                Some(channel) => [
                    means[channel],
                    slopes[channel],
                    slopes[2 * channels + channel],
                    source.features[pixel * channels + channel],
                ],
                None => [0.0; 4],
            };
            let difference = feature - mean;
            difference.mul_add(difference.mul_add(slope, twice_a), sum)
        });
        0.5 * sum - slopes[3 * channels]
    });
}

/// Writes `value(pixel, cell)` for every pixel of the band and every cell around it.
fn weight_gradients(band: Band, weight_gradient: &mut [f32], value: impl Fn(usize, usize) -> f32) {
    let (weight_gradient, _) = weight_gradient.as_chunks_mut::<NEIGHBOURS>();
    weight_gradient.fill([0.0; NEIGHBOURS]);
    for ((pixel, column), gradient) in pixels(band).zip(weight_gradient) {
        for (neighbour, cell) in band.neighbours(column) {
            gradient[neighbour] = value(pixel, cell);
        }
    }
}

/// Sixteen sums over the channels, added pairwise; `add` adds the term of a channel, or of the zero
/// padding (`None`).
fn lanes_sum(channels: usize, add: impl Fn(Option<usize>, f32) -> f32) -> f32 {
    let mut sums = [0.0; LANES];
    for channel in 0..channels.next_multiple_of(LANES) {
        let sum = &mut sums[channel % LANES];
        *sum = add((channel < channels).then_some(channel), *sum);
    }
    for half in [LANES / 2, LANES / 4, LANES / 8, LANES / 16] {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
    }
    sums[0]
}
