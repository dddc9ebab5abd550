//! What happens to images on their way: a light blur, noise, JPEG.

use crate::error::TrainError;
use casr_codec::jpeg_round_trip;
use casr_metrics::RgbImage;
use casr_net::Degradation;
use fastrand::Rng;
use std::f64::consts::TAU;
use std::fmt;
use std::str::FromStr;

/// Standard deviation of the strongest noise of training, in 8-bit levels.
const STRONGEST_NOISE: f64 = 10.0;
/// JPEG qualities of training.
const QUALITIES: [u8; 2] = [50, 95];
/// Standard deviation of the widest blur of training, in pixels.
const WIDEST_BLUR: f64 = 0.8;
/// Side of a block of JPEG with its colours halved.
const BLOCK: usize = 16;

/// JPEG, as far as it takes something away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jpeg {
    /// 1 to 100.
    pub quality: u8,
    /// Whether the colours are halved along both axes (4:2:0).
    pub subsampled: bool,
    /// Where in a block the image begins, right and down: that of a crop is not the first.
    pub phase: (usize, usize),
}

/// Blur, then noise, then JPEG; each may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DegradationModel {
    /// Standard deviation of a Gaussian blur, pixels; 0 for none.
    pub blur: f64,
    /// Standard deviation of Gaussian noise, independent in pixels and colours, 8-bit levels; 0 for
    /// none.
    pub noise: f64,
    /// The compression.
    pub jpeg: Option<Jpeg>,
}

impl DegradationModel {
    /// One as training meets them: noise and JPEG in four of ten each, both in one of ten, a blur
    /// with one of them in another.
    pub(crate) fn draw(random: &mut Rng) -> Self {
        let kind = random.f64();
        let (noisy, compressed, blurred) = match kind {
            ..0.4 => (true, false, false),
            ..0.8 => (false, true, false),
            ..0.9 => (true, true, false),
            ..0.95 => (true, false, true),
            _ => (false, true, true),
        };
        // Drawn whether used or not, so that all degradations take the same numbers from the
        // generator.
        let noise = 1.0 + (STRONGEST_NOISE - 1.0) * random.f64();
        let blur = 0.2 + (WIDEST_BLUR - 0.2) * random.f64();
        let jpeg = Jpeg {
            quality: random.u8(QUALITIES[0]..=QUALITIES[1]),
            subsampled: random.bool(),
            phase: (random.usize(..BLOCK), random.usize(..BLOCK)),
        };
        Self {
            blur: if blurred { blur } else { 0.0 },
            noise: if noisy { noise } else { 0.0 },
            jpeg: compressed.then_some(jpeg),
        }
    }

    /// How degraded an image is after it, as the condition of a step has it: a blur is no part of
    /// that.
    pub fn strengths(&self) -> Degradation {
        let compression = self.jpeg.map(|jpeg| Degradation::of_quality(jpeg.quality));
        Degradation {
            noise: Degradation::of_deviation(self.noise as f32),
            compression: compression.unwrap_or_default(),
        }
    }

    /// An image after it, rounded to 8 bits; the seed decides its noise.
    ///
    /// # Errors
    /// [`TrainError::Jpeg`] if a side is longer than a JPEG file can hold.
    pub fn apply(&self, image: &RgbImage, seed: u64) -> Result<RgbImage, TrainError> {
        let (width, height) = image.size();
        let mut values = image.values().to_vec();
        if self.blur > 0.0 {
            values = blurred(&values, (width, height), self.blur);
        }
        if self.noise > 0.0 {
            let mut random = Rng::with_seed(seed);
            let deviation = self.noise / 255.0;
            for value in &mut values {
                *value += (deviation * normal(&mut random)) as f32;
            }
        }
        let mut bytes: Vec<u8> = values
            .iter()
            .map(|value| (value * 255.0).round().clamp(0.0, 255.0) as u8)
            .collect();
        if let Some(jpeg) = self.jpeg {
            bytes = compressed(&bytes, (width, height), jpeg)
                .ok_or(TrainError::Jpeg { width, height })?;
        }
        let values = bytes.iter().map(|byte| f32::from(*byte) / 255.0).collect();
        Ok(RgbImage::new(width, height, values)?)
    }
}

