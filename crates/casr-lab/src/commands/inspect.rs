//! `casr-lab inspect`: what the network's modules see in an image.

use crate::evaluation::{RgbImage, colours, save};
use crate::superpixels::{autocorrelation, superpixels};
use anyhow::{anyhow, bail};
use casr_cli::Outcome;
use casr_cli::options::{LimitOptions, ModelOptions};
use casr_codec::read;
use casr_net::Pixels;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// The arguments of `casr-lab inspect`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  casr-lab inspect superpixels photo.png -o superpixels.png
  casr-lab inspect autocorrelation photo.png -o textures.png

superpixels      the image, four times as large, with the borders of its superpixels
autocorrelation  for every 12th pixel a flower of 17x17 dots: the brighter a dot, the more the surroundings resemble
                 themselves when moved by as many pixels as it lies from the middle")]
pub struct InspectArguments {
    /// What to picture
    #[arg(value_enum)]
    view: View,
    /// An image
    #[arg(value_name = "INPUT")]
    input: PathBuf,
    /// The picture to write, a PNG file
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Replace a picture that exists
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    limits: LimitOptions,
}

/// What can be pictured.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum View {
    /// Superpixels, whose statistics are aligned from step to step
    Superpixels,
    /// The local autocorrelation, which every step reads
    Autocorrelation,
}

/// Pictured pixels a side for each pixel of the image.
const ENLARGED: usize = 4;

/// Pixels of the image between two flowers, and dots along the side of a flower.
const SPACING: usize = 12;
const FLOWER: usize = 17;

/// The colour of the borders.
const BORDER: [f32; 3] = [1.0, 0.9, 0.0];

/// Writes the picture.
pub fn run(arguments: &InspectArguments) -> anyhow::Result<Outcome> {
    let (input, output) = (arguments.input.display(), &arguments.output);
    if output
        .extension()
        .is_none_or(|end| !end.eq_ignore_ascii_case("png"))
    {
        bail!(
            "{}: the picture is a PNG file; name it so",
            output.display()
        );
    }
    if output.exists() && !arguments.overwrite {
        bail!(
            "{}: exists already; --overwrite replaces it",
            output.display()
        );
    }
    arguments.model.start()?;
    let model = arguments.model.model()?;
    let picture = read(&arguments.input, &arguments.limits.limits())?;
    let image = colours(picture).map_err(|error| anyhow!("{input}: {error}"))?;
    let pixels = Pixels {
        height: image.height(),
        width: image.width(),
        values: image.values(),
    };
    let drawn = match arguments.view {
        View::Superpixels => outlined(&image, &superpixels(&model, pixels))?,
        View::Autocorrelation => flowers(&image, pixels)?,
    };
    save(&drawn, output)?;
    Ok(Outcome::Done)
}

/// The image enlarged, with a line wherever the label changes.
fn outlined(image: &RgbImage, labels: &[usize]) -> anyhow::Result<RgbImage> {
    let (width, height) = (image.width(), image.height());
    let mut values = Vec::with_capacity(width * height * ENLARGED * ENLARGED * 3);
    for y in 0..height * ENLARGED {
        for x in 0..width * ENLARGED {
            let (column, row) = (x / ENLARGED, y / ENLARGED);
            let label = |column: usize, row: usize| labels[row * width + column];
            let own = label(column, row);
            let left = x % ENLARGED == 0 && column > 0 && label(column - 1, row) != own;
            let above = y % ENLARGED == 0 && row > 0 && label(column, row - 1) != own;
            let start = (row * width + column) * 3;
            let colour = &image.values()[start..start + 3];
            values.extend_from_slice(if left || above { &BORDER } else { colour });
        }
    }
    Ok(RgbImage::new(width * ENLARGED, height * ENLARGED, values)?)
}

/// Flowers of autocorrelation side by side.
fn flowers(image: &RgbImage, pixels: Pixels) -> anyhow::Result<RgbImage> {
    let (map, lags) = autocorrelation(pixels);
    let count = |length: usize| length.div_ceil(SPACING);
    let side = FLOWER + 1;
    let (width, height) = (count(image.width()) * side, count(image.height()) * side);
    let mut values = vec![0.0; width * height * 3];
    for row in 0..count(image.height()) {
        for column in 0..count(image.width()) {
            let middle =
                |index: usize, length: usize| (index * SPACING + SPACING / 2).min(length - 1);
            let place = middle(row, image.height()) * image.width() + middle(column, image.width());
            let mut dot = |(down, right): (i32, i32), colour: [f32; 3]| {
                let at = |index: usize, step: i32| {
                    (index * side + FLOWER / 2).saturating_add_signed(step as isize)
                };
                let start = (at(row, down) * width + at(column, right)) * 3;
                values[start..start + 3].copy_from_slice(&colour);
            };
            for (lag, correlation) in lags.iter().zip(&map[place * lags.len()..]) {
                // Likeness is white, likeness to the negative blue; both ways, as a shift back is
                // the same.
                let strength = correlation.abs();
                let colour = if *correlation >= 0.0 {
                    [strength; 3]
                } else {
                    [0.0, 0.2 * strength, strength]
                };
                dot(*lag, colour);
                dot((-lag.0, -lag.1), colour);
            }
            let own = &image.values()[place * 3..place * 3 + 3];
            dot((0, 0), [own[0], own[1], own[2]]);
        }
    }
    Ok(RgbImage::new(width, height, values)?)
}
