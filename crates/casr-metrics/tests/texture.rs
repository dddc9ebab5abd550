//! Texture consistency against an independent implementation (`golden/texture.py`), its properties
//! and its refusals.

mod pictures;

use casr_metrics::{
    MetricsError, RgbImage, imresize, texture_consistency, texture_consistency_with_input,
};
use pictures::{Picture, assert_close, with_threads};

fn flowers() -> Picture {
    Picture::sample("flowers", (310, 260), (36, 33))
}

fn city() -> Picture {
    Picture::sample("city", (500, 150), (64, 60))
}

fn golden(name: &str) -> f64 {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("golden/texture.json")).unwrap();
    golden[name].as_f64().unwrap()
}

#[test]
fn equals_the_reference() {
    let measured = texture_consistency(&city().noisy().image(), &city().image(), 0).unwrap();
    assert_close(measured, golden("city with noise"), "city with noise");
    let dog = Picture::sample("dog", (270, 180), (58, 50));
    let measured = texture_consistency(&dog.blurred().image(), &dog.image(), 4).unwrap();
    let name = "dog blurred, border of 4";
    assert_close(measured, golden(name), name);
}

#[test]
fn equals_the_reference_with_input() {
    let input = flowers().image();
    let cases = [
        (
            "flowers twice as large",
            flowers().repeated(72, 66).ramped(),
        ),
        ("flowers by 3 and 2", flowers().repeated(108, 66).noisy()),
        (
            "flowers by broken factors",
            flowers().repeated(91, 60).noisy(),
        ),
    ];
    for (name, result) in cases {
        let measured = texture_consistency_with_input(&result.image(), &input).unwrap();
        assert_close(measured, golden(name), name);
    }
}

#[test]
fn equal_images_are_perfect() {
    let image = city().image();
    assert_eq!(texture_consistency(&image, &image, 3).unwrap(), 1.0);
    assert_eq!(texture_consistency_with_input(&image, &image).unwrap(), 1.0);
    for size in [(128, 120), (192, 60), (448, 420)] {
        let repeated = city().repeated(size.0, size.1).image();
        let measured = texture_consistency_with_input(&repeated, &image).unwrap();
        assert!((measured - 1.0).abs() < 1e-12, "{size:?}: {measured}");
    }
}

#[test]
fn blur_and_noise_lower_it() {
    let truth = city().image();
    let measure = |result: &Picture| texture_consistency(&result.image(), &truth, 0).unwrap();
    let blurred = measure(&city().blurred());
    assert!(blurred < 0.97, "{blurred}");
    assert!(measure(&city().blurred().blurred()) < blurred - 0.01);
    let noisy = measure(&city().noisy());
    let noisier = measure(&city().noisy().noisy());
    assert!(
        noisy < 0.995 && noisier < noisy - 0.005,
        "{noisy}, {noisier}"
    );
    let enlarged = imresize(&truth, (192, 180)).unwrap();
    let faithful = texture_consistency_with_input(&enlarged, &truth).unwrap();
    let blurred = imresize(&city().blurred().blurred().image(), (192, 180)).unwrap();
    let blurred = texture_consistency_with_input(&blurred, &truth).unwrap();
    assert!(blurred < faithful - 0.01, "{blurred}, {faithful}");
}

/// A pattern that repeats every 4 pixels against one that repeats every 3: no agreement.
#[test]
fn other_patterns_score_low() {
    let stripes = |period: usize| {
        Picture::new(
            (48, 48),
            |x, _, _| if 2 * (x % period) < period { 40 } else { 200 },
        )
        .image()
    };
    let same = texture_consistency(&stripes(4), &stripes(4), 0).unwrap();
    let other = texture_consistency(&stripes(3), &stripes(4), 0).unwrap();
    assert!(
        same == 1.0 && (-1.0..0.5).contains(&other),
        "{same}, {other}"
    );
    let inverted = city();
    let inverted = Picture::new((64, 60), |x, y, colour| 255 - inverted.at(x, y, colour)).image();
    let measured = texture_consistency(&inverted, &city().image(), 0).unwrap();
    assert!((measured - 1.0).abs() < 1e-9, "{measured}");
}

/// Left of column 40 the truth is flat; noise there is not held against the result.
#[test]
fn what_is_flat_does_not_count() {
    let city = city();
    let truth = Picture::new((90, 40), |x, y, colour| {
        if x < 40 {
            128
        } else {
            city.at(x - 40, y, colour)
        }
    });
    let noise = truth.noisy();
    let left = Picture::new((90, 40), |x, y, colour| {
        if x < 20 {
            noise.at(x, y, colour)
        } else {
            truth.at(x, y, colour)
        }
    });
    let measured = texture_consistency(&left.image(), &truth.image(), 0).unwrap();
    assert_eq!(measured, 1.0);
    let flat = Picture::new((40, 40), |_, _, _| 128);
    let measured = texture_consistency(&flat.noisy().image(), &flat.image(), 0).unwrap();
    assert!(measured < 0.99, "{measured}");
    assert_eq!(
        texture_consistency(&flat.image(), &flat.image(), 0).unwrap(),
        1.0
    );
}

#[test]
fn threads_do_not_change_it() {
    let truth = Picture::sample("dog", (100, 50), (203, 187));
    let (noisy, truth) = (truth.noisy().image(), truth.image());
    let enlarged = imresize(&noisy, (371, 300)).unwrap();
    let measure = || {
        (
            texture_consistency(&noisy, &truth, 2).unwrap(),
            texture_consistency_with_input(&enlarged, &truth).unwrap(),
        )
    };
    assert_eq!(with_threads(1, measure), with_threads(3, measure));
}

#[test]
fn unusable_images_are_refused() {
    let flat = |width: usize, height: usize| {
        RgbImage::new(width, height, vec![0.5; width * height * 3]).unwrap()
    };
    assert_eq!(
        texture_consistency(&flat(29, 28), &flat(29, 28), 0),
        Ok(1.0)
    );
    assert_eq!(
        texture_consistency(&flat(29, 28), &flat(29, 28), 1),
        Err(MetricsError::TooSmall {
            size: (29, 28),
            border: 1,
            needed: 27
        })
    );
    assert!(matches!(
        texture_consistency(&flat(30, 30), &flat(30, 31), 0),
        Err(MetricsError::SizeMismatch { .. })
    ));
    assert!(matches!(
        texture_consistency_with_input(&flat(90, 90), &flat(90, 26)),
        Err(MetricsError::TooSmall { .. })
    ));
    assert_eq!(
        texture_consistency_with_input(&flat(90, 29), &flat(30, 30)),
        Err(MetricsError::Smaller {
            result: (90, 29),
            input: (30, 30)
        })
    );
    let strange = RgbImage::new(30, 30, vec![f32::NAN; 2700]).unwrap();
    assert_eq!(texture_consistency(&strange, &flat(30, 30), 0), Ok(1.0));
}
