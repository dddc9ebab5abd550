//! A convolution in half precision with its weights.

use super::finish::Finish;
use super::number::round;
use super::vectors::{ChainWeights, Workspace};
use super::{BORDER, HalfInstructions, HalfMap, KERNEL, Source, Task, amx, scalar, vectors};
use crate::conv::instructions::{self, Kernel};
use crate::conv::{Activation, check_length};
use fearless_simd::{Simd, SimdFloat};
use rayon::prelude::*;
use std::sync::OnceLock;

/// Upper limit of the pixels of one parallel task, unless a single row has more.
const MAX_TASK_PIXELS: usize = 2048;
/// Lower limit of the number of parallel tasks, as far as the image has rows.
const MIN_TASKS: usize = 32;
/// Biases are padded with zeros to multiples of this, whole vectors and tiles.
const PADDING: usize = 64;

/// A 3×3 convolution in half precision with its weights and bias; see [`super`] for its arithmetic.
#[derive(Debug)]
pub struct HalfLayer {
    instructions: HalfInstructions,
    inputs: usize,
    outputs: usize,
    /// `[3, 3, inputs, outputs]`.
    weights: Vec<u16>,
    /// `[outputs]`, and behind it zeros.
    bias: Vec<f32>,
    chains: OnceLock<ChainWeights>,
    tiles: OnceLock<amx::TileWeights>,
}

/// What a convolution writes: one of the two, or both.
#[derive(Debug, Default)]
pub struct HalfOutput<'a> {
    /// The result rounded to half precision, which the next convolution reads.
    pub half: Option<&'a mut HalfMap>,
    /// The result, `[height, width, outputs]`.
    pub single: Option<&'a mut [f32]>,
}

impl<'a> HalfOutput<'a> {
    /// The result in half precision alone.
    pub fn half(map: &'a mut HalfMap) -> Self {
        Self {
            half: Some(map),
            single: None,
        }
    }

    /// The result in f32 alone.
    pub fn single(values: &'a mut [f32]) -> Self {
        Self {
            half: None,
            single: Some(values),
        }
    }
}

impl HalfLayer {
    /// A 3×3 convolution. `weights` is `[3, 3, inputs, outputs]`, and is rounded to bfloat16;
    /// `bias` is `[outputs]`; the number of inputs follows from their lengths.
    ///
    /// # Panics
    ///
    /// If there are no weights, or their number is not a multiple of `9 · outputs`.
    pub fn new(instructions: HalfInstructions, weights: &[f32], bias: &[f32]) -> Self {
        let outputs = bias.len();
        let inputs = weights.len() / (KERNEL * KERNEL * outputs).max(1);
        check_length("weights", weights.len(), KERNEL * KERNEL * inputs * outputs);
        assert!(!weights.is_empty(), "a convolution without weights");
        let mut padded = bias.to_vec();
        padded.resize(outputs.next_multiple_of(PADDING), 0.0);
        Self {
            instructions,
            inputs,
            outputs,
            weights: weights.iter().copied().map(round).collect(),
            bias: padded,
            chains: OnceLock::new(),
            tiles: OnceLock::new(),
        }
    }

    /// Channels of the input.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Channels of the output.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Computes `activation(conv(input) + bias) + residual`, where the input is zero beyond its
    /// edges; `residual` is `[height, width, outputs]`.
    ///
    /// Runs on the threads of the current Rayon pool; on another instruction set where the
    /// processor does not support the layer's own, with the same result.
    ///
    /// # Panics
    ///
    /// If the input has other channels than the layer, or the size of an output or of the residual
    /// is not the input's.
    pub fn forward(
        &self,
        input: &HalfMap,
        activation: Activation,
        residual: Option<&[f32]>,
        output: HalfOutput,
    ) {
        let (height, width) = input.size();
        let length = height * width * self.outputs;
        check_length("a pixel of the input", input.channels(), self.inputs);
        if let Some(residual) = residual {
            check_length("residual", residual.len(), length);
        }
        if let Some(single) = &output.single {
            check_length("output", single.len(), length);
        }
        if let Some(half) = &output.half {
            let same = half.size() == input.size() && half.channels() == self.outputs;
            assert!(same, "the output is a map of another size");
        }
        let forward = Forward {
            layer: self,
            source: Source {
                input,
                outputs: self.outputs,
                activation,
            },
            residual,
            output,
        };
        match (self.instructions, amx::Unit::get()) {
            (HalfInstructions::Amx, Some(unit)) => forward.tiles(unit),
            (HalfInstructions::Vectors(set), _) => instructions::run(set, forward),
            (HalfInstructions::Amx, None) => {
                instructions::run(crate::InstructionSet::best(), forward);
            }
        }
    }
}

/// The arguments of [`HalfLayer::forward`].
struct Forward<'a> {
    layer: &'a HalfLayer,
    source: Source<'a>,
    residual: Option<&'a [f32]>,
    output: HalfOutput<'a>,
}

impl Forward<'_> {
    /// Runs `compute` on all rows in parallel. `workspace` creates the buffers of a thread.
    fn for_each_task<W>(
        self,
        workspace: impl Fn() -> W + Sync + Send,
        compute: impl Fn(&mut W, &Source, Finish) + Sync + Send,
    ) {
        let Self { layer, source, .. } = self;
        let (height, width) = source.input.size();
        let rows = (height.div_ceil(MIN_TASKS)).min(MAX_TASK_PIXELS.div_ceil(width));
        let length = rows * width * layer.outputs;
        let bordered = rows * (width + BORDER) * layer.outputs;
        let mut residuals = self.residual.map(|values| values.chunks(length));
        let mut singles = self.output.single.map(|values| values.chunks_mut(length));
        let mut halves = (self.output.half).map(|map| map.rows_mut().chunks_mut(bordered));
        let tasks: Vec<Task> = (0..height)
            .step_by(rows)
            .map(|first| Task {
                first,
                rows: rows.min(height - first),
                residual: residuals.as_mut().and_then(Iterator::next),
                single: singles.as_mut().and_then(Iterator::next),
                half: halves.as_mut().and_then(Iterator::next),
            })
            .collect();
        tasks
            .into_par_iter()
            .for_each_init(workspace, |workspace, task| {
                compute(workspace, &source, Finish::new(&source, &layer.bias, task));
            });
    }

    /// Computes with the matrix unit.
    fn tiles(self, unit: amx::Unit) {
        let layer = self.layer;
        let weights = layer
            .tiles
            .get_or_init(|| unit.pack(&layer.weights, layer.outputs));
        self.for_each_task(
            || (),
            |(), source, finish| unit.convolve(source, weights, finish),
        );
    }
}

impl Kernel for Forward<'_> {
    fn simd<S, V, const ROWS: usize, const VECTORS: usize>(self, simd: S)
    where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        let layer = self.layer;
        let weights = layer
            .chains
            .get_or_init(|| ChainWeights::new(&layer.weights, layer.outputs, V::LEN, VECTORS));
        let workspace = || Workspace::new(layer.inputs, V::LEN, ROWS, VECTORS);
        self.for_each_task(workspace, |workspace, source, finish| {
            simd.vectorize(
                #[inline(always)]
                || {
                    vectors::convolve::<S, V, ROWS, VECTORS>(
                        simd, source, weights, workspace, finish,
                    );
                },
            );
        });
    }

    fn scalar(self) {
        let weights = &self.layer.weights;
        self.for_each_task(
            || (),
            |(), source, finish| scalar::convolve(source, weights, finish),
        );
    }
}
