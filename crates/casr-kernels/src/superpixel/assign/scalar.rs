//! The scalar twin: one pixel at a time, in the order that the vector code keeps.

use super::super::grid::{Band, span};
use super::{Arriving, Field, LEAST_EXPONENT, NEIGHBOURS, Sums, squared_distance};
use crate::activation::exponential_scalar;

/// The weights of a band, `[rows · width]`.
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
                    let exponent = (exponents[neighbour] - largest).max(LEAST_EXPONENT);
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
fn difference(field: Field, pixel: usize, cell: usize) -> f32 {
    let embedding = &field.embedding[pixel * field.channels..];
    let terms = field.mean(cell).iter().zip(embedding);
    terms.fold(0.0, |sum, (mean, value)| {
        let difference = value - mean;
        difference.mul_add(difference, sum)
    })
}

/// The gradient of a band without the way through the means, and the pulls of its cells.
pub(super) fn gradient(
    field: Field,
    band: Band,
    arriving: Arriving,
    gradient: &mut [f32],
    pulls: &mut [f32],
) -> Sums {
    let channels = field.channels;
    gradient.fill(0.0);
    let mut shared = vec![[0.0; 2]; band.rows().len() * band.shape.width];
    for (column, pulls) in pulls.chunks_exact_mut(NEIGHBOURS * channels).enumerate() {
        let columns = span(column, band.shape.width);
        for (place, x) in columns.enumerate() {
            let mut of_column = vec![0.0; NEIGHBOURS * channels];
            for (row, y) in band.rows().enumerate() {
                let pixel = band.pixel(y, x);
                let index = pixel - band.first_pixel();
                let (weights, arriving) = (arriving.weights[pixel], arriving.gradient[pixel]);
                let mean = (weights.iter().zip(arriving))
                    .fold(0.0, |sum, (weight, arriving)| weight.mul_add(arriving, sum));
                for (neighbour, cell) in band.neighbours(column) {
                    let slope = weights[neighbour] * (arriving[neighbour] - mean);
                    let pull = slope * (-2.0 * field.sharpness);
                    for (channel, mean) in field.mean(cell).iter().enumerate() {
                        let difference = field.embedding[pixel * channels + channel] - mean;
                        let direct = &mut gradient[index * channels + channel];
                        *direct = pull.mul_add(difference, *direct);
                        let sum = &mut of_column[neighbour * channels + channel];
                        *sum = pull.mul_add(difference, *sum);
                    }
                    let [sharpness, compactness] = &mut shared[index];
                    *sharpness = slope.mul_add(difference(field, pixel, cell), *sharpness);
                    let distance = squared_distance(row, place, neighbour);
                    *compactness = slope.mul_add(distance, *compactness);
                }
            }
            for (pull, of_column) in pulls.iter_mut().zip(of_column) {
                *pull += of_column;
            }
        }
    }
    let mut sums = Sums::default();
    for [sharpness, compactness] in shared {
        sums.sharpness += f64::from(sharpness);
        sums.compactness += f64::from(compactness);
    }
    sums
}
