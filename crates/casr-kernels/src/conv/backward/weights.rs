//! The gradient of the weights: for every tap, the sum over all pixels of input times output
//! gradient.
//!
//! Each parallel task accumulates its rows in registers and in a packed partial result; the partial
//! results are added in the order of the tasks, which depends on the shape alone.

use super::scalar;
use crate::conv::instructions::Kernel;
use crate::conv::pack::{Block, blocks, padded_outputs};
use crate::conv::{ConvShape, winograd};
use fearless_simd::{Simd, SimdFloat};
use rayon::prelude::*;
use std::ops::Range;

/// Pixels processed together, so that what a register tile reads stays in the first-level cache.
const SEGMENT_PIXELS: usize = 64;

/// The arguments of [`weight_gradient`](super::weight_gradient()).
pub(crate) struct WeightGradient<'a> {
    pub shape: ConvShape,
    pub input: &'a [f32],
    pub output_gradient: &'a [f32],
    pub weight_gradient: &'a mut [f32],
}

impl Kernel for WeightGradient<'_> {
    fn simd<S, V, const ROWS: usize, const VECTORS: usize>(self, simd: S)
    where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        let shape = self.shape;
        if winograd::suits(shape) {
            let layout = winograd::weight_gradient::Layout::new(shape, ROWS, V::LEN, VECTORS);
            let sum = self.sum_of_tiles(|tiles| {
                simd.vectorize(
                    #[inline(always)]
                    || {
                        winograd::weight_gradient::sum::<S, V, ROWS, VECTORS>(
                            simd, &self, &layout, tiles,
                        )
                    },
                )
            });
            self.weight_gradient.copy_from_slice(&sum);
            return;
        }
        let layout = Layout::new(shape, ROWS, blocks(shape.outputs, V::LEN, VECTORS));
        let sum = sum_of_tasks(shape.rows(), shape.rows_per_partial_sum(), |rows| {
            simd.vectorize(
                #[inline(always)]
                || {
                    let mut task = Task::new(shape, &layout, self.input, self.output_gradient);
                    for row in rows {
                        task.add_row::<S, V, ROWS, VECTORS>(simd, row);
                    }
                    task.partial
                },
            )
        });
        layout.unpack(shape, &sum, self.weight_gradient);
    }

    fn scalar(self) {
        let shape = self.shape;
        if winograd::suits(shape) {
            let sum =
                self.sum_of_tiles(|tiles| winograd::weight_gradient::scalar::sum(&self, tiles));
            self.weight_gradient.copy_from_slice(&sum);
            return;
        }
        let sum = sum_of_tasks(shape.rows(), shape.rows_per_partial_sum(), |rows| {
            scalar::weight_gradient(self.shape, self.input, self.output_gradient, rows)
        });
        self.weight_gradient.copy_from_slice(&sum);
    }
}

impl WeightGradient<'_> {
    fn sum_of_tiles(&self, task: impl Fn(Range<usize>) -> Vec<f32> + Sync) -> Vec<f32> {
        let count = winograd::weight_gradient::tiles(self.shape);
        let step = winograd::weight_gradient::tiles_per_partial_sum(self.shape);
        sum_of_tasks(count, step, task)
    }
}

/// Splits `0..count` into ranges of `step`, runs `task` on them in parallel and adds up the results
/// in the order of the ranges.
fn sum_of_tasks(
    count: usize,
    step: usize,
    task: impl Fn(Range<usize>) -> Vec<f32> + Sync,
) -> Vec<f32> {
    const SLICE: usize = 4096;
    let mut partials: Vec<Vec<f32>> = (0..count.div_ceil(step))
        .into_par_iter()
        .map(|index| task(index * step..count.min((index + 1) * step)))
        .collect();
    let mut sum = std::mem::take(&mut partials[0]);
    sum.par_chunks_mut(SLICE)
        .enumerate()
        .for_each(|(index, sum)| {
            for partial in &partials[1..] {
                for (sum, value) in sum.iter_mut().zip(&partial[index * SLICE..]) {
                    *sum += value;
                }
            }
        });
    sum
}

