//! PSNR and SSIM on images whose scores are known, and what they refuse.

use casr_metrics::{
    MetricsError, RgbImage, degrade, imresize, lanczos, nearest, psnr_lr, psnr_rgb, psnr_y, ssim_y,
};

/// An image of one colour.
fn flat(width: usize, height: usize, colour: [f32; 3]) -> RgbImage {
    RgbImage::new(width, height, colour.repeat(width * height)).unwrap()
}

/// An image without symmetry.
fn textured(width: usize, height: usize) -> RgbImage {
    let values = (0..width * height * 3)
        .map(|i| ((i * i + 7 * i) % 251) as f32 / 250.0)
        .collect();
    RgbImage::new(width, height, values).unwrap()
}

fn close(value: f64, expected: f64) {
    assert!((value - expected).abs() < 1e-6, "{value}, not {expected}");
}

#[test]
fn equal_images_are_perfect() {
    let image = textured(40, 30);
    assert_eq!(psnr_y(&image, &image, 2).unwrap(), f64::INFINITY);
    assert_eq!(psnr_rgb(&image, &image, 2).unwrap(), f64::INFINITY);
    close(ssim_y(&image, &image, 2).unwrap(), 1.0);
}

#[test]
fn psnr_of_a_constant_difference() {
    let (dark, light) = (flat(20, 20, [0.2; 3]), flat(20, 20, [0.4; 3]));
    close(psnr_rgb(&light, &dark, 0).unwrap(), -20.0 * 0.2f64.log10());
    // 51 levels of 255, in studio range 51 * 219 / 255 levels.
    close(
        psnr_y(&light, &dark, 0).unwrap(),
        -20.0 * (0.2f64 * 219.0 / 255.0).log10(),
    );
    let green = flat(20, 20, [0.2, 0.4, 0.2]);
    close(
        psnr_y(&green, &dark, 0).unwrap(),
        -20.0 * (0.2f64 * 128.553 / 255.0).log10(),
    );
}

#[test]
fn results_are_rounded_before_luma_but_not_for_rgb() {
    let (truth, near) = (flat(20, 20, [0.2; 3]), flat(20, 20, [0.201; 3]));
    assert_eq!(psnr_y(&near, &truth, 0).unwrap(), f64::INFINITY);
    assert!((psnr_rgb(&near, &truth, 0).unwrap() - 60.0).abs() < 1e-3);
    let (white, beyond) = (flat(20, 20, [1.0; 3]), flat(20, 20, [1.3; 3]));
    assert_eq!(psnr_y(&beyond, &white, 0).unwrap(), f64::INFINITY);
}

#[test]
fn lr_psnr_is_that_of_the_result_shrunk_again() {
    // A code value off everywhere, after rounding.
    let (input, result) = (flat(10, 8, [0.2; 3]), flat(40, 32, [0.2 + 0.9 / 255.0; 3]));
    assert!((psnr_lr(&result, &input).unwrap() - 20.0 * 255f64.log10()).abs() < 1e-3);
    assert!(psnr_lr(&flat(40, 32, [0.2; 3]), &input).unwrap() > 120.0);

    // Of what the input was made of, nothing but rounding is left; an enlargement by nothing but
    // the nearest pixel is far from it.
    let truth = degrade(&textured(12, 9), (48, 36)).unwrap();
    let input = degrade(&truth, (12, 9)).unwrap();
    let of = |result: &RgbImage| psnr_lr(result, &input).unwrap();
    assert!(of(&truth) > 58.0, "{}", of(&truth));
    let nearest = of(&nearest(&input, (48, 36)).unwrap());
    let bicubic = of(&imresize(&input, (48, 36)).unwrap());
    assert!(
        nearest < 40.0 && bicubic < 45.0 && bicubic > 15.0,
        "{nearest} {bicubic}"
    );
}

#[test]
fn grey_files_are_measured_in_full_range() {
    let grey = |value: f32| RgbImage::from_grey(20, 20, &[value; 400]).unwrap();
    close(
        psnr_y(&grey(0.4), &grey(0.2), 0).unwrap(),
        -20.0 * 0.2f64.log10(),
    );
    let enlarged = imresize(&grey(0.2), (30, 30))
        .unwrap()
        .crop((3, 3), (20, 20))
        .unwrap();
    assert!(enlarged.is_grey());
}

#[test]
fn the_border_is_left_out() {
    let truth = flat(20, 20, [0.5; 3]);
    let mut values = truth.values().to_vec();
    values[..2 * 20 * 3].fill(0.0);
    let framed = RgbImage::new(20, 20, values).unwrap();
    assert!(psnr_y(&framed, &truth, 1).unwrap() < 30.0);
    assert_eq!(psnr_y(&framed, &truth, 2).unwrap(), f64::INFINITY);
    assert_eq!(psnr_rgb(&framed, &truth, 2).unwrap(), f64::INFINITY);
    close(ssim_y(&framed, &truth, 2).unwrap(), 1.0);
}

