//! The scalar twin: one output pixel, one coefficient at a time, in the order that the vector code keeps.

use super::SharedSums;
use super::field::{Field, LANES};

/// Adds one row of cells to every image; `output` holds the rows of the band, one slice per image.
pub(super) fn forward_band(field: &Field, row: usize, output: &mut [&mut [f32]]) {
    let (frequencies, colours) = (field.shape.frequencies, field.shape.colours);
    let rows = field.rows.cell(row);
    let pitch = field.columns.outputs() * colours;
    for (image, output) in output.iter_mut().enumerate() {
        for column in 0..field.columns.inputs() {
            let coefficients = field.cell_coefficients(image, row, column);
            let (cosines, rest) = coefficients.split_at(frequencies * colours);
            let (sines, constants) = rest.split_at(frequencies * colours);
            for y in rows.clone() {
                for x in field.columns.cell(column) {
                    let basis = basis(field, y, x);
                    for colour in 0..colours {
                        let mut sums = [0.0; LANES];
                        for (h, (cosine, sine)) in basis.iter().enumerate() {
                            let [a, b] = [cosines, sines].map(|part| part[h * colours + colour]);
                            let sum = &mut sums[h % LANES];
                            *sum = sine.mul_add(b, cosine.mul_add(a, *sum));
                        }
                        output[(y - rows.start) * pitch + x * colours + colour] +=
                            constants[colour] + total(sums);
                    }
                }
            }
        }
    }
}

/// Adds the sums by halves.
fn total(mut sums: [f32; LANES]) -> f32 {
    for half in [LANES / 2, LANES / 4, LANES / 8, LANES / 16] {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
    }
    sums[0]
}

/// Cosine and sine of every frequency at one output pixel.
fn basis(field: &Field, y: usize, x: usize) -> Vec<(f32, f32)> {
    let (by_row, by_column) = (field.row_phases.at(y), field.column_phases.at(x));
    (0..field.shape.frequencies)
        .map(|h| {
            let [cosine_y, sine_y] = by_row[h / LANES].map(|values| values[h % LANES]);
            let [cosine_x, sine_x] = by_column[h / LANES].map(|values| values[h % LANES]);
            (
                cosine_y.mul_add(cosine_x, -(sine_y * sine_x)),
                sine_y.mul_add(cosine_x, cosine_y * sine_x),
            )
        })
        .collect()
}

/// One row of cells in every image; `gradient` holds the coefficients' gradient of the band, one slice per image.
pub(super) fn backward_band(
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
                    let arriving =
                        |(y, x)| output_gradient[field.output_index(image, y, x) + colour];
                    for &pixel in &pixels {
                        gradient[2 * frequencies * colours + colour] += arriving(pixel);
                    }
                    for h in 0..frequencies {
                        let (mut cosine, mut sine) = ([0.0; 3], [0.0; 3]);
                        for (&(y, x), basis) in pixels.iter().zip(&bases) {
                            let value = arriving((y, x));
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
