//! A picture in memory, and what is known of one from its file's header.

use crate::{Loss, Metadata, SourceFormat};

/// What the samples of a pixel mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// One sample: how bright.
    Grey,
    /// Three samples: red, green, blue.
    Rgb,
}

impl Colour {
    /// Samples per pixel, alpha not counted.
    pub const fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
        }
    }
}

/// How finely a file's samples are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// 8 bits per sample. Files with 1, 2 or 4 bits are read as this.
    Eight,
    /// 16 bits per sample.
    Sixteen,
}

impl Depth {
    /// Bits per sample.
    pub const fn bits(self) -> usize {
        match self {
            Self::Eight => 8,
            Self::Sixteen => 16,
        }
    }
}

/// An image file's content, upright.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// What `pixels` holds per pixel.
    pub colour: Colour,
    /// The file's bit depth.
    pub depth: Depth,
    /// The file's format.
    pub format: SourceFormat,
    /// `height × width × colour.channels()` samples in `[0, 1]`, row by row from the top, in the
    /// file's own encoding; not multiplied by alpha.
    pub pixels: Vec<f32>,
    /// `height × width` samples in `[0, 1]`, 0 clear and 1 opaque, if the file has an alpha
    /// channel.
    pub alpha: Option<Vec<f32>>,
    /// ICC profile, EXIF, XMP and the rest of what travels along.
    pub metadata: Metadata,
    /// What of the file is not in this picture.
    pub losses: Vec<Loss>,
}

impl Picture {
    /// Whether there is no alpha channel, or one that hides nothing.
    pub fn is_opaque(&self) -> bool {
        self.alpha
            .as_ref()
            .is_none_or(|alpha| alpha.iter().all(|&sample| sample >= 1.0))
    }

    /// Whether no pixel that can be seen has a hue: grey, or red, green and blue the same. Such an
    /// image is enlarged as grey, whatever its file calls it, or it would get colours.
    pub fn is_neutral(&self) -> bool {
        let hueless = |pixel: &[f32]| pixel[0] == pixel[1] && pixel[1] == pixel[2];
        match (self.colour, &self.alpha) {
            (Colour::Grey, _) => true,
            (Colour::Rgb, None) => self.pixels.chunks_exact(3).all(hueless),
            (Colour::Rgb, Some(alpha)) => {
                let mut pixels = self.pixels.chunks_exact(3).zip(alpha);
                pixels.all(|(pixel, &alpha)| alpha == 0.0 || hueless(pixel))
            }
        }
    }

    /// The one sample a pixel of a neutral image: its grey, or its red.
    pub fn greys(&self) -> impl Iterator<Item = f32> + '_ {
        self.pixels.iter().copied().step_by(self.colour.channels())
    }
}

/// What a file's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Columns of the upright image.
    pub width: usize,
    /// Rows of the upright image.
    pub height: usize,
    /// Grey or RGB.
    pub colour: Colour,
    /// Whether there is an alpha channel.
    pub alpha: bool,
    /// The file's bit depth.
    pub depth: Depth,
    /// The file's format.
    pub format: SourceFormat,
}
