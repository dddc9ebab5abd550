//! SSIM over red, green and blue: numbers of scikit-image (`golden/ssim.py`), and properties.

mod support;

use casr_metrics::{MetricsError, RgbImage, ssim_rgb};
use support::{from_levels, golden, level, sample};

/// The copies of an image that `golden/ssim.py` makes too, and the border that is left out.
fn copies(image: &RgbImage) -> [(&'static str, RgbImage, usize); 4] {
    let size = image.size();
    let quantised = from_levels(size, |x, y, channel| level(image, x, y, channel) / 16 * 16);
    let mixed = from_levels(size, |x, y, channel| {
        let left = (x + size.0 - 1) % size.0;
        level(image, x, y, channel).midpoint(level(image, left, y, channel))
    });
    let negative = from_levels(size, |x, y, channel| 255 - level(image, x, y, channel));
    [
        ("quantised", quantised.clone(), 0),
        ("mixed with its left neighbour", mixed, 0),
        ("negative", negative, 0),
        ("quantised, border of 3", quantised, 3),
    ]
}

#[test]
fn scikit_image_agrees() {
    for (name, scores) in golden("ssim.json") {
        let truth = sample(&name);
        let copies = copies(&truth);
        assert_eq!(scores.len(), copies.len());
        for (copy, result, border) in copies {
            let score = ssim_rgb(&result, &truth, border).unwrap();
            let expected = scores[copy];
            println!("{name}, {copy}: {score:.9}, scikit-image {expected:.9}");
            assert!((score - expected).abs() < 1e-9, "{name}, {copy}");
        }
    }
}

#[test]
fn equal_and_rounded_images_are_perfect() {
    let truth = from_levels((40, 30), |x, y, channel| {
        (x * y * (channel + 3) % 256) as u8
    });
    let near = truth.values().iter().map(|value| value + 0.001).collect();
    let near = RgbImage::new(40, 30, near).unwrap();
    assert_eq!(ssim_rgb(&truth, &truth, 2).unwrap(), 1.0);
    assert_eq!(ssim_rgb(&near, &truth, 2).unwrap(), 1.0);
}

#[test]
fn every_channel_counts_a_third() {
    let truth = from_levels((30, 30), |x, y, channel| {
        (x * y * (channel + 3) % 256) as u8
    });
    let without = |left_out: usize| {
        let result = from_levels((30, 30), |x, y, channel| {
            let value = level(&truth, x, y, channel);
            if channel == left_out { 128 } else { value }
        });
        1.0 - ssim_rgb(&result, &truth, 0).unwrap()
    };
    let grey = from_levels((30, 30), |_, _, _| 128);
    let all = 1.0 - ssim_rgb(&grey, &truth, 0).unwrap();
    assert!((all - without(0) - without(1) - without(2)).abs() < 1e-12);
    assert!(all > 0.5);
}

#[test]
fn unusable_images_are_refused() {
    let (small, large) = (
        from_levels((12, 12), |_, _, _| 9),
        from_levels((12, 13), |_, _, _| 9),
    );
    assert!(matches!(
        ssim_rgb(&small, &large, 0),
        Err(MetricsError::SizeMismatch { .. })
    ));
    for border in [1, 6, usize::MAX] {
        assert!(matches!(
            ssim_rgb(&small, &small, border),
            Err(MetricsError::TooSmall { .. })
        ));
    }
}
