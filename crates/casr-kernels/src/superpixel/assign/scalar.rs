//! Scalar reference implementation: one pixel at a time, in the order of the vector code.

use super::super::grid::{Band, span};
use super::{Field, MIN_EXPONENT, NEIGHBOURS, squared_distance};
use crate::activation::exponential_scalar;

/// Computes the weights of a band, `[rows · width]`.
pub(super) fn assign(field: Field, band: Band, weights: &mut [[f32; NEIGHBOURS]]) {
    for column in 0..band.shape.cell_columns() {
        for (row, y) in band.rows().enumerate() {
            for (place, x) in span(column, band.shape.width).enumerate() {
                let pixel = band.pixel(y, x);
                let mut exponents = [f32::NEG_INFINITY; NEIGHBOURS];
                for (neighbour, cell) in band.neighbours(column) {
                    let near = field.compactness * squared_distance(row, place, neighbour);
                    let different = difference(field, pixel, cell);
                    exponents[neighbour] = -field.sharpness.mul_add(different, near);
                }
                let largest = exponents.into_iter().fold(f32::NEG_INFINITY, f32::max);
                let result = &mut weights[pixel - band.first_pixel()];
                *result = [0.0; NEIGHBOURS];
                let mut sum = 0.0;
                for (neighbour, _) in band.neighbours(column) {
                    let exponent = (exponents[neighbour] - largest).max(MIN_EXPONENT);
                    result[neighbour] = exponential_scalar(exponent);
                    sum += result[neighbour];
                }
                let inverse = 1.0 / sum;
                for weight in result {
                    *weight *= inverse;
                }
            }
        }
    }
}

/// The squared distance of a pixel's embedding from a cell's mean.
pub(in crate::superpixel) fn difference(field: Field, pixel: usize, cell: usize) -> f32 {
    let embedding = &field.embedding[pixel * field.channels..];
    let terms = field.mean(cell).iter().zip(embedding);
    terms.fold(0.0, |sum, (mean, value)| {
        let difference = value - mean;
        difference.mul_add(difference, sum)
    })
}
