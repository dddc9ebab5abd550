//! Drift against an independent implementation (`golden/drift.py`), its properties and its
//! refusals.

mod pictures;

use casr_metrics::{Drift, MetricsError, RgbImage, drift, drift_per_step, imresize};
use pictures::{Picture, assert_close, with_threads};

fn city() -> Picture {
    Picture::sample("city", (500, 150), (48, 40))
}

#[test]
fn equals_the_reference() {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("golden/drift.json")).unwrap();
    let dog = Picture::sample("dog", (270, 180), (45, 38));
    let flowers = Picture::sample("flowers", (310, 260), (50, 50));
    // Cells of 4 and of 2 pixels: column and row 3 are as near to either.
    let flat = Picture::new((6, 6), |_, _, _| 100);
    let cases = [
        (
            "city twice as large",
            city(),
            city().repeated(96, 80).ramped(),
            (1.0, 1.0),
        ),
        (
            "dog by broken factors",
            dog.clone(),
            dog.repeated(101, 77).noisy(),
            (1.5, 2.0),
        ),
        (
            "flowers of equal size",
            flowers.clone(),
            flowers.noisy(),
            (4.0, 4.0),
        ),
        ("flat with ties", flat.clone(), flat.noisy(), (1.0, 1.0)),
    ];
    for (name, earlier, later, scale) in cases {
        let measured = drift(&earlier.image(), &later.image(), scale).unwrap();
        let expected = |part: &str| golden[name][part].as_f64().unwrap();
        assert_close(measured.rgb, expected("rgb"), &format!("{name}, rgb"));
        assert_close(
            measured.gradients,
            expected("gradients"),
            &format!("{name}, gradients"),
        );
    }
}

#[test]
fn what_stays_does_not_drift() {
    let image = city().image();
    let same = drift(&image, &image, (1.0, 1.0)).unwrap();
    assert!(
        same.rgb.abs() < 1e-12 && same.gradients.abs() < 1e-12,
        "{same:?}"
    );
    for size in [(96, 80), (144, 40), (101, 77)] {
        let repeated = city().repeated(size.0, size.1).image();
        let drift = drift(&image, &repeated, (1.0, 1.0)).unwrap();
        // At broken factors some pixels are repeated more often than others.
        let limit = if size == (101, 77) { 0.05 } else { 1e-12 };
        assert!(drift.rgb.abs() < limit, "{size:?}: {drift:?}");
        // Repeated pixels make steps.
        assert!(drift.gradients > 0.1, "{size:?}: {drift:?}");
    }
}

/// Along a slope gradients are the same everywhere, so nothing but a wrong unit could tell the
/// levels apart.
#[test]
fn gradients_of_a_slope_keep_their_size() {
    let slope = |width: usize, height: usize, (right, down): (i64, i64)| {
        Picture::new((width, height), |x, y, _| {
            right * x as i64 + down * y as i64
        })
        .image()
    };
    let before = slope(30, 30, (4, 4));
    let measure = |later: &RgbImage| drift(&before, later, (1.0, 1.0)).unwrap().gradients;
    let steeper = measure(&slope(30, 30, (4, 2)));
    for (width, height, rise) in [(60, 60, (2, 2)), (60, 30, (2, 4)), (30, 120, (4, 1))] {
        let kept = measure(&slope(width, height, rise));
        println!("{width}×{height}: {kept}, steeper {steeper}");
        // What is left are the halved gradients of the border, which is thinner in the larger
        // level.
        assert!(kept < steeper / 4.0, "{width}×{height}: {kept}, {steeper}");
    }
}

