//! Texture consistency: whether the patterns of an enlargement repeat as those of the truth do.

use crate::autocorrelation::{LAGS, NEEDED, Patches, lags};
use crate::image::same_size;
use crate::{MetricsError, RgbImage, imresize};
use rayon::prelude::*;

/// Similarity of the local autocorrelation maps of a result and the truth, `border` pixels cut off
/// at every side; in `[−1, 1]`, 1 for equal images; higher is better.
///
/// The map of an image holds, for every pixel p and each of 24 lags, the correlation of the 11×11
/// window around p with the one a lag away, A(p, lag) = cov / √((var + n) (var′ + n)), on BT.601
/// luma in `[0, 1]` rounded to 8 bits, where the noise n = (2/255)² takes flat areas to 0. The lags
/// are 1, 2, 3, 4, 6 and 8 pixels, along both axes where diagonal, at 0, 45, 90 and 135 degrees.
/// Pixels within 13 of the border, from where a lag can leave the image, are left out. The
/// similarity is
///
/// 1 − Σ_p σ(p) Σ_lag |A_result(p, lag) − A_truth(p, lag)| / (24 Σ_p σ(p))
///
/// where σ(p) is the standard deviation of the truth's window: what is flat does not count. A truth
/// that is flat everywhere is compared with σ = 1.
///
/// The measure is this project's own, of the self-similarity that the paper (arXiv 2602.22159)
/// restores; its figures compare only with figures taken here.
///
/// # Errors
/// [`MetricsError::SizeMismatch`], or [`MetricsError::TooSmall`] when the border leaves less than
/// 27 pixels a side.
pub fn texture_consistency(
    result: &RgbImage,
    truth: &RgbImage,
    border: usize,
) -> Result<f64, MetricsError> {
    same_size(result, truth)?;
    let result = result.without_border(border, NEEDED)?;
    let truth = truth.without_border(border, NEEDED)?;
    Ok(similarity(
        || Patches::new(&result, (1, 1)),
        || Patches::new(&truth, (1, 1)),
    ))
}

/// [`texture_consistency`] of an enlargement with its input, where there is no truth: patterns
/// should repeat in the enlargement as they do in the input. In `[−1, 1]`, 1 for repeated pixels;
/// higher is better.
///
/// With r = ⌈result / input⌉ per axis, a result that is not exactly r times as large is made so by
/// [`imresize`]. Its lags and windows are r times those of the input: a window covers exactly the
/// input pixels that the input's window covers. σ is the input's.
///
/// # Errors
/// [`MetricsError::Smaller`] when the result is smaller along an axis, or
/// [`MetricsError::TooSmall`] when the input has less than 27 pixels a side.
pub fn texture_consistency_with_input(
    result: &RgbImage,
    input: &RgbImage,
) -> Result<f64, MetricsError> {
    let (width, height) = input.size();
    if result.width() < width || result.height() < height {
        return Err(MetricsError::Smaller {
            result: result.size(),
            input: input.size(),
        });
    }
    let input = input.without_border(0, NEEDED)?;
    let cell = (
        result.width().div_ceil(width),
        result.height().div_ceil(height),
    );
    let size = (width * cell.0, height * cell.1);
    let resampled;
    let result = if result.size() == size {
        result
    } else {
        resampled = imresize(result, size)?;
        &resampled
    };
    Ok(similarity(
        || Patches::new(result, cell),
        || Patches::new(&input, (1, 1)),
    ))
}

/// The formula of [`texture_consistency`]; both patches have equally many cells.
fn similarity(
    result: impl FnOnce() -> Patches + Send,
    reference: impl FnOnce() -> Patches + Send,
) -> f64 {
    let (result, reference) = rayon::join(result, reference);
    let mut weights = reference.deviations();
    if weights.iter().flatten().all(|&weight| weight == 0.0) {
        weights
            .iter_mut()
            .flatten()
            .for_each(|weight| *weight = 1.0);
    }
    let differences: Vec<f64> = lags()
        .into_par_iter()
        .map(|lag| {
            let rows = result.correlations(lag).zip(reference.correlations(lag));
            let rows = rows.zip(&weights).map(|((result, reference), weights)| {
                let pixels = result.iter().zip(&reference).zip(weights);
                pixels
                    .map(|((result, reference), weight)| weight * (result - reference).abs())
                    .sum::<f64>()
            });
            rows.sum()
        })
        .collect();
    let whole: f64 = weights.iter().flatten().sum();
    1.0 - differences.iter().sum::<f64>() / (LAGS as f64 * whole)
}
