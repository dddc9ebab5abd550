//! The convolution itself, with bias, activation and residual; the input's gradient is one too.

use super::instructions::Kernel;
use super::pack::{Block, PackedWeights, blocks};
use super::{Activation, ConvShape, scalar, tail};
use crate::activation::silu;
use fearless_simd::{Simd, SimdFloat};
use rayon::prelude::*;

/// Pixels of a parallel task, roughly.
const TASK_PIXELS: usize = 2048;

/// The arguments of [`super::forward`].
pub(super) struct Forward<'a> {
    pub shape: ConvShape,
    pub input: &'a [f32],
    pub weights: &'a [f32],
    pub bias: Option<&'a [f32]>,
    pub activation: Activation,
    pub residual: Option<&'a [f32]>,
    pub output: &'a mut [f32],
    pub pre_activation: Option<&'a mut [f32]>,
}

/// What every task of a convolution reads.
pub(super) struct Source<'a> {
    pub shape: ConvShape,
    pub input: &'a [f32],
    pub activation: Activation,
}

/// Whole rows of the result, the part of one task.
pub(super) struct Rows<'a> {
    /// The first row, counted through all images.
    pub first: usize,
    pub residual: Option<&'a [f32]>,
    pub output: &'a mut [f32],
    pub pre_activation: Option<&'a mut [f32]>,
}

impl Kernel for Forward<'_> {
    fn simd<S, V, const ROWS: usize, const VECTORS: usize>(self, simd: S)
    where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        let blocks = blocks(self.shape.outputs, V::LEN, VECTORS);
        let packed = PackedWeights::new(self.shape, self.weights, self.bias, blocks);
        let zeros = vec![0.0; self.shape.width * self.shape.inputs];
        self.for_each_task(|source, rows| {
            simd.vectorize(
                #[inline(always)]
                || convolve::<S, V, ROWS, VECTORS>(simd, source, &packed, &zeros, rows),
            );
        });
    }

    fn scalar(self) {
        let (weights, bias) = (self.weights, self.bias);
        self.for_each_task(|source, rows| scalar::forward(source, weights, bias, rows));
    }
}

impl Forward<'_> {
    fn for_each_task(self, task: impl Fn(&Source, Rows) + Sync) {
        let shape = self.shape;
        let task_rows = TASK_PIXELS.div_ceil(shape.width);
        let length = task_rows * shape.width * shape.outputs;
        let tasks = shape.rows().div_ceil(task_rows);
        let mut residuals = self.residual.map(|residual| residual.chunks(length));
        let mut pre_activations = self.pre_activation.map(|values| values.chunks_mut(length));
        let mut parts = Vec::with_capacity(tasks);
        for (index, output) in self.output.chunks_mut(length).enumerate() {
            parts.push(Rows {
                first: index * task_rows,
                residual: residuals.as_mut().and_then(Iterator::next),
                output,
                pre_activation: pre_activations.as_mut().and_then(Iterator::next),
            });
        }
        let source = Source {
            shape,
            input: self.input,
            activation: self.activation,
        };
        parts.into_par_iter().for_each(|rows| task(&source, rows));
    }
}

#[inline(always)]
fn convolve<S, V, const PIXELS: usize, const VECTORS: usize>(
    simd: S,
    source: &Source,
    packed: &PackedWeights,
    zeros: &[f32],
    mut rows: Rows,
) where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    let shape = source.shape;
    let row_length = shape.width * shape.outputs;
    let mut patch = vec![0.0; shape.kernel * (PIXELS + 2 * shape.padding()) * shape.inputs];
    for row in 0..rows.output.len() / row_length {
        let mut window = [zeros; 3];
        for (tap, line) in window.iter_mut().enumerate().take(shape.kernel) {
            if let Some(under) = shape.row_under(rows.first + row, tap) {
                *line = shape.input_row(source.input, under);
            }
        }
        let window = &window[..shape.kernel];
        for &block in &packed.blocks {
            for left in (0..shape.width).step_by(PIXELS) {
                let target = Target {
                    block,
                    start: row * row_length + left * shape.outputs,
                    pixels: PIXELS.min(shape.width - left),
                };
                let window = Window::<PIXELS>::new(shape, window, left, &mut patch);
                if block.width == VECTORS * V::LEN {
                    let sums = tile::<S, V, PIXELS, VECTORS>(simd, shape, &window, packed, block);
                    finish(simd, source, target, sums, &mut rows);
                } else {
                    let sums = tile::<S, V, PIXELS, 1>(simd, shape, &window, packed, block);
                    finish(simd, source, target, sums, &mut rows);
                }
            }
        }
    }
}

/// The input's pixels under a tile of `PIXELS` pixels, one line for each row of the kernel.
struct Window<'a, const PIXELS: usize> {
    lines: [&'a [f32]; 3],
}

