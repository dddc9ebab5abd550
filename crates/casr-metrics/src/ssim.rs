//! Structural similarity (Wang et al., IEEE TIP 13, 2004).

use crate::image::same_size;
use crate::luma::Luma;
use crate::{MetricsError, RgbImage};
use rayon::prelude::*;
use std::array;

/// Side of the window.
const WINDOW: usize = 11;

/// Rows of the map computed at once, each from [`WINDOW`] rows of the images.
const BAND: usize = 32;

/// Local means of x, y, x², y² and xy.
type Moments = [f64; 5];

/// Mean SSIM of luma, both images rounded to 8 bits, `border` pixels cut off at every side; up to
/// 1, higher is better, 1 for equal images.
///
/// Gaussian window of 11×11 with σ = 1.5 where it lies wholly inside, K1 = 0.01, K2 = 0.03, L =
/// 255.
///
/// # Errors
/// [`MetricsError::SizeMismatch`], or [`MetricsError::TooSmall`] when the border leaves less than a
/// window.
pub fn ssim_y(result: &RgbImage, truth: &RgbImage, border: usize) -> Result<f64, MetricsError> {
    same_size(result, truth)?;
    let result = Luma::new(result.without_border(border, WINDOW)?, truth.is_grey());
    let truth = Luma::new(truth.without_border(border, WINDOW)?, truth.is_grey());
    let size = (result.width, result.height);
    Ok(mean_similarity(size, &result.values, &truth.values))
}

/// Mean over red, green and blue of the mean SSIM of the values, both images rounded to 8 bits,
/// `border` pixels cut off at every side; up to 1, higher is better, 1 for equal images.
///
/// Window and constants as for [`ssim_y`].
///
/// # Errors
/// As [`ssim_y`].
pub fn ssim_rgb(result: &RgbImage, truth: &RgbImage, border: usize) -> Result<f64, MetricsError> {
    same_size(result, truth)?;
    let result = result.without_border(border, WINDOW)?.rounded_to_8_bits();
    let truth = truth.without_border(border, WINDOW)?.rounded_to_8_bits();
    let channels: [f64; 3] = array::from_fn(|channel| {
        mean_similarity(
            result.size(),
            &levels(&result, channel),
            &levels(&truth, channel),
        )
    });
    Ok(channels.iter().sum::<f64>() / 3.0)
}

/// A channel of an image rounded to 8 bits, on their scale.
fn levels(image: &RgbImage, channel: usize) -> Vec<f64> {
    let values = image.values().iter().skip(channel).step_by(3);
    values
        .map(|&value| (f64::from(value) * 255.0).round())
        .collect()
}

/// Mean SSIM of two planes of a size (width, height) on the scale of 8 bits, `[height, width]`.
fn mean_similarity((width, height): (usize, usize), result: &[f64], truth: &[f64]) -> f64 {
    let (columns, rows) = (width - WINDOW + 1, height - WINDOW + 1);
    let weights = gaussian();
    let line = |row: usize| row * width..(row + 1) * width;
    let sums: Vec<f64> = (0..rows.div_ceil(BAND))
        .into_par_iter()
        .map(|band| {
            let first = band * BAND;
            let count = BAND.min(rows - first);
            let lines: Vec<Vec<Moments>> = (first..first + count + WINDOW - 1)
                .map(|row| horizontal(&weights, &result[line(row)], &truth[line(row)]))
                .collect();
            let windows = lines.windows(WINDOW);
            windows
                .map(|lines| {
                    (0..columns)
                        .map(|x| similarity(vertical(&weights, lines, x)))
                        .sum::<f64>()
                })
                .sum()
        })
        .collect();
    sums.iter().sum::<f64>() / (columns * rows) as f64
}

/// The window of one axis, with sum 1.
fn gaussian() -> [f64; WINDOW] {
    let weights: [f64; WINDOW] = array::from_fn(|i| {
        let distance = i as f64 - (WINDOW / 2) as f64;
        (-distance * distance / (2.0 * 1.5 * 1.5)).exp()
    });
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| weight / sum)
}

/// Weighted means along a line.
fn horizontal(weights: &[f64; WINDOW], result: &[f64], truth: &[f64]) -> Vec<Moments> {
    let windows = result.windows(WINDOW).zip(truth.windows(WINDOW));
    windows
        .map(|(result, truth)| {
            let mut moments = Moments::default();
            for ((&x, &y), &weight) in result.iter().zip(truth).zip(weights) {
                for (moment, value) in moments.iter_mut().zip([x, y, x * x, y * y, x * y]) {
                    *moment += weight * value;
                }
            }
            moments
        })
        .collect()
}

/// Weighted means down a column of lines.
fn vertical(weights: &[f64; WINDOW], lines: &[Vec<Moments>], column: usize) -> Moments {
    let mut moments = Moments::default();
    for (line, weight) in lines.iter().zip(weights) {
        for (moment, value) in moments.iter_mut().zip(line[column]) {
            *moment += weight * value;
        }
    }
    moments
}

fn similarity([x, y, xx, yy, xy]: Moments) -> f64 {
    const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
    const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);
    let (variance_x, variance_y, covariance) = (xx - x * x, yy - y * y, xy - x * y);
    (2.0 * x * y + C1) * (2.0 * covariance + C2)
        / ((x * x + y * y + C1) * (variance_x + variance_y + C2))
}
