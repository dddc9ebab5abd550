//! Soft superpixels: which regions of a level the pixels belong to (SSN, arXiv 1807.10174).

use crate::ops::{assign, modulate, moments};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

/// How strongly colours, in [0, 1], draw pixels to superpixels at first, and how strongly places do, in cells.
pub const FIRST_TEMPERATURES: [f32; 2] = [100.0, 1.0];

/// Superpixels on a grid of cells of 4×4 pixels, each drawn to the mean colour of its cell.
#[derive(Module, Debug)]
pub(crate) struct Superpixels {
    /// Logarithms of sharpness in colour and compactness in place, `[2]`.
    temperatures: Param<Tensor<1>>,
}

impl Superpixels {
    pub fn new(device: &Device) -> Self {
        let logarithms = FIRST_TEMPERATURES.map(f32::ln).to_vec();
        Self {
            temperatures: Param::from_tensor(Tensor::from_data(
                TensorData::new(logarithms, [2]),
                device,
            )),
        }
    }

    /// Sharpness and compactness.
    pub fn temperatures(&self) -> [f32; 2] {
        let values: Vec<f32> = (self.temperatures.val().exp().into_data())
            .iter::<f32>()
            .collect();
        [values[0], values[1]]
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
