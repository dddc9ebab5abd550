//! Soft superpixels: which regions of a level the pixels belong to (SSN, arXiv 1807.10174).

use crate::ops::{assign, modulate, moments};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

/// Superpixels on a grid of cells of 4×4 pixels, each drawn to the mean colour of its cell.
#[derive(Module, Debug)]
pub(crate) struct Superpixels {
    /// Logarithms of sharpness in colour and compactness in place, `[2]`.
    temperatures: Param<Tensor<1>>,
}

impl Superpixels {
    pub fn zeros(device: &Device) -> Self {
        Self {
            temperatures: Param::from_tensor(Tensor::zeros([2], device)),
        }
    }

    /// The regions of a level, `[n, h, w, 3]`.
    pub fn regions(&self, level: Tensor<4>) -> Regions {
        let weights = assign(level.clone(), self.temperatures.val().exp());
        Regions { level, weights }
    }
}

/// Regions of a level: for every pixel a weight for each of the superpixels around it.
#[derive(Clone, Debug)]
pub(crate) struct Regions {
    level: Tensor<4>,
    /// `[n, h, w, 9]`.
    weights: Tensor<4>,
}

impl Regions {
    /// Mean and standard deviation of every feature in every superpixel, `[n, rows, columns, 2C]`.
    pub fn moments(&self, features: Tensor<4>) -> Tensor<4> {
        moments(self.weights.clone(), features)
    }

    /// Mean colours, `[n, rows, columns, 3]`.
    pub fn colours(&self) -> Tensor<4> {
        let channels = self.level.dims()[3];
        self.moments(self.level.clone()).narrow(3, 0, channels)
    }

    /// features · gain + offset, both spread from the superpixels to their pixels.
    pub fn modulate(&self, features: Tensor<4>, gain: Tensor<4>, offset: Tensor<4>) -> Tensor<4> {
        modulate(
            self.weights.clone(),
            features,
            Tensor::cat(vec![gain, offset], 3),
        )
    }
}
