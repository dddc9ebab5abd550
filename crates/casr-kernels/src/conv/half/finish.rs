//! What follows the sums of a convolution: bias, activation, residual, and rounding.

use super::number::round;
use super::{BORDER, Source, Task};
use crate::activation::{silu, silu_scalar};
use crate::conv::{Activation, tail};
use fearless_simd::{Simd, SimdFloat};
use std::ops::Range;

/// The destination of a task's results.
pub(super) struct Finish<'a> {
    width: usize,
    outputs: usize,
    activation: Activation,
    /// `[outputs]`, and behind it zeros to whole vectors.
    bias: &'a [f32],
    task: Task<'a>,
}

impl<'a> Finish<'a> {
    pub fn new(source: &Source, bias: &'a [f32], task: Task<'a>) -> Self {
        Self {
            width: source.input.size().1,
            outputs: source.outputs,
            activation: source.activation,
            bias,
            task,
        }
    }

    /// Stores some pixels of a row of the task, from output channel `first` on, given their sums,
    /// `[columns][VECTORS · lanes]`.
    #[inline(always)]
    pub fn put<S, V, const VECTORS: usize>(
        &mut self,
        simd: S,
        row: usize,
        columns: Range<usize>,
        first: usize,
        sums: &[f32],
    ) where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        let mut bias = [V::splat(simd, 0.0); VECTORS];
        for (index, bias) in bias.iter_mut().enumerate() {
            *bias = V::from_slice(simd, &self.bias[first + index * V::LEN..][..V::LEN]);
        }
        let channels = (self.outputs - first).min(VECTORS * V::LEN);
        for (column, sums) in columns.zip(sums.chunks_exact(VECTORS * V::LEN)) {
            let single = (row * self.width + column) * self.outputs + first;
            let half = (row * (self.width + BORDER) + 1 + column) * self.outputs + first;
            for (index, bias) in bias.iter().enumerate() {
                let before = index * V::LEN;
                if before >= channels {
                    break;
                }
                let lanes = V::LEN.min(channels - before);
                let mut value = V::from_slice(simd, &sums[before..][..V::LEN]) + *bias;
                if self.activation == Activation::Silu {
                    value = silu(simd, value);
                }
                if let Some(residual) = self.task.residual {
                    value += tail::load::<S, V>(simd, &residual[single + before..][..lanes]);
                }
                if let Some(output) = &mut self.task.single {
                    tail::store(value, &mut output[single + before..][..lanes]);
                }
                if let Some(output) = &mut self.task.half {
                    store_rounded(value, &mut output[half + before..][..lanes]);
                }
            }
        }
    }

    /// [`Finish::put`] for one output.
    pub fn put_scalar(&mut self, row: usize, column: usize, output: usize, sum: f32) {
        let single = (row * self.width + column) * self.outputs + output;
        let half = (row * (self.width + BORDER) + 1 + column) * self.outputs + output;
        let mut value = sum + self.bias[output];
        if self.activation == Activation::Silu {
            value = silu_scalar(value);
        }
        if let Some(residual) = self.task.residual {
            value += residual[single];
        }
        if let Some(output) = &mut self.task.single {
            output[single] = value;
        }
        if let Some(output) = &mut self.task.half {
            output[half] = round(value);
        }
    }

    /// The task's first row, and how many it has.
    pub fn rows(&self) -> (usize, usize) {
        (self.task.first, self.task.rows)
    }
}

/// Rounds the vector's first lanes into `values`, which holds one vector at most.
#[inline(always)]
fn store_rounded<S, V>(vector: V, values: &mut [u16])
where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    const MAX_LANES: usize = 16;
    let mut lanes = [0.0; MAX_LANES];
    vector.store_slice(&mut lanes[..V::LEN]);
    if values.len() == V::LEN {
        // Its length is known when this is compiled, and so it is made in vectors.
        for (value, lane) in values[..V::LEN].iter_mut().zip(&lanes[..V::LEN]) {
            *value = round(*lane);
        }
    } else {
        for (value, lane) in values.iter_mut().zip(lanes) {
            *value = round(lane);
        }
    }
}
