//! Sizes and borders at whole and broken scales.

use casr_metrics::{MetricsError, Protocol, RgbImage, degrade};

#[test]
fn whole_scales_crop_to_a_multiple() {
    let protocol = Protocol::new((481, 321), 4.0).unwrap();
    assert_eq!(
        protocol,
        Protocol {
            truth: (480, 320),
            input: (120, 80),
            border: 4
        }
    );
    let protocol = Protocol::new((512, 7), 1.0).unwrap();
    assert_eq!(
        protocol,
        Protocol {
            truth: (512, 7),
            input: (512, 7),
            border: 1
        }
    );
}

#[test]
fn broken_scales_crop_to_the_rounded_product() {
    let protocol = Protocol::new((481, 321), 3.3).unwrap();
    assert_eq!(
        protocol,
        Protocol {
            truth: (479, 320),
            input: (145, 97),
            border: 4
        }
    );
    for width in 40..400 {
        for scale in [1.1, 1.7, 2.5, 3.3, 6.25, 39.9] {
            let protocol = Protocol::new((width, 40), scale).unwrap();
            assert!(
                protocol.truth.0 <= width && protocol.input.0 >= 1,
                "{width} at {scale}: {protocol:?}"
            );
        }
    }
}

#[test]
fn scales_that_leave_nothing_are_refused() {
    for scale in [0.0, -2.0, 0.99, 41.0, f64::NAN, f64::INFINITY] {
        assert!(
            matches!(
                Protocol::new((40, 300), scale),
                Err(MetricsError::Scale { .. })
            ),
            "{scale}"
        );
    }
}

#[test]
fn degraded_images_have_256_levels() {
    let values = (0..60 * 50 * 3)
        .map(|i| ((i * 31) % 101) as f32 / 100.0)
        .collect();
    let image = RgbImage::new(60, 50, values).unwrap();
    let shrunk = degrade(&image, (24, 19)).unwrap();
    assert_eq!(shrunk.size(), (24, 19));
    for &value in shrunk.values() {
        assert!((0.0..=1.0).contains(&value) && value == (value * 255.0).round() / 255.0);
    }
}
