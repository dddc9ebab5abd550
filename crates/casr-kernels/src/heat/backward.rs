//! The gradients in vectors: lanes are frequencies.

use super::field::Field;
use super::{COLOURS, SharedSums};
use fearless_simd::{Level, Simd, dispatch, prelude::*};

/// Sums over the outputs of a cell: of the gradient itself, and of it times the vertical and the horizontal offset.
const MOMENTS: usize = 3;

/// The gradient that arrives at an output pixel, for each moment and colour.
type Arriving = [[f32; COLOURS]; MOMENTS];

/// One row of cells in every image; `gradient` holds the coefficients' gradient of the band, one slice per image.
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
    let terms = 2 * field.padded_frequencies();
    let mut sums = SharedSums::new(field.padded_frequencies());
    let mut basis = Vec::new();
    let mut arriving = Vec::new();
    let mut moments = vec![0.0; MOMENTS * COLOURS * terms];
    let mut planes = vec![0.0; COLOURS * terms];
    for group in &field.groups {
        fill_basis(simd, field, row, group[0], &mut basis);
        for (image, gradient) in gradient.iter_mut().enumerate() {
            let (gradient, _) = gradient.as_chunks_mut::<COLOURS>();
            for &column in group {
                fill_arriving(field, image, row, column, output_gradient, &mut arriving);
                contract(simd, &basis, terms, &arriving, &mut moments);
                let (coefficients, _) = field.cell_coefficients(image, row, column).as_chunks();
                let gradient = &mut gradient[column * coefficients.len()..][..coefficients.len()];
                write_gradient(&moments, decay, &arriving, gradient);
                deinterleave(coefficients, &mut planes);
                add_shared(simd, &planes, &moments, &mut sums);
            }
        }
    }
    sums
}

/// The basis functions at the outputs of a cell: [outputs, cosines then sines of the padded frequencies].
#[inline(always)]
fn fill_basis<S: Simd>(simd: S, field: &Field, row: usize, column: usize, basis: &mut Vec<f32>) {
    let padded = field.padded_frequencies();
    let (rows, columns) = (field.rows.cell(row), field.columns.cell(column));
    basis.resize(rows.len() * columns.len() * 2 * padded, 0.0);
    let pixels = rows.flat_map(|y| columns.clone().map(move |x| (y, x)));
    for ((y, x), basis) in pixels.zip(basis.chunks_exact_mut(2 * padded.max(1))) {
        let (cosine_y, sine_y) = field.row_phases.at(y);
        let (cosine_x, sine_x) = field.column_phases.at(x);
        let (cosines, sines) = basis.split_at_mut(padded);
        for h in (0..padded).step_by(S::f32s::LEN) {
            let cosine_y = load(simd, cosine_y, h);
            let cosine_x = load(simd, cosine_x, h);
            let sine_y = load(simd, sine_y, h);
            let sine_x = load(simd, sine_x, h);
            let cosine = cosine_y.mul_add(cosine_x, -(sine_y * sine_x));
            let sine = sine_y.mul_add(cosine_x, cosine_y * sine_x);
            cosine.store_slice(&mut cosines[h..h + S::f32s::LEN]);
            sine.store_slice(&mut sines[h..h + S::f32s::LEN]);
        }
    }
}

/// The gradients of a cell's outputs and their products with the offsets.
fn fill_arriving(
    field: &Field,
    image: usize,
    row: usize,
    column: usize,
    output_gradient: &[f32],
    arriving: &mut Vec<Arriving>,
) {
    arriving.clear();
    let columns = field.columns.cell(column);
    for y in field.rows.cell(row) {
        let line = &output_gradient[field.output_index(image, y, columns.start)..];
        let (pixels, _) = line.as_chunks::<COLOURS>();
        let vertical = field.rows.offsets[y];
        for (pixel, horizontal) in pixels.iter().zip(&field.columns.offsets[columns.clone()]) {
            arriving.push([
                *pixel,
                pixel.map(|g| vertical * g),
                pixel.map(|g| horizontal * g),
            ]);
        }
    }
}

