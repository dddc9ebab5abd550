//! Superpixels against their definitions in f64, and every instruction set against scalar code.

mod noise;
mod superpixel_support;

use casr_kernels::InstructionSet;
use casr_kernels::superpixel::{NEIGHBOURS, SuperpixelShape, assign, moments};
use superpixel_support::{
    Case, Reference, assert_exact, cases, noise, plain_and_sharp_cases, wide,
};

fn assert_close(what: &str, shape: SuperpixelShape, values: &[f32], expected: &[f64]) {
    assert_eq!(values.len(), expected.len());
    for (index, (value, expected)) in values.iter().zip(expected).enumerate() {
        assert!(
            (f64::from(*value) - expected).abs() < 1e-5,
            "{what} {shape:?} at {index}: {value} {expected}"
        );
    }
}

#[test]
fn forward_equals_the_definitions() {
    for case in cases() {
        let reference = |channels| Reference {
            shape: case.shape,
            channels,
        };
        let expected = reference(case.embedded).assign(
            &wide(&case.embedding),
            f64::from(case.sharpness),
            f64::from(case.compactness),
        );
        for set in InstructionSet::available() {
            let weights = case.assign(set);
            assert_close("weights", case.shape, &weights, &expected);
            let (wide_weights, features) = (wide(&weights), wide(&case.features));
            let expected = reference(case.channels).moments(&wide_weights, &features);
            assert_close(
                "moments",
                case.shape,
                &case.moments(set, &weights),
                &expected,
            );
            let modulation = wide(&case.modulation);
            let expected = reference(case.channels).modulate(&wide_weights, &features, &modulation);
            assert_close(
                "output",
                case.shape,
                &case.modulate(set, &weights),
                &expected,
            );
        }
    }
}

#[test]
fn instruction_sets_agree_bit_for_bit() {
    assert_exact(plain_and_sharp_cases(), Case::results);
}

#[test]
fn weights_are_a_partition() {
    for mut case in cases() {
        for (sharpness, compactness) in [(0.0, 0.0), (3.0, 1.5), (1e3, 0.0), (0.0, 1e3)] {
            (case.sharpness, case.compactness) = (sharpness, compactness);
            let (width, height) = (case.shape.width, case.shape.height);
            let (last_row, last_column) = ((height - 1) / 4, (width - 1) / 4);
            for set in InstructionSet::available() {
                let weights = case.assign(set);
                let (pixels, _) = weights.as_chunks::<NEIGHBOURS>();
                for (index, weights) in pixels.iter().enumerate() {
                    let sum: f32 = weights.iter().sum();
                    assert!((sum - 1.0).abs() < 1e-6, "{sum}");
                    let (row, column) = (index / width % height / 4, index % width / 4);
                    for (neighbour, weight) in weights.iter().enumerate() {
                        let (y, x) = (row + neighbour / 3, column + neighbour % 3);
                        let inside =
                            (1..=last_row + 1).contains(&y) && (1..=last_column + 1).contains(&x);
                        assert_eq!(*weight > 0.0, inside, "{weights:?}");
                        assert!(*weight == 0.0 || *weight > f32::MIN_POSITIVE);
                    }
                }
            }
        }
    }
}

#[test]
fn without_preferences_all_cells_weigh_the_same() {
    let mut case = Case::new((1, 12, 12), 3, 4);
    (case.sharpness, case.compactness) = (0.0, 0.0);
    for set in InstructionSet::available() {
        let weights = case.assign(set);
        assert_eq!(
            weights[..NEIGHBOURS],
            [0.0, 0.0, 0.0, 0.0, 0.25, 0.25, 0.0, 0.25, 0.25]
        );
        let middle = &weights[(5 * 12 + 6) * NEIGHBOURS..][..NEIGHBOURS];
        assert!(
            middle
                .iter()
                .all(|weight| (weight - 1.0 / 9.0).abs() < 1e-7)
        );
    }
}

