//! The forward pass, a strip of tiles at a time: transform the input, multiply by the weights,
//! transform back.

use super::super::forward::{Rows, Source};
use super::super::pack::{Block, PackedWeights, blocks, padded_outputs};
use super::super::strip::{Target, UNROLL, add_product};
use super::super::{Activation, ConvShape, tail};
use super::transform::{TILE, WINDOW, both_ways, input_line, output_line, transform_weights};
use super::window::{Plane, Points, corner};
use super::{STRIP_TILES, grid};
use crate::activation::silu;
use fearless_simd::{Simd, SimdFloat};
use rayon::prelude::*;

/// The transformed weights, one matrix for each point of the transform, and the bias.
#[derive(Debug)]
pub(crate) struct PointWeights {
    points: Vec<PackedWeights>,
    bias: Vec<f32>,
    /// Output channels, rounded up to whole vectors.
    outputs: usize,
}

impl PointWeights {
    /// Transforms and packs HWIO weights.
    pub fn new(
        shape: ConvShape,
        weights: &[f32],
        bias: Option<&[f32]>,
        lanes: usize,
        vectors: usize,
    ) -> Self {
        let blocks = blocks(shape.outputs, lanes, vectors);
        let outputs = padded_outputs(&blocks);
        let point = ConvShape { kernel: 1, ..shape };
        let mut padded_bias = bias.map_or_else(Vec::new, <[f32]>::to_vec);
        padded_bias.resize(outputs, 0.0);
        Self {
            points: transform_weights(weights)
                .par_chunks_exact(point.weights_len())
                .map(|weights| PackedWeights::new(point, weights, None, blocks.clone()))
                .collect(),
            bias: padded_bias,
            outputs,
        }
    }
}

/// The buffers of a thread.
pub(in super::super) struct Workspace {
    windows: Points,
    products: Points,
    patch: Vec<f32>,
}

impl Workspace {
    pub fn new(shape: ConvShape, weights: &PointWeights, lanes: usize) -> Self {
        Self {
            windows: Points::new(STRIP_TILES, shape.inputs, lanes),
            products: Points::new(STRIP_TILES, weights.outputs, lanes),
            patch: Vec::new(),
        }
    }
}

/// Computes the rows of one parallel task, which start at a tile's first row and belong to one
/// image.
#[inline(always)]
pub(in super::super) fn convolve<S, V, const TILES: usize, const VECTORS: usize>(
    simd: S,
    source: &Source,
    weights: &PointWeights,
    workspace: &mut Workspace,
    rows: Rows,
) where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    let shape = source.shape;
    let columns = grid(shape).0;
    let (image, first_row) = (rows.first / shape.height, rows.first % shape.height);
    let plane = Plane {
        values: &source.input[image * shape.height * shape.width * shape.inputs..],
        height: shape.height,
        width: shape.width,
        channels: shape.inputs,
    };
    let height = rows.output.len() / (shape.width * shape.outputs);
    let tiles = height.div_ceil(TILE) * columns;
    let mut result = Result {
        shape,
        height,
        bias: &weights.bias,
        target: Target {
            outputs: shape.outputs,
            activation: source.activation,
            residual: rows.residual,
            output: rows.output,
            pre_activation: rows.pre_activation,
        },
    };
    for first in (0..tiles).step_by(STRIP_TILES) {
        let strip = first..tiles.min(first + STRIP_TILES);
        for (place, tile) in strip.clone().enumerate() {
            let (row, column) = corner(tile, columns);
            let square = plane.square((first_row + row, column), 1, &mut workspace.patch);
            let Workspace { windows, .. } = workspace;
            windows.put::<S, V, WINDOW>(
                simd,
                place,
                square,
                #[inline(always)]
                |line| input_line(line, multiply_add(simd)),
            );
        }
        for (point, weights) in weights.points.iter().enumerate() {
            for &block in &weights.blocks {
                let Workspace {
                    windows, products, ..
                } = &mut *workspace;
                let product = Product {
                    inputs: shape.inputs,
                    tiles: strip.len(),
                    stride: windows.pitch(),
                    values: windows.of(point),
                    weights: weights.weights(block),
                    block,
                };
                let stride = products.pitch();
                let sums = products.of_mut(point);
                if block.width == VECTORS * V::LEN {
                    product.compute::<S, V, TILES, VECTORS>(simd, sums, stride);
                } else {
                    product.compute::<S, V, TILES, 1>(simd, sums, stride);
                }
            }
        }
        for (place, tile) in strip.enumerate() {
            result.put::<S, V>(simd, &workspace.products, place, corner(tile, columns));
        }
    }
}

/// a · b + c in every lane.
#[inline(always)]
pub(super) fn multiply_add<S, V>(simd: S) -> impl Fn(V, f32, V) -> V
where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    #[inline(always)]
    move |a, b, c| a.mul_add(V::splat(simd, b), c)
}

