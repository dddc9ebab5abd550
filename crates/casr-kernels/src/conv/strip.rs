//! The innermost loops of the direct convolution: a strip of register tiles times one block of
//! output channels.

use super::{Activation, ConvShape, tail};
use crate::activation::silu;
use fearless_simd::{Simd, SimdFloat};

/// Unroll factor of the innermost loop over the elements of a pixel.
pub(super) const UNROLL: usize = 4;

/// The operands of one block of output channels for neighbouring register tiles of a row.
pub(super) struct Strip<'a> {
    pub shape: ConvShape,
    /// For each tile and each row of the kernel, the input pixels under it.
    pub windows: &'a [[&'a [f32]; 3]],
    /// `[kernel · kernel · inputs][block width]`.
    pub weights: &'a [f32],
    /// `[block width]`.
    pub bias: &'a [f32],
    /// The block's first output channel.
    pub first: usize,
}

/// The destination of a strip's results, `[pixels][outputs]`, and the operations applied before
/// storing.
pub(super) struct Target<'a> {
    pub outputs: usize,
    pub activation: Activation,
    pub residual: Option<&'a [f32]>,
    pub output: &'a mut [f32],
    pub pre_activation: Option<&'a mut [f32]>,
}

impl Strip<'_> {
    /// Computes the block's channels of the strip's pixels, in register tiles of `PIXELS` pixels by
    /// `VECTORS` vectors.
    ///
    /// Kept out of line: inlined, its inner loop would compete for registers with the surrounding
    /// code.
    #[inline(never)]
    pub fn compute<S, V, const PIXELS: usize, const VECTORS: usize>(
        &self,
        simd: S,
        target: &mut Target,
    ) where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        simd.vectorize(
            #[inline(always)]
            || {
                let pixels = target.output.len() / target.outputs;
                for (index, window) in self.windows.iter().enumerate() {
                    let lines = &window[..self.shape.kernel];
                    let sums = self.tile::<S, V, PIXELS, VECTORS>(simd, lines);
                    let first = index * PIXELS;
                    for (pixel, sums) in (first..pixels).zip(&sums) {
                        target.put(simd, pixel, self.first, sums);
                    }
                }
            },
        );
    }

    /// The sums of one register tile, starting at the bias.
    #[inline(always)]
    fn tile<S, V, const PIXELS: usize, const VECTORS: usize>(
        &self,
        simd: S,
        lines: &[&[f32]],
    ) -> [[V; VECTORS]; PIXELS]
    where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        let (run, stride) = (self.shape.run(), self.shape.inputs);
        assert!(self.weights.len() == lines.len() * run * VECTORS * V::LEN);
        let mut bias = [V::splat(simd, 0.0); VECTORS];
        for (index, bias) in bias.iter_mut().enumerate() {
            *bias = V::from_slice(simd, &self.bias[index * V::LEN..][..V::LEN]);
        }
        let mut sums = [bias; PIXELS];
        let mut weight = self.weights.as_ptr();
        for line in lines {
            assert!(line.len() >= (PIXELS - 1) * stride + run);
            let mut value = line.as_ptr();
            // SAFETY: the assertion on `line` guarantees that `run` elements follow each of the
            // `PIXELS` elements that lie `stride` apart from its start; the assertion on `weights`,
            // that it holds `VECTORS` vectors for each of the `run` elements of each line. Each
            // step consumes one of each, and the pointers end at most one past the last.
            unsafe {
                for _ in 0..run / UNROLL {
                    for _ in 0..UNROLL {
                        add_product(simd, value, stride, weight, &mut sums);
                        value = value.add(1);
                        weight = weight.add(VECTORS * V::LEN);
                    }
                }
                for _ in 0..run % UNROLL {
                    add_product(simd, value, stride, weight, &mut sums);
                    value = value.add(1);
                    weight = weight.add(VECTORS * V::LEN);
                }
            }
        }
        sums
    }
}

/// Adds the products of one element of each pixel and the weights that belong to it.
///
/// # Safety
///
/// `VECTORS` vectors must follow `weight`, and `value` must point into a slice that extends beyond
/// `PIXELS - 1` times `stride` elements from there.
#[inline(always)]
pub(super) unsafe fn add_product<S, V, const PIXELS: usize, const VECTORS: usize>(
    simd: S,
    value: *const f32,
    stride: usize,
    weight: *const f32,
    sums: &mut [[V; VECTORS]; PIXELS],
) where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    let mut weights = [V::splat(simd, 0.0); VECTORS];
    for (index, vector) in weights.iter_mut().enumerate() {
        // SAFETY: guaranteed by the caller, see the function's safety section.
        let lanes = unsafe { std::slice::from_raw_parts(weight.add(index * V::LEN), V::LEN) };
        *vector = V::from_slice(simd, lanes);
    }
    for (pixel, sums) in sums.iter_mut().enumerate() {
        // SAFETY: guaranteed by the caller, see the function's safety section.
        let value = V::splat(simd, unsafe { *value.add(pixel * stride) });
        for (sum, weight) in sums.iter_mut().zip(&weights) {
            *sum = value.mul_add(*weight, *sum);
        }
    }
}

impl Target<'_> {
    /// Applies activation and residual to the sums of one pixel and stores them from output channel
    /// `first` on.
    #[inline(always)]
    pub fn put<S, V, const VECTORS: usize>(
        &mut self,
        simd: S,
        pixel: usize,
        first: usize,
        sums: &[V; VECTORS],
    ) where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        let start = pixel * self.outputs + first;
        let place = start..start + (self.outputs - first).min(VECTORS * V::LEN);
        let length = place.len();
        let output = &mut self.output[place.clone()];
        let mut values = *sums;
        if let Some(pre_activation) = &mut self.pre_activation {
            put_vectors(&values, &mut pre_activation[place.clone()]);
        }
        if self.activation == Activation::Silu {
            for value in &mut values {
                *value = silu(simd, *value);
            }
        }
        if let Some(residual) = self.residual {
            let residual = &residual[place];
            for (index, value) in values.iter_mut().enumerate() {
                *value += tail::load::<S, V>(simd, &residual[length.min(index * V::LEN)..]);
            }
        }
        put_vectors(&values, output);
    }
}

/// Stores vectors to `target`; lanes beyond its end are dropped.
#[inline(always)]
fn put_vectors<S, V>(vectors: &[V], target: &mut [f32])
where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    let length = target.len();
    for (index, vector) in vectors.iter().enumerate() {
        tail::store(*vector, &mut target[length.min(index * V::LEN)..]);
    }
}
