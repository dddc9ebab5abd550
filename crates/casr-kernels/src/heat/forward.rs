//! The vector implementation of the forward pass: lanes are frequencies.
//!
//! Every instruction set computes sixteen sums: sum j covers the frequencies h ≡ j (mod 16), cosine
//! and sine alternating, and a fixed tree adds them up. Lanes of output pixels would need no tree,
//! but most factors put only one to four outputs into a cell, and each would need a transposed
//! basis.

use super::field::{Field, Waves};
use super::{COLOURS, basis};
use fearless_simd::{Level, Simd, dispatch, f32x16, prelude::*};

/// Adds one row of cells to every image; `output` is the row's part of the output, one slice per
/// image.
pub(super) fn band(level: Level, field: &Field, row: usize, output: &mut [&mut [f32]]) {
    dispatch!(level, simd => groups(simd, field, row, output));
}

#[inline(always)]
fn groups<S: Simd>(simd: S, field: &Field, row: usize, output: &mut [&mut [f32]]) {
    let height = field.rows.cell(row).len();
    let mut functions = Vec::new();
    let mut planes = vec![Waves::default(); COLOURS * field.blocks()];
    let mut sums = Vec::new();
    for group in &field.groups {
        let width = field.columns.cell(group[0]).len();
        if height * width == 0 {
            continue;
        }
        basis::fill(simd, field, row, group[0], &mut functions);
        sums.resize(height * width, [0.0; COLOURS]);
        for (image, output) in output.iter_mut().enumerate() {
            let (output, _) = output.as_chunks_mut::<COLOURS>();
            for &column in group {
                let (coefficients, _) = field.cell_coefficients(image, row, column).as_chunks();
                basis::deinterleave(coefficients, &mut planes);
                product(simd, &functions, &planes, &mut sums);
                let constant = coefficients[coefficients.len() - 1];
                let lines = output.chunks_exact_mut(field.columns.outputs());
                for (line, sums) in lines.zip(sums.chunks_exact(width)) {
                    let first = field.columns.cell(column).start;
                    for (value, sum) in line[first..first + width].iter_mut().zip(sums) {
                        for colour in 0..COLOURS {
                            value[colour] += constant[colour] + sum[colour];
                        }
                    }
                }
            }
        }
    }
}

/// The sums over all frequencies, for every output of a cell.
#[inline(always)]
fn product<S: Simd>(simd: S, functions: &[Waves], planes: &[Waves], sums: &mut [[f32; COLOURS]]) {
    let blocks = planes.len() / COLOURS;
    let (pairs, single) = sums.as_chunks_mut::<2>();
    for (pair, sums) in pairs.iter_mut().enumerate() {
        let functions = &functions[2 * pair * blocks..][..2 * blocks];
        *sums = pixels(simd, functions.split_at(blocks).into(), planes);
    }
    if let [sum] = single {
        [*sum] = pixels(simd, [&functions[functions.len() - blocks..]], planes);
    }
}

/// The sums of `PIXELS` outputs, which share the loads of the coefficients.
#[inline(always)]
fn pixels<S: Simd, const PIXELS: usize>(
    simd: S,
    functions: [&[Waves]; PIXELS],
    planes: &[Waves],
) -> [[f32; COLOURS]; PIXELS] {
    let blocks = planes.len() / COLOURS;
    let functions = functions.map(|functions| &functions[..blocks]);
    let (red, rest) = planes.split_at(blocks);
    let (green, blue) = rest.split_at(blocks);
    let planes = [red, green, &blue[..blocks]];
    let mut sums = [[f32x16::splat(simd, 0.0); COLOURS]; PIXELS];
    for block in 0..blocks {
        for part in 0..2 {
            let mut values = [f32x16::splat(simd, 0.0); PIXELS];
            for (value, functions) in values.iter_mut().zip(functions) {
                *value = f32x16::simd_from(simd, functions[block][part]);
            }
            for (colour, plane) in planes.iter().enumerate() {
                let coefficient = f32x16::simd_from(simd, plane[block][part]);
                for pixel in 0..PIXELS {
                    sums[pixel][colour] = values[pixel].mul_add(coefficient, sums[pixel][colour]);
                }
            }
        }
    }
    let mut totals = [[0.0; COLOURS]; PIXELS];
    for (totals, sums) in totals.iter_mut().zip(&sums) {
        for (value, sum) in totals.iter_mut().zip(sums) {
            *value = total(*sum);
        }
    }
    totals
}

/// Adds the lanes pairwise, halving the vector each time.
#[inline(always)]
fn total<S: Simd>(sums: f32x16<S>) -> f32 {
    let (low, high) = sums.split();
    let (low, high) = (low + high).split();
    let sums = low + high;
    (sums[0] + sums[2]) + (sums[1] + sums[3])
}