/// The memory layout of a partial result: `[block][tap row][run, padded][block width]`.
struct Layout {
    blocks: Vec<Block>,
    /// Tap columns times input channels, rounded up to whole register tiles.
    run: usize,
}

impl Layout {
    fn new(shape: ConvShape, tile_rows: usize, blocks: Vec<Block>) -> Self {
        let run = shape.run().next_multiple_of(tile_rows);
        Self { blocks, run }
    }

    fn unpack(&self, shape: ConvShape, packed: &[f32], weight_gradient: &mut [f32]) {
        for block in &self.blocks {
            let used = block.width.min(shape.outputs - block.first);
            let packed = &packed[block.first * shape.kernel * self.run..];
            for (index, target) in weight_gradient.chunks_exact_mut(shape.outputs).enumerate() {
                let (tap_row, position) = (index / shape.run(), index % shape.run());
                let from = (tap_row * self.run + position) * block.width;
                target[block.first..][..used].copy_from_slice(&packed[from..][..used]);
            }
        }
    }
}

/// The buffers of one task.
struct Task<'a> {
    shape: ConvShape,
    layout: &'a Layout,
    input: &'a [f32],
    output_gradient: &'a [f32],
    /// Rows of the input with zero padding on both sides, each kept for all output rows that use
    /// it.
    lines: [Vec<f32>; 3],
    held: [Option<usize>; 3],
    /// One row of the output gradient's last block, `[width][block width]`, zero-padded; used if
    /// the channels do not fill the block.
    padded_gradient: Vec<f32>,
    partial: Vec<f32>,
}

impl<'a> Task<'a> {
    fn new(
        shape: ConvShape,
        layout: &'a Layout,
        input: &'a [f32],
        output_gradient: &'a [f32],
    ) -> Self {
        let outputs = padded_outputs(&layout.blocks);
        let widest = layout
            .blocks
            .iter()
            .map(|block| block.width)
            .max()
            .unwrap_or(0);
        // The last register tile reads past the run; its results are unused, but the memory must
        // exist.
        let line = (shape.width - 1) * shape.inputs + layout.run;
        Self {
            shape,
            layout,
            input,
            output_gradient,
            lines: std::array::from_fn(|_| vec![0.0; line]),
            held: [None; 3],
            padded_gradient: vec![0.0; shape.width * widest],
            partial: vec![0.0; shape.kernel * layout.run * outputs],
        }
    }

    #[inline(always)]
    fn add_row<S, V, const ROWS: usize, const VECTORS: usize>(&mut self, simd: S, row: usize)
    where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        let shape = self.shape;
        self.pad_gradient(row);
        for tap_row in 0..shape.kernel {
            let Some(under) = shape.row_under(row, tap_row) else {
                continue;
            };
            self.hold(under);
            let line = &self.lines[under % 3];
            let source = &self.output_gradient[row * shape.width * shape.outputs..];
            for left in (0..shape.width).step_by(SEGMENT_PIXELS) {
                let pixels = SEGMENT_PIXELS.min(shape.width - left);
                let line = &line[left * shape.inputs..];
                for block in &self.layout.blocks {
                    let gradient = if block.first + block.width <= shape.outputs {
                        Gradient {
                            values: &source[left * shape.outputs + block.first..],
                            stride: shape.outputs,
                            pixels,
                        }
                    } else {
                        Gradient {
                            values: &self.padded_gradient[left * block.width..],
                            stride: block.width,
                            pixels,
                        }
                    };
                    let offset =
                        (block.first * shape.kernel + tap_row * block.width) * self.layout.run;
                    let sums = &mut self.partial[offset..][..self.layout.run * block.width];
                    for (index, sums) in sums.chunks_exact_mut(ROWS * block.width).enumerate() {
                        let line = &line[index * ROWS..];
                        if block.width == VECTORS * V::LEN {
                            add_tile::<S, V, ROWS, VECTORS>(
                                simd,
                                shape.inputs,
                                line,
                                &gradient,
                                sums,
                            );
                        } else {
                            add_tile::<S, V, ROWS, 1>(simd, shape.inputs, line, &gradient, sums);
                        }
                    }
                }
            }
        }
    }

    /// Copies one row of the output gradient's last block into the zero-padded buffer, if the
    /// channels do not fill that block.
    fn pad_gradient(&mut self, row: usize) {
        let (width, outputs) = (self.shape.width, self.shape.outputs);
        let Some(block) = self.layout.blocks.last() else {
            return;
        };
        let used = outputs - block.first;
        if used < block.width {
            let pixels = self.output_gradient[row * width * outputs..].chunks_exact(outputs);
            let targets = self.padded_gradient.chunks_exact_mut(block.width);
            for (target, pixel) in targets.zip(pixels) {
                for (target, value) in target.iter_mut().zip(&pixel[block.first..]) {
                    *target = *value;
                }
            }
        }
    }

    fn hold(&mut self, row: usize) {
        let slot = row % 3;
        if self.held[slot] != Some(row) {
            let source = self.shape.input_row(self.input, row);
            let padding = self.shape.padding() * self.shape.inputs;
            self.lines[slot][padding..][..source.len()].copy_from_slice(source);
            self.held[slot] = Some(row);
        }
    }
}

