//! The forward convolution, with bias, activation and residual. The input's gradient is computed by
//! it, too.

use super::instructions::Kernel;
use super::pack::{PackedWeights, blocks};
use super::planar::{self, GroupedWeights};
use super::strip::{Strip, Target};
use super::winograd::{
    self,
    forward::{PointWeights, Workspace},
};
use super::{Activation, ConvShape, scalar};
use fearless_simd::{Simd, SimdFloat};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::OnceLock;

/// Register tiles per strip. More tiles reuse the loaded weights more often; fewer keep the strip's
/// output in the first-level cache.
const STRIP_TILES: usize = 8;
/// Upper limit of the pixels of one parallel task, unless a single row has more.
const MAX_TASK_PIXELS: usize = 2048;
/// Lower limit of the number of parallel tasks, as far as the image has rows.
const MIN_TASKS: usize = 32;

/// The arguments of [`forward`](super::forward()).
pub(crate) struct Forward<'a> {
    pub shape: ConvShape,
    /// The output rows to compute, counted through all images: all of them, or some of one image's
    /// that start on the tile grid. `residual`, `output` and `pre_activation` hold just these rows.
    pub rows: Range<usize>,
    /// Cache of transformed weights for later calls with the same weights and instruction set.
    pub cache: Option<&'a OnceLock<PointWeights>>,
    pub input: &'a [f32],
    pub weights: &'a [f32],
    pub bias: Option<&'a [f32]>,
    pub activation: Activation,
    pub residual: Option<&'a [f32]>,
    pub output: &'a mut [f32],
    pub pre_activation: Option<&'a mut [f32]>,
}

/// The arguments that all parallel tasks of a convolution share.
pub(super) struct Source<'a> {
    pub shape: ConvShape,
    pub input: &'a [f32],
    pub activation: Activation,
}

/// The part of the output that one parallel task computes: whole rows of one image.
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
        let shape = self.shape;
        if winograd::suits(shape) {
            let transform = || PointWeights::new(shape, self.weights, self.bias, V::LEN, VECTORS);
            let own = OnceLock::new();
            let weights = self.cache.unwrap_or(&own).get_or_init(transform);
            let workspace = || Workspace::new(shape, weights, V::LEN);
            self.for_each_task(winograd::TILE, workspace, |workspace, source, rows| {
                simd.vectorize(
                    #[inline(always)]
                    || {
                        winograd::forward::convolve::<S, V, ROWS, VECTORS>(
                            simd, source, weights, workspace, rows,
                        )
                    },
                );
            });
            return;
        }
        if planar::suits(shape.outputs, V::LEN) {
            let weights = GroupedWeights::new(shape, self.weights, self.bias);
            self.for_each_task(
                1,
                || (),
                |(), source, rows| {
                    simd.vectorize(
                        #[inline(always)]
                        || planar::convolve::<S, V>(simd, source, &weights, rows),
                    );
                },
            );
            return;
        }
        let blocks = blocks(shape.outputs, V::LEN, VECTORS);
        let packed = PackedWeights::new(shape, self.weights, self.bias, blocks);
        let zeros = vec![0.0; shape.width * shape.inputs];
        self.for_each_task(
            1,
            || (),
            |(), source, rows| {
                simd.vectorize(
                    #[inline(always)]
                    || convolve::<S, V, ROWS, VECTORS>(simd, source, &packed, &zeros, rows),
                );
            },
        );
    }

    fn scalar(self) {
        let (weights, bias) = (self.weights, self.bias);
        if winograd::suits(self.shape) {
            let weights = winograd::scalar::PointWeights::new(weights);
            self.for_each_task(
                winograd::TILE,
                || (),
                |(), source, rows| {
                    winograd::scalar::forward(source, &weights, bias, rows);
                },
            );
        } else {
            self.for_each_task(
                1,
                || (),
                |(), source, rows| {
                    scalar::forward(source, weights, bias, rows);
                },
            );
        }
    }
}

