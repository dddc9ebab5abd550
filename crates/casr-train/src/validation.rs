//! Quality on images that the training does not see.

use crate::{data::Dataset, error::TrainError, trainer::Trainer};
use casr_metrics::{RgbImage, degrade, psnr_y};
use casr_net::{Degradation, Model, Origin, Pixels, StepGeometry};

/// Most held-out images that are measured, and their side in pixels.
const IMAGES: usize = 16;
const SIDE: usize = 192;
/// The factors that are measured.
const SCALES: [usize; 3] = [2, 3, 4];

/// Held-out images with their degraded versions.
pub struct Validation {
    /// (scale, truth, low resolution).
    images: Vec<(usize, RgbImage, RgbImage)>,
}

impl Validation {
    /// Cuts the centres of the held-out images.
    ///
    /// # Errors
    /// None for images that [`Dataset::open`] accepted.
    pub fn new(data: &Dataset) -> Result<Self, TrainError> {
        let mut images = Vec::new();
        let large = data
            .held_out
            .iter()
            .filter(|tile| tile.height.min(tile.width) >= SIDE);
        for tile in large.take(IMAGES) {
            let corner = ((tile.height - SIDE) / 2, (tile.width - SIDE) / 2);
            let truth = tile.crop(corner, (SIDE, SIDE))?;
            for scale in SCALES {
                let low = degrade(&truth, (SIDE / scale, SIDE / scale))?;
                images.push((scale, truth.clone(), low));
            }
        }
        Ok(Self { images })
    }

    /// Mean PSNR on Y in dB of a training's average for each scale, in one step; empty where there
    /// is no image to measure on.
    ///
    /// # Errors
    /// None for images that [`Validation::new`] accepted.
    pub fn measure(&self, trainer: &Trainer) -> Result<Vec<(String, f64)>, TrainError> {
        let model = Model::new(trainer.options().network, trainer.average().parameters())?;
        let origin = Origin::Image(Degradation::default());
        let mut results = Vec::new();
        for scale in SCALES {
            let side = SIDE / scale;
            let geometry = StepGeometry::new((side, side), (SIDE, SIDE));
            let mut values = Vec::new();
            for (_, truth, low) in self.images.iter().filter(|image| image.0 == scale) {
                let image = Pixels {
                    height: side,
                    width: side,
                    values: low.values(),
                };
                let result = model.first_step(image, &geometry, origin)?;
                values.push(psnr_y(&RgbImage::new(SIDE, SIDE, result)?, truth, scale)?);
            }
            if !values.is_empty() {
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                results.push((format!("held-out x{scale}"), mean));
            }
        }
        Ok(results)
    }
}
