//! Basis functions and coefficients of a cell in the layout of the vector code.

use super::COLOURS;
use super::field::{Field, LANES, Waves};
use fearless_simd::{Simd, prelude::*};

/// Writes the basis functions at the outputs of a cell, `[outputs, blocks]`.
#[inline(always)]
pub(super) fn fill<S: Simd>(
    simd: S,
    field: &Field,
    row: usize,
    column: usize,
    basis: &mut Vec<Waves>,
) {
    let (rows, columns) = (field.rows.cell(row), field.columns.cell(column));
    basis.resize(
        rows.len() * columns.len() * field.blocks(),
        Waves::default(),
    );
    let mut outputs = basis.chunks_exact_mut(field.blocks().max(1));
    for y in rows {
        let by_row = field.row_phases.at(y);
        for (x, output) in columns.clone().zip(&mut outputs) {
            let phases = by_row.iter().zip(field.column_phases.at(x));
            for ([cosines, sines], ([cosine_y, sine_y], [cosine_x, sine_x])) in
                output.iter_mut().zip(phases)
            {
                for at in (0..LANES).step_by(S::f32s::LEN) {
                    let lanes = at..at + S::f32s::LEN;
                    let cosine_y = S::f32s::from_slice(simd, &cosine_y[lanes.clone()]);
                    let cosine_x = S::f32s::from_slice(simd, &cosine_x[lanes.clone()]);
                    let sine_y = S::f32s::from_slice(simd, &sine_y[lanes.clone()]);
                    let sine_x = S::f32s::from_slice(simd, &sine_x[lanes.clone()]);
                    let cosine = cosine_y.mul_add(cosine_x, -(sine_y * sine_x));
                    let sine = sine_y.mul_add(cosine_x, cosine_y * sine_x);
                    cosine.store_slice(&mut cosines[lanes.clone()]);
                    sine.store_slice(&mut sines[lanes]);
                }
            }
        }
    }
}

/// Writes a cell's coefficients except the constant as `[colours, blocks]`; padding is not written.
#[inline(always)]
pub(super) fn deinterleave(coefficients: &[[f32; COLOURS]], planes: &mut [Waves]) {
    let frequencies = coefficients.len() / 2;
    let blocks = planes.len() / COLOURS;
    for (part, start) in [(0, 0), (1, frequencies)] {
        let coefficients = &coefficients[start..start + frequencies];
        for (block, coefficients) in coefficients.chunks(LANES).enumerate() {
            for colour in 0..COLOURS {
                let values = &mut planes[colour * blocks + block][part];
                for (value, coefficient) in values.iter_mut().zip(coefficients) {
                    *value = coefficient[colour];
                }
            }
        }
    }
}
