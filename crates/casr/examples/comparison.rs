//! Makes the picture at the top of the README, `docs/comparison.png`, from a shipped sample:
//! `cargo run --release -p casr --example comparison [WEIGHTS]`, from the repository's root.
//!
//! From left to right: the pixels of a part of the sample, the same by bicubic interpolation, the same by CASR.

use casr_codec::{Format, Header, Limits, Options, Writer, read};
use casr_metrics::{RgbImage, imresize, nearest};
use casr_zoom::{Enlarger, Image, Model, Target};
use std::error::Error;
use std::path::Path;

const SAMPLE: &str = "samples/flowers.png";
const PICTURE: &str = "docs/comparison.png";
const SCALE: usize = 4;
/// The part shown, in pixels of the sample.
const LEFT: usize = 250;
const TOP: usize = 290;
const SIDE: usize = 72;
/// White columns between the panels.
const GAP: usize = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let model = match std::env::args_os().nth(1) {
        Some(weights) => Model::open(Path::new(&weights))?,
        None => Model::embedded()?,
    };
    let sample = read(Path::new(SAMPLE), &Limits::default())?;
    let sample = RgbImage::new(sample.width, sample.height, sample.pixels)?;
    let (width, height) = (SCALE * sample.width(), SCALE * sample.height());

    let image = Image::new(sample.width(), sample.height(), sample.values().to_vec())?;
    let enlarged = Enlarger::new(model).enlarge(&image, Target::Factor(SCALE as f64))?;
    let panels = [
        nearest(&sample, (width, height))?,
        imresize(&sample, (width, height))?,
        RgbImage::new(width, height, enlarged.into_pixels())?,
    ];
    let side = SCALE * SIDE;
    let parts = panels
        .iter()
        .map(|panel| panel.crop((SCALE * LEFT, SCALE * TOP), (side, side)))
        .collect::<Result<Vec<_>, _>>()?;
    write(&parts, side)
}

/// Writes square parts side by side.
fn write(parts: &[RgbImage], side: usize) -> Result<(), Box<dyn Error>> {
    let header = Header::rgb(parts.len() * (side + GAP) - GAP, side);
    let options = Options {
        overwrite: true,
        ..Options::default()
    };
    let mut writer = Writer::create(Path::new(PICTURE), Format::Png, header, options)?;
    for row in 0..side {
        let lines: Vec<&[f32]> = parts
            .iter()
            .map(|part| &part.values()[row * side * 3..][..side * 3])
            .collect();
        writer.write_rows(&lines.join(&[1.0; GAP * 3][..]))?;
    }
    Ok(writer.finish()?)
}
