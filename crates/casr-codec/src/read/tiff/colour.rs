//! From the many ways a TIFF stores colours to grey or RGB, with or without alpha.

use std::ops::Range;

use super::super::decoded::{Samples, with_room, zeros};
use super::super::jpeg::planes::rgb;
use super::Fault;
use crate::Colour;

/// What a TIFF's samples stand for.
pub(super) enum Meaning {
    Grey,
    Rgb,
    Cmyk,
    /// Full-range YCbCr as JPEG has it (ITU T.871).
    YCbCr,
    /// Indices into a map of all reds, then all greens, then all blues, 16 bits each.
    Palette(Vec<u16>),
}

impl Meaning {
    pub(super) fn colour(&self) -> Colour {
        match self {
            Self::Grey => Colour::Grey,
            Self::Rgb | Self::Cmyk | Self::YCbCr | Self::Palette(_) => Colour::Rgb,
        }
    }
}

/// How a pixel lies in the decoder's buffer.
pub(super) struct Layout {
    pub(super) meaning: Meaning,
    /// Samples per pixel, those that are not used included.
    pub(super) stride: usize,
    /// 1, 2, 4, 8 or 16, of floating-point numbers 16 to 64; below 8 the samples are packed and
    /// every row starts on a byte.
    pub(super) bits: usize,
    /// Which of the samples is alpha.
    pub(super) alpha: Option<usize>,
    pub(super) premultiplied: bool,
    /// 1, or the number of samples if each has a plane of its own.
    pub(super) planes: usize,
}

/// The decoder's buffer.
pub(super) enum Raw {
    Eight(Vec<u8>),
    Sixteen(Vec<u16>),
    Real(Vec<f32>),
}

impl Raw {
    /// Planes of `rows.end` rows each, without these last ones.
    pub(super) fn without_rows(self, planes: usize, rows: Range<usize>) -> Result<Self, Fault> {
        fn kept<T: Copy>(
            samples: &[T],
            planes: usize,
            rows: Range<usize>,
        ) -> Result<Vec<T>, Fault> {
            let plane = samples.len() / planes;
            let mut kept = with_room(samples.len())?;
            for plane in samples.chunks_exact(plane) {
                kept.extend_from_slice(&plane[..plane.len() / rows.end * rows.start]);
            }
            Ok(kept)
        }
        Ok(match self {
            Self::Eight(samples) => Self::Eight(kept(&samples, planes, rows)?),
            Self::Sixteen(samples) => Self::Sixteen(kept(&samples, planes, rows)?),
            Self::Real(samples) => Self::Real(kept(&samples, planes, rows)?),
        })
    }
}

/// A sample's integer type.
trait Sample: Copy + Default + Into<u32> {
    const FULL: u32;
    /// The sample of a value up to `FULL`.
    fn of(value: u32) -> Self;
}

impl Sample for u8 {
    const FULL: u32 = u8::MAX as u32;

    fn of(value: u32) -> Self {
        value as u8
    }
}

impl Sample for u16 {
    const FULL: u32 = u16::MAX as u32;

    fn of(value: u32) -> Self {
        value as u16
    }
}

impl Layout {
    /// How many bytes each strip or tile of an image holds, without the rows beyond the bottom of
    /// the image.
    pub(super) fn chunk_bytes(
        &self,
        (columns, rows): (u32, u32),
        (width, height): (usize, usize),
    ) -> impl Fn(usize) -> usize + use<> {
        let (columns, rows) = ((columns as usize).max(1), (rows as usize).clamp(1, height));
        let samples = if self.planes > 1 { 1 } else { self.stride };
        let row_bytes = (columns * samples * self.bits).div_ceil(8);
        let (across, down) = (width.div_ceil(columns), height.div_ceil(rows));
        move |index| row_bytes * rows.min(height - index / across % down * rows)
    }

    /// Interleaved samples of grey or RGB and, if there is one, alpha.
    pub(super) fn samples(&self, raw: Raw, width: usize, height: usize) -> Result<Samples, Fault> {
        match raw {
            Raw::Eight(packed) if self.bits < 8 => Ok(Samples::Eight(
                self.converted(&self.unpacked(&packed, width, height)?, width * height)?,
            )),
            Raw::Eight(samples) => Ok(Samples::Eight(self.converted(&samples, width * height)?)),
            Raw::Sixteen(samples) => {
                Ok(Samples::Sixteen(self.converted(&samples, width * height)?))
            }
            Raw::Real(samples) => Ok(Samples::Real(self.chosen(&samples, width * height)?)),
        }
    }

