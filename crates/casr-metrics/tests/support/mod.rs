//! What tests share: images, numbers of reference programs, and the data beside the repository.

#![allow(dead_code, reason = "every test file uses its own part")]

use casr_metrics::RgbImage;
use std::path::{Path, PathBuf};

/// Scores of copies of the samples: sample, copy, score.
pub type Scores = std::collections::BTreeMap<String, std::collections::BTreeMap<String, f64>>;

/// What `name` is in `shared/data` beside the repository, or in the folder that `CASR_DATA` names;
/// without it a remark.
pub fn data(name: &str) -> Option<PathBuf> {
    let data = std::env::var_os("CASR_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = data.join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is missing", path.display());
    None
}

/// An image of the samples that come with the repository.
pub fn sample(name: &str) -> RgbImage {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    read(&samples.join(name).with_extension("png"))
}

/// Reads an image file.
pub fn read(path: &Path) -> RgbImage {
    let picture = casr_codec::read(path, &casr_codec::Limits::default()).unwrap();
    let (width, height) = (picture.width, picture.height);
    match picture.colour {
        casr_codec::Colour::Rgb => RgbImage::new(width, height, picture.pixels.into_f32()),
        casr_codec::Colour::Grey => RgbImage::from_grey(width, height, &picture.pixels.into_f32()),
    }
    .unwrap()
}

/// The image whose 8-bit values are `value(column, row, channel)`.
pub fn from_levels(
    (width, height): (usize, usize),
    value: impl Fn(usize, usize, usize) -> u8,
) -> RgbImage {
    let values = (0..width * height * 3)
        .map(|i| f32::from(value(i / 3 % width, i / 3 / width, i % 3)) / 255.0)
        .collect();
    RgbImage::new(width, height, values).unwrap()
}

/// The 8-bit value of an image at a column, row and channel.
pub fn level(image: &RgbImage, column: usize, row: usize, channel: usize) -> u8 {
    (image.values()[(row * image.width() + column) * 3 + channel] * 255.0).round() as u8
}

/// The scores in a file of `tests/golden`.
pub fn golden(name: &str) -> Scores {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
