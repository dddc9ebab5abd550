//! The training images in memory.

use crate::{error::TrainError, options::TrainOptions};
use casr_codec::{Colour, Limits, Samples, images_in, read};
use casr_metrics::{MetricsError, RgbImage};
use rayon::prelude::*;
use std::path::Path;

/// One image, 8-bit RGB, row-major.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    pub height: usize,
    pub width: usize,
    pub pixels: Vec<u8>,
}

impl Tile {
    /// The window of `size` (height, width) at (`top`, `left`).
    pub fn crop(
        &self,
        (top, left): (usize, usize),
        size: (usize, usize),
    ) -> Result<RgbImage, MetricsError> {
        let mut values = Vec::with_capacity(size.0 * size.1 * 3);
        for row in top..top + size.0 {
            let start = (row * self.width + left) * 3;
            values.extend(
                self.pixels[start..start + size.1 * 3]
                    .iter()
                    .map(|v| f32::from(*v) / 255.0),
            );
        }
        RgbImage::new(size.1, size.0, values)
    }
}

/// All training images, and a few held out for validation.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub(crate) training: Vec<Tile>,
    pub(crate) held_out: Vec<Tile>,
    /// The folder's name, for the provenance of weights.
    pub(crate) name: String,
}

/// One image in this many is held out.
const HELD_OUT: usize = 64;

impl Dataset {
    /// Reads all images of `folder` that can hold a patch at the largest scale, in the order of
    /// their names.
    ///
    /// # Errors
    /// An unreadable image, or fewer than two usable ones.
    pub fn open(folder: &Path, options: &TrainOptions) -> Result<Self, TrainError> {
        let side = (options.patch as f64 * TrainOptions::MAX_SCALE).ceil() as usize;
        let paths = images_in(folder)?;
        let tiles: Result<Vec<Tile>, TrainError> =
            paths.par_iter().map(|path| load(path)).collect();
        let usable: Vec<Tile> = (tiles?.into_iter())
            .filter(|tile| tile.height.min(tile.width) >= side)
            .collect();
        if usable.len() < 2 {
            let folder = folder.display().to_string();
            return Err(TrainError::TooFewImages {
                folder,
                found: usable.len(),
                needed: 2,
                side,
            });
        }
        let (mut training, mut held_out) = (Vec::new(), Vec::new());
        for (index, tile) in usable.into_iter().enumerate() {
            if index % HELD_OUT == 0 {
                held_out.push(tile)
            } else {
                training.push(tile)
            }
        }
        let name = folder
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        Ok(Self {
            training,
            held_out,
            name,
        })
    }

    /// Number of training images.
    pub fn training_images(&self) -> usize {
        self.training.len()
    }

    /// Number of images held out for validation.
    pub fn held_out_images(&self) -> usize {
        self.held_out.len()
    }
}

fn load(path: &Path) -> Result<Tile, TrainError> {
    let picture = read(path, &Limits::default())?;
    let bytes = match picture.pixels {
        Samples::Eight(bytes) => bytes,
        others => (others.iter().map(|value| (value * 255.0).round() as u8)).collect(),
    };
    let pixels = match picture.colour {
        Colour::Rgb => bytes,
        Colour::Grey => bytes.into_iter().flat_map(|byte| [byte; 3]).collect(),
    };
    Ok(Tile {
        height: picture.height,
        width: picture.width,
        pixels,
    })
}
