//! What exactly an answer holds: the common ground of IIIF and Deep Zoom requests.

use crate::{
    ServeError,
    library::Version,
    settings::{LARGEST_SIDE, Settings},
};
use casr_codec::Format;
use casr_zoom::{Rectangle, ScalePlan, Size, Strength, Target, ZoomError};

/// The image that an identifier stands for: the file's own, virtually enlarged.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The file's size.
    pub original: Size,
    /// Its own, which regions are counted in.
    pub size: Size,
    /// How many times larger than itself its regions may become, along each axis.
    pub larger: (f64, f64),
    /// The most pixels of an answer.
    pub max_area: u64,
}

impl Frame {
    /// For a file's image, enlarged by `factor`, from 1 to `max_factor`.
    ///
    /// # Errors
    /// [`ServeError::Malformed`] if that is too large an image.
    pub fn new(original: Size, factor: f64, settings: &Settings) -> Result<Self, ServeError> {
        let whole = |side: usize| (side as f64 * factor).round() as usize;
        let size = Size {
            width: whole(original.width),
            height: whole(original.height),
        };
        let most = plan(original, settings.max_factor)?.factor();
        if factor > most {
            return Err(ServeError::Malformed(format!(
                "an image of {original} pixels is beyond the limit: it can be enlarged up to {most} times"
            )));
        }
        let most = most.min(settings.max_factor);
        let larger = |from: usize, to: usize| most * from as f64 / to as f64;
        Ok(Self {
            original,
            size,
            larger: (
                larger(original.width, size.width),
                larger(original.height, size.height),
            ),
            max_area: settings.max_area,
        })
    }

    /// The largest answers of the whole image.
    pub fn largest(&self) -> Size {
        let side = |side: usize, larger: f64| most(side, larger).min(LARGEST_SIDE);
        Size {
            width: side(self.size.width, self.larger.0),
            height: side(self.size.height, self.larger.1),
        }
    }

    /// The largest size of a region of so many pixels: how wide, how high.
    pub fn most_of(&self, region: Size) -> Size {
        Size {
            width: most(region.width, self.larger.0).min(LARGEST_SIDE),
            height: most(region.height, self.larger.1).min(LARGEST_SIDE),
        }
    }
}

/// So many times as many pixels, whatever rounding has lost.
fn most(side: usize, larger: f64) -> usize {
    (side as f64 * larger + 1e-6).floor().max(1.0) as usize
}

/// The levels of an image that is enlarged up to `max_factor` times: powers of two, so that all
/// sizes share their work; as many as a result's longest side allows.
///
/// # Errors
/// [`ZoomError::EmptyImage`].
pub fn plan(original: Size, max_factor: f64) -> Result<ScalePlan, ZoomError> {
    let mut factor = max_factor.log2().ceil().exp2();
    loop {
        match ScalePlan::doubling(original, Target::Factor(factor)) {
            Err(ZoomError::TooLarge { .. }) if factor > 1.0 => factor /= 2.0,
            plan => return plan,
        }
    }
}

/// Mirrored from left to right, and then turned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rotation {
    pub mirrored: bool,
    /// Clockwise, from 0 to 3.
    pub quarters: u8,
}

/// What becomes of colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quality {
    /// They stay.
    Default,
    Gray,
    /// Black or white.
    Bitonal,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    Jpeg,
    Png,
    WebP,
    Tiff,
}

impl Encoding {
    /// Of the end of a name.
    pub fn of(extension: &str) -> Option<Self> {
        Some(match extension {
            "jpg" => Self::Jpeg,
            "png" => Self::Png,
            "webp" => Self::WebP,
            "tif" => Self::Tiff,
            _ => return None,
        })
    }

    pub fn format(self) -> Format {
        match self {
            Self::Jpeg => Format::Jpeg,
            Self::Png => Format::Png,
            Self::WebP => Format::WebP,
            Self::Tiff => Format::Tiff,
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Tiff => "image/tiff",
        }
    }
}

/// A region of an image at a size, turned and written in a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// The size of the image that the region is counted in.
    pub frame: Size,
    pub region: Rectangle,
    /// Before it is turned.
    pub size: Size,
    pub rotation: Rotation,
    pub quality: Quality,
    pub encoding: Encoding,
}

/// All that an answer depends on within one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub version: Version,
    /// In hundredths.
    look: u8,
    pub order: Order,
}

impl Key {
    pub fn new(version: Version, look: Strength, order: Order) -> Self {
        Self {
            version,
            look: (look.value() * 100.0).round() as u8,
            order,
        }
    }

    pub fn look(&self) -> u8 {
        self.look
    }
}
