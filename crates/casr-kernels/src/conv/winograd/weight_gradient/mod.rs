//! The gradient of the weights: for every point of the transform, the sum over all tiles of
//! transformed input times transformed output gradient; each parallel task transforms its sums back
//! at the end.

pub(in crate::conv) mod scalar;
mod transform;

use super::transform::{POINTS, TILE, WINDOW, input_line};
use super::window::{Plane, Points, corner};
use super::{STRIP_TILES, forward::multiply_add, grid};
use crate::conv::ConvShape;
use crate::conv::backward::weights::{Gradient, WeightGradient, add_tile};
use crate::conv::pack::{Block, blocks, padded_outputs};
use fearless_simd::{Simd, SimdFloat};
use std::ops::Range;
use transform::{output_gradient_line, transform_weight_gradient};

/// Tiles per parallel task, where each task returns a partial sum. The partition determines the
/// order of summation, so it depends on the shape alone: enough tasks to use many cores, but few
/// enough that adding up their results, a matrix for each point, is cheap.
pub(in crate::conv) fn tiles_per_partial_sum(shape: ConvShape) -> usize {
    const TASKS: usize = 32;
    const MIN_STRIPS: usize = 6;
    tiles(shape)
        .div_ceil(TASKS)
        .next_multiple_of(STRIP_TILES)
        .max(MIN_STRIPS * STRIP_TILES)
}

/// Tiles of all images together.
pub(in crate::conv) fn tiles(shape: ConvShape) -> usize {
    let (columns, rows) = grid(shape);
    shape.images * columns * rows
}

/// The memory layout of a task's sums: `[point][block][inputs, padded][block width]`.
pub(in crate::conv) struct Layout {
    blocks: Vec<Block>,
    outputs: usize,
    /// Input channels, rounded up to whole register tiles.
    inputs: usize,
}

impl Layout {
    pub fn new(shape: ConvShape, tile_rows: usize, lanes: usize, vectors: usize) -> Self {
        let blocks = blocks(shape.outputs, lanes, vectors);
        Self {
            outputs: padded_outputs(&blocks),
            blocks,
            inputs: shape.inputs.next_multiple_of(tile_rows),
        }
    }

    /// The sums as `[points][inputs][outputs]`.
    fn unpack(&self, shape: ConvShape, sums: &[f32]) -> Vec<f32> {
        let mut unpacked = vec![0.0; POINTS * shape.inputs * shape.outputs];
        let points = unpacked.chunks_exact_mut(shape.inputs * shape.outputs);
        for (sums, point) in sums.chunks_exact(self.inputs * self.outputs).zip(points) {
            for block in &self.blocks {
                let used = block.width.min(shape.outputs - block.first);
                let sums = sums[block.first * self.inputs..].chunks_exact(block.width);
                for (sums, target) in sums.zip(point.chunks_exact_mut(shape.outputs)) {
                    target[block.first..][..used].copy_from_slice(&sums[..used]);
                }
            }
        }
        unpacked
    }
}

/// The contribution of a range of tiles, counted through all images, to the gradient.
#[inline(always)]
pub(in crate::conv) fn sum<S, V, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    job: &WeightGradient,
    layout: &Layout,
    tiles: Range<usize>,
) -> Vec<f32>
where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    let shape = job.shape;
    let mut inputs = Points::new(STRIP_TILES, layout.inputs, V::LEN);
    let mut gradients = Points::new(STRIP_TILES, layout.outputs, V::LEN);
    let mut patch = Vec::new();
    let mut sums = vec![0.0; POINTS * layout.inputs * layout.outputs];
    let (columns, rows) = grid(shape);
    for first in tiles.clone().step_by(STRIP_TILES) {
        let strip = first..tiles.end.min(first + STRIP_TILES);
        for (place, tile) in strip.clone().enumerate() {
            let (image, tile) = (tile / (columns * rows), tile % (columns * rows));
            let corner = corner(tile, columns);
            let plane = |values, channels| plane(shape, image, values, channels);
            let square = plane(job.input, shape.inputs).square(corner, 1, &mut patch);
            inputs.put::<S, V, WINDOW>(
                simd,
                place,
                square,
                #[inline(always)]
                |line| input_line(line, multiply_add(simd)),
            );
            let square = plane(job.output_gradient, shape.outputs).square(corner, 0, &mut patch);
            gradients.put::<S, V, TILE>(
                simd,
                place,
                square,
                #[inline(always)]
                |line| output_gradient_line(line, multiply_add(simd)),
            );
        }
        let points = sums.chunks_exact_mut(layout.inputs * layout.outputs);
        for (point, sums) in points.enumerate() {
            for &block in &layout.blocks {
                let gradient = Gradient {
                    values: &gradients.of(point)[block.first..],
                    stride: gradients.pitch(),
                    pixels: strip.len(),
                };
                let sums = &mut sums[block.first * layout.inputs..][..layout.inputs * block.width];
                let lines = Lines {
                    values: inputs.of(point),
                    stride: inputs.pitch(),
                };
                if block.width == VECTORS * V::LEN {
                    lines.add::<S, V, ROWS, VECTORS>(simd, &gradient, sums);
                } else {
                    lines.add::<S, V, ROWS, 1>(simd, &gradient, sums);
                }
            }
        }
    }
    transform_weight_gradient(&layout.unpack(shape, &sums))
}

fn plane(shape: ConvShape, image: usize, values: &[f32], channels: usize) -> Plane<'_> {
    Plane {
        values: &values[image * shape.height * shape.width * channels..],
        height: shape.height,
        width: shape.width,
        channels,
    }
}

/// One point of the transforms of a strip's windows, whose tiles lie `stride` elements apart.
struct Lines<'a> {
    values: &'a [f32],
    stride: usize,
}

impl Lines<'_> {
    /// Adds the products with a block of the gradient to `[inputs, padded][block width]`.
    ///
    /// Kept out of line: inlined, its inner loop would compete for registers with the surrounding
    /// code.
    #[inline(never)]
    fn add<S, V, const ROWS: usize, const VECTORS: usize>(
        &self,
        simd: S,
        gradient: &Gradient,
        sums: &mut [f32],
    ) where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        simd.vectorize(
            #[inline(always)]
            || {
                let tiles = sums.chunks_exact_mut(ROWS * VECTORS * V::LEN);
                for (index, sums) in tiles.enumerate() {
                    let line = &self.values[index * ROWS..];
                    add_tile::<S, V, ROWS, VECTORS>(simd, self.stride, line, gradient, sums);
                }
            },
        );
    }
}
