//! The convolution for few output channels: lanes are neighbouring pixels.
//!
//! With channels in the lanes, three outputs would leave most of a vector unused. Here the input's
//! rows are first transposed to `[inputs][columns]`; a pixel's sum still runs over (tap row, tap
//! column, input channel), so its bits are those of the scalar code.

use super::forward::{Rows, Source};
use super::{Activation, ConvShape};
use crate::activation::silu;
use fearless_simd::{Simd, SimdBase, SimdFloat, f32x4};

/// Output channels in a register tile.
const OUTPUTS: usize = 3;
/// Vectors of pixels in a register tile: times [`OUTPUTS`], nine sums, which leaves registers for
/// inputs and weights.
const VECTORS: usize = 3;
/// Side of the squares in which rows are transposed, in elements.
const SQUARE: usize = 4;
/// Lanes of the widest vector.
const MAX_LANES: usize = 16;

/// Whether lanes of pixels are faster than lanes of channels.
pub(super) fn suits(outputs: usize, lanes: usize) -> bool {
    2 * outputs < lanes
}

/// Weights and biases in groups of [`OUTPUTS`] channels,
/// `[group][kernel · kernel · inputs][OUTPUTS]`.
pub(super) struct GroupedWeights {
    groups: Vec<Group>,
}

struct Group {
    /// The first output channel.
    first: usize,
    weights: Vec<[f32; OUTPUTS]>,
    bias: [f32; OUTPUTS],
}

impl GroupedWeights {
    /// Groups HWIO weights; channels beyond the last are zero.
    pub fn new(shape: ConvShape, weights: &[f32], bias: Option<&[f32]>) -> Self {
        let pick = |values: &[f32], first: usize| {
            std::array::from_fn(|index| values.get(first + index).copied().unwrap_or(0.0))
        };
        let groups = (0..shape.outputs).step_by(OUTPUTS).map(|first| Group {
            first,
            weights: weights
                .chunks_exact(shape.outputs)
                .map(|tap| pick(tap, first))
                .collect(),
            bias: pick(bias.unwrap_or(&[]), first),
        });
        Self {
            groups: groups.collect(),
        }
    }
}

/// The rows of one task.
#[inline(always)]
pub(super) fn convolve<S, V>(simd: S, source: &Source, weights: &GroupedWeights, mut rows: Rows)
where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    let shape = source.shape;
    let tile = VECTORS * V::LEN;
    let mut planes = Planes::new(
        source,
        shape.width.next_multiple_of(tile) + 2 * shape.padding(),
    );
    for row in 0..rows.output.len() / (shape.width * shape.outputs) {
        for tap_row in 0..shape.kernel {
            if let Some(under) = shape.row_under(rows.first + row, tap_row) {
                planes.hold(simd, under);
            }
        }
        for group in &weights.groups {
            for left in (0..shape.width).step_by(tile) {
                let mut sums = [[V::splat(simd, 0.0); VECTORS]; OUTPUTS];
                for (sums, bias) in sums.iter_mut().zip(group.bias) {
                    *sums = [V::splat(simd, bias); VECTORS];
                }
                let taps = group.weights.chunks_exact(shape.run());
                for (tap_row, weights) in taps.enumerate() {
                    let (line, pitch) = planes.under(rows.first + row, tap_row);
                    for (tap_column, weights) in weights.chunks_exact(shape.inputs).enumerate() {
                        let line = &line[left + tap_column..];
                        add_products(simd, line, pitch, weights, &mut sums);
                    }
                }
                let pixels = tile.min(shape.width - left);
                let start = (row * shape.width + left) * shape.outputs + group.first;
                for (output, sums) in (group.first..shape.outputs).zip(&sums) {
                    let start = start + output - group.first;
                    put(simd, source, start, pixels, sums, &mut rows);
                }
            }
        }
    }
}

/// Adds the products of one tap. The inputs lie `pitch` elements apart in `line`.
#[inline(always)]
fn add_products<S, V>(
    simd: S,
    line: &[f32],
    pitch: usize,
    weights: &[[f32; OUTPUTS]],
    sums: &mut [[V; VECTORS]; OUTPUTS],
) where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    for (channel, weights) in weights.iter().enumerate() {
        let plane = &line[channel * pitch..][..VECTORS * V::LEN];
        let weights = weights.map(|weight| V::splat(simd, weight));
        for (index, plane) in plane.chunks_exact(V::LEN).enumerate() {
            let value = V::from_slice(simd, plane);
            for (sums, weight) in sums.iter_mut().zip(&weights) {
                sums[index] = value.mul_add(*weight, sums[index]);
            }
        }
    }
}

