//! The forward product in vectors: lanes are the output pixels of a cell.

use super::COLOURS;
use super::field::{Field, turn};
use fearless_simd::{Level, Simd, dispatch, prelude::*};
use std::ops::Range;

/// One row of cells in every image; `output` holds the rows of the band, one slice per image.
pub(super) fn band(
    level: Level,
    field: &Field,
    row: usize,
    base: Option<&[f32]>,
    output: &mut [&mut [f32]],
) {
    if !field.rows.cell(row).is_empty() {
        dispatch!(level, simd => groups(simd, field, row, base, output));
    }
}

#[inline(always)]
fn groups<S: Simd>(
    simd: S,
    field: &Field,
    row: usize,
    base: Option<&[f32]>,
    output: &mut [&mut [f32]],
) {
    let (mut basis, mut pixels) = (Vec::new(), Vec::new());
    for group in &field.groups {
        let width = field.columns.cell(group[0]).len();
        if width == 0 {
            continue;
        }
        let area = field.rows.cell(row).len() * width;
        let padded = area.next_multiple_of(S::f32s::LEN);
        fill_basis(field, row, group[0], padded, &mut basis);
        pixels.clear();
        pixels.resize(2 * COLOURS * padded, 0.0);

        let cells: Vec<Cell> = (0..field.shape.images)
            .flat_map(|image| group.iter().map(move |&column| (image, column)))
            .map(|(image, column)| Cell {
                image,
                rows: field.rows.cell(row),
                columns: field.columns.cell(column),
                coefficients: field.cell_coefficients(image, row, column).as_chunks().0,
            })
            .collect();
        for pair in cells.chunks(2) {
            for (cell, pixels) in pair.iter().zip(pixels.chunks_exact_mut(COLOURS * padded)) {
                cell.start(field, base, padded, pixels);
            }
            match pair {
                [first, second] => {
                    let coefficients = [first.coefficients, second.coefficients];
                    product(simd, &basis, padded, coefficients, &mut pixels);
                }
                _ => product(simd, &basis, padded, [pair[0].coefficients], &mut pixels),
            }
            for (cell, pixels) in pair.iter().zip(pixels.chunks_exact(COLOURS * padded)) {
                cell.store(field, padded, pixels, output[cell.image]);
            }
        }
    }
}

/// The basis functions at the outputs of a cell: [2 * frequencies, padded outputs].
#[inline(always)]
fn fill_basis(field: &Field, row: usize, column: usize, padded: usize, basis: &mut Vec<f32>) {
    let frequencies = field.shape.frequencies;
    basis.clear();
    basis.resize(2 * frequencies * padded, 0.0);
    let (cosines, sines) = basis.split_at_mut(frequencies * padded);
    let mut pixel = 0;
    for y in field.rows.cell(row) {
        let (cosine_y, sine_y) = field.row_phases.at(y);
        for x in field.columns.cell(column) {
            let (cosine_x, sine_x) = field.column_phases.at(x);
            for h in 0..frequencies {
                let (cosine, sine) = turn((cosine_y[h], cosine_x[h]), (sine_y[h], sine_x[h]));
                cosines[h * padded + pixel] = cosine;
                sines[h * padded + pixel] = sine;
            }
            pixel += 1;
        }
    }
}

/// One input pixel of one image and the outputs that fall into it.
struct Cell<'a> {
    image: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    coefficients: &'a [[f32; COLOURS]],
}

impl Cell<'_> {
    /// Fills `pixels` [colours, padded outputs] with base and constant.
    fn start(&self, field: &Field, base: Option<&[f32]>, padded: usize, pixels: &mut [f32]) {
        let constant = self.coefficients[self.coefficients.len() - 1];
        for (colour, plane) in pixels.chunks_exact_mut(padded).enumerate() {
            plane.fill(constant[colour]);
            let Some(base) = base else { continue };
            for (y, line) in self
                .rows
                .clone()
                .zip(plane.chunks_exact_mut(self.columns.len()))
            {
                let base = &base[field.output_index(self.image, y, self.columns.start)..];
                for (value, base) in line.iter_mut().zip(base.as_chunks::<COLOURS>().0) {
                    *value += base[colour];
                }
            }
        }
    }

    /// Copies `pixels` [colours, padded outputs] to their places in the rows of the band.
    fn store(&self, field: &Field, padded: usize, pixels: &[f32], output: &mut [f32]) {
        let (output, _) = output.as_chunks_mut::<COLOURS>();
        let width = self.columns.len();
        for (row, output) in output.chunks_exact_mut(field.columns.outputs()).enumerate() {
            for (x, output) in output[self.columns.clone()].iter_mut().enumerate() {
                for (colour, value) in output.iter_mut().enumerate() {
                    *value = pixels[colour * padded + row * width + x];
                }
            }
        }
    }
}

/// Adds the products of basis and coefficients to `pixels` [cells, colours, padded outputs].
#[inline(always)]
fn product<S: Simd, const CELLS: usize>(
    simd: S,
    basis: &[f32],
    padded: usize,
    coefficients: [&[[f32; COLOURS]]; CELLS],
    pixels: &mut [f32],
) {
    let mut at = 0;
    while at + 2 * S::f32s::LEN <= padded {
        block::<S, CELLS, 2>(simd, basis, padded, at, coefficients, pixels);
        at += 2 * S::f32s::LEN;
    }
    if at < padded {
        block::<S, CELLS, 1>(simd, basis, padded, at, coefficients, pixels);
    }
}

/// [`product`] for `VECTORS` vectors of outputs from `at` on, all sums in registers.
#[inline(always)]
fn block<S: Simd, const CELLS: usize, const VECTORS: usize>(
    simd: S,
    basis: &[f32],
    padded: usize,
    at: usize,
    coefficients: [&[[f32; COLOURS]]; CELLS],
    pixels: &mut [f32],
) {
    let lanes = S::f32s::LEN;
    let zero = S::f32s::splat(simd, 0.0);
    let mut sums = [[[zero; VECTORS]; COLOURS]; CELLS];
    for cell in 0..CELLS {
        for colour in 0..COLOURS {
            let plane = &pixels[(cell * COLOURS + colour) * padded + at..][..VECTORS * lanes];
            for vector in 0..VECTORS {
                sums[cell][colour][vector] =
                    S::f32s::from_slice(simd, &plane[vector * lanes..][..lanes]);
            }
        }
    }
    let terms = basis.len() / padded;
    let coefficients = coefficients.map(|coefficients| &coefficients[..terms]);
    for (k, basis) in basis.chunks_exact(padded).enumerate() {
        let basis = &basis[at..at + VECTORS * lanes];
        let mut factors = [zero; VECTORS];
        for vector in 0..VECTORS {
            factors[vector] = S::f32s::from_slice(simd, &basis[vector * lanes..][..lanes]);
        }
        for cell in 0..CELLS {
            for colour in 0..COLOURS {
                let coefficient = S::f32s::splat(simd, coefficients[cell][k][colour]);
                for vector in 0..VECTORS {
                    let sum = sums[cell][colour][vector];
                    sums[cell][colour][vector] = factors[vector].mul_add(coefficient, sum);
                }
            }
        }
    }
    for cell in 0..CELLS {
        for colour in 0..COLOURS {
            let plane = &mut pixels[(cell * COLOURS + colour) * padded + at..][..VECTORS * lanes];
            for vector in 0..VECTORS {
                sums[cell][colour][vector].store_slice(&mut plane[vector * lanes..][..lanes]);
            }
        }
    }
}
