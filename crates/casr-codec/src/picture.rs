//! A picture in memory, and what is known of one from its file's header.

use crate::samples::{Sample, with};
use crate::{Loss, Metadata, Samples, SourceFormat};

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
    /// `height × width × colour.channels()` samples, row by row from the top, in the file's own
    /// encoding; not multiplied by alpha.
    pub pixels: Samples,
    /// `height × width` samples, 0 clear and full opaque, if the file has an alpha channel.
    pub alpha: Option<Samples>,
    /// ICC profile, EXIF, XMP and the rest of what travels along.
    pub metadata: Metadata,
    /// What of the file is not in this picture.
    pub losses: Vec<Loss>,
}

impl Picture {
    /// Whether there is no alpha channel, or one that hides nothing.
    pub fn is_opaque(&self) -> bool {
        fn all_full<S: Sample>(samples: &[S]) -> bool {
            samples.iter().all(|&sample| sample >= S::FULL)
        }
        let alpha = self.alpha.as_ref();
        alpha.is_none_or(|alpha| with!(alpha, samples => all_full(samples)))
    }

    /// Whether no pixel that can be seen has a hue: grey, or red, green and blue the same. Such an
    /// image is enlarged as grey, whatever its file calls it, or it would get colours.
    pub fn is_neutral(&self) -> bool {
        fn hueless<S: Sample>(samples: &[S], seen: impl Fn(usize) -> bool) -> bool {
            let mut pixels = samples.chunks_exact(3).enumerate();
            pixels.all(|(index, pixel)| {
                (pixel[0] == pixel[1] && pixel[1] == pixel[2]) || !seen(index)
            })
        }
        let seen = |index| {
            let alpha = self.alpha.as_ref();
            alpha.is_none_or(|alpha| alpha.at(index) != 0.0)
        };
        match self.colour {
            Colour::Grey => true,
            Colour::Rgb => with!(&self.pixels, samples => hueless(samples, seen)),
        }
    }

    /// The one sample a pixel of a neutral image, in `[0, 1]`: its grey, or its red.
    pub fn greys(&self) -> impl Iterator<Item = f32> + '_ {
        self.pixels.iter().step_by(self.colour.channels())
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
    /// The most bytes that the picture's samples take, alpha included.
    pub held_bytes: u64,
    /// The most bytes that reading takes at a time: the samples, with what the file's format needs
    /// beside them, such as the coefficients of a progressive JPEG.
    pub reading_bytes: u64,
}
