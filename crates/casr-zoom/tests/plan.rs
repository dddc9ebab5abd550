//! Scale plans: properties over many sizes and factors, and what is refused.

use casr_zoom::{
    DEFAULT_MAX_STEP, LARGEST_STEP, MAX_LEVELS, MAX_SIDE, ScalePlan, Size, Target, ZoomError,
};

fn size(width: usize, height: usize) -> Size {
    Size { width, height }
}

fn plan(input: Size, target: Target, max_step: f64) -> ScalePlan {
    ScalePlan::new(input, target, max_step).unwrap()
}

fn steps(factor: f64, max_step: f64) -> usize {
    let plan = plan(size(640, 480), Target::Factor(factor), max_step);
    plan.levels().len()
}

/// Factors from 1 to 300, none of them round.
fn factors() -> impl Iterator<Item = f64> {
    (0..400).map(|index| 1.0145_f64.powi(index))
}

#[test]
fn a_power_of_the_largest_step_takes_no_step_more() {
    for (factor, max_step, expected) in [
        (4.0, 4.0, 1),
        (16.0, 4.0, 2),
        (64.0, 4.0, 3),
        (4096.0, 4.0, 6),
        (8.0, 2.0, 3),
        (2.89, 1.7, 2),
        (3.3 * 3.3 * 3.3, 3.3, 3),
        (2.5_f64.powi(5), 2.5, 5),
        (16.001, 4.0, 3),
        (1.0001, 4.0, 1),
    ] {
        assert_eq!(steps(factor, max_step), expected, "{factor} by {max_step}");
    }
}

#[test]
fn steps_are_equal() {
    let plan = plan(size(1000, 500), Target::Factor(27.0), 3.0);
    assert_eq!(
        plan.levels(),
        [size(3000, 1500), size(9000, 4500), size(27_000, 13_500)]
    );
    let steps: Vec<_> = plan.steps().collect();
    assert_eq!(steps[0], (size(1000, 500), size(3000, 1500)));
    assert_eq!(steps[2], (size(9000, 4500), size(27_000, 13_500)));
}

#[test]
fn each_axis_has_its_own_factor() {
    let target = Target::Factors {
        horizontal: 1.0,
        vertical: 9.0,
    };
    let plan = plan(size(70, 40), target, 3.0);
    assert_eq!(plan.levels(), [size(70, 120), size(70, 360)]);
}

#[test]
fn levels_grow_by_the_fewest_steps_to_exactly_the_wanted_size() {
    for input in [
        size(1, 1),
        size(3, 1),
        size(2, 7),
        size(17, 5),
        size(640, 481),
    ] {
        for factor in factors() {
            for max_step in [1.5, 2.0, 2.7, 4.0] {
                let plan = plan(input, Target::Factor(factor), max_step);
                let context = format!("{input} by {factor}, steps of {max_step}: {plan:?}");
                let count = plan.levels().len() as i32;
                assert!(max_step.powi(count) * (1.0 + 1e-9) >= factor, "{context}");
                assert!(count == 0 || max_step.powi(count - 1) < factor, "{context}");

                let wanted = |side: usize| (side as f64 * factor).round() as usize;
                let expected = size(wanted(input.width), wanted(input.height));
                assert_eq!(plan.output(), expected, "{context}");
                for (below, above) in plan.steps() {
                    for (below, above) in [(below.width, above.width), (below.height, above.height)]
                    {
                        assert!(below <= above, "{context}");
                        assert!(above as f64 <= LARGEST_STEP * below as f64, "{context}");
                    }
                }
            }
        }
    }
}

#[test]
fn on_real_images_no_step_exceeds_the_largest_by_more_than_rounding() {
    let input = size(640, 481);
    for factor in factors() {
        let max_step = 2.2;
        for (below, above) in plan(input, Target::Factor(factor), max_step).steps() {
            assert!(above.width as f64 <= (below.width as f64 + 0.5) * max_step + 0.5);
            assert!(above.height as f64 <= (below.height as f64 + 0.5) * max_step + 0.5);
        }
    }
}

#[test]
fn sizes_are_exact_and_aspect_is_kept() {
    let input = size(333, 222);
    let output = |target| plan(input, target, DEFAULT_MAX_STEP).output();
    assert_eq!(output(Target::Size(size(1000, 999))), size(1000, 999));
    assert_eq!(output(Target::Width(1000)), size(1000, 667));
    assert_eq!(output(Target::Height(1000)), size(1500, 1000));
    assert_eq!(output(Target::Factor(6.5)), size(2165, 1443));
    for side in 333..2000 {
        assert_eq!(output(Target::Width(side)).width, side);
        assert_eq!(output(Target::Height(side)).height, side);
    }
}

