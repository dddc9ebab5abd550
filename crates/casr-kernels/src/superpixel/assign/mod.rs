//! How much a pixel belongs to each of the cells around it.

mod planes;
mod scalar;
mod vector;

use super::grid::{Band, bands, cut, span};
use super::{CELL, NEIGHBOURS, SuperpixelShape};
use crate::InstructionSet;
use rayon::prelude::*;

/// How far the exponent of a weight may lie below that of the pixel's largest. Weights smaller than any that an f32 sum
/// could feel stay normal numbers, and so does their sum over the pixels of a cell that no pixel is like.
const LEAST_EXPONENT: f32 = -60.0;

/// Assigns pixels to cells: the weight of pixel i for its neighbour k is the softmax over k of `-(sharpness · |e_i - m_k|² +
/// compactness · d_k²)`.
///
/// m_k is the plain mean of the embedding over the neighbour's own pixels; d_k is the distance from the pixel's center to the
/// center of the neighbour, were it whole, in units of its side.
///
/// - `embedding` `[images, height, width, channels]`.
/// - `weights` `[images, height, width, NEIGHBOURS]`: those of neighbours outside of the image are zero and take no part in
///   the softmax; the others are at least about 10⁻²⁷.
///
/// # Panics
/// When the length of a slice does not fit its shape, or there are no channels.
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

/// The gradients of [`assign`], given its output (`weights`) and the gradient of that (`weight_gradient`), both `[images,
/// height, width, NEIGHBOURS]`. Overwrites `embedding_gradient` `[images, height, width, channels]`, which includes the way
/// through the means of the cells, and returns the gradients of sharpness and compactness.
///
/// # Panics
/// When the length of a slice does not fit its shape, or there are no channels.
#[expect(
    clippy::too_many_arguments,
    reason = "the operands of one product, each of its own type of tensor"
)]
pub fn assign_gradient(
    set: InstructionSet,
    shape: SuperpixelShape,
    channels: usize,
    embedding: &[f32],
    sharpness: f32,
    compactness: f32,
    weights: &[f32],
    weight_gradient: &[f32],
    embedding_gradient: &mut [f32],
) -> [f32; 2] {
    check(shape, channels, embedding, weights);
    assert_eq!(
        weight_gradient.len(),
        weights.len(),
        "weight gradient length"
    );
    assert_eq!(
        embedding_gradient.len(),
        embedding.len(),
        "embedding gradient length"
    );
    let means = means(shape, channels, embedding);
    let field = Field {
        channels,
        embedding,
        means: &means,
        sharpness,
        compactness,
    };
    let arriving = Arriving {
        weights: weights.as_chunks().0,
        gradient: weight_gradient.as_chunks().0,
    };
    let pulls_of_band = shape.cell_columns() * NEIGHBOURS * channels;
    let mut pulls = crate::zeros(shape.cells() * NEIGHBOURS * channels);
    let sums: Vec<Sums> = bands(shape)
        .zip(cut(shape, channels, embedding_gradient))
        .zip(pulls.par_chunks_mut(pulls_of_band.max(1)))
        .map(|((band, gradient), pulls)| match set.level() {
            Some(level) => vector::gradient(level, field, band, arriving, gradient, pulls),
            None => scalar::gradient(field, band, arriving, gradient, pulls),
        })
        .collect();
    bands(shape)
        .zip(cut(shape, channels, embedding_gradient))
        .for_each(|(band, gradient)| add_through_means(channels, band, &pulls, gradient));

    let total = |part: fn(&Sums) -> f64| -sums.iter().map(part).sum::<f64>() as f32;
    [total(|sums| sums.sharpness), total(|sums| sums.compactness)]
}

fn check(shape: SuperpixelShape, channels: usize, embedding: &[f32], weights: &[f32]) {
    assert!(channels > 0, "an embedding has channels");
    assert_eq!(
        embedding.len(),
        shape.pixels() * channels,
        "embedding length"
    );
    assert_eq!(weights.len(), shape.pixels() * NEIGHBOURS, "weights length");
}

/// What all bands read.
#[derive(Clone, Copy)]
struct Field<'a> {
    channels: usize,
    /// `[images, height, width, channels]`.
    embedding: &'a [f32],
    /// `[images, cell_rows, cell_columns, channels]`.
    means: &'a [f32],
    sharpness: f32,
    compactness: f32,
}

impl<'a> Field<'a> {
    fn mean(self, cell: usize) -> &'a [f32] {
        &self.means[cell * self.channels..][..self.channels]
    }
}

/// The weights and their gradient, `[pixels]`.
#[derive(Clone, Copy)]
struct Arriving<'a> {
    weights: &'a [[f32; NEIGHBOURS]],
    gradient: &'a [[f32; NEIGHBOURS]],
}

/// What a band adds to the gradients that all pixels share, with the opposite sign.
#[derive(Default)]
struct Sums {
    sharpness: f64,
    compactness: f64,
}

/// The squared distance from a pixel to its neighbour, in cells; `row` and `column` are the pixel's place in its cell.
fn squared_distance(row: usize, column: usize, neighbour: usize) -> f32 {
    let along = |place: usize, neighbour: usize| {
        let from_center = (place as f32 + 0.5) / CELL as f32 - 0.5;
        from_center - (neighbour as f32 - 1.0)
    };
    let (vertical, horizontal) = (along(row, neighbour / 3), along(column, neighbour % 3));
    vertical * vertical + horizontal * horizontal
}

/// The plain mean of each cell's own pixels, `[images, cell_rows, cell_columns, channels]`.
fn means(shape: SuperpixelShape, channels: usize, embedding: &[f32]) -> Vec<f32> {
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

/// Adds to the gradient of a band, `[rows, width, channels]`, what comes through the means of its cells. `pulls` `[images,
/// cell_rows, cell_columns, NEIGHBOURS, channels]` is what the pixels of each cell do to the mean of each neighbour, with
/// the opposite sign.
fn add_through_means(channels: usize, band: Band, pulls: &[f32], gradient: &mut [f32]) {
    let width = band.shape.width;
    let mut share = vec![0.0; channels];
    for column in 0..band.shape.cell_columns() {
        share.fill(0.0);
        for (neighbour, cell) in band.neighbours(column) {
            // Seen from there, this cell lies on the opposite side.
            let from = cell * NEIGHBOURS + NEIGHBOURS - 1 - neighbour;
            for (share, pull) in share.iter_mut().zip(&pulls[from * channels..]) {
                *share -= pull;
            }
        }
        let columns = span(column, width);
        let count = (band.rows().len() * columns.len()) as f32;
        for share in &mut share {
            *share /= count;
        }
        for line in gradient.chunks_exact_mut(width * channels) {
            let line = &mut line[columns.start * channels..columns.end * channels];
            for pixel in line.chunks_exact_mut(channels) {
                for (value, share) in pixel.iter_mut().zip(&share) {
                    *value += share;
                }
            }
        }
    }
}
