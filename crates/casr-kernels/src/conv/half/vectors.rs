//! The convolution in vectors of f32, whose lanes are output channels.

use super::finish::Finish;
use super::number::widen;
use super::{BLOCK, BORDER, HalfMap, KERNEL, Source};
use crate::conv::pack::{Block, blocks};
use crate::conv::strip::{UNROLL, add_product};
use fearless_simd::{Simd, SimdFloat};

/// Register tiles per strip. More tiles reuse the loaded weights more often; fewer keep the strip's
/// input and sums in the first-level cache.
const STRIP_TILES: usize = 8;

/// Rounded weights in f32, in the order in which they are read.
#[derive(Debug)]
pub(super) struct ChainWeights {
    /// Groups of output channels.
    blocks: Vec<Block>,
    /// `[block][kernel row][inputs in the order of the chains][block width]`, zero-padded.
    values: Vec<f32>,
    /// Elements under the whole kernel.
    taps: usize,
}

impl ChainWeights {
    /// Packs rounded HWIO weights.
    pub fn new(weights: &[u16], outputs: usize, lanes: usize, vectors: usize) -> Self {
        let taps = weights.len() / outputs;
        let blocks = blocks(outputs, lanes, vectors);
        let mut values = Vec::new();
        for block in &blocks {
            let used = block.width.min(outputs - block.first);
            for row in weights.chunks_exact(taps / KERNEL * outputs) {
                for group in row.chunks(BLOCK * outputs) {
                    for chain in 0..2 {
                        for tap in group.chunks_exact(outputs).skip(chain).step_by(2) {
                            let weights = &tap[block.first..][..used];
                            values.extend(weights.iter().copied().map(widen));
                            values.extend(std::iter::repeat_n(0.0, block.width - used));
                        }
                    }
                }
            }
        }
        Self {
            blocks,
            values,
            taps,
        }
    }

    /// The weights of a block for one row of the kernel.
    fn of(&self, block: Block, kernel_row: usize) -> &[f32] {
        let row = self.taps / KERNEL * block.width;
        &self.values[block.first * self.taps + kernel_row * row..][..row]
    }
}

/// The buffers of a thread.
pub(super) struct Workspace {
    /// Three rows of a strip of the input in f32, one after the other.
    lines: Vec<f32>,
    /// `[strip pixels][block width]`.
    sums: Vec<f32>,
}

impl Workspace {
    pub fn new(channels: usize, lanes: usize, pixels: usize, vectors: usize) -> Self {
        let pixels = STRIP_TILES * pixels;
        Self {
            lines: vec![0.0; KERNEL * (pixels + BORDER) * channels],
            sums: vec![0.0; pixels * vectors * lanes],
        }
    }
}

/// Computes the rows of one task.
#[inline(always)]
pub(super) fn convolve<S, V, const PIXELS: usize, const VECTORS: usize>(
    simd: S,
    source: &Source,
    weights: &ChainWeights,
    workspace: &mut Workspace,
    mut finish: Finish,
) where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    let input = source.input;
    let (channels, width) = (input.channels(), input.size().1);
    let (first, rows) = finish.rows();
    let Workspace { lines, sums } = workspace;
    let length = lines.len() / KERNEL;
    // Strip by strip rather than row by row, so that the rows above and below are still in the
    // cache.
    for left in (0..width).step_by(STRIP_TILES * PIXELS) {
        let pixels = (STRIP_TILES * PIXELS).min(width - left);
        for row in 0..rows + BORDER {
            let line = &mut lines[row % KERNEL * length..][..length];
            widen_line(input, first + row, left, pixels, line);
            let Some(row) = row.checked_sub(BORDER) else {
                continue;
            };
            for &block in &weights.blocks {
                let sums = &mut sums[..pixels.next_multiple_of(PIXELS) * block.width];
                sums.fill(0.0);
                for tap_row in 0..KERNEL {
                    let product = Product {
                        channels,
                        line: &lines[(row + tap_row) % KERNEL * length..][..length],
                        weights: weights.of(block, tap_row),
                    };
                    if block.width == VECTORS * V::LEN {
                        product.add::<S, V, PIXELS, VECTORS>(simd, sums);
                    } else {
                        product.add::<S, V, PIXELS, 1>(simd, sums);
                    }
                }
                let columns = left..left + pixels;
                if block.width == VECTORS * V::LEN {
                    finish.put::<S, V, VECTORS>(simd, row, columns, block.first, sums);
                } else {
                    finish.put::<S, V, 1>(simd, row, columns, block.first, sums);
                }
            }
        }
    }
}

