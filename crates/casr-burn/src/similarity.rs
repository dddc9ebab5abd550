//! SARM, self-similarity aware restoration: every step reads the self-similarity of the original
//! image.

use crate::layers::Convolution;
use crate::prior::PriorTensors;
use crate::superpixel::Regions;
use burn::module::Module;
use burn::tensor::{Device, Tensor, activation::silu};
use casr_kernels::{conv::Activation, similarity::LAGS};
use casr_net::DETAILS;

/// The module: matches are pasted into the features of the encoder, and the local autocorrelation
/// of the original image scales and shifts these, superpixel by superpixel.
#[derive(Module, Debug)]
pub(crate) struct Similarity {
    matches: Convolution,
    inner: Convolution,
    outer: Convolution,
}

impl Similarity {
    pub fn zeros(channels: usize, device: &Device) -> Self {
        Self {
            matches: Convolution::zeros(3, DETAILS + 1, channels, device),
            inner: Convolution::zeros(1, LAGS, channels, device),
            outer: Convolution::zeros(1, channels, 2 * channels, device),
        }
    }

    /// `[n, h, w, C]`.
    pub fn forward(
        &self,
        features: Tensor<4>,
        regions: &Regions,
        prior: PriorTensors,
    ) -> Tensor<4> {
        let channels = features.dims()[3];
        let texture = self
            .inner
            .forward(prior.autocorrelation, None, Activation::None);
        let modulation = self.outer.forward(silu(texture), None, Activation::None);
        let part = |index| modulation.clone().narrow(3, index * channels, channels);
        let features = regions.modulate(features, part(0) + 1.0, part(1));
        self.matches
            .forward(prior.matches, Some(features), Activation::None)
    }
}