impl<'a> Forward<'a> {
    /// Runs `task` on all rows in parallel, in groups of whole rows of one image whose first row is
    /// a multiple of `unit`. `workspace` creates the buffers of a thread.
    fn for_each_task<W>(
        self,
        unit: usize,
        workspace: impl Fn() -> W + Sync + Send,
        task: impl Fn(&mut W, &Source, Rows) + Sync + Send,
    ) {
        let shape = self.shape;
        let max_rows = MAX_TASK_PIXELS.div_ceil(shape.width);
        let task_rows = self.rows.len().div_ceil(MIN_TASKS).min(max_rows);
        let task_rows = task_rows.next_multiple_of(unit);
        let row = shape.width * shape.outputs;
        let image = shape.height.min(self.rows.len()) * row;
        let length = task_rows * row;
        let parts = |values: &'a [f32]| values.chunks(image).flat_map(move |i| i.chunks(length));
        let parts_mut = |values: &'a mut [f32]| {
            values
                .chunks_mut(image)
                .flat_map(move |i| i.chunks_mut(length))
        };
        let mut residuals = self.residual.map(parts);
        let mut pre_activations = self.pre_activation.map(parts_mut);
        let mut tasks = Vec::new();
        let mut first = self.rows.start;
        for output in parts_mut(self.output) {
            let rows = output.len() / row;
            tasks.push(Rows {
                first,
                residual: residuals.as_mut().and_then(Iterator::next),
                output,
                pre_activation: pre_activations.as_mut().and_then(Iterator::next),
            });
            first += rows;
        }
        let source = Source {
            shape,
            input: self.input,
            activation: self.activation,
        };
        tasks
            .into_par_iter()
            .for_each_init(workspace, |workspace, rows| task(workspace, &source, rows));
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
    let mut patches = vec![0.0; 2 * patch_length(shape, PIXELS)];
    // Strip by strip rather than row by row, so that the rows above and below are still in the
    // cache.
    for left in (0..shape.width).step_by(STRIP_TILES * PIXELS) {
        let pixels = (STRIP_TILES * PIXELS).min(shape.width - left);
        for row in 0..rows.output.len() / (shape.width * shape.outputs) {
            let mut lines = [zeros; 3];
            for (tap, line) in lines.iter_mut().enumerate().take(shape.kernel) {
                if let Some(under) = shape.row_under(rows.first + row, tap) {
                    *line = shape.input_row(source.input, under);
                }
            }
            let windows = windows(shape, PIXELS, lines, left, &mut patches);
            let start = (row * shape.width + left) * shape.outputs;
            let place = start..start + pixels * shape.outputs;
            let mut target = Target {
                outputs: shape.outputs,
                activation: source.activation,
                residual: rows.residual.map(|values| &values[place.clone()]),
                pre_activation: rows
                    .pre_activation
                    .as_deref_mut()
                    .map(|values| &mut values[place.clone()]),
                output: &mut rows.output[place],
            };
            for &block in &packed.blocks {
                let strip = Strip {
                    shape,
                    windows: &windows[..pixels.div_ceil(PIXELS)],
                    weights: packed.weights(block),
                    bias: packed.bias(block),
                    first: block.first,
                };
                if block.width == VECTORS * V::LEN {
                    strip.compute::<S, V, PIXELS, VECTORS>(simd, &mut target);
                } else {
                    strip.compute::<S, V, PIXELS, 1>(simd, &mut target);
                }
            }
        }
    }
}

/// Elements of the input windows of one register tile.
fn patch_length(shape: ConvShape, tile: usize) -> usize {
    shape.kernel * (tile + 2 * shape.padding()) * shape.inputs
}

/// The input pixels under each register tile of a strip that starts at column `left`: one line for
/// each row of the kernel, from the tile's first pixel minus the padding to its last pixel plus the
/// padding. Windows that reach outside the image (only those of a row's first and last tile can)
/// are copied to `patches` with zero padding.
fn windows<'a>(
    shape: ConvShape,
    tile: usize,
    rows: [&'a [f32]; 3],
    left: usize,
    patches: &'a mut [f32],
) -> [[&'a [f32]; 3]; STRIP_TILES] {
    let padding = shape.padding();
    let length = (tile + 2 * padding) * shape.inputs;
    let mut windows: [[&[f32]; 3]; STRIP_TILES] = [[&[]; 3]; STRIP_TILES];
    let tiles = (left..shape.width).step_by(tile);
    let mut patches = patches.chunks_exact_mut(patch_length(shape, tile));
    for (window, left) in windows.iter_mut().zip(tiles) {
        if left >= padding && left + tile + padding <= shape.width {
            *window = rows.map(|row| &row[(left - padding) * shape.inputs..][..length]);
        } else if let Some(patch) = patches.next() {
            fill_patch(shape, &rows, left, length, patch);
            for (line, row) in window.iter_mut().zip(patch.chunks_exact(length)) {
                *line = row;
            }
        }
    }
    windows
}

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
