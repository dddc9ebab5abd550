//! Noise and traces of JPEG are found, and clean images are let alone.

use casr_codec::{Limits, jpeg_round_trip, read};
use casr_net::Degradation;
use casr_zoom::{Enlarger, Image, Look, Model, Restoration, Strength, Target, estimate};
use std::path::Path;

/// A part of a sample, in 8-bit levels.
fn sample(name: &str, width: usize, height: usize) -> Vec<u8> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let picture = read(&samples.join(name), &Limits::default()).unwrap();
    let mut bytes = Vec::new();
    for y in 0..height {
        let first = ((y + 60) * picture.width + 60) * 3;
        let row = (first..first + width * 3).map(|index| picture.pixels.at(index));
        bytes.extend(row.map(|v| (v * 255.0).round() as u8));
    }
    bytes
}

fn image(bytes: &[u8], width: usize, height: usize) -> Image {
    let pixels = bytes.iter().map(|v| f32::from(*v) / 255.0).collect();
    Image::new(width, height, pixels).unwrap()
}

/// Adds noise with a deviation in 8-bit levels: the sum of twelve uniform numbers is normal enough.
fn noisy(bytes: &[u8], deviation: f32) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / (1 << 24) as f32
    };
    let value = |v: &u8| {
        let normal = (0..12).map(|_| uniform()).sum::<f32>() - 6.0;
        (f32::from(*v) + deviation * normal)
            .round()
            .clamp(0.0, 255.0) as u8
    };
    bytes.iter().map(value).collect()
}

const SAMPLES: [&str; 3] = ["city.png", "dog.png", "flowers.png"];

#[test]
fn clean_images_are_clean() {
    for name in SAMPLES {
        for side in [32, 64, 160, 400] {
            let degradation = estimate(&image(&sample(name, side, side), side, side));
            println!("{name} {side}: {degradation:?}");
            assert_eq!(degradation.compression, 0.0, "{name} {side}");
            assert!(degradation.noise < 0.2, "{name} {side}: {degradation:?}");
        }
    }
}

/// What was found is noise of about this deviation, in 8-bit levels.
#[track_caller]
fn assert_noise(degradation: Degradation, deviation: f32, case: &str) {
    println!("{case} {deviation}: {degradation:?}");
    let expected = Degradation::of_deviation(deviation);
    assert!(
        (degradation.noise - expected).abs() < 0.06 + 0.2 * expected,
        "{case} {deviation}: {degradation:?}"
    );
}

#[test]
fn noise_is_measured() {
    for name in SAMPLES {
        for (side, deviation) in [(32, 5.0), (64, 5.0), (160, 3.0), (160, 5.0), (400, 9.0)] {
            let bytes = noisy(&sample(name, side, side), deviation);
            let degradation = estimate(&image(&bytes, side, side));
            assert_noise(degradation, deviation, &format!("{name} {side}"));
            assert_eq!(degradation.compression, 0.0, "{name} {side} {deviation}");
        }
    }
}

#[test]
fn qualities_of_jpeg_are_found() {
    for name in SAMPLES {
        for (side, quality) in [
            (48, 50),
            (48, 75),
            (64, 85),
            (120, 60),
            (160, 90),
            (200, 95),
        ] {
            let bytes = sample(name, side, side);
            let bytes = jpeg_round_trip((side, side), &bytes, quality, true).unwrap();
            let degradation = estimate(&image(&bytes, side, side));
            println!("{name} {side} {quality}: {degradation:?}");
            let expected = Degradation::of_quality(quality);
            assert!(
                (degradation.compression - expected).abs() < 0.09,
                "{name} {side} {quality}: {degradation:?}"
            );
        }
    }
}

#[test]
fn a_crop_of_a_jpeg_file_is_one_still() {
    let side = 200;
    let bytes = jpeg_round_trip((side, side), &sample("dog.png", side, side), 70, false).unwrap();
    let (left, top) = (5, 3);
    for part in [60, 150] {
        let line = |y: usize| bytes[(y * side + left) * 3..][..part * 3].to_vec();
        let crop: Vec<u8> = (top..top + part).flat_map(line).collect();
        let degradation = estimate(&image(&crop, part, part));
        assert!(
            (degradation.compression - 0.6).abs() < 0.09,
            "{part}: {degradation:?}"
        );
    }
}

