//! Scalar reference implementation: one output pixel and one coefficient at a time, in the order of
//! the vector code.

use super::field::{Field, LANES};

/// Adds one row of cells to every image; `output` is the row's part of the output, one slice per
/// image.
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

/// Adds the sums pairwise, halving their number each time.
fn total(mut sums: [f32; LANES]) -> f32 {
    for half in [LANES / 2, LANES / 4, LANES / 8, LANES / 16] {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
    }
    sums[0]
}

/// Cosine and sine of every frequency at one output pixel.
pub(super) fn basis(field: &Field, y: usize, x: usize) -> Vec<(f32, f32)> {
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
