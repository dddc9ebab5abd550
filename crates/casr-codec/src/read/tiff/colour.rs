//! From the many ways a TIFF stores colours to grey or RGB, with or without alpha.

use std::ops::Range;

use super::super::Header;
use super::super::decoded::{apart, zeros};
use super::super::jpeg::planes::rgb;
use super::{Fault, MAX_SAMPLES};
use crate::{Colour, Samples};

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
    /// Whether samples are floating-point numbers.
    pub(super) real: bool,
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
    pub(super) fn drop_rows(&mut self, planes: usize, rows: Range<usize>) {
        fn drop_of<T: Copy>(samples: &mut Vec<T>, planes: usize, rows: Range<usize>) {
            let plane = samples.len() / planes;
            let kept = plane / rows.end * rows.start;
            for index in 1..planes {
                samples.copy_within(index * plane..index * plane + kept, index * kept);
            }
            samples.truncate(planes * kept);
        }
        match self {
            Self::Eight(samples) => drop_of(samples, planes, rows),
            Self::Sixteen(samples) => drop_of(samples, planes, rows),
            Self::Real(samples) => drop_of(samples, planes, rows),
        }
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

    /// Samples of grey or RGB, and of alpha if there is one.
    pub(super) fn samples(
        &self,
        raw: Raw,
        header: &Header,
    ) -> Result<(Samples, Option<Samples>), Fault> {
        let (width, height) = (header.width, header.height);
        match raw {
            Raw::Eight(packed) if self.bits < 8 => {
                let unpacked = self.unpacked(&packed, width, height)?;
                drop(packed);
                apart(self.converted(unpacked, width * height)?, header)
            }
            Raw::Eight(samples) => apart(self.converted(samples, width * height)?, header),
            Raw::Sixteen(samples) => apart(self.converted(samples, width * height)?, header),
            Raw::Real(samples) => apart(self.chosen(samples, width * height)?, header),
        }
    }

    /// The most bytes that an image takes while it is read, and what is held of it then.
    pub(super) fn bytes(&self, header: &Header) -> (u64, u64) {
        let pixels = header.pixels();
        let (channels, alpha) = (header.colour.channels(), usize::from(header.alpha));
        let sample = if self.real {
            size_of::<f32>()
        } else {
            header.depth.bits() / 8
        };
        let bytes = |samples: usize, bytes: usize| pixels * (samples * bytes) as u64;
        let raw = (pixels * (self.stride * self.bits) as u64).div_ceil(8);
        // Packed samples, and floating-point numbers of other sizes, are unfolded first.
        let unfolded = bytes(self.stride, sample);
        let unfolding = if raw == unfolded { raw } else { raw + unfolded };
        let wanted = bytes(channels + alpha, sample);
        let (remaking, kept) = if self.is_in_place() {
            (unfolded, unfolded)
        } else {
            (unfolded + wanted, wanted)
        };
        let split = kept + bytes(alpha, sample);
        let reading = unfolding.max(remaking).max(split);
        if !self.premultiplied || self.real {
            return (reading, split);
        }
        let divided = bytes(channels, size_of::<f32>());
        let held = divided + bytes(alpha, sample);
        (reading.max(divided + split), held)
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

    /// Samples of a pixel that are wanted.
    fn wanted(&self) -> usize {
        self.meaning.colour().channels() + usize::from(self.alpha.is_some())
    }

    /// Whether wanted samples can take the place of those they are made of.
    fn is_in_place(&self) -> bool {
        self.planes == 1 && self.wanted() <= self.stride
    }

    /// Pixels of wanted samples: `make` gets the samples of a pixel as they are, and the place of
    /// those that are wanted.
    fn remade<T: Copy + Default>(
        &self,
        mut raw: Vec<T>,
        pixels: usize,
        make: impl Fn(&[T; MAX_SAMPLES], &mut [T]),
    ) -> Result<Vec<T>, Fault> {
        let wanted = self.wanted();
        let (between_pixels, between_samples) = self.steps(pixels);
        if raw.len() < pixels * self.stride {
            return Err(Fault::Truncated);
        }
        let stored = |raw: &[T], pixel: usize| {
            let mut samples = [T::default(); MAX_SAMPLES];
            for (index, sample) in samples.iter_mut().enumerate().take(self.stride) {
                *sample = raw[pixel * between_pixels + index * between_samples];
            }
            samples
        };
        if self.is_in_place() {
            for pixel in 0..pixels {
                make(&stored(&raw, pixel), &mut raw[pixel * wanted..][..wanted]);
            }
            raw.truncate(pixels * wanted);
            return Ok(raw);
        }
        let mut samples = zeros::<T>(pixels * wanted)?;
        for (pixel, out) in samples.chunks_exact_mut(wanted).enumerate() {
            make(&stored(&raw, pixel), out);
        }
        Ok(samples)
    }

    /// Grey or RGB and alpha of floating-point samples, brought within `[0, 1]`; what is no number
    /// becomes 0.
    fn chosen(&self, raw: Vec<f32>, pixels: usize) -> Result<Vec<f32>, Fault> {
        let channels = self.meaning.colour().channels();
        self.remade(raw, pixels, |stored, out| {
            for (channel, out) in out.iter_mut().enumerate() {
                let sample = if channel < channels {
                    channel
                } else {
                    self.alpha.unwrap_or(channel)
                };
                *out = stored[sample].clamp(0.0, 1.0);
                if out.is_nan() {
                    *out = 0.0;
                }
            }
        })
    }

    fn converted<T: Sample>(&self, raw: Vec<T>, pixels: usize) -> Result<Vec<T>, Fault> {
        let channels = self.meaning.colour().channels();
        self.remade(raw, pixels, |stored, out| {
            let at = |sample: usize| -> u32 { stored[sample].into() };
            let first = at(0);
            match &self.meaning {
                Meaning::Grey => out[0] = stored[0],
                Meaning::Rgb => out[..3].copy_from_slice(&stored[..3]),
                Meaning::Cmyk => {
                    let light = u64::from(T::FULL - at(3));
                    for (channel, out) in out[..3].iter_mut().enumerate() {
                        let bare = u64::from(T::FULL - at(channel));
                        let full = u64::from(T::FULL);
                        *out = T::of(((bare * light + full / 2) / full) as u32);
                    }
                }
                Meaning::YCbCr => {
                    // Only 8 bits are read.
                    let rgb = rgb(at(0) as u8, at(1) as u8, at(2) as u8);
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
                out[channels] = stored[alpha];
            }
        })
    }
}