/// The pixels of a row, counted with the border, under a strip of `pixels` output pixels in f32;
/// zeros behind them.
#[inline(always)]
fn widen_line(input: &HalfMap, row: usize, left: usize, pixels: usize, line: &mut [f32]) {
    let start = row * input.pitch() + left * input.channels();
    let (used, rest) = line.split_at_mut((pixels + BORDER) * input.channels());
    for (wide, value) in used.iter_mut().zip(&input.values()[start..]) {
        *wide = widen(*value);
    }
    rest.fill(0.0);
}

/// One row of the kernel times one block of output channels, for the register tiles of a strip.
struct Product<'a> {
    channels: usize,
    /// The pixels of the row under the strip.
    line: &'a [f32],
    /// `[inputs in the order of the chains][block width]`.
    weights: &'a [f32],
}

impl Product<'_> {
    /// Adds to `sums`, `[pixels][VECTORS · lanes]`, a multiple of `PIXELS` pixels.
    ///
    /// Kept out of line: inlined, its inner loop would compete for registers with the surrounding
    /// code.
    #[inline(never)]
    fn add<S, V, const PIXELS: usize, const VECTORS: usize>(&self, simd: S, sums: &mut [f32])
    where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        simd.vectorize(
            #[inline(always)]
            || {
                let width = VECTORS * V::LEN;
                // A block's weights stay in the first-level cache for all tiles.
                for (index, weights) in self.weights.chunks(BLOCK * width).enumerate() {
                    let count = weights.len() / width;
                    let (even, odd) = weights.split_at(count.div_ceil(2) * width);
                    for (tile, sums) in sums.chunks_exact_mut(PIXELS * width).enumerate() {
                        let start = tile * PIXELS * self.channels + index * BLOCK;
                        let values = &self.line[start..];
                        let evens = self.chain::<S, V, PIXELS, VECTORS>(simd, values, even);
                        let odds = self.chain::<S, V, PIXELS, VECTORS>(simd, &values[1..], odd);
                        let chains = evens.as_flattened().iter().zip(odds.as_flattened());
                        for (sum, (even, odd)) in sums.chunks_exact_mut(V::LEN).zip(chains) {
                            (V::from_slice(simd, sum) + (*even + *odd)).store_slice(sum);
                        }
                    }
                }
            },
        );
    }

    /// The chains over every second of `values`, one for each pixel and output channel.
    #[inline(always)]
    fn chain<S, V, const PIXELS: usize, const VECTORS: usize>(
        &self,
        simd: S,
        values: &[f32],
        weights: &[f32],
    ) -> [[V; VECTORS]; PIXELS]
    where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        let count = weights.len() / (VECTORS * V::LEN);
        assert!(values.len() + 1 >= (PIXELS - 1) * self.channels + 2 * count);
        let mut sums = [[V::splat(simd, 0.0); VECTORS]; PIXELS];
        let (mut value, mut weight) = (values.as_ptr(), weights.as_ptr());
        // SAFETY: `weights` holds `VECTORS` vectors for each of `count` steps, and every step
        // consumes these and moves on by two values: the last one reads the values
        // `2 * (count - 1)` and those `self.channels` apart from it, within the assertion.
        // Pointers are moved by `wrapping_add`, as the last move may lead beyond the end.
        unsafe {
            for _ in 0..count / UNROLL {
                for _ in 0..UNROLL {
                    add_product(simd, value, self.channels, weight, &mut sums);
                    value = value.wrapping_add(2);
                    weight = weight.add(VECTORS * V::LEN);
                }
            }
            for _ in 0..count % UNROLL {
                add_product(simd, value, self.channels, weight, &mut sums);
                value = value.wrapping_add(2);
                weight = weight.add(VECTORS * V::LEN);
            }
        }
        sums
    }
}