    /// One byte per packed sample: greys spread over 0 to 255, indices as they are.
    fn unpacked(&self, packed: &[u8], width: usize, height: usize) -> Result<Vec<u8>, Fault> {
        let mask = (1 << self.bits) - 1;
        let scale = if matches!(self.meaning, Meaning::Palette(_)) {
            1
        } else {
            u8::MAX / mask
        };
        let mut samples = zeros::<u8>(width * height)?;
        let rows = packed.chunks_exact((width * self.bits).div_ceil(8));
        for (row, unpacked) in rows.zip(samples.chunks_exact_mut(width)) {
            for (column, sample) in unpacked.iter_mut().enumerate() {
                let bit = column * self.bits;
                *sample = (row[bit / 8] >> (8 - self.bits - bit % 8) & mask) * scale;
            }
        }
        Ok(samples)
    }

    /// Where in the buffer a pixel's sample lies: steps from pixel to pixel and from sample to
    /// sample.
    fn steps(&self, pixels: usize) -> (usize, usize) {
        if self.planes > 1 {
            (1, pixels)
        } else {
            (self.stride, 1)
        }
    }

    /// Grey or RGB and alpha of floating-point samples, brought within `[0, 1]`; what is no number
    /// becomes 0.
    fn chosen(&self, raw: &[f32], pixels: usize) -> Result<Vec<f32>, Fault> {
        let (between_pixels, between_samples) = self.steps(pixels);
        let channels = self.meaning.colour().channels();
        let width = channels + usize::from(self.alpha.is_some());
        let mut samples = zeros::<f32>(pixels * width)?;
        for (pixel, out) in samples.chunks_exact_mut(width).enumerate() {
            for (channel, out) in out.iter_mut().enumerate() {
                let sample = if channel < channels {
                    channel
                } else {
                    self.alpha.unwrap_or(channel)
                };
                *out = raw[pixel * between_pixels + sample * between_samples].clamp(0.0, 1.0);
                if out.is_nan() {
                    *out = 0.0;
                }
            }
        }
        Ok(samples)
    }

    fn converted<T: Sample>(&self, raw: &[T], pixels: usize) -> Result<Vec<T>, Fault> {
        let (between_pixels, between_samples) = self.steps(pixels);
        let at = |pixel: usize, sample: usize| -> u32 {
            raw[pixel * between_pixels + sample * between_samples].into()
        };
        let channels = self.meaning.colour().channels();
        let width = channels + usize::from(self.alpha.is_some());
        let mut samples = zeros::<T>(pixels * width)?;
        for (pixel, out) in samples.chunks_exact_mut(width).enumerate() {
            let first = at(pixel, 0);
            match &self.meaning {
                Meaning::Grey => out[0] = T::of(first),
                Meaning::Rgb => (0..3).for_each(|channel| out[channel] = T::of(at(pixel, channel))),
                Meaning::Cmyk => {
                    let light = u64::from(T::FULL - at(pixel, 3));
                    for (channel, out) in out[..3].iter_mut().enumerate() {
                        let bare = u64::from(T::FULL - at(pixel, channel));
                        let full = u64::from(T::FULL);
                        *out = T::of(((bare * light + full / 2) / full) as u32);
                    }
                }
                Meaning::YCbCr => {
                    // Only 8 bits are read.
                    let sample = |at_sample| at(pixel, at_sample) as u8;
                    let rgb = rgb(sample(0), sample(1), sample(2));
                    (0..3).for_each(|channel| out[channel] = T::of(rgb[channel].into()));
                }
                Meaning::Palette(map) => {
                    let colours = map.len() / 3;
                    for (channel, out) in out[..3].iter_mut().enumerate() {
                        let value = map
                            .get(channel * colours + (first as usize).min(colours))
                            .copied();
                        let value = value.filter(|_| (first as usize) < colours).unwrap_or(0);
                        *out = if T::FULL == u32::from(u8::MAX) {
                            T::of(u32::from(value >> 8))
                        } else {
                            T::of(value.into())
                        };
                    }
                }
            }
            if let Some(alpha) = self.alpha {
                out[channels] = T::of(at(pixel, alpha));
            }
        }
        Ok(samples)
    }
}
