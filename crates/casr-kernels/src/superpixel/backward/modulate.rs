//! The gradients of the modulation of features.

use super::{cut_option, dots, gather, scalar};
use crate::InstructionSet;
use crate::superpixel::grid::{bands, cut};
use crate::superpixel::modulate::table;
use crate::superpixel::{self, NEIGHBOURS, Source, SuperpixelShape, spread};
use rayon::prelude::*;

/// The gradients of [`modulate`](superpixel::modulate()), given the gradient of its output
/// (`output_gradient`, shaped as the output). Overwrites
///
/// - `feature_gradient` `[images, height, width, channels]`;
/// - `weight_gradient` `[images, height, width, NEIGHBOURS]`, if given: each weight counts as an
///   independent input; zero for neighbours outside the image;
/// - `modulation_gradient` `[images, cell_rows, cell_columns, 2 * channels]`.
///
/// # Panics
/// If the length of a slice does not match its shape, or there are no channels.
#[expect(
    clippy::too_many_arguments,
    reason = "the operands of one product, each of its own type of tensor"
)]
pub fn modulate_gradient(
    set: InstructionSet,
    shape: SuperpixelShape,
    channels: usize,
    weights: &[f32],
    features: &[f32],
    modulation: &[f32],
    output_gradient: &[f32],
    feature_gradient: &mut [f32],
    weight_gradient: Option<&mut [f32]>,
    modulation_gradient: &mut [f32],
) {
    let source = Source::new(shape, channels, weights, features);
    let modulation = table(source, modulation);
    source.check_gradients(feature_gradient, weight_gradient.as_deref());
    assert_eq!(
        output_gradient.len(),
        features.len(),
        "output gradient length"
    );
    assert_eq!(
        modulation_gradient.len(),
        source.cell_pairs(),
        "modulation gradient length"
    );
    let upstream = Source {
        features: output_gradient,
        ..source
    };
    let of_cells = modulation_gradient.par_chunks_mut((shape.cell_columns() * 2 * channels).max(1));
    bands(shape)
        .zip(cut(shape, channels, feature_gradient))
        .zip(cut_option(shape, NEIGHBOURS, weight_gradient))
        .zip(of_cells)
        .for_each(|(((band, of_features), of_weights), of_cells)| {
            let Some(level) = set.level() else {
                superpixel::scalar::modulate(upstream, band, modulation, false, of_features);
                scalar::modulation_gradient(source, band, output_gradient, of_cells);
                if let Some(of_weights) = of_weights {
                    scalar::modulate_weight_gradient(
                        source,
                        band,
                        modulation,
                        output_gradient,
                        of_weights,
                    );
                }
                return;
            };
            spread::modulate(level, upstream, band, modulation, false, of_features);
            gather::modulation_gradient(level, source, band, output_gradient, of_cells);
            if let Some(of_weights) = of_weights {
                dots::modulate(level, source, band, modulation, output_gradient, of_weights);
            }
        });
}
