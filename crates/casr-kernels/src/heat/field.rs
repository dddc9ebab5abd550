//! What all bands of a heat field share: shapes, coefficients and the phases of every row and column.

use super::{CellAxis, HeatShape};
use rayon::prelude::*;

/// Frequencies are padded to a multiple of the widest vector, the same for every instruction set.
const PADDING: usize = 16;

/// The arguments of a kernel in the form that its bands read.
pub(super) struct Field<'a> {
    pub shape: HeatShape,
    pub rows: &'a CellAxis,
    pub columns: &'a CellAxis,
    pub coefficients: &'a [f32],
    pub row_phases: Phases,
    pub column_phases: Phases,
    /// Columns of cells whose outputs lie at the same offsets, and so share their basis functions.
    pub groups: Vec<Vec<usize>>,
}

impl<'a> Field<'a> {
    /// `amplitude` [frequencies] scales every basis function.
    pub fn new(
        shape: HeatShape,
        rows: &'a CellAxis,
        columns: &'a CellAxis,
        coefficients: &'a [f32],
        frequencies: &[f32],
        amplitude: &[f32],
    ) -> Self {
        let (pairs, _) = frequencies.as_chunks::<2>();
        let vertical: Vec<f32> = pairs.iter().map(|[vertical, _]| *vertical).collect();
        let horizontal: Vec<f32> = pairs.iter().map(|[_, horizontal]| *horizontal).collect();
        Self {
            shape,
            rows,
            columns,
            coefficients,
            row_phases: Phases::new(&rows.offsets, &vertical, amplitude),
            column_phases: Phases::new(
                &columns.offsets,
                &horizontal,
                &vec![1.0; shape.frequencies],
            ),
            groups: equal_cells(columns),
        }
    }

    /// Frequencies with their padding.
    pub fn padded_frequencies(&self) -> usize {
        self.shape.frequencies.next_multiple_of(PADDING)
    }

    /// The coefficients of one cell, [2 * frequencies + 1, colours].
    pub fn cell_coefficients(&self, image: usize, row: usize, column: usize) -> &'a [f32] {
        let length = self.shape.coefficients();
        let cell = (image * self.rows.inputs() + row) * self.columns.inputs() + column;
        &self.coefficients[cell * length..][..length]
    }

    /// Where the colours of an output pixel start.
    pub fn output_index(&self, image: usize, row: usize, column: usize) -> usize {
        ((image * self.rows.outputs() + row) * self.columns.outputs() + column) * self.shape.colours
    }
}

/// Cosine and sine of every frequency at every output of an axis, each [outputs, padded frequencies].
pub(super) struct Phases {
    padded: usize,
    cosine: Vec<f32>,
    sine: Vec<f32>,
}

impl Phases {
    fn new(offsets: &[f32], frequencies: &[f32], amplitude: &[f32]) -> Self {
        let padded = frequencies.len().next_multiple_of(PADDING);
        let mut cosine = vec![0.0; offsets.len() * padded];
        let mut sine = cosine.clone();
        if padded > 0 {
            let rows = cosine
                .par_chunks_mut(padded)
                .zip(sine.par_chunks_mut(padded));
            rows.zip(offsets).for_each(|((cosine, sine), &offset)| {
                let terms = cosine
                    .iter_mut()
                    .zip(sine)
                    .zip(frequencies.iter().zip(amplitude));
                for ((cosine, sine), (&frequency, &amplitude)) in terms {
                    // Not std: its results may differ from one processor and one system to the next.
                    let (s, c) = libm::sincos(f64::from(frequency) * f64::from(offset));
                    *cosine = (f64::from(amplitude) * c) as f32;
                    *sine = (f64::from(amplitude) * s) as f32;
                }
            });
        }
        Self {
            padded,
            cosine,
            sine,
        }
    }

    /// Cosines and sines at one output.
    pub fn at(&self, output: usize) -> (&[f32], &[f32]) {
        let range = output * self.padded..(output + 1) * self.padded;
        (&self.cosine[range.clone()], &self.sine[range])
    }
}

/// Cosine and sine of the sum of two angles given by theirs, in the rounding that every kernel uses.
#[inline(always)]
pub(super) fn turn(cosines: (f32, f32), sines: (f32, f32)) -> (f32, f32) {
    (
        cosines.0.mul_add(cosines.1, -(sines.0 * sines.1)),
        sines.0.mul_add(cosines.1, cosines.0 * sines.1),
    )
}

/// The inputs of an axis sorted into groups of equal offsets.
fn equal_cells(axis: &CellAxis) -> Vec<Vec<usize>> {
    let bits = |input: &usize| {
        axis.offsets[axis.cell(*input)]
            .iter()
            .map(|offset| offset.to_bits())
    };
    let mut inputs: Vec<usize> = (0..axis.inputs()).collect();
    inputs.sort_by(|a, b| bits(a).cmp(bits(b)));
    inputs
        .chunk_by(|a, b| bits(a).eq(bits(b)))
        .map(<[usize]>::to_vec)
        .collect()
}

/// Cuts [images, rows, …] into bands of rows, each with its slice of every image; `lengths` are the bands' lengths.
pub(super) fn bands(
    images: usize,
    lengths: impl Iterator<Item = usize> + Clone,
    mut data: &mut [f32],
) -> Vec<Vec<&mut [f32]>> {
    let mut bands: Vec<Vec<&mut [f32]>> = lengths
        .clone()
        .map(|_| Vec::with_capacity(images))
        .collect();
    for _ in 0..images {
        for (band, length) in bands.iter_mut().zip(lengths.clone()) {
            let (head, rest) = data.split_at_mut(length);
            band.push(head);
            data = rest;
        }
    }
    bands
}
