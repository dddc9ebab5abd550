//! What degradations do, and how they are written.

use casr_metrics::RgbImage;
use casr_net::Degradation;
use casr_train::{Dataset, DegradationModel, Jpeg, TrainOptions, batch};
use std::path::{Path, PathBuf};

/// A slope of grey with a hard edge.
fn picture(width: usize, height: usize) -> RgbImage {
    let values = (0..width * height * 3).map(|i| {
        let x = i / 3 % width;
        let edge = if x < width / 2 { 0.2 } else { 0.7 };
        (f32::round((edge + 0.1 * x as f32 / width as f32) * 255.0)) / 255.0
    });
    RgbImage::new(width, height, values.collect()).unwrap()
}

/// Root of the mean square of differences, in 8-bit levels.
fn distance(one: &RgbImage, other: &RgbImage) -> f64 {
    let squares = one.values().iter().zip(other.values()).map(|(a, b)| {
        let difference = 255.0 * f64::from(a - b);
        difference * difference
    });
    (squares.sum::<f64>() / one.values().len() as f64).sqrt()
}

fn parsed(text: &str) -> DegradationModel {
    text.parse().unwrap()
}

#[test]
fn noise_has_its_deviation_and_its_seed() {
    let image = picture(120, 90);
    for deviation in [2.0, 5.0, 10.0] {
        let noise = parsed(&format!("noise:{deviation}"));
        let one = noise.apply(&image, 1).unwrap();
        let measured = distance(&one, &image);
        assert!(
            (measured / deviation - 1.0).abs() < 0.03,
            "{deviation}: {measured}"
        );
        assert_eq!(one, noise.apply(&image, 1).unwrap());
        let other = distance(&one, &noise.apply(&image, 2).unwrap());
        assert!(other > 1.2 * deviation, "{other}");
    }
}

#[test]
fn clean_changes_nothing() {
    let image = picture(31, 17);
    assert_eq!(parsed("clean").apply(&image, 1).unwrap(), image);
    assert_eq!(parsed("clean"), DegradationModel::default());
}

#[test]
fn a_crop_of_a_file_keeps_the_blocks_of_the_file() {
    let image = picture(64, 48);
    let jpeg = |phase| {
        let jpeg = Jpeg {
            quality: 60,
            subsampled: false,
            phase,
        };
        let degradation = DegradationModel {
            jpeg: Some(jpeg),
            ..DegradationModel::default()
        };
        degradation.apply(&image, 1).unwrap()
    };
    let (aligned, shifted) = (jpeg((0, 0)), jpeg((3, 5)));
    assert!(distance(&aligned, &image) > 0.3);
    assert_ne!(aligned, shifted);
    assert_eq!(aligned.size(), shifted.size());
    // Whole blocks further, the blocks are the same.
    let (one, other) = (jpeg((8, 0)), aligned);
    let inside = |image: &RgbImage| image.crop((8, 0), (48, 48)).unwrap();
    assert!(distance(&inside(&one), &inside(&other)) < 0.5);
}

#[test]
fn a_blur_keeps_flat_areas_and_softens_edges() {
    let image = picture(60, 20);
    let blurred = parsed("blur:0.8").apply(&image, 1).unwrap();
    let at = |image: &RgbImage, x: usize| image.values()[(10 * 60 + x) * 3];
    assert!((at(&blurred, 10) - at(&image, 10)).abs() < 0.01);
    assert!((at(&blurred, 29) - at(&image, 29)).abs() > 0.05);
}

#[test]
fn names_are_read_as_they_are_written() {
    for text in ["clean", "noise:5", "jpeg:75", "blur:0.5+noise:2.5+jpeg:80"] {
        assert_eq!(parsed(text).to_string(), text);
    }
    for text in [
        "",
        "noise",
        "noise:",
        "noise:x",
        "noise:-1",
        "noise:1e9",
        "jpeg:0",
        "jpeg:7.5",
        "jpeg:101",
        "blur:nan",
        "rain:3",
        "noise:5+",
    ] {
        let error = text.parse::<DegradationModel>().unwrap_err();
        assert!(error.contains("noise:SIGMA"), "{text}: {error}");
    }
}

#[test]
fn wear_grows_with_the_damage() {
    let degradation = |text: &str| parsed(text).strengths();
    assert_eq!(degradation("clean"), Degradation::default());
    assert!(degradation("noise:2").noise < degradation("noise:9").noise);
    assert!(degradation("jpeg:90").compression < degradation("jpeg:60").compression);
    assert_eq!(
        (
            degradation("noise:90").noise,
            degradation("noise:90").compression
        ),
        (1.0, 0.0)
    );
    assert_eq!(
        (
            degradation("jpeg:75").noise,
            degradation("jpeg:75").compression
        ),
        (0.0, 0.5)
    );
}

#[test]
fn a_share_of_patches_is_degraded() {
    let samples: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let with = |degraded| TrainOptions {
        batch: 8,
        patch: 24,
        unroll: 0.0,
        degraded,
        ..TrainOptions::default()
    };
    let data = Dataset::open(&samples, &with(0.0)).unwrap();
    let changed = |degraded| {
        let patches = (0..8).flat_map(|step| {
            let clean = batch(&data, &with(0.0), step).unwrap();
            let worn = batch(&data, &with(degraded), step).unwrap();
            assert_eq!(clean.targets[0].pixels, worn.targets[0].pixels);
            let size = 24 * 24 * 3;
            let pairs = clean.input.chunks(size).zip(worn.input.chunks(size));
            pairs.map(|(a, b)| a != b).collect::<Vec<bool>>()
        });
        patches.filter(|changed| *changed).count()
    };
    assert_eq!(changed(0.0), 0);
    assert_eq!(changed(1.0), 64);
    assert!((16..48).contains(&changed(0.5)), "{}", changed(0.5));
}