/// One block of output channels of the output gradient, for the pixels of a segment.
pub(in crate::conv) struct Gradient<'a> {
    pub values: &'a [f32],
    /// Stride between pixels, in elements.
    pub stride: usize,
    pub pixels: usize,
}

/// Adds the products of a segment's pixels, input `line` times `gradient`, to `ROWS` rows of a
/// block's partial result.
#[inline(always)]
pub(in crate::conv) fn add_tile<S, V, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    inputs: usize,
    line: &[f32],
    gradient: &Gradient,
    partial: &mut [f32],
) where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    let width = VECTORS * V::LEN;
    let last = gradient.pixels - 1;
    assert!(partial.len() == ROWS * width);
    assert!(line.len() >= last * inputs + ROWS);
    assert!(gradient.values.len() >= last * gradient.stride + width);
    let mut sums = [[V::splat(simd, 0.0); VECTORS]; ROWS];
    for (row, sums) in sums.iter_mut().enumerate() {
        for (index, sum) in sums.iter_mut().enumerate() {
            *sum = V::from_slice(simd, &partial[row * width + index * V::LEN..][..V::LEN]);
        }
    }
    let mut value = line.as_ptr();
    let mut lanes = gradient.values.as_ptr();
    for _ in 0..gradient.pixels {
        let mut vectors = [V::splat(simd, 0.0); VECTORS];
        for (index, vector) in vectors.iter_mut().enumerate() {
            // SAFETY: `lanes` has advanced by at most `last` times the stride, and the assertion on
            // the gradient's values guarantees that `VECTORS` vectors follow there.
            let lanes = unsafe { std::slice::from_raw_parts(lanes.add(index * V::LEN), V::LEN) };
            *vector = V::from_slice(simd, lanes);
        }
        for (row, sums) in sums.iter_mut().enumerate() {
            // SAFETY: `value` has advanced by at most `last` times `inputs`, and the assertion on
            // `line` guarantees that `ROWS` elements follow there.
            let value = V::splat(simd, unsafe { *value.add(row) });
            for (sum, vector) in sums.iter_mut().zip(&vectors) {
                *sum = value.mul_add(*vector, *sum);
            }
        }
        // After the last pixel both pointers may lie outside their slices.
        value = value.wrapping_add(inputs);
        lanes = lanes.wrapping_add(gradient.stride);
    }
    for (row, sums) in sums.iter().enumerate() {
        for (index, sum) in sums.iter().enumerate() {
            sum.store_slice(&mut partial[row * width + index * V::LEN..][..V::LEN]);
        }
    }
}
