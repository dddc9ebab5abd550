//! Scalar reference implementation: the same sums as the vector code, one channel at a time.

use super::super::forward::{Rows, Source};
use super::super::scalar;
use super::grid;
use super::transform::{TILE, WINDOW, both_ways, input_line, output_line, transform_weights};
use super::window::corner;
use std::array::from_fn;

/// Weights for [`forward`].
pub(in super::super) struct PointWeights(Vec<f32>);

impl PointWeights {
    /// Transforms HWIO weights.
    pub fn new(weights: &[f32]) -> Self {
        Self(transform_weights(weights))
    }
}

/// Computes convolution, bias, activation and residual of some rows, which start at a tile's first
/// row and belong to one image.
pub(in super::super) fn forward(
    source: &Source,
    weights: &PointWeights,
    bias: Option<&[f32]>,
    mut rows: Rows,
) {
    let shape = source.shape;
    let columns = grid(shape).0;
    let (image, first_row) = (rows.first / shape.height, rows.first % shape.height);
    let input = image_of(
        source.input,
        image,
        shape.height * shape.width * shape.inputs,
    );
    let height = rows.output.len() / (shape.width * shape.outputs);
    for tile in 0..height.div_ceil(TILE) * columns {
        let (top, left) = corner(tile, columns);
        let windows: Vec<[[f32; WINDOW]; WINDOW]> = (0..shape.inputs)
            .map(|channel| {
                let size = (shape.height, shape.width, shape.inputs);
                let square = square(input, size, (first_row + top, left), 1, channel);
                both(square, |line| input_line(line, f32::mul_add))
            })
            .collect();
        for output in 0..shape.outputs {
            let product = from_fn(|row| {
                from_fn(|column| {
                    let mut weights = weights.0
                        [(row * WINDOW + column) * shape.inputs * shape.outputs + output..]
                        .iter()
                        .step_by(shape.outputs);
                    windows
                        .iter()
                        .zip(&mut weights)
                        .fold(0.0, |sum, (window, weight)| {
                            window[row][column].mul_add(*weight, sum)
                        })
                })
            });
            let result = both(product, |line| output_line(line, f32::mul_add));
            for (row, pixels) in result.iter().enumerate().take(height - top) {
                for (column, value) in pixels.iter().enumerate().take(shape.width - left) {
                    let pixel = (top + row) * shape.width + left + column;
                    let sum = value + bias.map_or(0.0, |bias| bias[output]);
                    scalar::finish(source, &mut rows, pixel * shape.outputs + output, sum);
                }
            }
        }
    }
}

/// [`both_ways`] returning a square.
pub(super) fn both<const FROM: usize, const TO: usize>(
    square: [[f32; FROM]; FROM],
    line: impl Fn([f32; FROM]) -> [f32; TO],
) -> [[f32; TO]; TO] {
    let mut result = [[0.0; TO]; TO];
    both_ways(square, line, |row, column, value| {
        result[row][column] = value
    });
    result
}

pub(super) fn image_of(values: &[f32], image: usize, length: usize) -> &[f32] {
    &values[image * length..][..length]
}

/// One channel of the square whose first pixel lies `margin` pixels above and to the left of
/// (`row`, `column`); zero outside the image, which is `[height, width, channels]`.
pub(super) fn square<const SIDE: usize>(
    image: &[f32],
    (height, width, channels): (usize, usize, usize),
    (row, column): (usize, usize),
    margin: usize,
    channel: usize,
) -> [[f32; SIDE]; SIDE] {
    let inside = |place: usize, size| place.checked_sub(margin).filter(|place| *place < size);
    from_fn(|down| {
        from_fn(
            |right| match (inside(row + down, height), inside(column + right, width)) {
                (Some(row), Some(column)) => image[(row * width + column) * channels + channel],
                _ => 0.0,
            },
        )
    })
}
