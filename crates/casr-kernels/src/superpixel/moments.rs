//! Mean and deviation of the features of each cell's pixels.

use super::grid::bands;
use super::{Source, SuperpixelShape, gather, scalar};
use crate::InstructionSet;
use rayon::prelude::*;

/// Added to each variance, so that the gradient of its square root is bounded.
pub const VARIANCE_FLOOR: f32 = 1e-4;

/// Computes the weighted mean and standard deviation of the features of the pixels of the 3 × 3
/// cells around each cell: `mean = Σ w x / Σ w` and
/// `deviation = √(Σ w (x - mean)² / Σ w + VARIANCE_FLOOR)`, where w is the weight of a pixel for
/// the cell.
///
/// - `weights` `[images, height, width, NEIGHBOURS]`; those for a cell must not all be zero.
/// - `features` `[images, height, width, channels]`.
/// - `output` `[images, cell_rows, cell_columns, 2 * channels]` is overwritten: the means of all
///   channels, then the deviations.
///
/// # Panics
/// If the length of a slice does not match its shape, or there are no channels.
pub fn moments(
    set: InstructionSet,
    shape: SuperpixelShape,
    channels: usize,
    weights: &[f32],
    features: &[f32],
    output: &mut [f32],
) {
    let source = Source::new(shape, channels, weights, features);
    assert_eq!(output.len(), source.cell_pairs(), "output length");
    bands(shape)
        .zip(output.par_chunks_mut((shape.cell_columns() * 2 * channels).max(1)))
        .for_each(|(band, output)| match set.level() {
            Some(level) => gather::moments(level, source, band, output),
            None => scalar::moments(source, band, output),
        });
}