/// `clean`, `noise:SIGMA`, `jpeg:QUALITY` or `blur:SIGMA`, or several joined by `+`.
impl FromStr for DegradationModel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut degradation = Self::default();
        for part in text.split('+').filter(|part| *part != "clean") {
            let fault = || {
                format!(
                    "{part}: write clean, noise:SIGMA (in 8-bit levels, up to 100), jpeg:QUALITY (1 to 100), or \
                     blur:SIGMA (in pixels, up to 10); several joined by +"
                )
            };
            let (name, number) = part.split_once(':').ok_or_else(fault)?;
            let number: f64 = number.parse().map_err(|_| fault())?;
            let within = |most: f64| number > 0.0 && number <= most;
            match name {
                "noise" if within(100.0) => degradation.noise = number,
                "blur" if within(10.0) => degradation.blur = number,
                "jpeg" if within(100.0) && number.fract() == 0.0 => {
                    degradation.jpeg = Some(Jpeg {
                        quality: number as u8,
                        subsampled: true,
                        phase: (0, 0),
                    });
                }
                _ => return Err(fault()),
            }
        }
        Ok(degradation)
    }
}

impl fmt::Display for DegradationModel {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let mut parts = Vec::new();
        if self.blur > 0.0 {
            parts.push(format!("blur:{}", self.blur));
        }
        if self.noise > 0.0 {
            parts.push(format!("noise:{}", self.noise));
        }
        if let Some(jpeg) = self.jpeg {
            parts.push(format!("jpeg:{}", jpeg.quality));
        }
        if parts.is_empty() {
            return formatter.write_str("clean");
        }
        formatter.write_str(&parts.join("+"))
    }
}

/// A draw from the normal distribution (Box and Muller).
fn normal(random: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
    radius * (TAU * random.f64()).cos()
}

/// Both axes through a Gaussian of this deviation; pixels beyond the border repeat the last one.
fn blurred(values: &[f32], (width, height): (usize, usize), deviation: f64) -> Vec<f32> {
    let reach = (3.0 * deviation).ceil() as isize;
    let weights: Vec<f64> = (-reach..=reach)
        .map(|x| (-0.5 * (x as f64 / deviation).powi(2)).exp())
        .collect();
    let sum: f64 = weights.iter().sum();
    let along = |values: &[f32], step: (isize, isize)| -> Vec<f32> {
        let at = |x: isize, y: isize, colour: usize| {
            let x = x.clamp(0, width as isize - 1) as usize;
            let y = y.clamp(0, height as isize - 1) as usize;
            f64::from(values[(y * width + x) * 3 + colour])
        };
        (0..values.len())
            .map(|i| {
                let (x, y) = ((i / 3 % width) as isize, (i / 3 / width) as isize);
                let terms = weights.iter().zip(-reach..).map(|(weight, offset)| {
                    weight * at(x + offset * step.0, y + offset * step.1, i % 3)
                });
                (terms.sum::<f64>() / sum) as f32
            })
            .collect()
    };
    along(&along(values, (1, 0)), (0, 1))
}

/// Through JPEG, as a part of a larger image that begins `phase` before it; there the image is
/// mirrored.
fn compressed(bytes: &[u8], (width, height): (usize, usize), jpeg: Jpeg) -> Option<Vec<u8>> {
    let (left, top) = jpeg.phase;
    let whole = (width + left, height + top);
    let mirrored = |place: usize, before: usize, length: usize| match place.checked_sub(before) {
        Some(inside) => inside,
        None => (before - place - 1).min(length - 1),
    };
    let mut extended = Vec::with_capacity(whole.0 * whole.1 * 3);
    for y in 0..whole.1 {
        for x in 0..whole.0 {
            let start = (mirrored(y, top, height) * width + mirrored(x, left, width)) * 3;
            extended.extend_from_slice(&bytes[start..start + 3]);
        }
    }
    let result = jpeg_round_trip(whole, &extended, jpeg.quality, jpeg.subsampled)?;
    let rows = result.chunks_exact(whole.0 * 3).skip(top);
    Some(rows.flat_map(|row| row[left * 3..].to_vec()).collect())
}
