//! From a decoder's samples to an upright picture, with as few copies as can be.

use super::{Fault, Header};
use crate::exif;
use crate::orientation::Orientation;
use crate::samples::{Sample, with};
use crate::{Depth, Loss, Metadata, Picture, Samples, SourceFormat};

/// A decoded file, row by row from the top as stored.
pub(super) struct Decoded {
    pub(super) header: Header,
    /// Whether the colours were multiplied by alpha.
    pub(super) premultiplied: bool,
    /// The header's `height × width` pixels of the colour's samples.
    pub(super) colours: Samples,
    /// As many samples of alpha, if the header says so.
    pub(super) alpha: Option<Samples>,
    pub(super) metadata: Metadata,
    pub(super) losses: Vec<Loss>,
}

/// A vector of `length` zeros, or an error if there is too little memory.
pub(super) fn zeros<T: Clone + Default>(length: usize) -> Result<Vec<T>, Fault> {
    let mut vector = with_room(length)?;
    vector.resize(length, T::default());
    Ok(vector)
}

/// Checks that there is memory for what a decoder allocates in a way that would abort the program.
pub(super) fn probe_memory(bytes: usize) -> Result<(), Fault> {
    with_room::<u8>(bytes).map(drop)
}

/// An empty vector with room for `length` elements, or an error if there is too little memory.
pub(super) fn with_room<T>(length: usize) -> Result<Vec<T>, Fault> {
    let mut vector = Vec::new();
    let bytes = length.saturating_mul(size_of::<T>());
    vector
        .try_reserve_exact(length)
        .map_err(|_| Fault::OutOfMemory { bytes })?;
    Ok(vector)
}

/// Colours and, where the header says so, alpha, of samples that lie side by side. The colours stay
/// in the memory of all.
pub(super) fn apart<S: Sample>(
    mut samples: Vec<S>,
    header: &Header,
) -> Result<(Samples, Option<Samples>), Fault>
where
    Samples: From<Vec<S>>,
{
    if !header.alpha {
        return Ok((samples.into(), None));
    }
    let channels = header.colour.channels();
    let stride = channels + 1;
    let pixels = samples.len() / stride;
    let mut alpha = with_room(pixels)?;
    for pixel in 0..pixels {
        alpha.push(samples[pixel * stride + channels]);
        samples.copy_within(pixel * stride..pixel * stride + channels, pixel * channels);
    }
    samples.truncate(pixels * channels);
    Ok((samples.into(), Some(alpha.into())))
}

impl Decoded {
    /// The upright picture.
    pub(super) fn into_picture(self, format: SourceFormat) -> Result<Picture, Fault> {
        let Self {
            header,
            premultiplied,
            colours,
            alpha,
            mut metadata,
            losses,
        } = self;
        let Header {
            colour,
            orientation,
            ..
        } = header;
        let depth = match colours {
            Samples::Eight(_) => Depth::Eight,
            Samples::Sixteen(_) | Samples::Float(_) => Depth::Sixteen,
        };
        let colours = match &alpha {
            Some(alpha) if premultiplied => unmultiplied(colours, alpha, colour.channels())?,
            _ => colours,
        };
        let stored = (header.width, header.height);
        let turned = |samples, channels| -> Result<Samples, Fault> {
            Ok(with!(samples, samples => turned(samples, channels, orientation, stored)?.into()))
        };
        let pixels = turned(colours, colour.channels())?;
        let alpha = alpha.map(|alpha| turned(alpha, 1)).transpose()?;
        let (width, height) = orientation.upright_size(header.width, header.height);
        if orientation != Orientation::UPRIGHT {
            exif::set_upright(&mut metadata, orientation.is_quarter());
        }
        Ok(Picture {
            width,
            height,
            colour,
            depth,
            format,
            pixels,
            alpha,
            metadata,
            losses,
        })
    }
}

/// Pixels of so many samples in the upright picture's order; `stored` is their size as it is. Only
/// where columns become rows it takes a copy.
fn turned<S: Sample>(
    mut samples: Vec<S>,
    channels: usize,
    orientation: Orientation,
    stored: (usize, usize),
) -> Result<Vec<S>, Fault> {
    if orientation == Orientation::UPRIGHT {
        return Ok(samples);
    }
    let (width, height) = orientation.upright_size(stored.0, stored.1);
    let walk = orientation.walk(stored.0, stored.1);
    if orientation.is_quarter() {
        let mut upright = with_room(samples.len())?;
        for row in 0..height {
            for column in 0..width {
                let at = walk.stored(column, row) * channels;
                upright.extend_from_slice(&samples[at..at + channels]);
            }
        }
        return Ok(upright);
    }
    // Pixels change places in pairs.
    for row in 0..height {
        for column in 0..width {
            let (here, there) = (row * width + column, walk.stored(column, row));
            if here < there {
                for channel in 0..channels {
                    samples.swap(here * channels + channel, there * channels + channel);
                }
            }
        }
    }
    Ok(samples)
}

/// Undoes the multiplication of colours by alpha; where alpha is 0 the colour is unknown and stays
/// 0. What that leaves lies between the steps of the file, unless everything is opaque or clear.
fn unmultiplied(colours: Samples, alpha: &Samples, channels: usize) -> Result<Samples, Fault> {
    let is_partial = |index| (0.0..1.0).contains(&alpha.at(index)) && alpha.at(index) > 0.0;
    if !(0..alpha.len()).any(is_partial) {
        return Ok(colours);
    }
    let mut values = match colours {
        Samples::Float(values) => values,
        others => {
            let mut values = with_room(others.len())?;
            others.append_to(&mut values, 0..others.len());
            values
        }
    };
    for (index, pixel) in values.chunks_exact_mut(channels).enumerate() {
        let alpha = alpha.at(index);
        if alpha > 0.0 {
            let undo = |sample: &mut f32| *sample = (*sample / alpha).min(1.0);
            pixel.iter_mut().for_each(undo);
        }
    }
    Ok(values.into())
}
