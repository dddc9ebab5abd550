//! What the fuzz targets check. The corpus runs through the same functions as an ordinary test
//! (`crates/casr-codec/tests/corpus.rs`).

mod checksums;
mod memory;
mod metadata;
mod reader;
mod round_trip;

use casr_codec::{CodecError, Format, Limits, Picture, Samples};

/// The most pixels of an image: enough for every kind of block, strip and tile, and few enough for
/// thousands of files a second.
const LIMITS: Limits = Limits {
    max_pixels: 1 << 14,
};

/// The formats that are written.
const FORMATS: [Format; 4] = [Format::Png, Format::Jpeg, Format::WebP, Format::Tiff];

/// What a target does with an input; what is wrong is a panic.
pub type Check = fn(&[u8]);

/// The targets: their names, which are those of the corpus's folders, and their checks.
pub const TARGETS: [(&str, Check); 8] = [
    ("png", |input| reader::check(&checksums::mended(input))),
    ("jpeg", reader::check),
    ("webp", reader::check),
    ("tiff", reader::check),
    ("bmp", reader::check),
    ("gif", reader::check),
    ("metadata", metadata::check),
    ("round_trip", round_trip::check),
];

/// Runs one target's check on an input; what is wrong is a panic.
///
/// # Panics
///
/// The check fails, or there is no such target.
pub fn check(target: &str, input: &[u8]) {
    let (_, check) = TARGETS
        .into_iter()
        .find(|(name, _)| *name == target)
        .expect("a target's name");
    check(input);
}

/// A picture's samples are as many as its size says, and each within its range.
fn check_samples(picture: &Picture) {
    let pixels = picture.width * picture.height;
    assert!(pixels > 0 && pixels as u64 <= LIMITS.max_pixels);
    assert_eq!(picture.pixels.len(), pixels * picture.colour.channels());
    let sound = |samples: &Samples| samples.iter().all(|sample| (0.0..=1.0).contains(&sample));
    assert!(sound(&picture.pixels));
    if let Some(alpha) = &picture.alpha {
        assert_eq!(alpha.len(), pixels);
        assert!(sound(alpha));
    }
}

/// An error begins with the input's name and holds nothing that a terminal obeys.
fn check_error(error: &CodecError) {
    let message = error.to_string();
    assert!(message.starts_with(memory::NAME), "{message}");
    assert!(!message.chars().any(char::is_control), "{message}");
}
