//! A convolution for repeated use: its weights are transformed once, and it can compute some rows
//! at a time.

use super::forward::Forward;
use super::winograd::forward::PointWeights;
use super::{Activation, ConvShape, GRID, check_length, instructions};
use crate::InstructionSet;
use std::ops::Range;
use std::sync::OnceLock;

/// A convolution with its weights and bias, for one instruction set.
#[derive(Debug)]
pub struct Layer {
    set: InstructionSet,
    kernel: usize,
    inputs: usize,
    outputs: usize,
    /// `[kernel, kernel, inputs, outputs]`.
    weights: Vec<f32>,
    /// `[outputs]`.
    bias: Vec<f32>,
    cache: OnceLock<PointWeights>,
}

impl Layer {
    /// A convolution with a kernel of side 1 or 3. `weights` is
    /// `[kernel, kernel, inputs, outputs]`, `bias` `[outputs]`; the number of inputs follows from
    /// their lengths.
    ///
    /// # Panics
    ///
    /// If the length of the weights is not a multiple of `kernel² · outputs`.
    pub fn new(set: InstructionSet, kernel: usize, weights: Vec<f32>, bias: Vec<f32>) -> Self {
        let outputs = bias.len();
        let inputs = weights.len() / (kernel * kernel * outputs).max(1);
        check_length("weights", weights.len(), kernel * kernel * inputs * outputs);
        Self {
            set,
            kernel,
            inputs,
            outputs,
            weights,
            bias,
            cache: OnceLock::new(),
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

    /// Computes `output = activation(conv(input) + bias) + residual` for some `rows` of an image of
    /// `(height, width)` pixels. `input` is the whole image, `[height, width, inputs]`, zero-padded
    /// at its borders; `residual` and `output` are `[rows, width, outputs]`. The bits of a row do
    /// not depend on which other rows are computed in the same call. An image cut out of a larger
    /// one must begin on the larger one's [`GRID`] to give its bits; see [`ConvShape::spoiled`].
    ///
    /// Runs on the threads of the current Rayon pool.
    ///
    /// # Panics
    ///
    /// If the rows do not begin at a multiple of [`GRID`], end neither at a multiple of it nor at
    /// the last row, or a slice's length does not match its shape.
    pub fn rows(
        &self,
        (height, width): (usize, usize),
        rows: Range<usize>,
        input: &[f32],
        activation: Activation,
        residual: Option<&[f32]>,
        output: &mut [f32],
    ) {
        let shape = ConvShape {
            images: 1,
            height,
            width,
            inputs: self.inputs,
            outputs: self.outputs,
            kernel: self.kernel,
        };
        shape.check();
        let whole = rows.end == height || rows.end.is_multiple_of(GRID);
        assert!(
            rows.start.is_multiple_of(GRID) && whole && rows.end <= height,
            "rows {rows:?} of {height} are not on the grid"
        );
        check_length("input", input.len(), shape.input_len());
        let length = rows.len() * width * self.outputs;
        check_length("output", output.len(), length);
        if let Some(residual) = residual {
            check_length("residual", residual.len(), length);
        }
        if rows.is_empty() {
            return;
        }
        let kernel = Forward {
            shape,
            rows,
            cache: Some(&self.cache),
            input,
            weights: &self.weights,
            bias: Some(&self.bias),
            activation,
            residual,
            output,
            pre_activation: None,
        };
        instructions::run(self.set, kernel);
    }
}
