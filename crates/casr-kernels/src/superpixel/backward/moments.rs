//! The gradients of the moments of cells.

use super::{cut_option, dots, scalar};
use crate::InstructionSet;
use crate::superpixel::grid::{Band, Window, bands, cut};
use crate::superpixel::{self, NEIGHBOURS, Source, SuperpixelShape, Table, VARIANCE_FLOOR, spread};
use rayon::prelude::*;

/// The gradients of [`moments`](superpixel::moments()), given its output (`moments`) and the
/// gradient of that (`output_gradient`), both `[images, cell_rows, cell_columns, 2 * channels]`.
/// Overwrites
///
/// - `feature_gradient` `[images, height, width, channels]`;
/// - `weight_gradient` `[images, height, width, NEIGHBOURS]`, if given: each weight counts as an
///   independent input; zero for neighbours outside the image.
///
/// # Panics
/// If the length of a slice does not match its shape, or there are no channels.
#[expect(
    clippy::too_many_arguments,
    reason = "the operands of one product, each of its own type of tensor"
)]
pub fn moments_gradient(
    set: InstructionSet,
    shape: SuperpixelShape,
    channels: usize,
    weights: &[f32],
    features: &[f32],
    moments: &[f32],
    output_gradient: &[f32],
    feature_gradient: &mut [f32],
    weight_gradient: Option<&mut [f32]>,
) {
    let source = Source::new(shape, channels, weights, features);
    source.check_gradients(feature_gradient, weight_gradient.as_deref());
    assert_eq!(moments.len(), source.cell_pairs(), "moments length");
    assert_eq!(
        output_gradient.len(),
        source.cell_pairs(),
        "output gradient length"
    );
    let moments = Table {
        values: moments,
        stride: 2 * channels,
    };
    let slopes = slopes(source, moments, output_gradient);
    let slopes = Table {
        values: &slopes,
        stride: slope_numbers(channels),
    };
    bands(shape)
        .zip(cut(shape, channels, feature_gradient))
        .zip(cut_option(shape, NEIGHBOURS, weight_gradient))
        .for_each(|((band, of_features), of_weights)| {
            let Some(level) = set.level() else {
                superpixel::scalar::modulate(source, band, slopes, true, of_features);
                if let Some(of_weights) = of_weights {
                    scalar::moments_weight_gradient(source, band, moments, slopes, of_weights);
                }
                return;
            };
            spread::modulate(level, source, band, slopes, true, of_features);
            if let Some(of_weights) = of_weights {
                dots::moments(level, source, band, moments, slopes, of_weights);
            }
        });
}

/// Number of values of a cell in [`slopes`].
fn slope_numbers(channels: usize) -> usize {
    3 * channels + 1
}

/// The coefficients of the gradient of each cell's moments with respect to its pixels,
/// `[cells, 3 * channels + 1]`.
///
/// With `a = g_mean / Σ w` and `b = g_deviation / (deviation · Σ w)`, where `g` are the upstream
/// gradients, the gradient of a feature x is `w (a + b (x - mean))` and that of its weight
/// `Σ_c (x - mean) (b (x - mean) + 2 a) / 2 - b · variance / 2`. The coefficients are b and
/// `a - b · mean` (a gain and an offset of x) and `2 a` for each channel, and finally
/// `Σ_c b · variance / 2`.
fn slopes(source: Source, moments: Table, output_gradient: &[f32]) -> Vec<f32> {
    let channels = source.channels;
    let stride = slope_numbers(channels);
    let mut slopes = crate::zeros(source.shape.cells() * stride);
    bands(source.shape)
        .zip(slopes.par_chunks_mut((source.shape.cell_columns() * stride).max(1)))
        .zip(output_gradient.par_chunks((source.shape.cell_columns() * 2 * channels).max(1)))
        .for_each(|((band, slopes), upstream)| {
            let cells = slopes
                .chunks_exact_mut(stride)
                .zip(upstream.chunks_exact(2 * channels));
            for (column, (slopes, upstream)) in cells.enumerate() {
                let moments = moments.cell(band.cell(band.row, column));
                slopes_of_cell(source, band, column, moments, upstream, slopes);
            }
        });
    slopes
}

fn slopes_of_cell(
    source: Source,
    band: Band,
    column: usize,
    moments: &[f32],
    upstream: &[f32],
    slopes: &mut [f32],
) {
    let channels = source.channels;
    let total = Window::new(band, column, source.weights).total();
    let (means, deviations) = moments.split_at(channels);
    let (of_means, of_deviations) = upstream.split_at(channels);
    let (gains, rest) = slopes.split_at_mut(channels);
    let (offsets, rest) = rest.split_at_mut(channels);
    let (twice, constant) = rest.split_at_mut(channels);
    let mut sum = 0.0;
    for channel in 0..channels {
        let a = of_means[channel] / total;
        let b = of_deviations[channel] / (deviations[channel] * total);
        let variance = deviations[channel] * deviations[channel] - VARIANCE_FLOOR;
        gains[channel] = b;
        offsets[channel] = a - b * means[channel];
        twice[channel] = 2.0 * a;
        sum += b * variance;
    }
    constant[0] = 0.5 * sum;
}
