//! Images that are held, with samples of any kind.

use crate::{
    error::ZoomError,
    image::Image,
    plan::Size,
    transparency::SamplesMut,
    view::{ImageView, Samples},
};

/// Samples that are held, as finely divided as whoever made them had them; see [`Samples`].
#[derive(Clone, Debug, PartialEq)]
pub enum OwnedSamples {
    /// 8 bits: 255 is full.
    Eight(Vec<u8>),
    /// 16 bits: 65,535 is full.
    Sixteen(Vec<u16>),
    /// Floating point, in [0, 1].
    Float(Vec<f32>),
}

impl OwnedSamples {
    /// The same, borrowed.
    pub fn view(&self) -> Samples<'_> {
        match self {
            Self::Eight(samples) => samples.into(),
            Self::Sixteen(samples) => samples.into(),
            Self::Float(samples) => samples.into(),
        }
    }

    /// The same, to be changed.
    pub fn view_mut(&mut self) -> SamplesMut<'_> {
        match self {
            Self::Eight(samples) => SamplesMut::Eight(samples),
            Self::Sixteen(samples) => SamplesMut::Sixteen(samples),
            Self::Float(samples) => SamplesMut::Float(samples),
        }
    }

    /// The memory that they take, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Eight(samples) => size_of_val(&samples[..]),
            Self::Sixteen(samples) => size_of_val(&samples[..]),
            Self::Float(samples) => size_of_val(&samples[..]),
        }
    }
}

impl From<Vec<u8>> for OwnedSamples {
    fn from(samples: Vec<u8>) -> Self {
        Self::Eight(samples)
    }
}

impl From<Vec<u16>> for OwnedSamples {
    fn from(samples: Vec<u16>) -> Self {
        Self::Sixteen(samples)
    }
}

impl From<Vec<f32>> for OwnedSamples {
    fn from(samples: Vec<f32>) -> Self {
        Self::Float(samples)
    }
}

/// An image that is held as it came: grey or RGB, of 8 or 16 bits or in floating point, for
/// pyramids that outlive who made them. It is enlarged like an [`ImageView`] of its samples, to the
/// same bits, in 1 to 12 bytes a pixel.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnedImage {
    size: Size,
    grey: bool,
    samples: OwnedSamples,
}

impl OwnedImage {
    /// An image of `width` × `height` pixels from `width * height * 3` samples.
    ///
    /// # Errors
    /// As [`ImageView::rgb`].
    pub fn rgb(
        width: usize,
        height: usize,
        samples: impl Into<OwnedSamples>,
    ) -> Result<Self, ZoomError> {
        let samples = samples.into();
        let size = ImageView::rgb(width, height, samples.view())?.size();
        Ok(Self {
            size,
            grey: false,
            samples,
        })
    }

    /// An image of `width` × `height` pixels from as many samples.
    ///
    /// # Errors
    /// As [`ImageView::rgb`].
    pub fn grey(
        width: usize,
        height: usize,
        samples: impl Into<OwnedSamples>,
    ) -> Result<Self, ZoomError> {
        let samples = samples.into();
        let size = ImageView::grey(width, height, samples.view())?.size();
        Ok(Self {
            size,
            grey: true,
            samples,
        })
    }

    /// Its pixels.
    pub fn view(&self) -> ImageView<'_> {
        ImageView::checked(self.size, self.grey, self.samples.view())
    }

    /// Its size.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Its samples, row by row.
    pub fn samples(&self) -> &OwnedSamples {
        &self.samples
    }

    /// The same, to be changed to others in [0, 1].
    pub(crate) fn samples_mut(&mut self) -> SamplesMut<'_> {
        self.samples.view_mut()
    }
}

impl From<Image> for OwnedImage {
    fn from(image: Image) -> Self {
        // Its values have been checked.
        Self {
            size: image.size(),
            grey: false,
            samples: image.into_pixels().into(),
        }
    }
}

impl<'a> From<&'a OwnedImage> for ImageView<'a> {
    fn from(image: &'a OwnedImage) -> Self {
        image.view()
    }
}
