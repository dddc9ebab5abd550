//! How worn an image is, found in its pixels: what the network is told in its first step.

mod compression;
mod noise;

use crate::image::{COLOURS, Image};
use casr_net::{LUMA, Wear};
use std::ops::RangeInclusive;

/// Sides of the part of an image that is looked at, in its middle, in pixels at most.
const LONGEST: usize = 2048;

/// How much is to be restored, beside enlarging.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Restoration {
    /// As much as the image's own noise and traces of JPEG ask for; see [`estimate`].
    #[default]
    Auto,
    /// This much of both, from 0, for a clean image, to 1, for the worst that the network was trained on.
    Strength(f32),
}

impl Restoration {
    /// What the network is told of an image.
    pub fn wear(self, image: &Image) -> Wear {
        match self {
            Self::Auto => estimate(image),
            Self::Strength(strength) => Wear {
                noise: strength,
                compression: strength,
            },
        }
    }
}

/// Finds how worn an image is.
///
/// Noise is told by the flattest patches, so an image without flat places seems noisier than it is. Compression is told by the
/// steps between the values of its block transform, which a JPEG file leaves behind; an image that was resized or blurred after
/// being a JPEG file counts as not compressed, and so do most of quality 90 and above.
///
/// On B100 and Set14, shrunk by 2 and by 4 (median, nine tenths): clean, noise .05 to .09 (.16 to .29), never compressed;
/// deviation 5, noise .46 to .48 (.51 to .60) for .5; quality 75, compression .52 (.52) for .5, missed in a tenth.
pub fn estimate(image: &Image) -> Wear {
    let part = |length: usize| {
        let first = length.saturating_sub(LONGEST) / 2;
        first..first + length.min(LONGEST)
    };
    let (rows, columns) = (part(image.height()), part(image.width()));
    let plane = |weights: [f32; COLOURS]| {
        let value = |pixel: &[f32]| {
            let terms = pixel.iter().zip(weights).map(|(v, w)| v * w);
            255.0 * terms.sum::<f32>()
        };
        let line = |row: usize| {
            let line = &image.pixels()[row * image.width() * COLOURS..];
            line[columns.start * COLOURS..columns.end * COLOURS].chunks_exact(COLOURS)
        };
        Plane {
            width: columns.len(),
            height: rows.len(),
            values: rows.clone().flat_map(line).map(value).collect(),
        }
    };
    let compression = compression::quality(&plane(LUMA)).map_or(0.0, Wear::of_quality);
    // Green alone: noise is told for one colour.
    let noise = Wear::of_deviation(noise::deviation(&plane([0.0, 1.0, 0.0])));
    Wear { noise, compression }
}

/// One value for each pixel, in 8-bit levels.
struct Plane {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Plane {
    fn at(&self, x: usize, y: usize) -> f32 {
        self.values[y * self.width + x]
    }

    /// A square of `side` pixels, row by row.
    fn square(&self, x: usize, y: usize, side: usize) -> impl Iterator<Item = f32> {
        (y..y + side).flat_map(move |y| (x..x + side).map(move |x| self.at(x, y)))
    }

    /// Whether a square is free of clipped values, which hide noise.
    fn is_exposed(&self, x: usize, y: usize, side: usize) -> bool {
        const EXPOSED: RangeInclusive<f32> = 2.0..=253.0;
        self.square(x, y, side)
            .all(|value| EXPOSED.contains(&value))
    }
}

/// The step from one to the next of about `most` among `count` places.
fn stride(count: usize, most: usize) -> usize {
    ((count as f64 / most as f64).sqrt().ceil() as usize).max(1)
}
