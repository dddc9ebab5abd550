//! Scalar reference implementation: one coefficient at a time, in the order of the vector code.

use super::SharedSums;
use crate::heat::field::Field;
use crate::heat::scalar::basis;

/// Processes one row of cells in every image; `gradient` is the row's part of the coefficients'
/// gradient, one slice per image.
pub(super) fn band(
    field: &Field,
    row: usize,
    decay: &[f32],
    output_gradient: &[f32],
    gradient: &mut [&mut [f32]],
) -> SharedSums {
    let (frequencies, colours) = (field.shape.frequencies, field.shape.colours);
    let mut sums = SharedSums::new(frequencies);
    for group in &field.groups {
        for (image, gradient) in gradient.iter_mut().enumerate() {
            for &column in group {
                let coefficients = field.cell_coefficients(image, row, column);
                let gradient = &mut gradient[column * coefficients.len()..][..coefficients.len()];
                gradient.fill(0.0);
                let pixels: Vec<(usize, usize)> = field
                    .rows
                    .cell(row)
                    .flat_map(|y| field.columns.cell(column).map(move |x| (y, x)))
                    .collect();
                let bases: Vec<_> = pixels.iter().map(|&(y, x)| basis(field, y, x)).collect();
                for colour in 0..colours {
                    let upstream =
                        |(y, x)| output_gradient[field.output_index(image, y, x) + colour];
                    for &pixel in &pixels {
                        gradient[2 * frequencies * colours + colour] += upstream(pixel);
                    }
                    for h in 0..frequencies {
                        let (mut cosine, mut sine) = ([0.0; 3], [0.0; 3]);
                        for (&(y, x), basis) in pixels.iter().zip(&bases) {
                            let value = upstream((y, x));
                            let offsets = [1.0, field.rows.offsets[y], field.columns.offsets[x]];
                            for (moment, offset) in offsets.into_iter().enumerate() {
                                cosine[moment] = basis[h].0.mul_add(offset * value, cosine[moment]);
                                sine[moment] = basis[h].1.mul_add(offset * value, sine[moment]);
                            }
                        }
                        let (a, b) = (h * colours + colour, (frequencies + h) * colours + colour);
                        gradient[a] = decay[h] * cosine[0];
                        gradient[b] = decay[h] * sine[0];
                        let (a, b) = (coefficients[a], coefficients[b]);
                        sums.decay[h] = b.mul_add(sine[0], a.mul_add(cosine[0], sums.decay[h]));
                        for (sum, moment) in
                            [(&mut sums.vertical[h], 1), (&mut sums.horizontal[h], 2)]
                        {
                            *sum = (-a).mul_add(sine[moment], b.mul_add(cosine[moment], *sum));
                        }
                    }
                }
            }
        }
    }
    sums
}
