//! Images in memory.

use crate::{
    error::ZoomError,
    plan::Size,
    sample::{to_eight, to_sixteen},
    view::ImageView,
};

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
    /// [`ZoomError::EmptyImage`], [`ZoomError::PixelCount`], or [`ZoomError::PixelValue`] for a
    /// value that is not a number in [0, 1].
    pub fn new(width: usize, height: usize, pixels: Vec<f32>) -> Result<Self, ZoomError> {
        ImageView::rgb(width, height, &pixels)?;
        Ok(Self::checked(Size { width, height }, pixels))
    }

    /// Of values that have been checked.
    pub(crate) fn checked(size: Size, pixels: Vec<f32>) -> Self {
        Self { size, pixels }
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

    /// The values rounded to 8 bits, [height, width, 3].
    pub fn to_u8(&self) -> Vec<u8> {
        self.pixels.iter().copied().map(to_eight).collect()
    }

    /// The values rounded to 16 bits, [height, width, 3].
    pub fn to_u16(&self) -> Vec<u16> {
        self.pixels.iter().copied().map(to_sixteen).collect()
    }

    /// One value for each pixel, [height, width]: of an image that is grey, where all three are the
    /// same, and else the first one's.
    pub fn to_grey(&self) -> Vec<f32> {
        self.pixels.iter().step_by(COLOURS).copied().collect()
    }
}
