//! Helpers of the tests of the heat field: random operands, and the formula in f64.

#![allow(dead_code, reason = "every test file uses its own part")]

pub use crate::noise::noise;
use casr_kernels::InstructionSet;
use casr_kernels::heat::{self, CellAxis, HeatShape};

/// A heat field with random operands.
#[derive(Clone)]
pub struct Case {
    pub shape: HeatShape,
    pub rows: CellAxis,
    pub columns: CellAxis,
    pub coefficients: Vec<f32>,
    pub frequencies: Vec<f32>,
    pub decay: Vec<f32>,
    pub base: Vec<f32>,
    pub output_gradient: Vec<f32>,
}

impl Case {
    /// `rows` and `columns` are (inputs, outputs).
    pub fn new(
        images: usize,
        frequencies: usize,
        colours: usize,
        rows: (usize, usize),
        columns: (usize, usize),
    ) -> Self {
        let shape = HeatShape {
            images,
            frequencies,
            colours,
        };
        let outputs = images * rows.1 * columns.1 * colours;
        Self {
            shape,
            rows: CellAxis::new(rows.0, rows.1),
            columns: CellAxis::new(columns.0, columns.1),
            coefficients: noise(images * rows.0 * columns.0 * shape.coefficients(), 1),
            frequencies: noise(2 * frequencies, 2).iter().map(|w| 8.0 * w).collect(),
            decay: noise(frequencies, 3)
                .iter()
                .map(|d| 0.6 + 0.4 * d)
                .collect(),
            base: noise(outputs, 4),
            output_gradient: noise(outputs, 5),
        }
    }

    pub fn forward(&self, set: InstructionSet, base: bool) -> Vec<f32> {
        let mut output = vec![f32::NAN; self.base.len()];
        heat::forward(
            set,
            self.shape,
            &self.rows,
            &self.columns,
            &self.coefficients,
            &self.frequencies,
            &self.decay,
            base.then_some(&self.base),
            &mut output,
        );
        output
    }

    /// The definition, pixel by pixel, in f64; without the base.
    pub fn formula(&self, frequencies: &[f64], decay: &[f64]) -> Vec<f64> {
        let HeatShape {
            images,
            frequencies: count,
            colours,
        } = self.shape;
        let place = |axis: &CellAxis, output: usize| {
            let position =
                (output as f64 + 0.5) * axis.inputs() as f64 / axis.outputs() as f64 - 0.5;
            let nearest = (position + 0.5 + 1e-9)
                .floor()
                .clamp(0.0, axis.inputs() as f64 - 1.0);
            (nearest as usize, position - nearest)
        };
        let mut values = Vec::new();
        for image in 0..images {
            for (row, dy) in (0..self.rows.outputs()).map(|output| place(&self.rows, output)) {
                for (column, dx) in
                    (0..self.columns.outputs()).map(|output| place(&self.columns, output))
                {
                    let cell = (image * self.rows.inputs() + row) * self.columns.inputs() + column;
                    let of = |k: usize, colour: usize| {
                        f64::from(
                            self.coefficients
                                [cell * self.shape.coefficients() + k * colours + colour],
                        )
                    };
                    values.extend((0..colours).map(|colour| {
                        of(2 * count, colour)
                            + (0..count)
                                .map(|h| {
                                    let angle =
                                        frequencies[2 * h] * dy + frequencies[2 * h + 1] * dx;
                                    decay[h]
                                        * (of(h, colour) * angle.cos()
                                            + of(count + h, colour) * angle.sin())
                                })
                                .sum::<f64>()
                    }));
                }
            }
        }
        values
    }
}

pub fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// Enlargements by integer and fractional factors, single pixels, large cells, empty cells
/// (shrinking), odd numbers of frequencies.
pub fn cases() -> Vec<Case> {
    vec![
        Case::new(1, 32, 3, (7, 28), (9, 36)),
        Case::new(2, 32, 3, (6, 11), (7, 13)),
        Case::new(3, 20, 3, (5, 15), (4, 7)),
        Case::new(1, 1, 3, (1, 1), (1, 1)),
        Case::new(1, 3, 3, (1, 16), (2, 33)),
        Case::new(2, 17, 3, (2, 37), (3, 41)),
        Case::new(1, 8, 3, (9, 4), (5, 12)),
        Case::new(1, 5, 3, (3, 3), (11, 2)),
        Case::new(1, 0, 3, (3, 5), (2, 4)),
        Case::new(2, 6, 1, (4, 9), (5, 8)),
        Case::new(1, 4, 4, (3, 7), (2, 5)),
    ]
}
