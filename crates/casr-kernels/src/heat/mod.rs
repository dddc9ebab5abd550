//! The heat field head: colour as a continuous function of the position inside a pixel (after
//! Thera, arXiv 2311.17643).
//!
//! Every input pixel has, for each colour, coefficients of H frequencies that all pixels share. An
//! output pixel at the offset d = (dy, dx) from the center of its nearest input has the colour
//!
//! `base + constant + Σ_h decay_h (A_h cos(ω_h·d) + B_h sin(ω_h·d))`
//!
//! Offsets depend on the sizes alone, so the outputs of the cell of an input pixel are one small
//! matrix product, whose basis functions are shared by all cells with the same offsets. Cosines and
//! sines are computed per row and per column and combined by the addition theorems.

mod axis;
#[cfg(feature = "backward")]
mod backward;
mod basis;
mod field;
mod forward;
mod scalar;

pub use axis::CellAxis;
#[cfg(feature = "backward")]
pub use backward::backward;

use crate::InstructionSet;
use field::{Field, bands};
use rayon::prelude::*;

/// Number of colours for which there is vector code; other numbers use the scalar code, with the
/// same results.
const COLOURS: usize = 3;

/// Sizes of a heat field, apart from its two axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeatShape {
    /// Number of images.
    pub images: usize,
    /// Number of frequencies, H.
    pub frequencies: usize,
    /// Colours of a pixel; the vector code requires three.
    pub colours: usize,
}

impl HeatShape {
    /// Number of coefficients of one input pixel: `(2 * frequencies + 1) * colours`.
    pub fn coefficients(self) -> usize {
        (2 * self.frequencies + 1) * self.colours
    }
}

/// Evaluates the field at every output pixel.
///
/// - `coefficients` `[images, rows.inputs(), columns.inputs(), (2H + 1) * colours]`: element (k,
///   colour) of a pixel has the index `k * colours + colour`; k < H are the cosines' A, H ≤ k < 2H
///   the sines' B, and k = 2H is the constant.
/// - `frequencies` `[H, 2]`: (ω_y, ω_x) in radians per input pixel. `decay` `[H]`: the factor of
///   each frequency.
/// - `base` `[images, rows.outputs(), columns.outputs(), colours]`, if given, is added.
/// - `output` has the shape of `base` and is overwritten.
///
/// The bits of a pixel depend only on its offsets, its coefficients and its base.
///
/// # Panics
/// If the length of a slice does not match its shape.
#[expect(
    clippy::too_many_arguments,
    reason = "the operands of one product, each of its own type of tensor"
)]
pub fn forward(
    set: InstructionSet,
    shape: HeatShape,
    rows: &CellAxis,
    columns: &CellAxis,
    coefficients: &[f32],
    frequencies: &[f32],
    decay: &[f32],
    base: Option<&[f32]>,
    output: &mut [f32],
) {
    check(shape, rows, columns, coefficients, frequencies, decay);
    let output_row = columns.outputs() * shape.colours;
    assert_eq!(
        output.len(),
        shape.images * rows.outputs() * output_row,
        "output length"
    );
    if let Some(base) = base {
        assert_eq!(base.len(), output.len(), "base length");
    }
    let field = Field::new(shape, rows, columns, coefficients, frequencies, decay);
    let heights = (0..rows.inputs()).map(|row| rows.cell(row).len() * output_row);
    bands(shape.images, heights, output)
        .into_par_iter()
        .enumerate()
        .for_each(|(row, mut output)| {
            for (image, output) in output.iter_mut().enumerate() {
                let first = field.output_index(image, rows.cell(row).start, 0);
                match base {
                    Some(base) => output.copy_from_slice(&base[first..first + output.len()]),
                    None => output.fill(0.0),
                }
            }
            match set.level() {
                Some(level) if shape.colours == COLOURS => {
                    forward::band(level, &field, row, &mut output);
                }
                _ => scalar::forward_band(&field, row, &mut output),
            }
        });
}

fn check(
    shape: HeatShape,
    rows: &CellAxis,
    columns: &CellAxis,
    coefficients: &[f32],
    frequencies: &[f32],
    decay: &[f32],
) {
    let cells = shape.images * rows.inputs() * columns.inputs();
    assert_eq!(
        coefficients.len(),
        cells * shape.coefficients(),
        "coefficient length"
    );
    assert_eq!(frequencies.len(), 2 * shape.frequencies, "frequency length");
    assert_eq!(decay.len(), shape.frequencies, "decay length");
}
