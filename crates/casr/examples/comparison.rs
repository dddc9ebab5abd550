//! Draws the pictures of the documentation from the shipped samples:
//! `cargo run --release -p casr --example comparison [WEIGHTS]`, from the repository's root.
//!
//! - `docs/comparison.png`: from left to right the pixels of a part of a sample, the same by bicubic interpolation, the same by CASR.
//! - `docs/x64.png`: a part of each sample 64 times as large, shrunk again to be seen whole; a place in it by CASR, pixel by pixel; and
//!   the same as CASR to 4 times and Lanczos interpolation from there make it.

use casr_codec::{Format, Header, Limits, Options, Writer, read};
use casr_metrics::{RgbImage, degrade, imresize, lanczos, nearest};
use casr_zoom::{Enlarger, Image, Model, Target};
use std::error::Error;
use std::path::Path;

/// White between the panels, in pixels.
const GAP: usize = 4;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let model = match std::env::args_os().nth(1) {
        Some(weights) => Model::open(Path::new(&weights))?,
        None => Model::embedded()?,
    };
    let enlarger = Enlarger::new(model);
    write("docs/comparison.png", &[comparison(&enlarger)?])?;
    let rows = [
        ("flowers", (262, 300), (27, 8)),
        ("city", (300, 250), (18, 16)),
        ("dog", (250, 180), (13, 8)),
    ];
    let rows = rows.map(|(name, corner, place)| far(&enlarger, name, corner, place));
    write(
        "docs/x64.png",
        &rows.into_iter().collect::<Result<Vec<_>>>()?,
    )
}

/// The panels of a part of a sample, 4 times as large.
fn comparison(enlarger: &Enlarger) -> Result<Vec<RgbImage>> {
    const SCALE: usize = 4;
    const CORNER: (usize, usize) = (250, 290);
    const SIDE: usize = 72;
    let sample = sample("flowers")?;
    let size = (SCALE * sample.width(), SCALE * sample.height());
    let panels = [
        nearest(&sample, size)?,
        imresize(&sample, size)?,
        enlarged(enlarger, &sample, SCALE)?,
    ];
    let corner = (SCALE * CORNER.0, SCALE * CORNER.1);
    let parts = panels.iter();
    Ok(parts
        .map(|panel| panel.crop(corner, (SCALE * SIDE, SCALE * SIDE)))
        .collect::<std::result::Result<_, _>>()?)
}

/// The panels of a part of a sample, 64 times as large; `place` in it, in its pixels, is shown closely.
fn far(
    enlarger: &Enlarger,
    name: &str,
    corner: (usize, usize),
    place: (usize, usize),
) -> Result<Vec<RgbImage>> {
    const SCALE: usize = 64;
    const SIDE: usize = 48;
    const SHOWN: usize = 384;
    let part = sample(name)?.crop(corner, (SIDE, SIDE))?;
    let large = enlarged(enlarger, &part, SCALE)?;
    let four = enlarged(enlarger, &part, 4)?;
    let stretched = lanczos(&four, large.size())?;
    let close = |image: &RgbImage| {
        let corner = (SCALE * place.0, SCALE * place.1);
        image.crop(corner, (SHOWN, SHOWN))
    };
    Ok(vec![
        degrade(&large, (SHOWN, SHOWN))?,
        close(&large)?,
        close(&stretched)?,
    ])
}

fn sample(name: &str) -> Result<RgbImage> {
    let path = format!("samples/{name}.png");
    let sample = read(Path::new(&path), &Limits::default())?;
    Ok(RgbImage::new(sample.width, sample.height, sample.pixels)?)
}

fn enlarged(enlarger: &Enlarger, image: &RgbImage, scale: usize) -> Result<RgbImage> {
    let image = Image::new(image.width(), image.height(), image.values().to_vec())?;
    let large = enlarger.enlarge(&image, Target::Factor(scale as f64))?;
    let (width, height) = (large.width(), large.height());
    Ok(RgbImage::new(width, height, large.into_pixels())?)
}

/// Writes rows of panels of one size.
fn write(path: &str, rows: &[Vec<RgbImage>]) -> Result<()> {
    let (width, height) = rows[0][0].size();
    let columns = rows[0].len();
    let header = Header::rgb(
        columns * (width + GAP) - GAP,
        rows.len() * (height + GAP) - GAP,
    );
    let options = Options {
        overwrite: true,
        ..Options::default()
    };
    let white = vec![1.0; (columns * (width + GAP) - GAP) * GAP * 3];
    let mut writer = Writer::create(Path::new(path), Format::Png, header, options)?;
    for (index, panels) in rows.iter().enumerate() {
        if index > 0 {
            writer.write_rows(&white)?;
        }
        for row in 0..height {
            let line =
                |panel: &RgbImage| panel.values()[row * width * 3..(row + 1) * width * 3].to_vec();
            let lines: Vec<Vec<f32>> = panels.iter().map(line).collect();
            writer.write_rows(&lines.join(&[1.0; GAP * 3][..]))?;
        }
    }
    Ok(writer.finish()?)
}
