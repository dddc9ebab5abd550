//! The gradient of the gated correction.

use super::LUMA;
use super::apply::each_row;
use crate::heat::CellAxis;

/// Replaces `gradient`, the gradient of the result of [`apply`](super::apply()), by that of the
/// correction, in place: `[images, rows.outputs(), columns.outputs(), 3]`.
///
/// # Panics
/// If the length of a slice does not match its shape.
pub fn apply_gradient(
    images: usize,
    rows: &CellAxis,
    columns: &CellAxis,
    gates: &[f32],
    gradient: &mut [f32],
) {
    each_row(
        images,
        rows,
        columns,
        gates,
        gradient,
        |_, [gate, chroma], _, cell| {
            for pixel in cell {
                let of_luma = (1.0 - chroma) * (pixel[0] + pixel[1] + pixel[2]);
                for (value, share) in pixel.iter_mut().zip(LUMA) {
                    *value = gate * (share * of_luma + chroma * *value);
                }
            }
        },
    );
}
