//! The innermost loops of the convolution: a strip of tiles against one block of output channels.

use super::{Activation, ConvShape, tail};
use crate::activation::silu;
use fearless_simd::{Simd, SimdFloat};

/// Numbers of a pixel that the innermost loop takes in one turn.
pub(super) const UNROLLED: usize = 4;

/// What one block of output channels reads, for neighbouring tiles of a row.
pub(super) struct Strip<'a> {
    pub shape: ConvShape,
    /// For each tile and each row of the kernel, the input's pixels under it.
    pub windows: &'a [[&'a [f32]; 3]],
    /// `[kernel · kernel · inputs][block width]`.
    pub weights: &'a [f32],
    /// `[block width]`.
    pub bias: &'a [f32],
    /// The block's first output channel.
    pub first: usize,
}

/// Where a strip's results go, `[pixels][outputs]`, and what happens to them on the way.
pub(super) struct Target<'a> {
    pub outputs: usize,
    pub activation: Activation,
    pub residual: Option<&'a [f32]>,
    pub output: &'a mut [f32],
    pub pre_activation: Option<&'a mut [f32]>,
}

impl Strip<'_> {
    /// Computes the block's channels of the strip's pixels, in tiles of `PIXELS` pixels by `VECTORS` vectors.
    ///
    /// A function of its own: inlined, its loops would share registers with everything around them.
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

    /// The sums of one tile, from the bias on.
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
            // SAFETY: the assertion on `line` says that `run` numbers follow each of the `PIXELS` numbers that lie `stride`
            // apart from its start; the assertion on `weights`, that it holds `VECTORS` vectors for each of the `run` numbers
            // of each line. The steps take each of them once, and the pointers end at most one past the last.
            unsafe {
                for _ in 0..run / UNROLLED {
                    for _ in 0..UNROLLED {
                        add_product(simd, value, stride, weight, &mut sums);
                        value = value.add(1);
                        weight = weight.add(VECTORS * V::LEN);
                    }
                }
                for _ in 0..run % UNROLLED {
                    add_product(simd, value, stride, weight, &mut sums);
                    value = value.add(1);
                    weight = weight.add(VECTORS * V::LEN);
                }
            }
        }
        sums
    }
}

/// Adds the product of one number of each pixel and the weights that belong to it.
///
/// # Safety
///
/// `VECTORS` vectors must follow `weight`, and `value` must point into a slice that reaches beyond `PIXELS - 1` times
/// `stride` numbers from there.
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
        // SAFETY: the caller's promise.
        let lanes = unsafe { std::slice::from_raw_parts(weight.add(index * V::LEN), V::LEN) };
        *vector = V::from_slice(simd, lanes);
    }
    for (pixel, sums) in sums.iter_mut().enumerate() {
        // SAFETY: the caller's promise.
        let value = V::splat(simd, unsafe { *value.add(pixel * stride) });
        for (sum, weight) in sums.iter_mut().zip(&weights) {
            *sum = value.mul_add(*weight, *sum);
        }
    }
}

impl Target<'_> {
    /// Finishes the sums of one pixel from output channel `first` on and writes them.
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

/// Stores vectors over `target`; what does not fit is dropped.
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
