//! NIQE, the natural image quality evaluator (Mittal, Soundararajan and Bovik, IEEE Signal
//! Processing Letters 20, 2013).
//!
//! Photographs without faults share the statistics of their locally normalised luma. NIQE fits a
//! Gaussian to these statistics over the blocks of one image, and measures how far it lies from the
//! Gaussian of pristine photographs:
//!
//! D = √((ν₁ − ν₂)ᵀ ((Σ₁ + Σ₂) / 2)⁺ (ν₁ − ν₂))
//!
//! The details are those of BasicSR's `calculate_niqe`, whose figures the literature compares, down
//! to the places where it rounds to single precision: they decide what counts as flat.

mod features;
mod gaussian;
mod normalise;
mod plane;
mod shape;

use crate::weights::WeightsFile;
use crate::{MetricsError, RgbImage};
use features::FEATURES;
use gaussian::Gaussian;
use normalise::{Normaliser, WINDOW};
use plane::Plane;
use rayon::prelude::*;
use shape::ShapeTable;
use std::path::Path;

/// Side of a block, in pixels of the image.
const BLOCK: usize = 96;

/// Features of a block at both scales.
const BOTH_SCALES: usize = 2 * FEATURES;

/// What NIQE compares an image with: the statistics of pristine photographs.
#[derive(Clone, Debug)]
pub struct NiqeModel {
    pristine: Gaussian,
    normaliser: Normaliser,
    shapes: ShapeTable,
}

impl NiqeModel {
    /// Reads the model from a safetensors file with `mu_pris_param` `[1, 36]`, `cov_pris_param`
    /// `[36, 36]` and `gaussian_window` `[7, 7]`, in f32 or f64.
    ///
    /// # Errors
    /// [`MetricsError::Weights`] when the file cannot be read, is truncated, or is not a model of
    /// NIQE.
    pub fn load(path: &Path) -> Result<Self, MetricsError> {
        let file = WeightsFile::open(path)?;
        let mean = file.values("mu_pris_param", &[1, BOTH_SCALES])?;
        let covariance = file.values("cov_pris_param", &[BOTH_SCALES, BOTH_SCALES])?;
        let window = file.values("gaussian_window", &[WINDOW, WINDOW])?;
        let pristine = Gaussian::new(&mean, &covariance)
            .ok_or_else(|| file.refused("cov_pris_param is not a covariance matrix"))?;
        let normaliser = Normaliser::new(window)
            .ok_or_else(|| file.refused("the weights of gaussian_window do not make a mean"))?;
        Ok(Self {
            pristine,
            normaliser,
            shapes: ShapeTable::new(),
        })
    }

    /// NIQE of an image rounded to 8 bits, `border` pixels cut off at every side; 0 and up, lower
    /// is better. Photographs score about 2 to 6; a value that is not a number in the image makes
    /// the score one.
    ///
    /// Measured on rounded BT.601 luma in studio range, also for grey images. Pixels right of and
    /// below the last whole block of 96×96 do not count, nor does the spread of blocks without
    /// texture, such as overexposed sky.
    ///
    /// # Errors
    /// [`MetricsError::TooSmall`] when the border leaves less than a block,
    /// [`MetricsError::TooFewBlocks`] when less than two blocks have texture: one block has no
    /// covariance.
    pub fn score(&self, image: &RgbImage, border: usize) -> Result<f64, MetricsError> {
        let plane = Plane::luma(image, border)?;
        if plane.values.iter().any(|value| value.is_nan()) {
            return Ok(f64::NAN);
        }
        let half = plane.halved();
        let columns = plane.width / BLOCK;
        let blocks = columns * (plane.height / BLOCK);
        let features: Vec<Vec<f64>> = (0..blocks)
            .into_par_iter()
            .map(|block| {
                let place = (block % columns, block / columns);
                let fine = self.features(&plane, place, BLOCK);
                let coarse = self.features(&half, place, BLOCK / 2);
                [fine, coarse].concat()
            })
            .collect();
        let own = Gaussian::of(&features)
            .map_err(|textured| MetricsError::TooFewBlocks { blocks, textured })?;
        Ok(self.pristine.distance(&own))
    }

    /// The features of the block at `place` (column, row), whose side is `side` at this scale.
    fn features(&self, plane: &Plane, place: (usize, usize), side: usize) -> [f64; FEATURES] {
        let corner = (place.0 * side, place.1 * side);
        let normalised = self.normaliser.block(plane, corner, side);
        features::features(&self.shapes, &normalised, side)
    }
}
