//! Gaussian distributions of features, and how far apart they are.

use super::BOTH_SCALES;
use nalgebra::{DMatrix, DVector, Dyn, SymmetricEigen};

/// Rounds of the search for eigenvalues; a matrix of ours needs less than 100.
const ROUNDS: usize = 10_000;

/// Eigenvalues smaller than this part of the largest are zero, as in NumPy's `pinv`.
const NEGLIGIBLE: f64 = 1e-15;

/// A Gaussian distribution of the features of blocks.
#[derive(Clone, Debug)]
pub(super) struct Gaussian {
    mean: DVector<f64>,
    covariance: DMatrix<f64>,
}

impl Gaussian {
    /// The distribution with this mean and covariance `[BOTH_SCALES, BOTH_SCALES]`; none where that
    /// is no covariance: not symmetric, or with negative eigenvalues.
    pub fn new(mean: &[f64], covariance: &[f64]) -> Option<Self> {
        let covariance = DMatrix::from_row_slice(BOTH_SCALES, BOTH_SCALES, covariance);
        let values = eigen(covariance.clone())?.eigenvalues;
        let symmetric = (&covariance - covariance.transpose()).amax() <= 1e-9 * covariance.amax();
        let positive = values.iter().all(|&value| value >= -1e-9 * values.amax());
        (symmetric && positive).then(|| Self {
            mean: DVector::from_column_slice(mean),
            covariance,
        })
    }

    /// The distribution of the features of blocks, or the number of complete blocks where that is
    /// less than two.
    ///
    /// A feature that is not a number is left out of its mean, and its block out of the covariance.
    pub fn of(blocks: &[Vec<f64>]) -> Result<Self, usize> {
        let complete: Vec<DVector<f64>> = blocks
            .iter()
            .filter(|features| features.iter().all(|feature| !feature.is_nan()))
            .map(|features| DVector::from_column_slice(features))
            .collect();
        if complete.len() < 2 {
            return Err(complete.len());
        }
        let mean = DVector::from_fn(BOTH_SCALES, |feature, _| {
            average(
                blocks
                    .iter()
                    .map(|features| features[feature])
                    .filter(|value| !value.is_nan()),
            )
        });
        let centre = DVector::from_fn(BOTH_SCALES, |feature, _| {
            average(complete.iter().map(|features| features[feature]))
        });
        let mut covariance = DMatrix::zeros(BOTH_SCALES, BOTH_SCALES);
        for features in &complete {
            let distance = features - &centre;
            covariance.ger(1.0 / (complete.len() - 1) as f64, &distance, &distance, 1.0);
        }
        Ok(Self { mean, covariance })
    }

    /// The Mahalanobis distance between the means under the mean of the covariances; not a number
    /// where its eigenvalues cannot be found.
    pub fn distance(&self, other: &Self) -> f64 {
        let difference = &self.mean - &other.mean;
        let Some(eigen) = eigen((&self.covariance + &other.covariance) / 2.0) else {
            return f64::NAN;
        };
        let least = NEGLIGIBLE * eigen.eigenvalues.amax();
        let directions = eigen.eigenvectors.column_iter().zip(&eigen.eigenvalues);
        directions
            .filter(|&(_, &value)| value.abs() > least)
            .map(|(direction, value)| direction.dot(&difference).powi(2) / value)
            .sum::<f64>()
            .sqrt()
    }
}

/// Eigenvalues and eigenvectors; none where they are not found or not finite.
fn eigen(matrix: DMatrix<f64>) -> Option<SymmetricEigen<f64, Dyn>> {
    SymmetricEigen::try_new(matrix, f64::EPSILON, ROUNDS)
        .filter(|eigen| eigen.eigenvalues.iter().all(|value| value.is_finite()))
}

fn average(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}
