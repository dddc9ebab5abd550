//! Images of others, borrowed: grey or RGB, of 8 or 16 bits or in floating point.

use crate::{
    error::ZoomError,
    image::{COLOURS, Image},
    plan::Size,
    sample::{of_eight, of_sixteen},
};
use casr_net::Original;
use std::ops::Range;

/// The samples of an image, row by row, without gaps: grey, or red, green and blue of a pixel side
/// by side, in the file's own encoding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Samples<'a> {
    /// 8 bits: 255 is full.
    Eight(&'a [u8]),
    /// 16 bits: 65,535 is full.
    Sixteen(&'a [u16]),
    /// Floating point, in [0, 1].
    Float(&'a [f32]),
}

impl Samples<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Eight(samples) => samples.len(),
            Self::Sixteen(samples) => samples.len(),
            Self::Float(samples) => samples.len(),
        }
    }

    /// One of them in [0, 1].
    pub(crate) fn at(&self, index: usize) -> f32 {
        match self {
            Self::Eight(samples) => of_eight(samples[index]),
            Self::Sixteen(samples) => of_sixteen(samples[index]),
            Self::Float(samples) => samples[index],
        }
    }

    /// The value in [0, 1] that all of them have, if they have one.
    pub fn constant(&self) -> Option<f32> {
        let first = (self.len() > 0).then(|| self.at(0))?;
        let same = (1..self.len()).all(|index| self.at(index) == first);
        same.then_some(first)
    }

    /// Some of them in [0, 1].
    pub(crate) fn append_to(&self, values: &mut Vec<f32>, range: Range<usize>) {
        match self {
            Self::Eight(samples) => {
                values.extend(samples[range].iter().copied().map(of_eight));
            }
            Self::Sixteen(samples) => {
                values.extend(samples[range].iter().copied().map(of_sixteen));
            }
            Self::Float(samples) => values.extend_from_slice(&samples[range]),
        }
    }
}

/// Samples of a type are made of slices, vectors and arrays of it.
macro_rules! samples_of {
    ($sample:ty, $kind:ident) => {
        impl<'a> From<&'a [$sample]> for Samples<'a> {
            fn from(samples: &'a [$sample]) -> Self {
                Self::$kind(samples)
            }
        }

        impl<'a> From<&'a Vec<$sample>> for Samples<'a> {
            fn from(samples: &'a Vec<$sample>) -> Self {
                Self::$kind(samples)
            }
        }

        impl<'a, const COUNT: usize> From<&'a [$sample; COUNT]> for Samples<'a> {
            fn from(samples: &'a [$sample; COUNT]) -> Self {
                Self::$kind(samples)
            }
        }
    };
}

samples_of!(u8, Eight);
samples_of!(u16, Sixteen);
samples_of!(f32, Float);

/// An image that somebody else holds. Only the rows at work are brought to floating point, so an
/// enlargement takes no copy of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImageView<'a> {
    size: Size,
    grey: bool,
    samples: Samples<'a>,
}

impl<'a> ImageView<'a> {
    /// An image of `width` × `height` pixels from `width * height * 3` samples.
    ///
    /// # Errors
    /// [`ZoomError::EmptyImage`], [`ZoomError::PixelCount`], or [`ZoomError::PixelValue`] for a
    /// value in floating point that is not a number in [0, 1].
    pub fn rgb(
        width: usize,
        height: usize,
        samples: impl Into<Samples<'a>>,
    ) -> Result<Self, ZoomError> {
        Self::new(Size { width, height }, false, samples.into())
    }

    /// An image of `width` × `height` pixels from as many samples. It is enlarged as its like in
    /// colour, and stays grey.
    ///
    /// # Errors
    /// As [`ImageView::rgb`].
    pub fn grey(
        width: usize,
        height: usize,
        samples: impl Into<Samples<'a>>,
    ) -> Result<Self, ZoomError> {
        Self::new(Size { width, height }, true, samples.into())
    }

    fn new(size: Size, grey: bool, samples: Samples<'a>) -> Result<Self, ZoomError> {
        if size.width == 0 || size.height == 0 {
            return Err(ZoomError::EmptyImage { size });
        }
        let channels = if grey { 1 } else { COLOURS };
        let expected =
            (size.width.checked_mul(size.height)).and_then(|pixels| pixels.checked_mul(channels));
        if expected != Some(samples.len()) {
            let values = samples.len();
            return Err(ZoomError::PixelCount {
                size,
                channels,
                values,
            });
        }
        if let Samples::Float(values) = samples
            && let Some(index) = values.iter().position(|value| !(0.0..=1.0).contains(value))
        {
            let value = values[index];
            return Err(ZoomError::PixelValue { index, value });
        }
        Ok(Self::checked(size, grey, samples))
    }

    /// Of samples that have been checked.
    pub(crate) fn checked(size: Size, grey: bool, samples: Samples<'a>) -> Self {
        Self {
            size,
            grey,
            samples,
        }
    }

    /// Its size.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Whether it has one sample for each pixel.
    pub fn is_grey(&self) -> bool {
        self.grey
    }

    /// RGB in [0, 1] of the pixels `columns` in a row, appended to `values`.
    pub(crate) fn append_row(&self, row: usize, columns: Range<usize>, values: &mut Vec<f32>) {
        let start = row * self.size.width;
        let (first, last) = (start + columns.start, start + columns.end);
        if !self.grey {
            self.samples
                .append_to(values, first * COLOURS..last * COLOURS);
            return;
        }
        let before = values.len();
        self.samples.append_to(values, first..last);
        // From behind, so that no sample is overwritten before it is read.
        values.resize(before + columns.len() * COLOURS, 0.0);
        for pixel in (0..columns.len()).rev() {
            let value = values[before + pixel];
            values[before + pixel * COLOURS..][..COLOURS].fill(value);
        }
    }

    /// RGB in [0, 1] of some rows and columns, [rows, columns, 3].
    pub(crate) fn window(&self, rows: Range<usize>, columns: Range<usize>) -> Vec<f32> {
        let mut values = Vec::with_capacity(rows.len() * columns.len() * COLOURS);
        for row in rows {
            self.append_row(row, columns.clone(), &mut values);
        }
        values
    }
}

impl Original for ImageView<'_> {
    fn part(&self, rows: Range<usize>, columns: Range<usize>) -> Vec<f32> {
        self.window(rows, columns)
    }
}

impl<'a> From<&'a Image> for ImageView<'a> {
    fn from(image: &'a Image) -> Self {
        Self::checked(image.size(), false, Samples::Float(image.pixels()))
    }
}

impl From<ImageView<'_>> for Image {
    fn from(view: ImageView) -> Self {
        Self::checked(
            view.size,
            view.window(0..view.size.height, 0..view.size.width),
        )
    }
}
