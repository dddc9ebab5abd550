//! How degraded an image is, estimated from its pixels: the condition of the first step.

mod compression;
mod noise;

use crate::image::COLOURS;
use crate::strength::Strength;
use crate::view::ImageView;
use casr_net::{Degradation, LUMA};
use std::ops::RangeInclusive;

/// The longest side of the part of an image that an estimate is made from, its middle, in pixels.
const LONGEST_SIDE: usize = 2048;

/// How much is to be restored, beside enlarging.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Restoration {
    /// As much as is found in the image; see [`estimate`].
    #[default]
    Auto,
    /// This much of both, from 0, for a clean image, to 1, for the worst that the network was
    /// trained on.
    Fixed(Strength),
    /// So much of each; strengths outside of [0, 1] count as the nearest.
    Exactly(Degradation),
}

impl Restoration {
    /// Whether it may remove something: anything but a fixed strength of none.
    pub fn removes(self) -> bool {
        self != Self::Fixed(Strength::NONE)
    }

    /// The condition of an image's first step.
    pub fn degradation<'a>(self, image: impl Into<ImageView<'a>>) -> Degradation {
        match self {
            Self::Auto => estimate(image),
            Self::Fixed(strength) => Degradation {
                noise: strength.value(),
                compression: strength.value(),
            },
            Self::Exactly(Degradation { noise, compression }) => Degradation {
                noise: Strength::nearest(noise).value(),
                compression: Strength::nearest(compression).value(),
            },
        }
    }
}

/// Estimates how degraded an image is.
///
/// Noise is measured in the flattest patches of the differences of colours, and of green as far as
/// that does not look like texture; in small images, where it often does, noise that all colours
/// share is underestimated. Compression is found in the quantisation steps of the block transform,
/// wherever the blocks begin; an image that was resized or blurred after being a JPEG file counts
/// as not compressed, and so do qualities above 96.
///
/// On B100 and Set14, shrunk by 2 and by 4 (medians, nine tenths): clean, noise .03 to .06 (.08 to
/// .21), never compressed; deviation 5, noise .51 to .53 (.55 to .58) for .5. JPEG of quality 30 to
/// 90 is found in all of them but a drawing, 95 in 98 of 100; shrunk by 8, to some 40 × 60 pixels,
/// up to 90. Of 1,104 parts of training images, shrunk by 2, with 24 to 96 pixels a side, none
/// counts as compressed.
pub fn estimate<'a>(image: impl Into<ImageView<'a>>) -> Degradation {
    let image = image.into();
    let part = |length: usize| {
        let first = length.saturating_sub(LONGEST_SIDE) / 2;
        first..first + length.min(LONGEST_SIDE)
    };
    let size = image.size();
    let (rows, columns) = (part(size.height), part(size.width));
    let plane = |weights: [f32; COLOURS]| {
        let value = |pixel: &[f32]| {
            let terms = pixel.iter().zip(weights).map(|(v, w)| v * w);
            255.0 * terms.sum::<f32>()
        };
        let mut values = Vec::with_capacity(rows.len() * columns.len());
        let mut line = Vec::new();
        for row in rows.clone() {
            line.clear();
            image.append_row(row, columns.clone(), &mut line);
            values.extend(line.chunks_exact(COLOURS).map(value));
        }
        Plane {
            width: columns.len(),
            height: rows.len(),
            values,
        }
    };
    let compression = compression::quality(&plane(LUMA)).map_or(0.0, Degradation::of_quality);
    // Noise is a deviation of one colour.
    let colours = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let noise = Degradation::of_deviation(noise::deviation(&colours.map(plane)));
    Degradation { noise, compression }
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
