//! The gradient of the weighted means.

use super::{COLOURS, CellPlaces, EarlierShape, check, weights};
use rayon::prelude::*;

/// The gradient of [`forward`](super::forward()) with respect to the values: overwrites
/// `earlier_gradient`, shaped as `earlier`, given `output_gradient`, shaped as the output. The
/// weights are treated as constants, so the gradient of the colours is zero.
///
/// # Panics
/// If the length of a slice does not match its shape.
pub fn backward(
    shape: EarlierShape,
    rows: &CellPlaces,
    columns: &CellPlaces,
    colours: &[f32],
    earlier: &[f32],
    output_gradient: &[f32],
    earlier_gradient: &mut [f32],
) {
    let (height, width) = (rows.cells(), columns.cells());
    let stride = check(
        shape,
        rows,
        columns,
        colours,
        earlier.len(),
        output_gradient.len(),
    );
    assert_eq!(earlier_gradient.len(), earlier.len(), "gradient length");
    let image_values = rows.earlier * columns.earlier * stride;
    // One task per image: its cells, in reading order, add to the earlier cells that they depend
    // on.
    earlier_gradient
        .par_chunks_mut(image_values.max(1))
        .enumerate()
        .for_each(|(image, gradient)| {
            gradient.fill(0.0);
            let earlier = &earlier[image * image_values..][..image_values];
            for row in 0..height {
                for column in 0..width {
                    let place = (image * height + row) * width + column;
                    let colour = &colours[place * COLOURS..][..COLOURS];
                    let upper = &output_gradient[place * shape.channels..][..shape.channels];
                    for (cell, weight) in
                        weights((row, column), rows, columns, colour, earlier, stride)
                    {
                        let sums = &mut gradient[cell * stride..][..shape.channels];
                        for (sum, upper) in sums.iter_mut().zip(upper) {
                            *sum += weight * upper;
                        }
                    }
                }
            }
        });
}
