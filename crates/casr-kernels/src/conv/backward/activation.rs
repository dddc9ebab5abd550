//! The gradient through activation and bias, and the bias's own gradient.

use super::scalar;
use crate::activation::{sigmoid, sigmoid_scalar};
use crate::conv::instructions::Kernel;
use crate::conv::{Activation, ConvShape};
use fearless_simd::{Simd, SimdFloat};
use rayon::prelude::*;

/// The arguments of [`activation_gradient`](super::activation_gradient()).
pub(crate) struct ActivationGradient<'a> {
    pub shape: ConvShape,
    pub activation: Activation,
    pub output_gradient: &'a [f32],
    pub pre_activation: &'a [f32],
    pub gradient: &'a mut [f32],
    pub bias_gradient: &'a mut [f32],
}

/// The part of the gradient that one parallel task computes: whole pixels.
pub(super) struct Pixels<'a> {
    pub output_gradient: &'a [f32],
    /// Empty if there is no activation.
    pub pre_activation: &'a [f32],
    pub gradient: &'a mut [f32],
}

impl Kernel for ActivationGradient<'_> {
    fn simd<S, V, const ROWS: usize, const VECTORS: usize>(self, simd: S)
    where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        let outputs = self.shape.outputs;
        self.for_each_task(|pixels| {
            simd.vectorize(
                #[inline(always)]
                || propagate::<S, V>(simd, outputs, pixels),
            )
        });
    }

    fn scalar(self) {
        let outputs = self.shape.outputs;
        self.for_each_task(|pixels| scalar::activation_gradient(outputs, pixels));
    }
}

impl ActivationGradient<'_> {
    /// Runs `task` on parts of the pixels in parallel and sums the bias gradients that they return,
    /// in order.
    fn for_each_task(self, task: impl Fn(Pixels) -> Vec<f32> + Sync) {
        let shape = self.shape;
        let length = shape.rows_per_partial_sum() * shape.width * shape.outputs;
        let pre_activation = match self.activation {
            Activation::None => &[],
            Activation::Silu => self.pre_activation,
        };
        let partials: Vec<Vec<f32>> = self
            .gradient
            .par_chunks_mut(length)
            .zip(self.output_gradient.par_chunks(length))
            .enumerate()
            .map(|(index, (gradient, output_gradient))| {
                let start = pre_activation.len().min(index * length);
                let end = pre_activation.len().min(start + length);
                task(Pixels {
                    output_gradient,
                    pre_activation: &pre_activation[start..end],
                    gradient,
                })
            })
            .collect();
        self.bias_gradient.fill(0.0);
        for partial in partials {
            for (sum, value) in self.bias_gradient.iter_mut().zip(partial) {
                *sum += value;
            }
        }
    }
}

/// Writes the gradient and returns its sum over the pixels.
#[inline(always)]
fn propagate<S, V>(simd: S, outputs: usize, pixels: Pixels) -> Vec<f32>
where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    // A few pixels at a time, so that they are still in the cache when they are summed.
    const PIXELS: usize = 64;
    let mut sums = vec![0.0; outputs];
    let mut pre_activation = pixels.pre_activation.chunks(PIXELS * outputs);
    let gradients = pixels.gradient.chunks_mut(PIXELS * outputs);
    let output_gradients = pixels.output_gradient.chunks(PIXELS * outputs);
    for (gradient, output_gradient) in gradients.zip(output_gradients) {
        match pre_activation.next() {
            Some(values) => multiply_by_derivative::<S, V>(simd, values, output_gradient, gradient),
            None => gradient.copy_from_slice(output_gradient),
        }
        for pixel in gradient.chunks_exact(outputs) {
            add::<S, V>(simd, pixel, &mut sums);
        }
    }
    sums
}

#[inline(always)]
fn multiply_by_derivative<S, V>(
    simd: S,
    pre_activation: &[f32],
    output_gradient: &[f32],
    gradient: &mut [f32],
) where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    let whole = gradient.len() / V::LEN * V::LEN;
    let vectors = gradient[..whole]
        .chunks_exact_mut(V::LEN)
        .zip(output_gradient.chunks_exact(V::LEN))
        .zip(pre_activation.chunks_exact(V::LEN));
    for ((gradient, output_gradient), pre_activation) in vectors {
        let derivative = silu_derivative(simd, V::from_slice(simd, pre_activation));
        let value = V::from_slice(simd, output_gradient) * derivative;
        value.store_slice(gradient);
    }
    for index in whole..gradient.len() {
        gradient[index] = output_gradient[index] * silu_derivative_scalar(pre_activation[index]);
    }
}

#[inline(always)]
fn add<S, V>(simd: S, values: &[f32], sums: &mut [f32])
where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    let whole = sums.len() / V::LEN * V::LEN;
    let (vectors, rest) = sums.split_at_mut(whole);
    for (sum, values) in vectors
        .chunks_exact_mut(V::LEN)
        .zip(values.chunks_exact(V::LEN))
    {
        let total = V::from_slice(simd, sum) + V::from_slice(simd, values);
        total.store_slice(sum);
    }
    for (sum, value) in rest.iter_mut().zip(&values[whole..]) {
        *sum += value;
    }
}

/// The derivative of x · σ(x), which is σ(x) · (1 + x · (1 − σ(x))), in every lane.
#[inline(always)]
fn silu_derivative<S: Simd, V: SimdFloat<S, Element = f32>>(simd: S, x: V) -> V {
    let one = V::splat(simd, 1.0);
    let sigmoid = sigmoid(simd, x);
    sigmoid * x.mul_add(one - sigmoid, one)
}

/// [`silu_derivative`] of a single value.
#[inline(always)]
pub(super) fn silu_derivative_scalar(x: f32) -> f32 {
    let sigmoid = sigmoid_scalar(x);
    sigmoid * x.mul_add(1.0 - sigmoid, 1.0)
}
