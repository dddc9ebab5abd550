//! A convolution for many calls on parts of images: its weights are transformed once.

use super::forward::Forward;
use super::winograd::forward::PointWeights;
use super::{Activation, ConvShape, GRID, check_length, instructions};
use crate::InstructionSet;
use std::ops::Range;
use std::sync::OnceLock;

/// A convolution with its weights and bias.
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
    kept: OnceLock<PointWeights>,
}

impl Layer {
    /// A convolution of side `kernel`, 1 or 3; weights are `[kernel, kernel, inputs, outputs]`, the bias `[outputs]`.
    ///
    /// # Panics
    ///
    /// If the weights do not fit the bias and the kernel.
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
            kept: OnceLock::new(),
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

    /// `output = activation(conv(input) + bias) + residual` for some `rows` of an image of `(height, width)` pixels, or of a part of one that
    /// begins on the [`GRID`]: `input` is all of it, `[height, width, inputs]`, with zeros around; `residual` and `output` are
    /// `[rows, width, outputs]`. Rows give the same bits whichever are asked for together.
    ///
    /// # Panics
    ///
    /// If the rows do not begin on the grid, end elsewhere than on it or at the last one, or a slice's length is not its shape's.
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
            kept: Some(&self.kept),
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