/// Two halves of one colour each, divided through the middle of the cells: sharp weights follow the
/// edge.
#[test]
fn sharp_weights_follow_an_edge() {
    let mut case = Case::new((1, 12, 12), 1, 1);
    case.embedding = (0..144)
        .map(|pixel| if pixel % 12 < 6 { 0.0 } else { 1.0 })
        .collect();
    case.features = case.embedding.clone();
    (case.sharpness, case.compactness) = (400.0, 0.1);
    for set in InstructionSet::available() {
        let weights = case.assign(set);
        for (index, weights) in weights.as_chunks::<NEIGHBOURS>().0.iter().enumerate() {
            let (column, side) = (index % 12, if index % 12 < 6 { 0 } else { 2 });
            if column / 4 == 1 {
                let of_side: f32 = (0..3).map(|row| weights[row * 3 + side]).sum();
                assert!(of_side > 0.999, "{weights:?}");
            }
        }
        // No pixel resembles the cells in the middle; their moments are still those of all their
        // pixels.
        let moments = case.moments(set, &weights);
        let means: Vec<f32> = moments.iter().step_by(2).copied().collect();
        assert!(means[3] < 1e-6 && means[5] > 1.0 - 1e-6, "{means:?}");
        assert!((means[4] - 0.5).abs() < 1e-3, "{means:?}");
        let gradients = case.results(set);
        let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
        assert!(gradients.iter().all(|(_, _, values)| finite(values)));
    }
}

/// Two passes: a mean far larger than the deviation does not reduce the latter's accuracy.
#[test]
fn deviations_survive_a_large_mean() {
    let mut case = Case::new((1, 12, 16), 3, 48);
    case.features = case.features.iter().map(|value| 100.0 + value).collect();
    let reference = Reference {
        shape: case.shape,
        channels: case.channels,
    };
    for set in InstructionSet::available() {
        let weights = case.assign(set);
        let expected = reference.moments(&wide(&weights), &wide(&case.features));
        let moments = case.moments(set, &weights);
        for (values, expected) in moments.chunks(96).zip(expected.chunks(96)) {
            assert_close("deviation", case.shape, &values[48..], &expected[48..]);
        }
    }
}

#[test]
fn an_empty_image_has_no_results() {
    for (images, height, width) in [(0, 5, 5), (2, 0, 9), (2, 9, 0)] {
        let case = Case::new((images, height, width), 3, 8);
        for set in InstructionSet::available() {
            for (what, _, values) in case.results(set) {
                assert!(values.iter().all(|value| *value == 0.0), "{what}");
            }
        }
    }
}

#[test]
#[should_panic(expected = "embedding length")]
fn a_wrong_embedding_is_refused() {
    let shape = Case::new((1, 5, 7), 3, 4).shape;
    let mut weights = vec![0.0; 35 * NEIGHBOURS];
    let embedding = noise(34 * 3, 1);
    assign(
        InstructionSet::best(),
        shape,
        3,
        &embedding,
        1.0,
        1.0,
        &mut weights,
    );
}

#[test]
#[should_panic(expected = "weights length")]
fn wrong_weights_are_refused() {
    let case = Case::new((1, 5, 7), 3, 4);
    case.modulate(InstructionSet::best(), &noise(35 * 8, 1));
}

#[test]
#[should_panic(expected = "modulation length")]
fn a_wrong_modulation_is_refused() {
    let mut case = Case::new((1, 5, 7), 3, 4);
    case.modulation.pop();
    case.modulate(InstructionSet::best(), &noise(35 * NEIGHBOURS, 1));
}

#[test]
#[should_panic(expected = "output length")]
fn a_wrong_output_is_refused() {
    let case = Case::new((1, 5, 7), 3, 4);
    let (set, weights) = (InstructionSet::best(), noise(35 * NEIGHBOURS, 1));
    moments(set, case.shape, 4, &weights, &case.features, &mut [0.0; 31]);
}
