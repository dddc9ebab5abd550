//! The vector implementation: lanes are frequencies.

use super::SharedSums;
use crate::heat::field::{Field, LANES, Waves};
use crate::heat::{COLOURS, basis};
use fearless_simd::{Level, Simd, dispatch, f32x16, prelude::*};

/// Kinds of sums over the outputs of a cell: of the gradient itself, and of the gradient times the
/// vertical and the horizontal offset.
const MOMENTS: usize = 3;

/// The upstream gradient of an output pixel, for each moment and colour.
type Upstream = [[f32; COLOURS]; MOMENTS];

/// The products of basis functions and upstream gradients, summed over the outputs of a cell, for
/// each moment and colour.
type Moments = [[Waves; COLOURS]; MOMENTS];

/// Processes one row of cells in every image; `gradient` is the row's part of the coefficients'
/// gradient, one slice per image.
pub(super) fn band(
    level: Level,
    field: &Field,
    row: usize,
    decay: &[f32],
    output_gradient: &[f32],
    gradient: &mut [&mut [f32]],
) -> SharedSums {
    dispatch!(level, simd => groups(simd, field, row, decay, output_gradient, gradient))
}

#[inline(always)]
fn groups<S: Simd>(
    simd: S,
    field: &Field,
    row: usize,
    decay: &[f32],
    output_gradient: &[f32],
    gradient: &mut [&mut [f32]],
) -> SharedSums {
    let mut sums = SharedSums::new(field.blocks() * LANES);
    let mut functions = Vec::new();
    let mut upstream = Vec::new();
    let mut moments = vec![Moments::default(); field.blocks()];
    let mut planes = vec![Waves::default(); COLOURS * field.blocks()];
    for group in &field.groups {
        basis::fill(simd, field, row, group[0], &mut functions);
        for (image, gradient) in gradient.iter_mut().enumerate() {
            let (gradient, _) = gradient.as_chunks_mut::<COLOURS>();
            for &column in group {
                collect_upstream(field, image, row, column, output_gradient, &mut upstream);
                contract(simd, &functions, &upstream, &mut moments);
                let (coefficients, _) = field.cell_coefficients(image, row, column).as_chunks();
                let gradient = &mut gradient[column * coefficients.len()..][..coefficients.len()];
                write_gradient(&moments, decay, &upstream, gradient);
                basis::deinterleave(coefficients, &mut planes);
                add_shared(simd, &planes, &moments, &mut sums);
            }
        }
    }
    sums
}

/// Collects the upstream gradients of a cell's outputs and their products with the offsets.
#[inline(always)]
fn collect_upstream(
    field: &Field,
    image: usize,
    row: usize,
    column: usize,
    output_gradient: &[f32],
    upstream: &mut Vec<Upstream>,
) {
    upstream.clear();
    let columns = field.columns.cell(column);
    for y in field.rows.cell(row) {
        let line = &output_gradient[field.output_index(image, y, columns.start)..];
        let (pixels, _) = line.as_chunks::<COLOURS>();
        let vertical = field.rows.offsets[y];
        let offsets = &field.columns.offsets[columns.clone()];
        for (&[red, green, blue], &horizontal) in pixels.iter().zip(offsets) {
            upstream.push([
                [red, green, blue],
                [vertical * red, vertical * green, vertical * blue],
                [horizontal * red, horizontal * green, horizontal * blue],
            ]);
        }
    }
}

/// Computes the moments of a cell, `[blocks]`.
#[inline(always)]
fn contract<S: Simd>(simd: S, functions: &[Waves], upstream: &[Upstream], moments: &mut [Moments]) {
    let (blocks, lanes) = (moments.len(), S::f32s::LEN);
    for (block, moments) in moments.iter_mut().enumerate() {
        for part in 0..2 {
            for at in (0..LANES).step_by(lanes) {
                let mut sums = [[S::f32s::splat(simd, 0.0); COLOURS]; MOMENTS];
                for (function, upstream) in functions.chunks_exact(blocks).zip(upstream) {
                    let function =
                        S::f32s::from_slice(simd, &function[block][part][at..at + lanes]);
                    for (sums, upstream) in sums.iter_mut().zip(upstream) {
                        for (sum, &value) in sums.iter_mut().zip(upstream) {
                            *sum = function.mul_add(S::f32s::splat(simd, value), *sum);
                        }
                    }
                }
                for (sum, waves) in sums.iter().flatten().zip(moments.iter_mut().flatten()) {
                    sum.store_slice(&mut waves[part][at..at + lanes]);
                }
            }
        }
    }
}

/// Writes the gradient of a cell's coefficients, `[2 * frequencies + 1]` of each colour.
#[inline(always)]
fn write_gradient(
    moments: &[Moments],
    decay: &[f32],
    upstream: &[Upstream],
    gradient: &mut [[f32; COLOURS]],
) {
    let (cosines, rest) = gradient.split_at_mut(decay.len());
    let (sines, constant) = rest.split_at_mut(decay.len());
    for (part, gradient) in [cosines, sines].into_iter().enumerate() {
        let blocks = gradient
            .chunks_mut(LANES)
            .zip(decay.chunks(LANES))
            .zip(moments);
        for ((gradient, decay), [[red, green, blue], ..]) in blocks {
            let lanes = red[part].iter().zip(&green[part]).zip(&blue[part]);
            for ((value, decay), ((red, green), blue)) in gradient.iter_mut().zip(decay).zip(lanes)
            {
                *value = [decay * red, decay * green, decay * blue];
            }
        }
    }
    let mut sum = [0.0; COLOURS];
    for [gradient, ..] in upstream {
        for colour in 0..COLOURS {
            sum[colour] += gradient[colour];
        }
    }
    constant[0] = sum;
}

/// Adds the contribution of a cell to the gradients that all cells share.
#[inline(always)]
fn add_shared<S: Simd>(simd: S, planes: &[Waves], moments: &[Moments], sums: &mut SharedSums) {
    let blocks = moments.len();
    for (block, [of_decay, of_vertical, of_horizontal]) in moments.iter().enumerate() {
        let lanes = block * LANES..(block + 1) * LANES;
        let mut decay = f32x16::from_slice(simd, &sums.decay[lanes.clone()]);
        let mut vertical = f32x16::from_slice(simd, &sums.vertical[lanes.clone()]);
        let mut horizontal = f32x16::from_slice(simd, &sums.horizontal[lanes.clone()]);
        for colour in 0..COLOURS {
            let [a, b] =
                planes[colour * blocks + block].map(|values| f32x16::simd_from(simd, values));
            let [cosine, sine] = of_decay[colour].map(|values| f32x16::simd_from(simd, values));
            decay = b.mul_add(sine, a.mul_add(cosine, decay));
            let [cosine, sine] = of_vertical[colour].map(|values| f32x16::simd_from(simd, values));
            vertical = (-a).mul_add(sine, b.mul_add(cosine, vertical));
            let [cosine, sine] =
                of_horizontal[colour].map(|values| f32x16::simd_from(simd, values));
            horizontal = (-a).mul_add(sine, b.mul_add(cosine, horizontal));
        }
        decay.store_slice(&mut sums.decay[lanes.clone()]);
        vertical.store_slice(&mut sums.vertical[lanes.clone()]);
        horizontal.store_slice(&mut sums.horizontal[lanes]);
    }
}