/// Applies activation and residual to the sums of one output channel and stores the first `pixels`
/// of them; `start` is the index of the first.
#[inline(always)]
fn put<S, V>(
    simd: S,
    source: &Source,
    start: usize,
    pixels: usize,
    sums: &[V; VECTORS],
    rows: &mut Rows,
) where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    let outputs = source.shape.outputs;
    for (index, sum) in sums.iter().enumerate() {
        let first = index * V::LEN;
        if first >= pixels {
            break;
        }
        let places = (start + first * outputs..)
            .step_by(outputs)
            .take(V::LEN.min(pixels - first));
        let mut lanes = [0.0; MAX_LANES];
        if let Some(pre_activation) = &mut rows.pre_activation {
            sum.store_slice(&mut lanes[..V::LEN]);
            for (place, lane) in places.clone().zip(lanes) {
                pre_activation[place] = lane;
            }
        }
        let value = match source.activation {
            Activation::None => *sum,
            Activation::Silu => silu(simd, *sum),
        };
        value.store_slice(&mut lanes[..V::LEN]);
        for (place, lane) in places.zip(lanes) {
            let residual = rows.residual.map(|residual| residual[place]);
            rows.output[place] = residual.map_or(lane, |residual| lane + residual);
        }
    }
}

/// The input rows under the kernel, transposed, with zero padding left and right.
struct Planes<'a> {
    source: &'a Source<'a>,
    /// Elements of a plane: columns of the image, of the padding and of an incomplete last tile.
    pitch: usize,
    rows: [Vec<f32>; 3],
    held: [Option<usize>; 3],
    zeros: Vec<f32>,
}

impl<'a> Planes<'a> {
    fn new(source: &'a Source, pitch: usize) -> Self {
        Self {
            source,
            pitch,
            rows: std::array::from_fn(|_| vec![0.0; pitch * source.shape.inputs]),
            held: [None; 3],
            zeros: vec![0.0; pitch],
        }
    }

    #[inline(always)]
    fn hold<S: Simd>(&mut self, simd: S, row: usize) {
        let slot = row % 3;
        if self.held[slot] != Some(row) {
            let shape = self.source.shape;
            let pixels = shape.input_row(self.source.input, row);
            let planes = &mut self.rows[slot][shape.padding()..];
            transpose(simd, pixels, shape.inputs, planes, self.pitch);
            self.held[slot] = Some(row);
        }
    }

    /// The planes under one row of the kernel and the distance from one to the next, in elements.
    /// In the padding, this is one plane of zeros, shared by all inputs (distance 0).
    fn under(&self, row: usize, tap_row: usize) -> (&[f32], usize) {
        match self.source.shape.row_under(row, tap_row) {
            Some(under) => (&self.rows[under % 3], self.pitch),
            None => (&self.zeros, 0),
        }
    }
}

/// Copies `[columns][inputs]` to `[inputs][columns]`, where rows of the result are `pitch` elements
/// apart.
#[inline(always)]
fn transpose<S: Simd>(simd: S, pixels: &[f32], inputs: usize, planes: &mut [f32], pitch: usize) {
    let columns = pixels.len() / inputs;
    let (whole_columns, whole_inputs) = (columns / SQUARE * SQUARE, inputs / SQUARE * SQUARE);
    for column in (0..whole_columns).step_by(SQUARE) {
        for input in (0..whole_inputs).step_by(SQUARE) {
            let mut square = [f32x4::splat(simd, 0.0); SQUARE];
            for (index, vector) in square.iter_mut().enumerate() {
                let start = (column + index) * inputs + input;
                *vector = f32x4::from_slice(simd, &pixels[start..][..SQUARE]);
            }
            let [a, b, c, d] = square;
            let ((ac_low, ac_high), (bd_low, bd_high)) = (a.interleave(c), b.interleave(d));
            let (first, second) = ac_low.interleave(bd_low);
            let (third, fourth) = ac_high.interleave(bd_high);
            for (index, vector) in [first, second, third, fourth].iter().enumerate() {
                let start = (input + index) * pitch + column;
                vector.store_slice(&mut planes[start..][..SQUARE]);
            }
        }
    }
    for column in 0..columns {
        let first = if column < whole_columns {
            whole_inputs
        } else {
            0
        };
        for input in first..inputs {
            planes[input * pitch + column] = pixels[column * inputs + input];
        }
    }
}
