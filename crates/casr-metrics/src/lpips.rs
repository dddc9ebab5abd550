//! LPIPS, the learned perceptual image patch similarity (Zhang, Isola, Efros, Shechtman and Wang,
//! CVPR 2018), version 0.1.

use crate::features::{Architecture, FeatureMap, FeatureNetwork, STAGES};
use crate::weights::WeightsFile;
use crate::{MetricsError, RgbImage};
use burn::tensor::Device;
use rayon::prelude::*;
use std::path::Path;

/// What keeps locations without features from dividing by zero, as in the reference.
const TINY: f32 = 1e-10;

/// Locations summed in one go; fixed, so that the sum does not depend on the number of threads.
const CHUNK: usize = 1024;

/// LPIPS with its weights: for every stage of a network the features of both images are scaled to
/// length one at every location, and the squared differences weighted by learned values per
/// channel:
///
/// d = Σ_stages mean_locations Σ_channels w (a/‖a‖ − b/‖b‖)²
///
/// 0 for equal images, about 0.1 for slight and 0.7 for gross differences; lower is better.
#[derive(Clone, Debug)]
pub struct Lpips {
    network: FeatureNetwork,
    /// Weights of the channels of every stage.
    heads: [Vec<f32>; STAGES],
}

/// What a network sees in an image: compare it with [`Lpips::distance`] or [`crate::sifid`].
#[derive(Clone, Debug)]
pub struct Features {
    size: (usize, usize),
    architecture: Architecture,
    maps: Vec<FeatureMap>,
}

impl Features {
    /// The features after a stage of a network, counted from 0; none if they are another network's,
    /// or stop before.
    pub(crate) fn stage(&self, architecture: Architecture, index: usize) -> Option<&FeatureMap> {
        let ours = self.architecture == architecture;
        self.maps.get(index).filter(|_| ours)
    }
}

impl Lpips {
    /// Reads a network (`conv0.weight`, `conv0.bias` …) and its learned weights (`lin0.weight` …),
    /// in f16 or f32.
    ///
    /// # Errors
    /// [`MetricsError::Weights`] when the file cannot be read, is truncated, or is not of this
    /// network.
    pub fn load(architecture: Architecture, path: &Path) -> Result<Self, MetricsError> {
        let file = WeightsFile::open(path)?;
        let network = FeatureNetwork::from_file(architecture, &file, &Device::flex())?;
        let mut heads = [const { Vec::new() }; STAGES];
        for (index, channels) in architecture.channels().into_iter().enumerate() {
            let values = file.values(&format!("lin{index}.weight"), &[1, channels, 1, 1])?;
            heads[index] = values.into_iter().map(|value| value as f32).collect();
        }
        Ok(Self { network, heads })
    }

    /// The network without the learned weights.
    pub fn network(&self) -> &FeatureNetwork {
        &self.network
    }

    /// What the network sees in an image rounded to 8 bits.
    ///
    /// # Errors
    /// [`MetricsError::TooSmall`] when no location is left after the network's last stage.
    pub fn features(&self, image: &RgbImage) -> Result<Features, MetricsError> {
        self.first_features(image, STAGES)
    }

    /// The same, of the first `count` stages alone: two are enough for [`crate::sifid`] and take a
    /// third of the time.
    ///
    /// # Errors
    /// As [`Self::features`].
    pub fn first_features(&self, image: &RgbImage, count: usize) -> Result<Features, MetricsError> {
        Ok(Features {
            size: image.size(),
            architecture: self.network.architecture(),
            maps: self.network.features(image, count)?,
        })
    }

    /// The distance of two images by their features.
    ///
    /// # Errors
    /// [`MetricsError::SizeMismatch`]; [`MetricsError::MissingStages`].
    pub fn distance(&self, result: &Features, truth: &Features) -> Result<f64, MetricsError> {
        if result.size != truth.size {
            return Err(MetricsError::SizeMismatch {
                result: result.size,
                truth: truth.size,
            });
        }
        if result.maps.len().min(truth.maps.len()) < STAGES {
            return Err(MetricsError::MissingStages);
        }
        let stages = result.maps.iter().zip(&truth.maps).zip(&self.heads);
        Ok(stages.map(|((a, b), head)| stage(a, b, head)).sum())
    }
}

/// The weighted mean difference of one stage.
fn stage(a: &FeatureMap, b: &FeatureMap, head: &[f32]) -> f64 {
    let channels = head.len();
    let chunk = CHUNK * channels;
    let sums: Vec<f64> = (a.values.par_chunks(chunk))
        .zip(b.values.par_chunks(chunk))
        .map(|(a, b)| {
            let pairs = a.chunks_exact(channels).zip(b.chunks_exact(channels));
            pairs.map(|(a, b)| f64::from(difference(a, b, head))).sum()
        })
        .collect();
    sums.iter().sum::<f64>() / a.locations() as f64
}

fn difference(a: &[f32], b: &[f32], head: &[f32]) -> f32 {
    let scale = |values: &[f32]| {
        let square: f32 = values.iter().map(|value| value * value).sum();
        1.0 / (square.sqrt() + TINY)
    };
    let (scale_a, scale_b) = (scale(a), scale(b));
    let terms = a.iter().zip(b).zip(head).map(|((a, b), weight)| {
        let difference = a * scale_a - b * scale_b;
        weight * difference * difference
    });
    terms.sum()
}