/// Products of basis functions and arriving gradients, summed over the outputs: [moments, colours, terms].
#[inline(always)]
fn contract<S: Simd>(
    simd: S,
    basis: &[f32],
    terms: usize,
    arriving: &[Arriving],
    moments: &mut [f32],
) {
    let lanes = S::f32s::LEN;
    for at in (0..terms).step_by(lanes) {
        let mut sums = [[S::f32s::splat(simd, 0.0); COLOURS]; MOMENTS];
        for (basis, arriving) in basis.chunks_exact(terms).zip(arriving) {
            let basis = load(simd, basis, at);
            for moment in 0..MOMENTS {
                for colour in 0..COLOURS {
                    let factor = S::f32s::splat(simd, arriving[moment][colour]);
                    sums[moment][colour] = basis.mul_add(factor, sums[moment][colour]);
                }
            }
        }
        for moment in 0..MOMENTS {
            for colour in 0..COLOURS {
                let start = (moment * COLOURS + colour) * terms + at;
                sums[moment][colour].store_slice(&mut moments[start..start + lanes]);
            }
        }
    }
}

/// The gradient of a cell's coefficients, [2 * frequencies + 1] of each colour.
fn write_gradient(
    moments: &[f32],
    decay: &[f32],
    arriving: &[Arriving],
    gradient: &mut [[f32; COLOURS]],
) {
    let terms = moments.len() / (MOMENTS * COLOURS);
    let (cosines, rest) = gradient.split_at_mut(decay.len());
    let (sines, constant) = rest.split_at_mut(decay.len());
    for (h, (&decay, (cosine, sine))) in decay.iter().zip(cosines.iter_mut().zip(sines)).enumerate()
    {
        for colour in 0..COLOURS {
            cosine[colour] = decay * moments[colour * terms + h];
            sine[colour] = decay * moments[colour * terms + terms / 2 + h];
        }
    }
    let mut sum = [0.0; COLOURS];
    for [gradient, ..] in arriving {
        for colour in 0..COLOURS {
            sum[colour] += gradient[colour];
        }
    }
    constant[0] = sum;
}

/// A cell's coefficients without the constant as [colours, cosines then sines of the padded frequencies].
fn deinterleave(coefficients: &[[f32; COLOURS]], planes: &mut [f32]) {
    let frequencies = coefficients.len() / 2;
    let (cosines, sines) = coefficients.split_at(frequencies);
    for (colour, plane) in planes
        .chunks_exact_mut((planes.len() / COLOURS).max(1))
        .enumerate()
    {
        let (cosine_plane, sine_plane) = plane.split_at_mut(plane.len() / 2);
        for (value, coefficient) in cosine_plane.iter_mut().zip(cosines) {
            *value = coefficient[colour];
        }
        for (value, coefficient) in sine_plane.iter_mut().zip(&sines[..frequencies]) {
            *value = coefficient[colour];
        }
    }
}

/// Adds what a cell gives to the gradients that all cells share.
#[inline(always)]
fn add_shared<S: Simd>(simd: S, planes: &[f32], moments: &[f32], sums: &mut SharedSums) {
    let lanes = S::f32s::LEN;
    let padded = sums.decay.len();
    for h in (0..padded).step_by(lanes) {
        let mut decay = load(simd, &sums.decay, h);
        let mut vertical = load(simd, &sums.vertical, h);
        let mut horizontal = load(simd, &sums.horizontal, h);
        for colour in 0..COLOURS {
            let place = |moment: usize| (moment * COLOURS + colour) * 2 * padded + h;
            let a = load(simd, planes, place(0));
            let b = load(simd, planes, place(0) + padded);
            decay = a.mul_add(load(simd, moments, place(0)), decay);
            decay = b.mul_add(load(simd, moments, place(0) + padded), decay);
            vertical = b.mul_add(load(simd, moments, place(1)), vertical);
            vertical = (-a).mul_add(load(simd, moments, place(1) + padded), vertical);
            horizontal = b.mul_add(load(simd, moments, place(2)), horizontal);
            horizontal = (-a).mul_add(load(simd, moments, place(2) + padded), horizontal);
        }
        decay.store_slice(&mut sums.decay[h..h + lanes]);
        vertical.store_slice(&mut sums.vertical[h..h + lanes]);
        horizontal.store_slice(&mut sums.horizontal[h..h + lanes]);
    }
}

/// The vector of `values` that begins at `start`.
#[inline(always)]
fn load<S: Simd>(simd: S, values: &[f32], start: usize) -> S::f32s {
    S::f32s::from_slice(simd, &values[start..start + S::f32s::LEN])
}
