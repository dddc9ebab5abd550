//! What SARM reads, as tensors.

use burn::tensor::{Device, Tensor, TensorData};
use casr_kernels::{similarity::LAGS, superpixel::CELL};
use casr_net::{DETAILS, Prior};

/// Priors of a batch on a device.
#[derive(Clone, Debug)]
pub struct PriorTensors {
    /// `[n, h, w, DETAILS + 1]`.
    pub(crate) matches: Tensor<4>,
    /// `[n, rows, columns, LAGS]`.
    pub(crate) autocorrelation: Tensor<4>,
}

impl PriorTensors {
    /// Brings priors of windows of one size to a device.
    ///
    /// # Panics
    /// If there are none, or they differ in size.
    pub fn new(priors: &[Prior], device: &Device) -> Self {
        let (height, width) = priors[0].size();
        let tensor = |values: Vec<f32>, height, width, channels| {
            let shape = [priors.len(), height, width, channels];
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        let matches = priors.iter().flat_map(|prior| prior.matches());
        let autocorrelation = priors.iter().flat_map(|prior| prior.autocorrelation());
        Self {
            matches: tensor(matches.copied().collect(), height, width, DETAILS + 1),
            autocorrelation: tensor(
                autocorrelation.copied().collect(),
                height.div_ceil(CELL),
                width.div_ceil(CELL),
                LAGS,
            ),
        }
    }
}
