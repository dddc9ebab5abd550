//! Scalar reference implementation: the same sums as the vector code, one pair of channels at a
//! time.

use super::transform::{output_gradient_line, transform_weight_gradient};
use crate::conv::backward::weights::WeightGradient;
use crate::conv::winograd::grid;
use crate::conv::winograd::scalar::{both, image_of, square};
use crate::conv::winograd::transform::{POINTS, TILE, WINDOW, input_line};
use crate::conv::winograd::window::corner;
use std::ops::Range;

/// The contribution of a range of tiles, counted through all images, to the gradient of the
/// weights.
pub(in crate::conv) fn sum(job: &WeightGradient, tiles: Range<usize>) -> Vec<f32> {
    let shape = job.shape;
    let (columns, rows) = grid(shape);
    let pairs = shape.inputs * shape.outputs;
    let mut sums = vec![0.0_f32; POINTS * pairs];
    for tile in tiles {
        let (image, tile) = (tile / (columns * rows), tile % (columns * rows));
        let corner = corner(tile, columns);
        let squares = |values, channels| {
            let image = image_of(values, image, shape.height * shape.width * channels);
            (image, (shape.height, shape.width, channels))
        };
        let (input, size) = squares(job.input, shape.inputs);
        let windows: Vec<[[f32; WINDOW]; WINDOW]> = (0..shape.inputs)
            .map(|channel| {
                both(square(input, size, corner, 1, channel), |line| {
                    input_line(line, f32::mul_add)
                })
            })
            .collect();
        let (gradient, size) = squares(job.output_gradient, shape.outputs);
        let gradients: Vec<[[f32; WINDOW]; WINDOW]> = (0..shape.outputs)
            .map(|channel| {
                both(square::<TILE>(gradient, size, corner, 0, channel), |line| {
                    output_gradient_line(line, f32::mul_add)
                })
            })
            .collect();
        for (point, sums) in sums.chunks_exact_mut(pairs).enumerate() {
            let (row, column) = (point / WINDOW, point % WINDOW);
            for (pair, sum) in sums.iter_mut().enumerate() {
                let window = windows[pair / shape.outputs][row][column];
                *sum = window.mul_add(gradients[pair % shape.outputs][row][column], *sum);
            }
        }
    }
    transform_weight_gradient(&sums)
}
