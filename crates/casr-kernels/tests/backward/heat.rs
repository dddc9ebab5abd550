//! The heat field's gradients: every instruction set against scalar code, against finite
//! differences, on any number of threads.

use super::heat_support::{Case, bits, cases, wide};
use casr_kernels::{InstructionSet, heat};
use rayon::ThreadPoolBuilder;

#[derive(Clone, Debug, PartialEq)]
struct Gradients {
    coefficients: Vec<f32>,
    frequencies: Vec<f32>,
    decay: Vec<f32>,
}

impl Case {
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

    /// The function that [`Self::backward`] differentiates: the sum of output times output
    /// gradient.
    fn loss(&self, frequencies: &[f64], decay: &[f64]) -> f64 {
        let values = self.formula(frequencies, decay);
        values
            .iter()
            .zip(&self.output_gradient)
            .map(|(value, &gradient)| value * f64::from(gradient))
            .sum()
    }
}

#[test]
fn instruction_sets_agree_bit_for_bit() {
    for case in cases() {
        let results = |set| {
            let gradients = case.backward(set);
            [
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
        // The output is linear in the coefficients: a large step has no truncation error.
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
fn gradients_do_not_depend_on_threads() {
    let case = Case::new(2, 24, 3, (19, 45), (17, 51));
    for set in InstructionSet::available() {
        let run = |threads| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("a pool of threads")
                .install(|| case.backward(set))
        };
        let single = run(1);
        assert!(single == run(2) && single == run(3), "{set:?}");
    }
}
