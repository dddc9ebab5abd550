//! Images in memory.

use crate::{error::ZoomError, plan::Size};

/// Colours per pixel: red, green, blue.
pub(crate) const COLOURS: usize = 3;

/// An RGB image: f32 in [0, 1], in the file's own encoding, interleaved, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    size: Size,
    pixels: Vec<f32>,
}

impl Image {
    /// An image of `width` × `height` pixels from `width * height * 3` values.
    ///
    /// # Errors
    /// [`ZoomError::EmptyImage`], [`ZoomError::PixelCount`], or [`ZoomError::PixelValue`] for a value that is not a
    /// number in [0, 1].
    pub fn new(width: usize, height: usize, pixels: Vec<f32>) -> Result<Self, ZoomError> {
        let size = Size { width, height };
        if width == 0 || height == 0 {
            return Err(ZoomError::EmptyImage { size });
        }
        let values = width
            .checked_mul(height)
            .and_then(|count| count.checked_mul(COLOURS));
        if values != Some(pixels.len()) {
            let values = pixels.len();
            return Err(ZoomError::PixelCount { size, values });
        }
        match pixels.iter().position(|value| !(0.0..=1.0).contains(value)) {
            Some(index) => Err(ZoomError::PixelValue {
                index,
                value: pixels[index],
            }),
            None => Ok(Self { size, pixels }),
        }
    }

    /// Its size.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Pixels across.
    pub fn width(&self) -> usize {
        self.size.width
    }

    /// Pixels down.
    pub fn height(&self) -> usize {
        self.size.height
    }

    /// The values, [height, width, 3].
    pub fn pixels(&self) -> &[f32] {
        &self.pixels
    }

    /// The values, [height, width, 3].
    pub fn into_pixels(self) -> Vec<f32> {
        self.pixels
    }
}