#[test]
fn noise_and_shifted_colours_drift() {
    let later = city().repeated(96, 80);
    let measure = |later: &Picture| drift(&city().image(), &later.image(), (1.0, 1.0)).unwrap();
    let (clean, noisy, noisier) = (
        measure(&later),
        measure(&later.noisy()),
        measure(&later.noisy().noisy()),
    );
    assert!(clean.rgb < noisy.rgb && noisy.rgb < noisier.rgb);
    assert!(clean.gradients < noisy.gradients && noisy.gradients < noisier.gradients);
    let brighter = Picture::new((96, 80), |x, y, colour| {
        (later.at(x, y, colour) + 10).min(255)
    });
    assert!(measure(&brighter).rgb > clean.rgb + 0.1);
    assert!(measure(&later.blurred()).rgb > clean.rgb + 0.01);
}

#[test]
fn only_the_ratio_of_scales_matters() {
    let (earlier, later) = (city().image(), city().repeated(96, 80).noisy().image());
    let one = drift(&earlier, &later, (1.0, 2.0)).unwrap();
    let four = drift(&earlier, &later, (4.0, 8.0)).unwrap();
    assert_close(four.gradients, one.gradients, "gradients");
    let wider = city().repeated(96, 40).noisy().image();
    let one = drift(&earlier, &wider, (1.0, 1.0)).unwrap();
    let other = drift(&earlier, &wider, (1.0, 4.0)).unwrap();
    assert!((other.gradients - one.gradients).abs() > 1e-3);
}

#[test]
fn every_step_is_measured() {
    let first = city().image();
    let levels: Vec<RgbImage> = [(48, 40), (96, 80), (125, 104)]
        .map(|size| imresize(&first, size).unwrap())
        .to_vec();
    let steps = drift_per_step(&levels).unwrap();
    let scale = (2.0, 2.0);
    assert_eq!(
        steps,
        [
            drift(&levels[0], &levels[1], (1.0, 1.0)).unwrap(),
            drift(&levels[1], &levels[2], scale).unwrap()
        ]
    );
    assert_eq!(drift_per_step(&levels[..1]).unwrap(), []);
    assert_eq!(drift_per_step(&[]).unwrap(), []);
}

#[test]
fn threads_do_not_change_it() {
    let earlier = Picture::sample("dog", (100, 50), (203, 187)).image();
    let later = imresize(&earlier, (400, 331)).unwrap();
    let measure = || drift(&earlier, &later, (1.0, 1.0)).unwrap();
    assert_eq!(with_threads(1, measure), with_threads(3, measure));
}

#[test]
fn tiny_and_strange_images_are_measured() {
    let pixel = |value: f32| RgbImage::new(1, 1, vec![value; 3]).unwrap();
    let none = drift(&pixel(0.5), &pixel(0.5), (1.0, 1.0)).unwrap();
    assert_eq!(none, Drift::default());
    let strange = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -3.0, 0.2];
    let values = strange.iter().copied().cycle().take(5 * 6 * 3).collect();
    let strange = RgbImage::new(5, 6, values).unwrap();
    let drift = drift(
        &strange,
        &imresize(&pixel(0.3), (9, 7)).unwrap(),
        (1.0, 1.0),
    )
    .unwrap();
    assert!(
        drift.rgb.is_finite() && drift.gradients.is_finite(),
        "{drift:?}"
    );
}

#[test]
fn unusable_levels_are_refused() {
    let (small, large) = (city().image(), city().repeated(96, 80).image());
    assert_eq!(
        drift(&large, &small, (1.0, 1.0)),
        Err(MetricsError::Smaller {
            result: (48, 40),
            input: (96, 80)
        })
    );
    let narrow = city().repeated(47, 80).image();
    assert!(matches!(
        drift_per_step(&[small.clone(), narrow]),
        Err(MetricsError::Smaller { .. })
    ));
    for scale in [0.0, -1.0, 0.9, 49.0, f64::NAN, f64::INFINITY] {
        for scales in [(scale, 1.0), (1.0, scale)] {
            assert!(
                matches!(
                    drift(&small, &large, scales),
                    Err(MetricsError::Scale { .. })
                ),
                "{scales:?}"
            );
        }
    }
}
