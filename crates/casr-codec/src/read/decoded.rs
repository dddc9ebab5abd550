//! From a decoder's samples to an upright picture.

use super::{Fault, Header};
use crate::exif;
use crate::orientation::Orientation;
use crate::{Colour, Depth, Loss, Metadata, Picture, SourceFormat};

/// Samples as decoders give them, interleaved, row by row from the top as stored.
pub(super) enum Samples {
    Eight(Vec<u8>),
    Sixteen(Vec<u16>),
    /// From 0 to 1.
    Real(Vec<f32>),
}

/// A decoded file: the header's `height × width` pixels of the colour's samples and, with `alpha`,
/// one more.
pub(super) struct Decoded {
    pub(super) header: Header,
    /// Whether the colours were multiplied by alpha.
    pub(super) premultiplied: bool,
    pub(super) samples: Samples,
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

impl Decoded {
    /// The upright picture.
    pub(super) fn into_picture(self, format: SourceFormat) -> Result<Picture, Fault> {
        let (depth, sampled) = match &self.samples {
            Samples::Eight(samples) => (Depth::Eight, self.upright(samples, 255.0)),
            Samples::Sixteen(samples) => (Depth::Sixteen, self.upright(samples, 65535.0)),
            Samples::Real(samples) => (Depth::Sixteen, self.upright(samples, 1.0)),
        };
        let (mut pixels, alpha) = sampled?;
        let Self {
            header,
            mut metadata,
            losses,
            ..
        } = self;
        let Header {
            colour,
            orientation,
            ..
        } = header;
        if let (true, Some(alpha)) = (self.premultiplied, &alpha) {
            unmultiply(&mut pixels, alpha, colour);
        }
        let (width, height) = orientation.upright_size(header.width, header.height);
        if orientation != Orientation::UPRIGHT {
            let quarter = orientation.upright_size(1, 2) == (2, 1);
            exif::set_upright(&mut metadata, quarter);
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

    /// Colour and alpha in the upright picture's order, each sample divided by `full`.
    fn upright<T: Copy + Into<f32>>(
        &self,
        stored: &[T],
        full: f32,
    ) -> Result<(Vec<f32>, Option<Vec<f32>>), Fault> {
        let header = self.header;
        let channels = header.colour.channels();
        let stride = channels + usize::from(header.alpha);
        let (width, height) = header.orientation.upright_size(header.width, header.height);
        let walk = header.orientation.walk(header.width, header.height);
        let mut pixels = with_room(width * height * channels)?;
        let mut alpha = if header.alpha {
            Some(with_room(width * height)?)
        } else {
            None
        };
        for row in 0..height {
            for column in 0..width {
                let pixel = &stored[walk.stored(column, row) * stride..][..stride];
                pixels.extend(pixel[..channels].iter().map(|&sample| sample.into() / full));
                if let Some(alpha) = &mut alpha {
                    alpha.push(pixel[channels].into() / full);
                }
            }
        }
        Ok((pixels, alpha))
    }
}

/// Undoes the multiplication of colour by alpha; where alpha is 0 the colour is unknown and stays
/// 0.
fn unmultiply(pixels: &mut [f32], alpha: &[f32], colour: Colour) {
    for (pixel, &alpha) in pixels.chunks_exact_mut(colour.channels()).zip(alpha) {
        if alpha > 0.0 {
            pixel
                .iter_mut()
                .for_each(|sample| *sample = (*sample / alpha).min(1.0));
        }
    }
}