#[test]
fn an_image_that_keeps_its_size_has_no_levels() {
    let input = size(12, 34);
    let both = Target::Factors {
        horizontal: 1.0,
        vertical: 1.0,
    };
    for target in [
        Target::Factor(1.0),
        both,
        Target::Size(input),
        Target::Width(12),
    ] {
        let plan = plan(input, target, 4.0);
        assert!(plan.levels().is_empty(), "{target:?}");
        assert_eq!(plan.output(), input);
    }
}

#[test]
fn factors_below_one_or_no_numbers_are_refused() {
    for factor in [
        0.0,
        -1.0,
        0.5,
        0.999,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ] {
        let by_axis = Target::Factors {
            horizontal: 2.0,
            vertical: factor,
        };
        for target in [Target::Factor(factor), by_axis] {
            let error = ScalePlan::new(size(9, 9), target, 4.0).unwrap_err();
            assert!(
                matches!(error, ZoomError::Factor { .. }),
                "{factor}: {error}"
            );
            assert!(error.to_string().contains("from 1 up"), "{error}");
        }
    }
}

#[test]
fn sizes_below_the_image_are_refused() {
    for target in [
        Target::Size(size(20, 9)),
        Target::Size(size(9, 20)),
        Target::Width(9),
        Target::Height(0),
    ] {
        let error = ScalePlan::new(size(10, 10), target, 4.0).unwrap_err();
        assert!(
            matches!(error, ZoomError::Smaller { input: 10, .. }),
            "{error}"
        );
    }
}

#[test]
fn empty_images_are_refused() {
    for input in [size(0, 0), size(0, 5), size(5, 0)] {
        let error = ScalePlan::new(input, Target::Factor(2.0), 4.0).unwrap_err();
        assert!(matches!(error, ZoomError::EmptyImage { size } if size == input));
    }
}

#[test]
fn largest_steps_outside_of_training_are_refused() {
    for max_step in [1.0, 0.5, -2.0, 4.001, f64::NAN, f64::INFINITY] {
        let error = ScalePlan::new(size(9, 9), Target::Factor(2.0), max_step).unwrap_err();
        assert!(
            matches!(error, ZoomError::MaxStep { .. }),
            "{max_step}: {error}"
        );
    }
}

#[test]
fn results_past_the_bounds_are_refused() {
    let longest = plan(size(1, 1), Target::Width(MAX_SIDE), 4.0);
    assert_eq!(longest.output(), size(MAX_SIDE, MAX_SIDE));
    for target in [
        Target::Factor(1e300),
        Target::Factor((MAX_SIDE + 1) as f64),
        Target::Width(usize::MAX),
        Target::Size(size(5, MAX_SIDE + 1)),
    ] {
        let error = ScalePlan::new(size(1, 1), target, 4.0).unwrap_err();
        assert!(
            matches!(error, ZoomError::TooLarge { .. }),
            "{target:?}: {error}"
        );
    }
    let error = ScalePlan::new(size(9, 9), Target::Factor(64.0), 1.01).unwrap_err();
    assert!(matches!(error, ZoomError::TooManyLevels { max_step } if max_step == 1.01));
    let most = 1.01_f64.powi(MAX_LEVELS as i32);
    assert_eq!(
        plan(size(9, 9), Target::Factor(most), 1.01).levels().len(),
        MAX_LEVELS
    );
}

#[test]
fn doubling_plans_share_their_levels() {
    let input = Size {
        width: 30,
        height: 21,
    };
    let levels = |target| {
        let plan = ScalePlan::doubling(input, target).unwrap();
        assert_eq!(plan.input(), input);
        let levels: Vec<_> = plan
            .levels()
            .iter()
            .map(|size| (size.width, size.height))
            .collect();
        levels
    };
    assert_eq!(levels(Target::Factor(1.0)), []);
    assert_eq!(levels(Target::Same), [(30, 21)]);
    assert_eq!(levels(Target::Factor(1.5)), [(45, 32)]);
    assert_eq!(levels(Target::Factor(2.0)), [(60, 42)]);
    assert_eq!(
        levels(Target::Factor(6.5)),
        [(60, 42), (120, 84), (195, 137)]
    );
    let deep = levels(Target::Factor(64.0));
    assert_eq!(deep.len(), 6);
    for factor in [3.0, 5.0, 17.0, 40.0] {
        let plan = levels(Target::Factor(factor));
        let (_, inner) = plan.split_last().unwrap();
        assert_eq!(inner, &deep[..inner.len()]);
    }
    let wide = levels(Target::Factors {
        horizontal: 5.0,
        vertical: 1.0,
    });
    assert_eq!(wide, [(60, 21), (120, 21), (150, 21)]);
    assert!(ScalePlan::doubling(input, Target::Factor(0.5)).is_err());
}
