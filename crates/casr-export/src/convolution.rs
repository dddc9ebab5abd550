//! Convolutions in the layout that other engines read.

/// A convolution without padding.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Convolution {
    pub outputs: usize,
    pub inputs: usize,
    /// Side of the kernel.
    pub kernel: usize,
    pub stride: usize,
    /// `[outputs, inputs, kernel, kernel]`.
    pub weights: Vec<f32>,
    /// `[outputs]`.
    pub bias: Vec<f32>,
}

impl Convolution {
    /// A convolution of zeros.
    pub fn zero([outputs, inputs, kernel, stride]: [usize; 4]) -> Self {
        Self {
            outputs,
            inputs,
            kernel,
            stride,
            weights: vec![0.0; outputs * inputs * kernel * kernel],
            bias: vec![0.0; outputs],
        }
    }

    /// A convolution of one pixel, its weights by rows of outputs.
    pub fn pointwise<const INPUTS: usize>(rows: &[[f32; INPUTS]]) -> Self {
        Self {
            weights: rows.as_flattened().to_vec(),
            ..Self::zero([rows.len(), INPUTS, 1, 1])
        }
    }

    /// The same value everywhere.
    pub fn constant(inputs: usize, outputs: usize, value: f32) -> Self {
        Self {
            bias: vec![value; outputs],
            ..Self::zero([outputs, inputs, 1, 1])
        }
    }

    /// Of `weights` as the engine has them, `[kernel, kernel, inputs, outputs]`.
    pub fn of_engine(shape: &[usize], weights: &[f32], bias: &[f32]) -> Self {
        let (kernel, inputs, outputs) = (shape[0], shape[2], shape[3]);
        let mut made = Self::zero([outputs, inputs, kernel, 1]);
        for (tap, weights) in weights.chunks_exact(inputs * outputs).enumerate() {
            for (input, weights) in weights.chunks_exact(outputs).enumerate() {
                for (output, weight) in weights.iter().enumerate() {
                    *made.at(output, input, tap / kernel, tap % kernel) = *weight;
                }
            }
        }
        made.bias.copy_from_slice(bias);
        made
    }

    /// A weight.
    pub fn at(&mut self, output: usize, input: usize, row: usize, column: usize) -> &mut f32 {
        let place = (output * self.inputs + input) * self.kernel + row;
        &mut self.weights[place * self.kernel + column]
    }

    /// This convolution for inputs that are not centred: what it makes of an input less `offset`.
    pub fn centring(mut self, offset: f32) -> Self {
        let weights = self.weights.chunks_exact(self.weights.len() / self.outputs);
        for (bias, weights) in self.bias.iter_mut().zip(weights) {
            let sum: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
            *bias = (f64::from(*bias) - f64::from(offset) * sum) as f32;
        }
        self
    }

    /// Each output by itself.
    pub fn each_output(&self) -> Vec<Self> {
        let rows = self.weights.chunks_exact(self.weights.len() / self.outputs);
        let row = |(weights, bias): (&[f32], &f32)| Self {
            outputs: 1,
            weights: weights.to_vec(),
            bias: vec![*bias],
            ..*self
        };
        rows.zip(&self.bias).map(row).collect()
    }

    /// The sizes of its weights.
    pub fn shape(&self) -> [usize; 4] {
        [self.outputs, self.inputs, self.kernel, self.kernel]
    }
}
