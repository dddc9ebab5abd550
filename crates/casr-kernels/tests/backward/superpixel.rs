//! The gradients of the superpixels against central differences of their definitions in f64.

use super::superpixel_support::{Case, Reference, cases, wide};
use casr_kernels::InstructionSet;
use casr_kernels::superpixel::NEIGHBOURS;

/// Step of the finite differences.
const STEP: f64 = 1e-5;
/// About how many elements of a tensor are tested.
const TRIES: usize = 60;

fn dot(values: &[f64], gradient: &[f32]) -> f64 {
    values
        .iter()
        .zip(gradient)
        .map(|(value, gradient)| value * f64::from(*gradient))
        .sum()
}

/// Compares `gradient` with the change of `loss` when an operand changes; errors are relative to
/// the operand's gradient and to the root mean square of all gradients.
fn compare(
    what: &str,
    case: &Case,
    operand: &[f32],
    gradient: &[f32],
    loss: impl Fn(&[f64]) -> f64,
) {
    assert_eq!(gradient.len(), operand.len(), "{what}");
    let squares: f64 = wide(gradient).iter().map(|value| value * value).sum();
    let scale = (squares / gradient.len() as f64).sqrt();
    let mut moved = wide(operand);
    for index in (0..operand.len()).step_by(operand.len().div_ceil(TRIES)) {
        let rest = moved[index];
        let mut at = |change| {
            moved[index] = rest + change;
            loss(&moved)
        };
        let expected = (at(STEP) - at(-STEP)) / (2.0 * STEP);
        moved[index] = rest;
        let value = f64::from(gradient[index]);
        assert!(
            (value - expected).abs() < 1e-4 * (scale + expected.abs()) + 1e-9,
            "{what} {:?} at {index}: {value} {expected}",
            case.shape
        );
    }
}

#[test]
fn the_embedding_and_the_scales_follow_the_weights() {
    for case in cases() {
        let reference = Reference {
            shape: case.shape,
            channels: case.embedded,
        };
        let set = InstructionSet::best();
        let (gradient, shared) = case.assign_gradient(set, &case.assign(set));
        let scales = [case.sharpness, case.compactness];
        let loss = |embedding: &[f64], [sharpness, compactness]: [f64; 2]| {
            let weights = reference.assign(embedding, sharpness, compactness);
            dot(&weights, &case.of_weights)
        };
        compare(
            "embedding",
            &case,
            &case.embedding,
            &gradient,
            |embedding| loss(embedding, scales.map(f64::from)),
        );
        let embedding = wide(&case.embedding);
        compare("scales", &case, &scales, &shared, |scales| {
            loss(&embedding, [scales[0], scales[1]])
        });
    }
}

#[test]
fn features_and_weights_follow_the_moments() {
    for case in cases() {
        let reference = Reference {
            shape: case.shape,
            channels: case.channels,
        };
        let set = InstructionSet::best();
        let weights = case.assign(set);
        let [of_features, of_weights] = case.moments_gradient(set, &weights, true);
        let (wide_weights, features) = (wide(&weights), wide(&case.features));
        compare(
            "features",
            &case,
            &case.features,
            &of_features,
            |features| {
                dot(
                    &reference.moments(&wide_weights, features),
                    &case.of_moments,
                )
            },
        );
        compare("weights", &case, &weights, &of_weights, |weights| {
            dot(&reference.moments(weights, &features), &case.of_moments)
        });
        assert_no_gradient_outside(&weights, &of_weights);
        let [alone, nothing] = case.moments_gradient(set, &weights, false);
        assert!(alone == of_features && nothing.is_empty());
    }
}

#[test]
fn features_weights_and_modulation_follow_the_output() {
    for case in cases() {
        let reference = Reference {
            shape: case.shape,
            channels: case.channels,
        };
        let set = InstructionSet::best();
        let weights = case.assign(set);
        let gradients = case.modulate_gradient(set, &weights, true);
        let [of_modulation, of_features, of_weights] = &gradients;
        let loss = |weights: &[f64], features: &[f64], modulation: &[f64]| {
            let output = reference.modulate(weights, features, modulation);
            dot(&output, &case.of_output)
        };
        let (wide_weights, features) = (wide(&weights), wide(&case.features));
        let modulation = wide(&case.modulation);
        compare(
            "modulation",
            &case,
            &case.modulation,
            of_modulation,
            |modulation| loss(&wide_weights, &features, modulation),
        );
        compare("features", &case, &case.features, of_features, |features| {
            loss(&wide_weights, features, &modulation)
        });
        compare("weights", &case, &weights, of_weights, |weights| {
            loss(weights, &features, &modulation)
        });
        assert_no_gradient_outside(&weights, of_weights);
        let [modulation, features, nothing] = case.modulate_gradient(set, &weights, false);
        assert!(modulation == *of_modulation && features == *of_features && nothing.is_empty());
    }
}

/// The only weights that are zero are those of neighbours outside the image.
fn assert_no_gradient_outside(weights: &[f32], gradient: &[f32]) {
    assert_eq!(weights.len() % NEIGHBOURS, 0);
    for (weight, gradient) in weights.iter().zip(gradient) {
        assert!(*weight > 0.0 || *gradient == 0.0);
    }
}
