//! Scalar reference implementation: one pixel at a time, in the order of the vector code.

use super::{Sums, Upstream};
use crate::superpixel::NEIGHBOURS;
use crate::superpixel::assign::scalar::difference;
use crate::superpixel::assign::{Field, squared_distance};
use crate::superpixel::grid::{Band, span};

/// Computes the gradient of a band without the dependence through the means, and the negated
/// gradients of the means from its cells, `pulls`.
pub(super) fn gradient(
    field: Field,
    band: Band,
    upstream: Upstream,
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
                let (weights, upstream) = (upstream.weights[pixel], upstream.gradient[pixel]);
                let mean = (weights.iter().zip(upstream))
                    .fold(0.0, |sum, (weight, upstream)| weight.mul_add(upstream, sum));
                for (neighbour, cell) in band.neighbours(column) {
                    let slope = weights[neighbour] * (upstream[neighbour] - mean);
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
