//! SIFID, the single image Fréchet inception distance (Rott Shaham, Dekel and Michaeli, ICCV 2019),
//! on VGG16.

use crate::MetricsError;
use crate::features::Architecture;
use crate::lpips::Features;
use nalgebra::{DMatrix, DVector, SymmetricEigen};
use rayon::prelude::*;

/// VGG16's relu2_2: 128 features at half the image's resolution, the depth of the original's
/// (before its second pooling).
const STAGE: usize = 1;

/// Stages of features that [`sifid`] needs; see
/// [`Lpips::first_features`](crate::Lpips::first_features).
pub const SIFID_STAGES: usize = STAGE + 1;

/// Locations summed in one go; fixed, so that the sum does not depend on the number of threads.
const CHUNK: usize = 2048;

/// Mean and covariance of features, every location a sample.
struct Gaussian {
    mean: DVector<f64>,
    covariance: DMatrix<f64>,
}

/// The Fréchet distance between the distributions of the features of two images, which need not
/// have the same size:
///
/// ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½)
///
/// The features are those of VGG16 after relu2_2, not of Inception as in the original, so figures
/// compare only with figures taken here. 0 for equal distributions, without an upper bound; lower
/// is better.
///
/// # Errors
/// [`MetricsError::OtherFeatures`] when the features are not of VGG16.
pub fn sifid(result: &Features, truth: &Features) -> Result<f64, MetricsError> {
    let (a, b) = (Gaussian::new(result)?, Gaussian::new(truth)?);
    let root = square_root(&a.covariance);
    let inner = &root * &b.covariance * &root;
    let traces = a.covariance.trace() + b.covariance.trace();
    let overlap: f64 = eigenvalues_of(inner).iter().map(|value| value.sqrt()).sum();
    let distance = (a.mean - b.mean).norm_squared() + traces - 2.0 * overlap;
    Ok(distance.max(0.0))
}

impl Gaussian {
    fn new(features: &Features) -> Result<Self, MetricsError> {
        let map = features
            .stage(Architecture::Vgg16, STAGE)
            .ok_or(MetricsError::OtherFeatures)?;
        let (channels, locations) = (map.channels, map.locations());
        let sum: Vec<Vec<f64>> = (map.values.par_chunks(CHUNK * channels))
            .map(|chunk| {
                let mut sum = vec![0.0; channels];
                for location in chunk.chunks_exact(channels) {
                    for (sum, &value) in sum.iter_mut().zip(location) {
                        *sum += f64::from(value);
                    }
                }
                sum
            })
            .collect();
        let sums = sum.into_iter().map(DVector::from_vec);
        let mean = sums.fold(DVector::zeros(channels), |a, b| a + b) / locations as f64;

        let products: Vec<DMatrix<f64>> = (map.values.par_chunks(CHUNK * channels))
            .map(|chunk| {
                let count = chunk.len() / channels;
                // A column is a location.
                let values = chunk.iter().map(|&value| f64::from(value));
                let mut centred = DMatrix::from_iterator(channels, count, values);
                for mut column in centred.column_iter_mut() {
                    column -= &mean;
                }
                &centred * centred.transpose()
            })
            .collect();
        let sum = products
            .into_iter()
            .fold(DMatrix::zeros(channels, channels), |a, b| a + b);
        Ok(Self {
            mean,
            covariance: sum / (locations - 1) as f64,
        })
    }
}

/// The square root of a covariance.
fn square_root(covariance: &DMatrix<f64>) -> DMatrix<f64> {
    let SymmetricEigen {
        eigenvectors,
        eigenvalues,
    } = SymmetricEigen::new(covariance.clone());
    let roots = DMatrix::from_diagonal(&eigenvalues.map(|value| value.max(0.0).sqrt()));
    &eigenvectors * roots * eigenvectors.transpose()
}

/// The eigenvalues of a covariance, none negative.
fn eigenvalues_of(covariance: DMatrix<f64>) -> DVector<f64> {
    covariance
        .symmetric_eigenvalues()
        .map(|value| value.max(0.0))
}
