//! The gradients of the assignment of pixels to cells.

mod scalar;
mod vector;

use crate::InstructionSet;
use crate::superpixel::assign::{Field, check, means};
use crate::superpixel::grid::{Band, bands, cut, span};
use crate::superpixel::{NEIGHBOURS, SuperpixelShape};
use rayon::prelude::*;

/// The gradients of [`assign`](crate::superpixel::assign()), given its output (`weights`) and the
/// gradient of that (`weight_gradient`), both `[images, height, width, NEIGHBOURS]`. Overwrites
/// `embedding_gradient` `[images, height, width, channels]`, which includes the dependence through
/// the means of the cells, and returns the gradients of sharpness and compactness.
///
/// # Panics
/// If the length of a slice does not match its shape, or there are no channels.
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
    let upstream = Upstream {
        weights: weights.as_chunks().0,
        gradient: weight_gradient.as_chunks().0,
    };
    let pulls_of_band = shape.cell_columns() * NEIGHBOURS * channels;
    let mut pulls = crate::zeros(shape.cells() * NEIGHBOURS * channels);
    let sums: Vec<Sums> = bands(shape)
        .zip(cut(shape, channels, embedding_gradient))
        .zip(pulls.par_chunks_mut(pulls_of_band.max(1)))
        .map(|((band, gradient), pulls)| match set.level() {
            Some(level) => vector::gradient(level, field, band, upstream, gradient, pulls),
            None => scalar::gradient(field, band, upstream, gradient, pulls),
        })
        .collect();
    bands(shape)
        .zip(cut(shape, channels, embedding_gradient))
        .for_each(|(band, gradient)| add_through_means(channels, band, &pulls, gradient));

    let total = |part: fn(&Sums) -> f64| -sums.iter().map(part).sum::<f64>() as f32;
    [total(|sums| sums.sharpness), total(|sums| sums.compactness)]
}

/// The weights and their gradient, `[pixels]`.
#[derive(Clone, Copy)]
struct Upstream<'a> {
    weights: &'a [[f32; NEIGHBOURS]],
    gradient: &'a [[f32; NEIGHBOURS]],
}

/// The negated contribution of a band to the gradients of sharpness and compactness.
#[derive(Default)]
struct Sums {
    sharpness: f64,
    compactness: f64,
}

/// Adds the dependence through the means of the cells to the gradient of a band,
/// `[rows, width, channels]`. `pulls` `[images, cell_rows, cell_columns, NEIGHBOURS, channels]`
/// holds the negated gradients of the mean of each neighbour from the pixels of each cell.
fn add_through_means(channels: usize, band: Band, pulls: &[f32], gradient: &mut [f32]) {
    let width = band.shape.width;
    let mut share = vec![0.0; channels];
    for column in 0..band.shape.cell_columns() {
        share.fill(0.0);
        for (neighbour, cell) in band.neighbours(column) {
            // For that neighbour, this cell is the one on the opposite side.
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
