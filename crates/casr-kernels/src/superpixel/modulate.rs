//! Modulation of features by the gains and offsets of cells.

use super::grid::{bands, cut};
use super::{Source, SuperpixelShape, Table, scalar, spread};
use crate::InstructionSet;
use rayon::prelude::*;

/// Scales and shifts the features of every pixel by the gains and offsets of the cells that it
/// belongs to: `output = feature · Σ_k w_k gain_k + Σ_k w_k offset_k`.
///
/// - `weights` `[images, height, width, NEIGHBOURS]`, zero for neighbours outside the image.
/// - `features` and `output` `[images, height, width, channels]`; the output is overwritten.
/// - `modulation` `[images, cell_rows, cell_columns, 2 * channels]`: the gains of all channels,
///   then the offsets.
///
/// # Panics
/// If the length of a slice does not match its shape, or there are no channels.
pub fn modulate(
    set: InstructionSet,
    shape: SuperpixelShape,
    channels: usize,
    weights: &[f32],
    features: &[f32],
    modulation: &[f32],
    output: &mut [f32],
) {
    let source = Source::new(shape, channels, weights, features);
    let modulation = table(source, modulation);
    assert_eq!(output.len(), features.len(), "output length");
    bands(shape)
        .zip(cut(shape, channels, output))
        .for_each(|(band, output)| match set.level() {
            Some(level) => spread::modulate(level, source, band, modulation, true, output),
            None => scalar::modulate(source, band, modulation, true, output),
        });
}

pub(super) fn table<'a>(source: Source, modulation: &'a [f32]) -> Table<'a> {
    assert_eq!(modulation.len(), source.cell_pairs(), "modulation length");
    Table {
        values: modulation,
        stride: 2 * source.channels,
    }
}
