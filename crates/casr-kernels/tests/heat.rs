//! The heat field against its formula in f64, and every instruction set against scalar code.

use casr_kernels::InstructionSet;
use casr_kernels::heat::{self, CellAxis, HeatShape};
use rayon::ThreadPoolBuilder;

/// Reproducible values in [-1, 1).
fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

/// A field with random operands.
#[derive(Clone)]
struct Case {
    shape: HeatShape,
    rows: CellAxis,
    columns: CellAxis,
    coefficients: Vec<f32>,
    frequencies: Vec<f32>,
    decay: Vec<f32>,
    base: Vec<f32>,
    output_gradient: Vec<f32>,
}

#[derive(Clone, Debug, PartialEq)]
struct Gradients {
    coefficients: Vec<f32>,
    frequencies: Vec<f32>,
    decay: Vec<f32>,
}

impl Case {
    /// `rows` and `columns` are (inputs, outputs).
    fn new(
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

    fn forward(&self, set: InstructionSet, base: bool) -> Vec<f32> {
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

    fn backward(&self, set: InstructionSet) -> Gradients {
        let mut gradients = Gradients {
            coefficients: vec![f32::NAN; self.coefficients.len()],
            frequencies: vec![f32::NAN; self.frequencies.len()],
            decay: vec![f32::NAN; self.decay.len()],
        };
        heat::backward(
            set,
            self.shape,
            &self.rows,
            &self.columns,
            &self.coefficients,
            &self.frequencies,
            &self.decay,
            &self.output_gradient,
            &mut gradients.coefficients,
            &mut gradients.frequencies,
            &mut gradients.decay,
        );
        gradients
    }

    /// The definition, pixel by pixel, in f64; without the base.
    fn formula(&self, frequencies: &[f64], decay: &[f64]) -> Vec<f64> {
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

    /// What [`Self::backward`] differentiates: the sum of output times output gradient.
    fn loss(&self, frequencies: &[f64], decay: &[f64]) -> f64 {
        let values = self.formula(frequencies, decay);
        values
            .iter()
            .zip(&self.output_gradient)
            .map(|(value, &gradient)| value * f64::from(gradient))
            .sum()
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// Enlargements by whole and broken factors, one pixel, large cells, empty cells (shrinking), odd counts.
fn cases() -> Vec<Case> {
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

#[test]
fn forward_equals_the_formula() {
    for case in cases() {
        let expected = case.formula(&wide(&case.frequencies), &wide(&case.decay));
        for set in InstructionSet::available() {
            for (value, expected) in case.forward(set, false).iter().zip(&expected) {
                assert!(
                    (f64::from(*value) - expected).abs() < 2e-5,
                    "{set:?} {:?}: {value} {expected}",
                    case.shape
                );
            }
            for ((value, base), expected) in case
                .forward(set, true)
                .iter()
                .zip(&case.base)
                .zip(&expected)
            {
                assert!((f64::from(*value) - f64::from(*base) - expected).abs() < 2e-5);
            }
        }
    }
}

#[test]
fn instruction_sets_agree_bit_for_bit() {
    for case in cases() {
        let results = |set| {
            let gradients = case.backward(set);
            [
                bits(&case.forward(set, false)),
                bits(&case.forward(set, true)),
                bits(&gradients.coefficients),
                bits(&gradients.frequencies),
                bits(&gradients.decay),
            ]
        };
        for set in InstructionSet::available() {
            assert_eq!(results(set), results(InstructionSet::Scalar), "{set:?}");
        }
    }
}

#[test]
fn gradients_equal_finite_differences() {
    for case in cases() {
        let (frequencies, decay) = (wide(&case.frequencies), wide(&case.decay));
        let gradients = case.backward(InstructionSet::best());
        let step = 1e-5;
        let close = |value: f32, up: f64, down: f64| {
            let expected = (up - down) / (2.0 * step);
            let error = (f64::from(value) - expected).abs();
            assert!(
                error < 1e-4 * (1.0 + expected.abs()),
                "{:?}: {value} {expected}",
                case.shape
            );
        };
        for index in 0..frequencies.len() {
            let at = |change: f64| {
                let mut moved = frequencies.clone();
                moved[index] += change;
                case.loss(&moved, &decay)
            };
            close(gradients.frequencies[index], at(step), at(-step));
        }
        for index in 0..decay.len() {
            let at = |change: f64| {
                let mut moved = decay.clone();
                moved[index] += change;
                case.loss(&frequencies, &moved)
            };
            close(gradients.decay[index], at(step), at(-step));
        }
        // The output is linear in the coefficients: the difference may be taken at once and needs no small step.
        let rest = case.loss(&frequencies, &decay);
        for index in (0..case.coefficients.len()).step_by(case.coefficients.len() / 50 + 1) {
            let mut moved = case.clone();
            moved.coefficients[index] += 1.0;
            let change = f64::from(moved.coefficients[index]) - f64::from(case.coefficients[index]);
            let expected = (moved.loss(&frequencies, &decay) - rest) / change;
            let value = f64::from(gradients.coefficients[index]);
            assert!(
                (value - expected).abs() < 1e-4 * (1.0 + expected.abs()),
                "{value} {expected}"
            );
        }
    }
}

#[test]
fn a_window_gives_the_bits_of_the_whole() {
    for (rows, columns) in [((13, 33), (11, 40)), ((12, 48), (14, 56))] {
        let case = Case::new(1, 12, 3, rows, columns);
        let (in_rows, in_columns) = (4..9, 3..10);
        let out_rows = case.rows.starts[4] as usize + 1..case.rows.starts[9] as usize - 1;
        let out_columns = case.columns.starts[3] as usize + 2..case.columns.starts[8] as usize + 1;
        let length = case.shape.coefficients();
        let part = Case {
            rows: case.rows.window(in_rows.clone(), out_rows.clone()),
            columns: case.columns.window(in_columns.clone(), out_columns.clone()),
            coefficients: crop(
                &case.coefficients,
                columns.0 * length,
                in_rows,
                scaled(&in_columns, length),
            ),
            base: crop(
                &case.base,
                columns.1 * 3,
                out_rows.clone(),
                scaled(&out_columns, 3),
            ),
            ..case.clone()
        };
        assert_eq!(part.rows.outputs(), out_rows.len());
        for set in InstructionSet::available() {
            let whole = case.forward(set, true);
            let expected = crop(
                &whole,
                columns.1 * 3,
                out_rows.clone(),
                scaled(&out_columns, 3),
            );
            assert_eq!(bits(&part.forward(set, true)), bits(&expected), "{set:?}");
        }
    }
}

fn scaled(range: &std::ops::Range<usize>, factor: usize) -> std::ops::Range<usize> {
    range.start * factor..range.end * factor
}

fn crop(
    data: &[f32],
    pitch: usize,
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
) -> Vec<f32> {
    rows.flat_map(|row| &data[row * pitch..][columns.clone()])
        .copied()
        .collect()
}

#[test]
fn results_do_not_depend_on_threads() {
    let case = Case::new(2, 24, 3, (19, 45), (17, 51));
    for set in InstructionSet::available() {
        let run = |threads| {
            let pool = ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| (case.forward(set, true), case.backward(set)))
        };
        let single = run(1);
        assert!(single == run(2) && single == run(3), "{set:?}");
    }
}

#[test]
fn outputs_belong_to_the_nearest_input() {
    for (inputs, outputs) in [
        (1, 1),
        (5, 5),
        (4, 16),
        (7, 16),
        (9, 4),
        (48, 82),
        (500, 1285),
        (3, 50),
    ] {
        let axis = CellAxis::new(inputs, outputs);
        assert_eq!((axis.inputs(), axis.outputs()), (inputs, outputs));
        assert_eq!((axis.starts[0], axis.starts[inputs]), (0, outputs as u32));
        for input in 0..inputs {
            for output in axis.cell(input) {
                let position = (output as f64 + 0.5) * inputs as f64 / outputs as f64 - 0.5;
                let offset = f64::from(axis.offsets[output]);
                assert!(offset.abs() <= 0.5);
                assert!((position - input as f64 - offset).abs() < 1e-7);
            }
        }
    }
    let axis = CellAxis::new(1000, 3000);
    assert!(
        axis.offsets
            .chunks(3)
            .all(|cell| cell == &axis.offsets[..3]),
        "equal phases have equal bits"
    );
}

#[test]
#[should_panic(expected = "outside")]
fn a_window_that_lacks_a_cell_is_refused() {
    CellAxis::new(10, 40).window(3..6, 8..20);
}
