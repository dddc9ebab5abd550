//! The gradients of the heat field.

mod scalar;
mod vector;

use super::field::{Field, bands};
use super::{COLOURS, CellAxis, HeatShape, check};
use crate::InstructionSet;
use rayon::prelude::*;

/// The gradients of [`forward`](super::forward()), given the gradient of its output,
/// `output_gradient` `[images, rows.outputs(), columns.outputs(), colours]`. Overwrites
///
/// - `coefficient_gradient`, shaped as the coefficients;
/// - `frequency_gradient` `[H, 2]`, through cosine and sine only: the decay is a separate input;
/// - `decay_gradient` `[H]`.
///
/// The gradient of the base equals that of the output.
///
/// # Panics
/// If the length of a slice does not match its shape.
#[expect(
    clippy::too_many_arguments,
    reason = "the operands of one product, each of its own type of tensor"
)]
pub fn backward(
    set: InstructionSet,
    shape: HeatShape,
    rows: &CellAxis,
    columns: &CellAxis,
    coefficients: &[f32],
    frequencies: &[f32],
    decay: &[f32],
    output_gradient: &[f32],
    coefficient_gradient: &mut [f32],
    frequency_gradient: &mut [f32],
    decay_gradient: &mut [f32],
) {
    check(shape, rows, columns, coefficients, frequencies, decay);
    let outputs = shape.images * rows.outputs() * columns.outputs() * shape.colours;
    assert_eq!(output_gradient.len(), outputs, "output gradient length");
    assert_eq!(
        coefficient_gradient.len(),
        coefficients.len(),
        "coefficient gradient length"
    );
    assert_eq!(
        frequency_gradient.len(),
        frequencies.len(),
        "frequency gradient length"
    );
    assert_eq!(decay_gradient.len(), decay.len(), "decay gradient length");

    // The decay is multiplied to the sums afterwards, so that its own gradient needs no division by
    // it.
    let amplitude = vec![1.0; shape.frequencies];
    let field = Field::new(shape, rows, columns, coefficients, frequencies, &amplitude);
    let heights = (0..rows.inputs()).map(|_| columns.inputs() * shape.coefficients());
    let sums: Vec<SharedSums> = bands(shape.images, heights, coefficient_gradient)
        .into_par_iter()
        .enumerate()
        .map(|(row, mut gradient)| match set.level() {
            Some(level) if shape.colours == COLOURS => {
                vector::band(level, &field, row, decay, output_gradient, &mut gradient)
            }
            _ => scalar::band(&field, row, decay, output_gradient, &mut gradient),
        })
        .collect();

    let total = |part: fn(&SharedSums) -> &[f32], h: usize| -> f64 {
        sums.iter().map(|sums| f64::from(part(sums)[h])).sum()
    };
    for h in 0..shape.frequencies {
        let factor = f64::from(decay[h]);
        decay_gradient[h] = total(|sums| &sums.decay, h) as f32;
        frequency_gradient[2 * h] = (factor * total(|sums| &sums.vertical, h)) as f32;
        frequency_gradient[2 * h + 1] = (factor * total(|sums| &sums.horizontal, h)) as f32;
    }
}

/// The contribution of one row of cells to the gradients that all pixels share, each
/// `[frequencies or more]`. Those of the frequencies still lack the factor of the decay.
struct SharedSums {
    decay: Vec<f32>,
    vertical: Vec<f32>,
    horizontal: Vec<f32>,
}

impl SharedSums {
    fn new(frequencies: usize) -> Self {
        let zeros = vec![0.0; frequencies];
        Self {
            decay: zeros.clone(),
            vertical: zeros.clone(),
            horizontal: zeros,
        }
    }
}
