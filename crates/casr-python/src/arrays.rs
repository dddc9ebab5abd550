//! Between NumPy's arrays and the codec's pictures.

use crate::errors::Failure;
use casr_codec::{Colour, Depth, Metadata, Picture, Samples, SourceFormat, quantise};
use numpy::{Element, PyArray1, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// An array of pixels, without gaps: [height, width] or [height, width, channels].
#[derive(FromPyObject)]
pub enum Pixels<'py> {
    /// 8 bits: 255 is full.
    Eight(PyReadonlyArrayDyn<'py, u8>),
    /// 16 bits: 65,535 is full.
    Sixteen(PyReadonlyArrayDyn<'py, u16>),
    /// From 0 to 1.
    Float(PyReadonlyArrayDyn<'py, f32>),
}

/// What samples of an array are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `uint8`.
    Eight,
    /// `uint16`.
    Sixteen,
    /// `float32`.
    Float,
}

impl Kind {
    /// What a file's samples become.
    pub fn of(depth: Depth) -> Self {
        match depth {
            Depth::Eight => Self::Eight,
            Depth::Sixteen => Self::Sixteen,
        }
    }
}

impl Pixels<'_> {
    /// What the samples are.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Eight(_) => Kind::Eight,
            Self::Sixteen(_) => Kind::Sixteen,
            Self::Float(_) => Kind::Float,
        }
    }

    /// A copy of the pixels as a picture without metadata.
    ///
    /// # Errors
    /// `ValueError` for what has no such shape, or gaps.
    pub fn picture(&self) -> PyResult<Picture> {
        match self {
            Self::Eight(array) => picture(array, Depth::Eight),
            Self::Sixteen(array) => picture(array, Depth::Sixteen),
            // A file holds no more.
            Self::Float(array) => picture(array, Depth::Sixteen),
        }
    }
}

fn picture<T: Element + Copy>(array: &PyReadonlyArrayDyn<'_, T>, depth: Depth) -> PyResult<Picture>
where
    Samples: From<Vec<T>>,
{
    let (height, width, channels) = match *array.shape() {
        [height, width] => (height, width, 1),
        [height, width, channels @ 1..=4] => (height, width, channels),
        _ => {
            return Err(PyValueError::new_err(format!(
                "an array of shape {:?} is no image; give (height, width) for a grey one, or (height, width, channels) with 1 to 4 channels: grey, grey and alpha, RGB, or RGBA",
                array.shape()
            )));
        }
    };
    let samples = array
        .as_slice()
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    let colour = if channels < 3 {
        Colour::Grey
    } else {
        Colour::Rgb
    };
    let (pixels, alpha) = if channels == colour.channels() {
        (samples.to_vec(), None)
    } else {
        let mut colours = Vec::with_capacity(samples.len() / channels * colour.channels());
        let mut alpha = Vec::with_capacity(samples.len() / channels);
        for pixel in samples.chunks_exact(channels) {
            colours.extend_from_slice(&pixel[..channels - 1]);
            alpha.push(pixel[channels - 1]);
        }
        (colours, Some(alpha))
    };
    Ok(Picture {
        width,
        height,
        colour,
        depth,
        format: SourceFormat::Png,
        pixels: pixels.into(),
        alpha: alpha.map(Samples::from),
        metadata: Metadata::default(),
        losses: Vec::new(),
    })
}

/// Samples of a result as they come, of the kind wanted.
pub enum Enlarged {
    /// See [`Kind`].
    Eight(Vec<u8>),
    /// See [`Kind`].
    Sixteen(Vec<u16>),
    /// See [`Kind`].
    Float(Vec<f32>),
}

impl Enlarged {
    /// Room for so many samples.
    ///
    /// # Errors
    /// There is not so much memory.
    pub fn with_room(kind: Kind, samples: usize) -> Result<Self, Failure> {
        fn room<T>(samples: usize) -> Result<Vec<T>, Failure> {
            let mut values = Vec::new();
            (values.try_reserve_exact(samples)).map_err(|_| Failure::Memory(samples))?;
            Ok(values)
        }
        Ok(match kind {
            Kind::Eight => Self::Eight(room(samples)?),
            Kind::Sixteen => Self::Sixteen(room(samples)?),
            Kind::Float => Self::Float(room(samples)?),
        })
    }

    /// Takes more, rounded as in a file.
    pub fn extend(&mut self, rows: &[f32]) {
        match self {
            Self::Eight(samples) => samples.extend(quantise::eight(rows)),
            Self::Sixteen(samples) => samples.extend(quantise::sixteen(rows)),
            Self::Float(samples) => samples.extend_from_slice(rows),
        }
    }

    /// All of them as an array, [height, width, channels], without a copy.
    ///
    /// # Errors
    /// NumPy is not there, or there are not so many.
    pub fn into_array(self, py: Python<'_>, shape: [usize; 3]) -> PyResult<Bound<'_, PyAny>> {
        Ok(match self {
            Self::Eight(samples) => PyArray1::from_vec(py, samples).reshape(shape)?.into_any(),
            Self::Sixteen(samples) => PyArray1::from_vec(py, samples).reshape(shape)?.into_any(),
            Self::Float(samples) => PyArray1::from_vec(py, samples).reshape(shape)?.into_any(),
        })
    }
}
