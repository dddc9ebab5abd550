//! Application of the gates to the correction.

use super::{COLOURS, GATES, LUMA};
use crate::heat::CellAxis;
use rayon::prelude::*;

/// Replaces `correction` `[images, rows.outputs(), columns.outputs(), 3]` by `base`, of the same
/// shape, plus the correction scaled by `gates` `[images, rows.inputs(), columns.inputs(), 2]`, as
/// described in the [module](super). Each output pixel uses the gates of the input pixel whose cell
/// it lies in.
///
/// The bits of a pixel depend on its own values and gates alone; products and sums are not fused on
/// any instruction set.
///
/// # Panics
/// If the length of a slice does not match its shape.
pub fn apply(
    images: usize,
    rows: &CellAxis,
    columns: &CellAxis,
    gates: &[f32],
    base: &[f32],
    correction: &mut [f32],
) {
    assert_eq!(base.len(), correction.len(), "base length");
    let width = columns.outputs() * COLOURS;
    each_row(
        images,
        rows,
        columns,
        gates,
        correction,
        |row, [gate, chroma], first, cell| {
            let base = &base[row * width + first * COLOURS..][..cell.len() * COLOURS];
            for (pixel, base) in cell.iter_mut().zip(base.as_chunks::<COLOURS>().0) {
                let luma = LUMA[0] * pixel[0] + LUMA[1] * pixel[1] + LUMA[2] * pixel[2];
                for (value, base) in pixel.iter_mut().zip(base) {
                    *value = base + gate * (luma + chroma * (*value - luma));
                }
            }
        },
    );
}

/// Calls `change` for every run of outputs that lies in one input pixel, with: the output row,
/// counted through all images; the pixel's gates; the first output column; the outputs.
pub(super) fn each_row(
    images: usize,
    rows: &CellAxis,
    columns: &CellAxis,
    gates: &[f32],
    values: &mut [f32],
    change: impl Fn(usize, [f32; GATES], usize, &mut [[f32; COLOURS]]) + Sync,
) {
    let (height, width) = (rows.outputs(), columns.outputs());
    assert_eq!(
        values.len(),
        images * height * width * COLOURS,
        "value length"
    );
    let inputs = rows.inputs() * columns.inputs();
    assert_eq!(gates.len(), images * inputs * GATES, "gate length");
    if values.is_empty() {
        return;
    }
    let cells: Vec<usize> = (0..rows.inputs())
        .flat_map(|input| rows.cell(input).map(move |_| input))
        .collect();
    let lines = values.par_chunks_mut(width * COLOURS).enumerate();
    lines.for_each(|(row, line)| {
        let input_row = row / height * rows.inputs() + cells[row % height];
        let gates = &gates[input_row * columns.inputs() * GATES..];
        let (line, _) = line.as_chunks_mut::<COLOURS>();
        for (column, gates) in gates.as_chunks::<GATES>().0[..columns.inputs()]
            .iter()
            .enumerate()
        {
            let cell = columns.cell(column);
            change(row, *gates, cell.start, &mut line[cell]);
        }
    });
}
