//! Draws the pictures of the README from the shipped samples, into `docs`:
//! `cargo run --release -p casr-lab --example comparison [WEIGHTS]`, from the repository's root;
//! some minutes.
//!
//! A row for each sample; from left to right:
//!
//! - `x4.jpg`: a part of the sample shrunk by 4, pixel by pixel; by bicubic interpolation; by CASR,
//!   faithful and vivid; and the sample itself, the truth.
//! - `x16.jpg`: a part of the sample, pixel by pixel, by bicubic interpolation, faithful and vivid.
//!   There is no truth.
//! - `x64.jpg`: a part of the sample, pixel by pixel; the same 64 times as large, vivid, shrunk
//!   again to be seen whole; and a place in it pixel by pixel, by bicubic interpolation, faithful
//!   and vivid.

use casr_codec::{Format, Header, Limits, Options, Writer, read};
use casr_metrics::{RgbImage, degrade, imresize, nearest};
use casr_zoom::{Enlarger, ImageView, Look, Model, Target};
use std::error::Error;
use std::path::Path;

/// White between the panels, in pixels.
const GAP: usize = 4;

/// JPEG quality of the pictures.
const QUALITY: u8 = 90;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A part of an image: its corner, (x, y), and its size.
#[derive(Clone, Copy)]
struct Part {
    corner: (usize, usize),
    size: (usize, usize),
}

impl Part {
    /// The same part of the image enlarged by a factor.
    fn times(self, factor: usize) -> Self {
        let scaled = |(x, y): (usize, usize)| (factor * x, factor * y);
        Self {
            corner: scaled(self.corner),
            size: scaled(self.size),
        }
    }

    fn of(self, image: &RgbImage) -> Result<RgbImage> {
        Ok(image.crop(self.corner, self.size)?)
    }
}

fn main() -> Result<()> {
    let model = match std::env::args_os().nth(1) {
        Some(weights) => Model::open(Path::new(&weights))?,
        None => Model::embedded()?,
    };
    let enlarger = Enlarger::new(model);
    let rows = [("flowers", (60, 72)), ("city", (66, 62)), ("dog", (52, 36))];
    let rows = rows.map(|(name, corner)| near(&enlarger, name, corner));
    write("docs/x4.jpg", rows)?;
    let rows = [
        ("flowers", (276, 296)),
        ("city", (238, 316)),
        ("dog", (276, 184)),
    ];
    let rows = rows.map(|(name, corner)| far(&enlarger, name, corner));
    write("docs/x16.jpg", rows)?;
    let rows = [
        ("flowers", (262, 300), (26, 7)),
        ("city", (300, 250), (17, 15)),
        ("dog", (250, 180), (13, 8)),
    ];
    let rows = rows.map(|(name, corner, place)| farthest(&enlarger, name, corner, place));
    write("docs/x64.jpg", rows)
}

/// The panels of `x4.jpg`; the corner is in pixels of the shrunk sample.
fn near(enlarger: &Enlarger, name: &str, corner: (usize, usize)) -> Result<Vec<RgbImage>> {
    const SCALE: usize = 4;
    let part = Part {
        corner,
        size: (60, 45),
    };
    let truth = sample(name)?;
    let small = degrade(&truth, (truth.width() / SCALE, truth.height() / SCALE))?;
    let shown = part.times(SCALE);
    Ok(vec![
        nearest(&part.of(&small)?, shown.size)?,
        shown.of(&imresize(&small, truth.size())?)?,
        shown.of(&enlarged(enlarger, &small, SCALE, Look::FAITHFUL)?)?,
        shown.of(&enlarged(enlarger, &small, SCALE, Look::VIVID)?)?,
        shown.of(&truth)?,
    ])
}

/// The panels of `x16.jpg`.
fn far(enlarger: &Enlarger, name: &str, corner: (usize, usize)) -> Result<Vec<RgbImage>> {
    const SCALE: usize = 16;
    // With what lies around the part that is shown.
    const AROUND: usize = 16;
    let shown = Part {
        corner: (AROUND, AROUND),
        size: (28, 21),
    };
    let all = Part {
        corner: (corner.0 - AROUND, corner.1 - AROUND),
        size: (shown.size.0 + 2 * AROUND, shown.size.1 + 2 * AROUND),
    };
    let small = all.of(&sample(name)?)?;
    let large = shown.times(SCALE);
    let size = all.times(SCALE).size;
    Ok(vec![
        nearest(&shown.of(&small)?, large.size)?,
        large.of(&imresize(&small, size)?)?,
        large.of(&enlarged(enlarger, &small, SCALE, Look::FAITHFUL)?)?,
        large.of(&enlarged(enlarger, &small, SCALE, Look::VIVID)?)?,
    ])
}

/// The panels of `x64.jpg`; `place` is the corner of the place in the part that is shown closely.
fn farthest(
    enlarger: &Enlarger,
    name: &str,
    corner: (usize, usize),
    place: (usize, usize),
) -> Result<Vec<RgbImage>> {
    const SCALE: usize = 64;
    const SIDE: usize = 48;
    const SHOWN: usize = 288;
    let part = Part {
        corner,
        size: (SIDE, SIDE),
    };
    let part = part.of(&sample(name)?)?;
    let close = Part {
        corner: (SCALE * place.0, SCALE * place.1),
        size: (SHOWN, SHOWN),
    };
    let vivid = enlarged(enlarger, &part, SCALE, Look::VIVID)?;
    Ok(vec![
        nearest(&part, (SHOWN, SHOWN))?,
        degrade(&vivid, (SHOWN, SHOWN))?,
        close.of(&imresize(&part, vivid.size())?)?,
        close.of(&enlarged(enlarger, &part, SCALE, Look::FAITHFUL)?)?,
        close.of(&vivid)?,
    ])
}

fn sample(name: &str) -> Result<RgbImage> {
    let path = format!("samples/{name}.png");
    let sample = read(Path::new(&path), &Limits::default())?;
    let pixels = sample.pixels.into_f32();
    Ok(RgbImage::new(sample.width, sample.height, pixels)?)
}

fn enlarged(enlarger: &Enlarger, image: &RgbImage, scale: usize, look: Look) -> Result<RgbImage> {
    let image = ImageView::rgb(image.width(), image.height(), image.values())?;
    let enlarger = enlarger.clone().look(look);
    let large = enlarger.enlarge(image, Target::Factor(scale as f64))?;
    let (width, height) = (large.width(), large.height());
    Ok(RgbImage::new(width, height, large.into_pixels())?)
}

/// Writes rows of panels of one size.
fn write(path: &str, rows: impl IntoIterator<Item = Result<Vec<RgbImage>>>) -> Result<()> {
    let rows = rows.into_iter().collect::<Result<Vec<_>>>()?;
    let (width, height) = rows[0][0].size();
    let columns = rows[0].len();
    let header = Header::rgb(
        columns * (width + GAP) - GAP,
        rows.len() * (height + GAP) - GAP,
    );
    let options = Options {
        overwrite: true,
        quality: QUALITY,
        ..Options::default()
    };
    let white = vec![1.0; (columns * (width + GAP) - GAP) * GAP * 3];
    let mut writer = Writer::create(Path::new(path), Format::Jpeg, header, options)?;
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
