//! The ranges of features, by which a body is computed in 8 bits.

use crate::Settings;
use crate::error::ExportError;
use casr_net::{Model, Original, Pixels, StepGeometry};
use std::ops::Range;

/// The longest side of the part of an image that is looked at, its middle, in pixels.
const LONGEST_SIDE: usize = 256;

/// How many values of a map are looked at: enough for the rare large ones.
const VALUES: usize = 1 << 16;

/// How much of the full range is tried, in parts of [`PARTS`].
const LEAST_PART: usize = 20;
const PARTS: usize = 64;

/// The largest number of 8 bits.
const FULL: f32 = 255.0;

/// What each convolution of a body reads, as whole numbers from 0 to 255.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranges(pub(crate) Vec<Scale>);

/// A value v stands for `scale · (v − zero)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub scale: f32,
    pub zero: u8,
}

/// Looks at images, to find the ranges of their features.
#[derive(Clone, Debug)]
pub struct Calibration<'a> {
    model: &'a Model,
    settings: &'a Settings,
    /// Some of the values that each convolution has read.
    seen: Vec<Vec<f32>>,
}

impl<'a> Calibration<'a> {
    /// For a step of a model.
    pub fn new(model: &'a Model, settings: &'a Settings) -> Self {
        let seen = Vec::new();
        Self {
            model,
            settings,
            seen,
        }
    }

    /// Takes the step with an image of (height, width) pixels, or with the middle of a large one.
    ///
    /// # Errors
    /// A network with modules.
    pub fn see(
        &mut self,
        image: &impl Original,
        (height, width): (usize, usize),
    ) -> Result<(), ExportError> {
        let (rows, columns) = (middle(height), middle(width));
        let (height, width) = (rows.len(), columns.len());
        let values = image.part(rows, columns);
        if values.is_empty() {
            return Ok(());
        }
        let factor = self.settings.ratio.factor();
        let made = |side: usize| (side as f64 * factor).round() as usize;
        let geometry = StepGeometry::new((height, width), (made(height), made(width)));
        let part = Pixels {
            height,
            width,
            values: &values,
        };
        let seen = &mut self.seen;
        let mut each = |layer: usize, features: &[f32]| {
            if layer >= seen.len() {
                seen.resize(layer + 1, Vec::new());
            }
            // An odd distance, so that no channel is passed over.
            let distance = (features.len() / VALUES) | 1;
            seen[layer].extend(features.iter().step_by(distance));
        };
        let origin = self.settings.origin;
        self.model.observe(part, &geometry, origin, &mut each)?;
        Ok(())
    }

    /// The ranges in which the features seen are rounded with the least squared error.
    ///
    /// # Errors
    /// [`ExportError::NoCalibration`] where no image was seen.
    pub fn ranges(&self) -> Result<Ranges, ExportError> {
        if self.seen.is_empty() {
            return Err(ExportError::NoCalibration);
        }
        let scales = self.seen.iter().map(|values| Scale::of(values));
        Ok(Ranges(scales.collect()))
    }
}

impl Scale {
    /// The scale of the least squared error.
    fn of(values: &[f32]) -> Self {
        let least = values.iter().copied().fold(0.0, f32::min);
        let most = values.iter().copied().fold(0.0, f32::max);
        let part = |part: usize, end: f32| end * part as f32 / PARTS as f32;
        let error = |scale: &Self| -> f64 {
            let squared = |value: &f32| f64::from(value - scale.rounded(*value)).powi(2);
            values.iter().map(squared).sum()
        };
        let candidates = (LEAST_PART..=PARTS).map(|many| {
            // What SiLU makes has a short end, which is never cut.
            let low = if -least < most / 4.0 {
                least
            } else {
                part(many, least)
            };
            Self::between(low, part(many, most))
        });
        let judged = candidates.map(|scale| (error(&scale), scale));
        let best = judged.min_by(|(a, _), (b, _)| a.total_cmp(b));
        best.map_or(Self::between(0.0, 1.0), |(_, scale)| scale)
    }

    /// From `least`, at most 0, to `most`, at least 0.
    fn between(least: f32, most: f32) -> Self {
        let scale = ((most - least) / FULL).max(f32::MIN_POSITIVE);
        Self {
            scale,
            zero: (-least / scale).round().clamp(0.0, FULL) as u8,
        }
    }

    fn rounded(&self, value: f32) -> f32 {
        let zero = f32::from(self.zero);
        ((value / self.scale).round_ties_even() + zero).clamp(0.0, FULL) * self.scale
            - zero * self.scale
    }
}

/// The middle of an axis.
fn middle(side: usize) -> Range<usize> {
    let length = side.min(LONGEST_SIDE);
    let first = (side - length) / 2;
    first..first + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_large_values_are_cut_where_that_errs_less() {
        let mut values: Vec<f32> = (0..1_000_000).map(|i| (i % 100) as f32 / 100.0).collect();
        assert!((Scale::of(&values).scale - 0.99 / 255.0).abs() < 1e-4);
        values.push(2.0);
        assert!(Scale::of(&values).scale < 1.9 / 255.0);
    }

    #[test]
    fn zero_stays_zero() {
        let scale = Scale::of(&[-0.27, 0.1, 3.0]);
        assert_eq!(scale.rounded(0.0), 0.0);
        assert!((scale.rounded(2.9) - 2.9).abs() <= scale.scale / 2.0);
    }
}