#[test]
fn ssim_equals_its_definition() {
    let (width, height) = (37, 45);
    let truth = textured(width, height);
    let result = RgbImage::new(
        width,
        height,
        truth.values().iter().map(|v| 0.8 * v + 0.05).collect(),
    )
    .unwrap();
    let luma = |image: &RgbImage| -> Vec<f64> {
        let round = |value: f32| f64::from((value * 255.0).round()) / 255.0;
        let pixels = image.values().chunks(3);
        pixels
            .map(|p| 65.481 * round(p[0]) + 128.553 * round(p[1]) + 24.966 * round(p[2]) + 16.0)
            .collect()
    };
    let (x, y) = (luma(&result), luma(&truth));
    let gauss = |d: usize| (-(d as f64 - 5.0).powi(2) / 4.5).exp();
    let (mut total, mut count) = (0.0, 0.0);
    for top in 0..height - 10 {
        for left in 0..width - 10 {
            let mut sums = [0.0; 6];
            for row in 0..11 {
                for column in 0..11 {
                    let (weight, at) = (
                        gauss(row) * gauss(column),
                        (top + row) * width + left + column,
                    );
                    let terms = [
                        1.0,
                        x[at],
                        y[at],
                        x[at] * x[at],
                        y[at] * y[at],
                        x[at] * y[at],
                    ];
                    for (sum, term) in sums.iter_mut().zip(terms) {
                        *sum += weight * term;
                    }
                }
            }
            let [mx, my, xx, yy, xy] = [1, 2, 3, 4, 5].map(|i| sums[i] / sums[0]);
            let (c1, c2) = (6.5025, 58.5225);
            total += (2.0 * mx * my + c1) * (2.0 * (xy - mx * my) + c2)
                / ((mx * mx + my * my + c1) * (xx - mx * mx + yy - my * my + c2));
            count += 1.0;
        }
    }
    // The images are f32: their rounded values are not exactly those of f64.
    let value = ssim_y(&result, &truth, 0).unwrap();
    assert!(
        (value - total / count).abs() < 1e-5,
        "{value}, not {}",
        total / count
    );
}

#[test]
fn unusable_images_are_refused() {
    assert_eq!(
        RgbImage::new(0, 5, vec![]),
        Err(MetricsError::Empty((0, 5)))
    );
    assert!(matches!(
        RgbImage::new(2, 2, vec![0.0; 11]),
        Err(MetricsError::ValueCount { .. })
    ));
    assert!(matches!(
        RgbImage::from_grey(2, 2, &[0.0; 3]),
        Err(MetricsError::ValueCount { .. })
    ));
    let (small, large) = (flat(12, 12, [0.5; 3]), flat(12, 13, [0.5; 3]));
    for measure in [psnr_y, psnr_rgb, ssim_y] {
        assert!(matches!(
            measure(&small, &large, 0),
            Err(MetricsError::SizeMismatch { .. })
        ));
        assert!(matches!(
            measure(&small, &small, 6),
            Err(MetricsError::TooSmall { .. })
        ));
        assert!(matches!(
            measure(&small, &small, usize::MAX),
            Err(MetricsError::TooSmall { .. })
        ));
    }
    assert!(matches!(
        ssim_y(&small, &small, 1),
        Err(MetricsError::TooSmall { .. })
    ));
    assert!(matches!(
        small.crop((5, 0), (8, 1)),
        Err(MetricsError::OutsideImage { .. })
    ));
    assert_eq!(imresize(&small, (0, 4)), Err(MetricsError::Empty((0, 4))));
}

#[test]
fn lanczos_interpolates() {
    let image = textured(12, 9);
    let same = lanczos(&image, (12, 9)).unwrap();
    for (a, b) in image.values().iter().zip(same.values()) {
        assert!((a - b).abs() < 1e-6, "{a} became {b}");
    }
    let colour = [0.2, 0.5, 0.7];
    for size in [(31, 17), (5, 4)] {
        let resized = lanczos(&flat(12, 9, colour), size).unwrap();
        for (value, expected) in resized.values().iter().zip(colour.iter().cycle()) {
            assert!((value - expected).abs() < 1e-6, "{value}, not {expected}");
        }
    }
    // An impulse doubled along a line: sinc(x) sinc(x / 3) at quarters, and their sum is what
    // weights are divided by.
    let mut values = vec![0.0; 15 * 3];
    values[7 * 3..][..3].fill(1.0);
    let line = lanczos(&RgbImage::new(15, 1, values).unwrap(), (30, 1)).unwrap();
    let sinc = |x: f64| (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x);
    let kernel = |x: f64| sinc(x) * sinc(x / 3.0);
    let sum: f64 = [-2.75, -1.75, -0.75, 0.25, 1.25, 2.25]
        .map(kernel)
        .iter()
        .sum();
    for (place, distance) in [(15, 0.25), (14, -0.25), (16, 0.75), (18, 1.75)] {
        close(f64::from(line.values()[place * 3]), kernel(distance) / sum);
    }
}

#[test]
fn nearest_repeats() {
    let image = textured(5, 4);
    let large = nearest(&image, (10, 12)).unwrap();
    for (index, pixel) in large.values().chunks(3).enumerate() {
        let (x, y) = (index % 10 / 2, index / 10 / 3);
        assert_eq!(pixel, &image.values()[3 * (y * 5 + x)..][..3]);
    }
}
