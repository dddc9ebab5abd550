//! The weights with which pixels belong to the cells around them.

pub(super) mod planes;
pub(super) mod scalar;
pub(super) mod vector;

use super::grid::{bands, cut, span};
use super::{CELL, NEIGHBOURS, SuperpixelShape};
use crate::InstructionSet;
use rayon::prelude::*;

/// The smallest exponent of a weight relative to the largest of its pixel. It is far below what
/// affects an f32 sum, but keeps weights, and their sums over the pixels of a cell that none of
/// them resembles, normal numbers.
const MIN_EXPONENT: f32 = -60.0;

/// Assigns pixels to cells: the weight of pixel i for its neighbour k is the softmax over k of
/// `-(sharpness · |e_i - m_k|² + compactness · d_k²)`.
///
/// e_i is the embedding of the pixel and m_k the mean of the embedding over the neighbour's own
/// pixels; d_k is the distance from the pixel's center to the center of the neighbour (as if it
/// were complete), in units of its side.
///
/// - `embedding` `[images, height, width, channels]`.
/// - `weights` `[images, height, width, NEIGHBOURS]` is overwritten: weights of neighbours outside
///   the image are zero and excluded from the softmax; the others are at least about 10⁻²⁷.
///
/// # Panics
/// If the length of a slice does not match its shape, or there are no channels.
pub fn assign(
    set: InstructionSet,
    shape: SuperpixelShape,
    channels: usize,
    embedding: &[f32],
    sharpness: f32,
    compactness: f32,
    weights: &mut [f32],
) {
    check(shape, channels, embedding, weights);
    let means = means(shape, channels, embedding);
    let field = Field {
        channels,
        embedding,
        means: &means,
        sharpness,
        compactness,
    };
    bands(shape)
        .zip(cut(shape, NEIGHBOURS, weights))
        .for_each(|(band, weights)| {
            let (weights, _) = weights.as_chunks_mut();
            match set.level() {
                Some(level) => vector::assign(level, field, band, weights),
                None => scalar::assign(field, band, weights),
            }
        });
}

pub(super) fn check(shape: SuperpixelShape, channels: usize, embedding: &[f32], weights: &[f32]) {
    assert!(channels > 0, "an embedding has channels");
    assert_eq!(
        embedding.len(),
        shape.pixels() * channels,
        "embedding length"
    );
    assert_eq!(weights.len(), shape.pixels() * NEIGHBOURS, "weights length");
}

/// The arguments that all bands share.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub channels: usize,
    /// `[images, height, width, channels]`.
    pub embedding: &'a [f32],
    /// `[images, cell_rows, cell_columns, channels]`.
    pub means: &'a [f32],
    pub sharpness: f32,
    pub compactness: f32,
}

impl<'a> Field<'a> {
    pub fn mean(self, cell: usize) -> &'a [f32] {
        &self.means[cell * self.channels..][..self.channels]
    }
}

/// The squared distance from a pixel to its neighbour, in cells; `row` and `column` are the pixel's
/// position within its cell.
pub(super) fn squared_distance(row: usize, column: usize, neighbour: usize) -> f32 {
    let along = |place: usize, neighbour: usize| {
        let from_center = (place as f32 + 0.5) / CELL as f32 - 0.5;
        from_center - (neighbour as f32 - 1.0)
    };
    let (vertical, horizontal) = (along(row, neighbour / 3), along(column, neighbour % 3));
    vertical * vertical + horizontal * horizontal
}

/// The mean of each cell's own pixels, `[images, cell_rows, cell_columns, channels]`.
pub(super) fn means(shape: SuperpixelShape, channels: usize, embedding: &[f32]) -> Vec<f32> {
    let mut means = vec![0.0; shape.cells() * channels];
    bands(shape)
        .zip(means.par_chunks_mut((shape.cell_columns() * channels).max(1)))
        .for_each(|(band, means)| {
            for (column, mean) in means.chunks_exact_mut(channels).enumerate() {
                let columns = span(column, shape.width);
                for row in band.rows() {
                    let first = band.pixel(row, columns.start) * channels;
                    let line = &embedding[first..][..columns.len() * channels];
                    for pixel in line.chunks_exact(channels) {
                        for (sum, value) in mean.iter_mut().zip(pixel) {
                            *sum += value;
                        }
                    }
                }
                let count = (band.rows().len() * columns.len()) as f32;
                for sum in mean {
                    *sum /= count;
                }
            }
        });
    means
}
