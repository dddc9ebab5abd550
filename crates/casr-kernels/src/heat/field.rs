//! The data that all parallel tasks of a heat field share: shapes, coefficients and the phases of
//! every row and column. A task, or band, is one row of cells of all images.

use super::{CellAxis, HeatShape};
use rayon::prelude::*;

/// Frequencies in one [`Waves`]: the length of the longest vector, on every instruction set.
pub(super) const LANES: usize = 16;

/// One value for the cosine and one for the sine of each of [`LANES`] frequencies.
pub(super) type Waves = [[f32; LANES]; 2];

/// The arguments of a kernel as its bands read them.
pub(super) struct Field<'a> {
    pub shape: HeatShape,
    pub rows: &'a CellAxis,
    pub columns: &'a CellAxis,
    pub coefficients: &'a [f32],
    pub row_phases: Phases,
    pub column_phases: Phases,
    /// Columns of cells, grouped by equal offsets of their outputs: those share their basis
    /// functions.
    pub groups: Vec<Vec<usize>>,
}

impl<'a> Field<'a> {
    /// `amplitude` `[frequencies]` scales every basis function.
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
            column_phases: Phases::new(&columns.offsets, &horizontal, &vec![1.0; horizontal.len()]),
            groups: equal_cells(columns),
        }
    }

    /// Number of [`Waves`] that hold all frequencies.
    pub fn blocks(&self) -> usize {
        self.shape.frequencies.div_ceil(LANES)
    }

    /// The coefficients of one cell, `[2 * frequencies + 1, colours]`.
    pub fn cell_coefficients(&self, image: usize, row: usize, column: usize) -> &'a [f32] {
        let length = self.shape.coefficients();
        let cell = (image * self.rows.inputs() + row) * self.columns.inputs() + column;
        &self.coefficients[cell * length..][..length]
    }

    /// Index of the first colour of an output pixel.
    pub fn output_index(&self, image: usize, row: usize, column: usize) -> usize {
        ((image * self.rows.outputs() + row) * self.columns.outputs() + column) * self.shape.colours
    }
}

/// Cosine and sine of every frequency at every output of an axis, `[outputs, blocks]`; zero in the
/// padding.
pub(super) struct Phases {
    blocks: usize,
    waves: Vec<Waves>,
}

impl Phases {
    fn new(offsets: &[f32], frequencies: &[f32], amplitude: &[f32]) -> Self {
        let blocks = frequencies.len().div_ceil(LANES);
        let mut waves = vec![[[0.0; LANES]; 2]; offsets.len() * blocks];
        waves
            .par_chunks_mut(blocks.max(1))
            .zip(offsets)
            .for_each(|(waves, &offset)| {
                for (h, (&frequency, &amplitude)) in frequencies.iter().zip(amplitude).enumerate() {
                    // Not the standard library's sine: its results may differ between processors
                    // and systems.
                    let (sine, cosine) = libm::sincos(f64::from(frequency) * f64::from(offset));
                    let [cosines, sines] = &mut waves[h / LANES];
                    cosines[h % LANES] = (f64::from(amplitude) * cosine) as f32;
                    sines[h % LANES] = (f64::from(amplitude) * sine) as f32;
                }
            });
        Self { blocks, waves }
    }

    /// Cosines and sines at one output.
    pub fn at(&self, output: usize) -> &[Waves] {
        &self.waves[output * self.blocks..][..self.blocks]
    }
}

/// The inputs of an axis, grouped by equal offsets of their outputs, in the order of each group's
/// first input.
fn equal_cells(axis: &CellAxis) -> Vec<Vec<usize>> {
    let bits = |input: &usize| {
        axis.offsets[axis.cell(*input)]
            .iter()
            .map(|offset| offset.to_bits())
    };
    let mut inputs: Vec<usize> = (0..axis.inputs()).collect();
    inputs.sort_by(|a, b| bits(a).cmp(bits(b)));
    let mut groups: Vec<Vec<usize>> = inputs
        .chunk_by(|a, b| bits(a).eq(bits(b)))
        .map(<[usize]>::to_vec)
        .collect();
    groups.sort();
    groups
}

/// Splits `[images, rows, …]` into bands of rows, each a list of its slices of every image;
/// `lengths` are the lengths of the bands in one image.
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