#[test]
fn noise_of_grey_images_is_measured() {
    for name in SAMPLES {
        for (side, deviation) in [(64, 5.0), (160, 5.0), (400, 9.0)] {
            let mut bytes = sample(name, side, side);
            let noise = noisy(&vec![128; side * side], deviation);
            for (pixel, noise) in bytes.chunks_exact_mut(3).zip(noise) {
                let grey = pixel[1] as i32 + i32::from(noise) - 128;
                pixel.fill(grey.clamp(0, 255) as u8);
            }
            let degradation = estimate(&image(&bytes, side, side));
            assert_noise(degradation, deviation, &format!("{name} {side}"));
        }
    }
}

#[test]
fn patterns_are_no_jpeg_files() {
    let side = 120;
    for (period, contrast) in
        (2..=16).flat_map(|period| [(period, 10), (period, 33), (period, 120)])
    {
        for (name, value) in [
            ("squares", |x, y, period| (x / period + y / period) % 2),
            ("lines", |x, _, period| x / period % 2),
            ("dots", |x, y, period| {
                usize::from(x % period + y % period == 0)
            }),
        ] as [(&str, fn(usize, usize, usize) -> usize); 3]
        {
            let level = |place: usize| 60 + contrast * value(place % side, place / side, period);
            let bytes: Vec<u8> = (0..side * side)
                .flat_map(|place| [level(place) as u8; 3])
                .collect();
            let degradation = estimate(&image(&bytes, side, side));
            assert_eq!(degradation.compression, 0.0, "{name} {period} {contrast}");
        }
    }
}

#[test]
fn what_is_too_small_or_flat_counts_as_clean() {
    let clean = Degradation::default();
    for (width, height) in [(1, 1), (3, 40), (15, 15), (20, 20)] {
        let flat = image(&vec![90; width * height * 3], width, height);
        assert_eq!(estimate(&flat), clean, "{width}×{height}");
    }
    let white = image(&vec![255; 100 * 100 * 3], 100, 100);
    assert_eq!(estimate(&white), clean);
}

#[test]
fn a_given_strength_is_taken() {
    let image = image(&sample("dog.png", 64, 64), 64, 64);
    let degradation = Restoration::Fixed(Strength::new(0.25).unwrap()).degradation(&image);
    assert_eq!((degradation.noise, degradation.compression), (0.25, 0.25));
    assert_eq!(Restoration::Auto.degradation(&image), estimate(&image));
}

/// PSNR of two images of the same size, over all channels.
fn psnr(one: &Image, other: &Image) -> f64 {
    let pairs = one.pixels().iter().zip(other.pixels());
    let squares: f64 = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum();
    -10.0 * (squares / one.pixels().len() as f64).log10()
}

/// The plan that restores without enlarging removes noise and traces of JPEG; other plans of the
/// image's own size leave the pixels as they are.
#[test]
fn images_are_restored_at_their_own_size() {
    let enlarger = Enlarger::new(Model::embedded().unwrap());
    let side = 96;
    for name in SAMPLES {
        let clean = sample(name, side, side);
        let truth = image(&clean, side, side);
        let noise = noisy(&clean, 10.0);
        let jpeg = jpeg_round_trip((side, side), &clean, 40, true).unwrap();
        for (kind, worn, gain) in [("noise", noise, 5.0), ("JPEG", jpeg, 0.5)] {
            let worn = image(&worn, side, side);
            let before = psnr(&worn, &truth);
            let copy = enlarger.enlarge(&worn, Target::Factor(1.0)).unwrap();
            assert_eq!(copy, worn);
            for look in [Look::FAITHFUL, Look::Auto, Look::VIVID] {
                let restored = enlarger
                    .clone()
                    .look(look)
                    .enlarge(&worn, Target::Same)
                    .unwrap();
                let after = psnr(&restored, &truth);
                println!("{name} {kind} {look:?}: {before:.2} → {after:.2} dB");
                if look == Look::FAITHFUL {
                    assert!(
                        after > before + gain,
                        "{name} {kind}: {before:.2} → {after:.2}"
                    );
                }
            }
        }
    }
}
