//! Peak signal-to-noise ratio.

use crate::image::same_size;
use crate::luma::Luma;
use crate::{MetricsError, RgbImage, imresize};
use rayon::prelude::*;

/// Differences summed in one go; fixed, so that the sum does not depend on the number of threads.
const CHUNK: usize = 1 << 16;

/// PSNR in dB of luma, both images rounded to 8 bits, `border` pixels cut off at every side: the
/// figure of Set5 … Urban100. Infinite for equal images.
///
/// # Errors
/// [`MetricsError::SizeMismatch`], or [`MetricsError::TooSmall`] when the border leaves nothing.
pub fn psnr_y(result: &RgbImage, truth: &RgbImage, border: usize) -> Result<f64, MetricsError> {
    same_size(result, truth)?;
    let result = Luma::new(result.without_border(border, 1)?, truth.is_grey());
    let truth = Luma::new(truth.without_border(border, 1)?, truth.is_grey());
    Ok(psnr(255.0, &result.values, &truth.values))
}

/// PSNR in dB over red, green and blue without rounding, `border` pixels cut off at every side: the
/// figure of the arbitrary-scale papers on DIV2K, whose border is the scale + 6. Infinite for equal
/// images.
///
/// # Errors
/// [`MetricsError::SizeMismatch`], or [`MetricsError::TooSmall`] when the border leaves nothing.
pub fn psnr_rgb(result: &RgbImage, truth: &RgbImage, border: usize) -> Result<f64, MetricsError> {
    same_size(result, truth)?;
    let result = result.without_border(border, 1)?;
    let truth = truth.without_border(border, 1)?;
    Ok(psnr(1.0, result.values(), truth.values()))
}

/// LR-PSNR in dB: the result, rounded to 8 bits, shrunk to the size of the image that it was made
/// of (MATLAB's bicubic, not rounded again), against that image, over red, green and blue of all
/// pixels. Above 45 dB a result invents nothing that the input contradicts (NTIRE 2021, learning
/// the super-resolution space; Lugmayr et al., arXiv 2006.14200). Infinite for equal images.
///
/// # Errors
/// [`MetricsError::Empty`] when an image has no pixels.
pub fn psnr_lr(result: &RgbImage, input: &RgbImage) -> Result<f64, MetricsError> {
    let shrunk = imresize(&result.clone().rounded_to_8_bits(), input.size())?;
    Ok(psnr(1.0, shrunk.values(), input.values()))
}

fn psnr<T: Copy + Into<f64> + Sync>(peak: f64, result: &[T], truth: &[T]) -> f64 {
    let sums: Vec<f64> = result
        .par_chunks(CHUNK)
        .zip(truth.par_chunks(CHUNK))
        .map(|(result, truth)| {
            let differences = result.iter().zip(truth).map(|(&a, &b)| a.into() - b.into());
            differences
                .map(|difference: f64| difference * difference)
                .sum()
        })
        .collect();
    let mean = sums.iter().sum::<f64>() / result.len() as f64;
    10.0 * (peak * peak / mean).log10()
}
