//! What holds for any weights: flat stays flat, grey stays grey, the result keeps to the image, and
//! borders are like the inside.

mod support;

use casr_net::NetworkConfig;
use casr_zoom::{Enlarger, Image, Look, Model, Restoration, Strength, Target, ZoomError};
use support::{MODULES, SMALL, image, model};

/// Networks whose corrections are as large as the image: fresh ones with a large head.
fn wild() -> Vec<Enlarger> {
    let loud = |config: NetworkConfig| {
        let mut parameters = config.initial_parameters(17);
        for parameter in &mut parameters {
            match &*parameter.name {
                "head.coefficients.bias" => parameter.values.fill(0.3),
                "head.coefficients.weights" => {
                    parameter.values.iter_mut().for_each(|v| *v *= 20.0);
                }
                _ => {}
            }
        }
        Model::new(config, parameters).unwrap()
    };
    [SMALL, MODULES]
        .map(|config| Enlarger::new(loud(config)))
        .into()
}

/// The largest difference of two images' values.
fn difference(one: &[f32], other: &[f32]) -> f32 {
    let pairs = one.iter().zip(other);
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn flat_stays_flat_inside_and_at_the_rim() {
    for colour in [
        [1.0, 0.0, 0.0],
        [0.0, 1.0, 0.0],
        [0.0, 0.0, 1.0],
        [1.0, 1.0, 0.0],
        [0.2, 0.7, 0.4],
    ] {
        let image = Image::new(13, 10, colour.repeat(130)).unwrap();
        for enlarger in wild() {
            for factor in [1.4, 2.0, 7.3, 64.0] {
                let large = enlarger.enlarge(&image, Target::Factor(factor)).unwrap();
                let wanted = colour.repeat(large.width() * large.height());
                let error = difference(large.pixels(), &wanted);
                assert!(error < 1e-5, "{colour:?} ×{factor}: off by {error}");
            }
        }
    }
}

#[test]
fn grey_stays_grey() {
    let grey: Vec<f32> = image(21, 17)
        .pixels()
        .chunks_exact(3)
        .flat_map(|p| [p[0]; 3])
        .collect();
    let image = Image::new(21, 17, grey).unwrap();
    for enlarger in wild() {
        for factor in [1.6, 3.3, 9.0] {
            let large = enlarger.enlarge(&image, Target::Factor(factor)).unwrap();
            let pixels = large.pixels().chunks_exact(3);
            assert!(
                pixels.clone().all(|p| p[0] == p[1] && p[1] == p[2]),
                "×{factor}"
            );
            assert!(difference(&large.pixels()[3..], large.pixels()) > 0.05);
        }
    }
}

/// A flat half beside a textured one: the gates are local.
#[test]
fn flat_parts_stay_flat_beside_texture() {
    let texture = image(40, 24);
    let pixels = texture.pixels().chunks_exact(3).enumerate();
    let pixels = pixels.flat_map(|(index, pixel)| match index % 40 {
        0..20 => [0.0, 0.0, 1.0],
        _ => [pixel[0], pixel[1], pixel[2]],
    });
    let half = Image::new(40, 24, pixels.collect()).unwrap();
    // One step: what a step has made beside the edge is not flat for the next.
    for enlarger in wild() {
        let large = enlarger.enlarge(&half, Target::Factor(2.0)).unwrap();
        let pixels = large.pixels().chunks_exact(3).enumerate();
        // Five input pixels from the edge: three that a gate and an enlargement see, and two of the
        // anchor.
        let flat = pixels.filter(|(index, _)| index % 80 < 2 * (20 - 8));
        let wanted = [0.0, 0.0, 1.0];
        for (index, pixel) in flat {
            assert!(difference(pixel, &wanted) < 1e-5, "{index}: {pixel:?}");
        }
    }
}

/// The result shrunk to the image's size again is nearly the image.
fn lr_psnr(large: &Image, small: &Image) -> f64 {
    let rgb = |image: &Image| {
        casr_metrics::RgbImage::new(image.width(), image.height(), image.pixels().to_vec()).unwrap()
    };
    casr_metrics::psnr_lr(&rgb(large), &rgb(small)).unwrap()
}

#[test]
fn clean_images_are_anchors_and_degraded_ones_less() {
    // Smooth, so that nothing is lost at the bounds of values.
    let values = (0..32 * 24 * 3)
        .map(|i| 0.5 + 0.2 * ((i / 3 % 32) as f32 * 0.4 + (i / 96) as f32 * 0.3).sin());
    let image = Image::new(32, 24, values.collect()).unwrap();
    for enlarger in wild() {
        let of = |strength| {
            let enlarger = enlarger
                .clone()
                .restoration(Restoration::Fixed(Strength::new(strength).unwrap()));
            lr_psnr(
                &enlarger.enlarge(&image, Target::Factor(2.0)).unwrap(),
                &image,
            )
        };
        let (clean, degraded, worst) = (of(0.0), of(0.25), of(1.0));
        assert!(
            clean > degraded + 1.0 && degraded > worst + 1.0,
            "{clean} {degraded} {worst}"
        );
    }
}

/// An image that is its own mirror image, cut where the mirror stands, is enlarged as the whole is;
/// but beside the cut the anchor looks at a result, which a network does not mirror.
#[test]
fn borders_are_mirrors() {
    let enlarger = Enlarger::new(model(SMALL)).restoration(Restoration::Fixed(Strength::NONE));
    let half = image(48, 9);
    let rows = half.pixels().chunks_exact(48 * 3);
    let mirrored = rows.flat_map(|row| {
        let back = row.chunks_exact(3).rev().flatten();
        back.chain(row).copied().collect::<Vec<f32>>()
    });
    let whole = Image::new(96, 9, mirrored.collect()).unwrap();
    let large = |image: &Image| enlarger.enlarge(image, Target::Factor(2.0)).unwrap();
    let (half, whole) = (large(&half), large(&whole));
    for (half, whole) in half
        .pixels()
        .chunks_exact(96 * 3)
        .zip(whole.pixels().chunks_exact(192 * 3))
    {
        let (beside, inside) = (2 * 4 * 3, &whole[96 * 3..]);
        let error = difference(&half[beside..], &inside[beside..]);
        assert!(error < 1e-5, "off by {error}");
        let error = difference(half, inside);
        assert!(error < 0.02, "off by {error} beside the cut");
    }
}

#[test]
fn looks_differ_and_their_ends_are_fixed() {
    let model = Model::embedded().unwrap();
    let image = image(24, 20);
    let enlarger = Enlarger::new(model).restoration(Restoration::Fixed(Strength::NONE));
    let of = |look: Look| {
        let enlarger = enlarger.clone().look(look);
        enlarger.enlarge(&image, Target::Factor(2.0)).unwrap()
    };
    let faithful = of(Look::FAITHFUL);
    let apart = [0.0, 0.25, 0.5, 0.75, 1.0].map(|look| {
        let other = of(Look::Fixed(Strength::new(look).unwrap()));
        let squares = other.pixels().iter().zip(faithful.pixels());
        squares.map(|(a, b)| (a - b).powi(2)).sum::<f32>()
    });
    assert!(
        apart.is_sorted_by(|a, b| a < b) && apart[0] == 0.0,
        "{apart:?}"
    );
    for wrong in [-0.1, 1.01, f32::NAN] {
        let error = Strength::new(wrong).unwrap_err();
        assert!(matches!(error, ZoomError::Strength { .. }), "{error}");
    }
    assert!(of(Look::Auto) != faithful);
}

#[test]
fn the_look_rises_with_the_factor_and_falls_with_degradation() {
    let of = |factor, noise, compression| {
        Look::Auto
            .for_image(factor, casr_zoom::Degradation { noise, compression })
            .value()
    };
    let rising = [1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 64.0].map(|factor| of(factor, 0.0, 0.0));
    assert!(
        rising.is_sorted() && rising[0] == 0.5 && rising[6] == 1.0,
        "{rising:?}"
    );
    assert!((rising[3] - 0.75).abs() < 1e-6);
    assert!(of(4.0, 0.5, 0.1) < rising[3] && of(4.0, 0.5, 1.0) < of(4.0, 0.5, 0.1));
    assert_eq!(of(4.0, 1.0, 0.0), 0.375);
    let fixed = Look::BALANCED.for_image(16.0, casr_zoom::Degradation::default());
    assert_eq!(fixed, Strength::HALF);
}
