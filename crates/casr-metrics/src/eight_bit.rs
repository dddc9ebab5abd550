//! The 8-bit codes of an image, on which sums are exact in any order.

use crate::RgbImage;
use rayon::prelude::*;

/// What a luma code is worth: codes go from 0 for black to `255 · LUMA_UNIT` for white.
pub(crate) const LUMA_UNIT: f64 = 1000.0;

/// An image as 8-bit red, green and blue, `[height, width]`.
pub(crate) struct EightBit {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<[u8; 3]>,
}

impl EightBit {
    /// Every value clamped to `[0, 1]` and rounded to the nearest of 256 levels, halves up; no
    /// number counts as 0.
    pub fn new(image: &RgbImage) -> Self {
        let (pixels, _) = image.values().as_chunks::<3>();
        Self {
            width: image.width(),
            height: image.height(),
            // A cast to u8 saturates.
            pixels: pixels
                .par_iter()
                .map(|pixel| pixel.map(|value| (value * 255.0).round() as u8))
                .collect(),
        }
    }

    /// BT.601 luma in the full range, in thousandths of an 8-bit level: whole numbers, because the
    /// weights are 0.299, 0.587 and 0.114.
    pub fn luma(&self) -> Vec<i32> {
        let pixels = self.pixels.par_iter();
        pixels
            .map(|pixel| {
                let [red, green, blue] = pixel.map(i32::from);
                299 * red + 587 * green + 114 * blue
            })
            .collect()
    }
}