impl<'a, const PIXELS: usize> Window<'a, PIXELS> {
    /// The window of the tile whose first column is `left`. Where it sticks out of the image, its pixels are copied to
    /// `patch` with zeros around them.
    #[inline(always)]
    fn new(shape: ConvShape, rows: &[&'a [f32]], left: usize, patch: &'a mut [f32]) -> Self {
        let padding = shape.padding();
        let length = (PIXELS + 2 * padding) * shape.inputs;
        let mut lines: [&[f32]; 3] = [&[]; 3];
        if left >= padding && left + PIXELS + padding <= shape.width {
            for (line, row) in lines.iter_mut().zip(rows) {
                *line = &row[(left - padding) * shape.inputs..][..length];
            }
        } else {
            fill_patch(shape, rows, left, length, patch);
            for (line, row) in lines.iter_mut().zip(patch.chunks_exact(length)) {
                *line = row;
            }
        }
        Self { lines }
    }
}

#[inline(never)]
fn fill_patch(shape: ConvShape, rows: &[&[f32]], left: usize, length: usize, patch: &mut [f32]) {
    let padding = shape.padding();
    let outside = padding.saturating_sub(left) * shape.inputs;
    let from = left.saturating_sub(padding) * shape.inputs;
    for (line, row) in patch.chunks_exact_mut(length).zip(rows) {
        let inside = (row.len() - from).min(length - outside);
        line[..outside].fill(0.0);
        line[outside..][..inside].copy_from_slice(&row[from..][..inside]);
        line[outside + inside..].fill(0.0);
    }
}

/// The sums of one tile, from the bias on: `PIXELS` neighbours in a row, `VECTORS` vectors of output channels.
#[inline(always)]
fn tile<S, V, const PIXELS: usize, const VECTORS: usize>(
    simd: S,
    shape: ConvShape,
    window: &Window<PIXELS>,
    packed: &PackedWeights,
    block: Block,
) -> [[V; VECTORS]; PIXELS]
where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    let run = shape.run();
    let bias = load_vectors::<S, V, VECTORS>(simd, packed.bias(block));
    let mut sums = [bias; PIXELS];
    let weights = packed.weights(block).chunks_exact(run * VECTORS * V::LEN);
    for (line, weights) in window.lines.iter().zip(weights) {
        let mut pixels: [&[f32]; PIXELS] = [&[]; PIXELS];
        for (index, pixel) in pixels.iter_mut().enumerate() {
            *pixel = &line[index * shape.inputs..][..run];
        }
        for (tap, weights) in weights.chunks_exact(VECTORS * V::LEN).enumerate() {
            let weights = load_vectors::<S, V, VECTORS>(simd, weights);
            for (sums, pixel) in sums.iter_mut().zip(&pixels) {
                let value = V::splat(simd, pixel[tap]);
                for (sum, weight) in sums.iter_mut().zip(&weights) {
                    *sum = value.mul_add(*weight, *sum);
                }
            }
        }
    }
    sums
}

#[inline(always)]
fn load_vectors<S, V, const VECTORS: usize>(simd: S, values: &[f32]) -> [V; VECTORS]
where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    let mut vectors = [V::splat(simd, 0.0); VECTORS];
    for (vector, values) in vectors.iter_mut().zip(values.chunks_exact(V::LEN)) {
        *vector = V::from_slice(simd, values);
    }
    vectors
}

/// Where a tile's sums go.
#[derive(Clone, Copy)]
struct Target {
    block: Block,
    /// Position of the first pixel's first channel in the task's rows.
    start: usize,
    /// Pixels inside the image; the tile's others are dropped.
    pixels: usize,
}

/// Activation and residual, and the way to memory.
#[inline(always)]
fn finish<S, V, const PIXELS: usize, const VECTORS: usize>(
    simd: S,
    source: &Source,
    target: Target,
    sums: [[V; VECTORS]; PIXELS],
    rows: &mut Rows,
) where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    let outputs = source.shape.outputs;
    for (pixel, sums) in sums.iter().enumerate() {
        if pixel == target.pixels {
            break;
        }
        let start = target.start + pixel * outputs;
        for (index, sum) in sums.iter().enumerate() {
            let first = target.block.first + index * V::LEN;
            let place = start + first..start + outputs.min(first + V::LEN);
            if let Some(pre_activation) = &mut rows.pre_activation {
                tail::store(*sum, &mut pre_activation[place.clone()]);
            }
            let mut value = match source.activation {
                Activation::None => *sum,
                Activation::Silu => silu(simd, *sum),
            };
            if let Some(residual) = rows.residual {
                value += tail::load::<S, V>(simd, &residual[place.clone()]);
            }
            tail::store(value, &mut rows.output[place]);
        }
    }
}
