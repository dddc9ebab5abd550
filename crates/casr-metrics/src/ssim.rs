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

/// Mean SSIM of luma, both images rounded to 8 bits, `border` pixels cut off at every side; 1 for equal images.
///
/// Gaussian window of 11×11 with σ = 1.5 where it lies wholly inside, K1 = 0.01, K2 = 0.03, L = 255.
///
/// # Errors
/// [`MetricsError::SizeMismatch`], or [`MetricsError::TooSmall`] when the border leaves less than a window.
pub fn ssim_y(result: &RgbImage, truth: &RgbImage, border: usize) -> Result<f64, MetricsError> {
    same_size(result, truth)?;
    let result = Luma::new(result.without_border(border, WINDOW)?, truth.is_grey());
    let truth = Luma::new(truth.without_border(border, WINDOW)?, truth.is_grey());
    let (columns, rows) = (result.width - WINDOW + 1, result.height - WINDOW + 1);
    let weights = gaussian();
    let sums: Vec<f64> = (0..rows.div_ceil(BAND))
        .into_par_iter()
        .map(|band| {
            let first = band * BAND;
            let count = BAND.min(rows - first);
            let lines: Vec<Vec<Moments>> = (first..first + count + WINDOW - 1)
                .map(|row| horizontal(&weights, line(&result, row), line(&truth, row)))
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
    Ok(sums.iter().sum::<f64>() / (columns * rows) as f64)
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

fn line(luma: &Luma, row: usize) -> &[f64] {
    &luma.values[row * luma.width..][..luma.width]
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
