//! The heat field against its formula in f64, and every instruction set against scalar code.

mod heat_support;
mod noise;

use casr_kernels::InstructionSet;
use casr_kernels::heat::CellAxis;
use heat_support::{Case, bits, cases, wide};
use rayon::ThreadPoolBuilder;

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
        let results = |set| [false, true].map(|base| bits(&case.forward(set, base)));
        for set in InstructionSet::available() {
            assert_eq!(results(set), results(InstructionSet::Scalar), "{set:?}");
        }
    }
}

#[test]
fn a_part_of_an_axis_is_that_of_the_whole() {
    for whole in [(1, 1), (1, 7), (13, 33), (12, 48), (100, 101), (7, 3)] {
        let axis = CellAxis::new(whole.0, whole.1);
        for input in 0..=whole.0 {
            assert_eq!(axis.starts[input] as usize, CellAxis::start(whole, input));
        }
        let inputs = whole.0 / 3..whole.0;
        let outputs = CellAxis::start(whole, inputs.start)..whole.1;
        let part = CellAxis::part(whole, inputs.clone(), outputs.clone());
        assert_eq!(part, axis.window(inputs, outputs), "{whole:?}");
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
            pool.install(|| case.forward(set, true))
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
