//! SDAM, structural distribution alignment: the statistics of superpixels are held to what they
//! were one step before.

use crate::layers::Convolution;
use crate::ops::earlier_values;
use crate::superpixel::Regions;
use burn::module::Module;
use burn::tensor::{
    Device, Tensor,
    activation::{sigmoid, silu},
};
use casr_kernels::conv::Activation;
use casr_net::{LARGEST_GAIN, Places};

/// The statistics that a step left behind, and where the superpixels of the next one find theirs
/// among them.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// `[n, rows, columns, statistics]` of the step before.
    pub values: Tensor<4>,
    /// Rows and columns of this step's cells in that grid.
    pub places: Places,
}

/// The module. What it does to a superpixel is decided by two small layers that see its statistics,
/// and how those of the step before differ.
#[derive(Module, Debug)]
pub(crate) struct Alignment {
    inner: Convolution,
    outer: Convolution,
}

/// What the module makes.
pub(crate) struct Aligned {
    /// `[n, h, w, C]`.
    pub features: Tensor<4>,
    /// For the next step, `[n, rows, columns, statistics]`.
    pub statistics: Tensor<4>,
}

impl Alignment {
    pub fn zeros(channels: usize, device: &Device) -> Self {
        Self {
            inner: Convolution::zeros(1, 4 * channels, channels, device),
            outer: Convolution::zeros(1, channels, 3 * channels, device),
        }
    }

    /// Whitens the features by the statistics of their superpixels and colours them anew, by
    /// statistics moved towards those of the step before as far as the gates are open.
    pub fn forward(
        &self,
        features: Tensor<4>,
        regions: &Regions,
        before: Option<&Statistics>,
    ) -> Aligned {
        let channels = features.dims()[3];
        let halves = |pair: Tensor<4>| {
            let part = |first| pair.clone().narrow(3, first, channels);
            (part(0), part(channels))
        };
        let (mean, deviation) = halves(regions.moments(features.clone()));
        let spread = deviation.clone().log();
        let colours = regions.colours();
        let (mean_change, spread_change) = match before {
            Some(before) => {
                let (statistics, places) = (before.values.clone(), before.places.clone());
                let (old_mean, old_spread) =
                    halves(earlier_values(colours.clone(), statistics, places));
                (old_mean - mean.clone(), old_spread - spread.clone())
            }
            // The first step aligns to itself.
            None => (mean.zeros_like(), spread.zeros_like()),
        };

        let seen = vec![
            mean.clone(),
            spread.clone(),
            mean_change.clone(),
            spread_change.clone(),
        ];
        let seen = self
            .inner
            .forward(Tensor::cat(seen, 3), None, Activation::None);
        let decided = self.outer.forward(silu(seen), None, Activation::None);
        let part = |index| decided.clone().narrow(3, index * channels, channels);
        let (gate, stretch, shift) = (sigmoid(part(0)), part(1), part(2));

        let stretch = (gate.clone() * spread_change + stretch).clamp(-LARGEST_GAIN, LARGEST_GAIN);
        let moved = mean.clone() + gate * mean_change + shift * deviation;
        let gain = stretch.clone().exp();
        let offset = moved.clone() - mean * gain.clone();
        Aligned {
            features: regions.modulate(features, gain, offset),
            statistics: Tensor::cat(vec![moved, spread + stretch, colours], 3),
        }
    }
}