/// One matrix product: a point of the transform of a strip's windows times one block of the weights
/// of that point.
struct Product<'a> {
    inputs: usize,
    tiles: usize,
    /// Stride between tiles, in elements.
    stride: usize,
    /// `[tiles][stride]`.
    values: &'a [f32],
    /// `[inputs][block width]`.
    weights: &'a [f32],
    block: Block,
}

impl Product<'_> {
    /// Writes `[tiles][block width]` into `sums`, whose tiles lie `stride` elements apart.
    ///
    /// Kept out of line: inlined, its inner loop would compete for registers with the surrounding
    /// code.
    #[inline(never)]
    fn compute<S, V, const TILES: usize, const VECTORS: usize>(
        &self,
        simd: S,
        sums: &mut [f32],
        stride: usize,
    ) where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        simd.vectorize(
            #[inline(always)]
            || {
                for first in (0..self.tiles).step_by(TILES) {
                    let tile_sums = self.tile::<S, V, TILES, VECTORS>(simd, first);
                    for (tile, tile_sums) in tile_sums.iter().enumerate() {
                        let start = (first + tile) * stride + self.block.first;
                        let target = &mut sums[start..][..VECTORS * V::LEN];
                        for (index, sum) in tile_sums.iter().enumerate() {
                            sum.store_slice(&mut target[index * V::LEN..][..V::LEN]);
                        }
                    }
                }
            },
        );
    }

    #[inline(always)]
    fn tile<S, V, const TILES: usize, const VECTORS: usize>(
        &self,
        simd: S,
        first: usize,
    ) -> [[V; VECTORS]; TILES]
    where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        let values = &self.values[first * self.stride..];
        assert!(values.len() >= (TILES - 1) * self.stride + self.inputs);
        assert!(self.weights.len() == self.inputs * VECTORS * V::LEN);
        let mut sums = [[V::splat(simd, 0.0); VECTORS]; TILES];
        let (mut value, mut weight) = (values.as_ptr(), self.weights.as_ptr());
        // SAFETY: the first assertion guarantees that `inputs` elements follow each of the `TILES`
        // elements that lie `stride` apart from the start of `values`, the second that `weights`
        // holds `VECTORS` vectors for each of them. Each step consumes one of each, and the
        // pointers end at most one past the last.
        unsafe {
            for _ in 0..self.inputs / UNROLL {
                for _ in 0..UNROLL {
                    add_product(simd, value, self.stride, weight, &mut sums);
                    value = value.add(1);
                    weight = weight.add(VECTORS * V::LEN);
                }
            }
            for _ in 0..self.inputs % UNROLL {
                add_product(simd, value, self.stride, weight, &mut sums);
                value = value.add(1);
                weight = weight.add(VECTORS * V::LEN);
            }
        }
        sums
    }
}

/// The output of one parallel task.
struct Result<'a> {
    shape: ConvShape,
    /// Number of rows.
    height: usize,
    bias: &'a [f32],
    target: Target<'a>,
}

impl Result<'_> {
    /// Transforms the products of the strip's tile number `place` back, adds the bias, applies
    /// activation and residual, and stores the pixels of the tile at (`top`, `left`) that lie
    /// inside the image.
    #[inline(always)]
    fn put<S, V>(&mut self, simd: S, products: &Points, place: usize, (top, left): (usize, usize))
    where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        let rows = TILE.min(self.height - top);
        let columns = TILE.min(self.shape.width - left);
        let outputs = self.shape.outputs;
        for first in (0..outputs).step_by(V::LEN) {
            let mut tile = [[V::splat(simd, 0.0); TILE]; TILE];
            both_ways(
                products.load(simd, place, first),
                #[inline(always)]
                |line| output_line(line, multiply_add(simd)),
                #[inline(always)]
                |row, column, value| tile[row][column] = value,
            );
            let bias = V::from_slice(simd, &self.bias[first..][..V::LEN]);
            for value in tile.as_flattened_mut() {
                *value += bias;
            }
            let lanes = V::LEN.min(outputs - first);
            let place = |row: usize, column: usize| {
                let start = ((top + row) * self.shape.width + left + column) * outputs + first;
                start..start + lanes
            };
            if let Some(pre_activation) = &mut self.target.pre_activation {
                for (row, values) in tile.iter().enumerate().take(rows) {
                    for (column, value) in values.iter().enumerate().take(columns) {
                        tail::store(*value, &mut pre_activation[place(row, column)]);
                    }
                }
            }
            if self.target.activation == Activation::Silu {
                for value in tile.as_flattened_mut() {
                    *value = silu(simd, *value);
                }
            }
            if let Some(residual) = self.target.residual {
                for (row, values) in tile.iter_mut().enumerate().take(rows) {
                    for (column, value) in values.iter_mut().enumerate().take(columns) {
                        *value += tail::load::<S, V>(simd, &residual[place(row, column)]);
                    }
                }
            }
            for (row, values) in tile.iter().enumerate().take(rows) {
                for (column, value) in values.iter().enumerate().take(columns) {
                    tail::store(*value, &mut self.target.output[place(row, column)]);
                }
            }
        }
    }
}
