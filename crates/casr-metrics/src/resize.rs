//! Resampling of whole images: MATLAB's `imresize` with bicubic interpolation and antialiasing, the
//! degradation of the literature, and what enlargements are compared with.

use crate::{MetricsError, RgbImage};
use casr_kernels::resample::{self, Taps};

/// Resamples to `size` (width, height), by any factor per axis: Keys' cubic with a = −1/2, widened
/// when shrinking, symmetric border. The result is neither clamped nor rounded.
///
/// # Errors
/// [`MetricsError::Empty`] when `size` has no pixels.
pub fn imresize(image: &RgbImage, size: (usize, usize)) -> Result<RgbImage, MetricsError> {
    resampled(image, size, |inputs, outputs| {
        Taps::bicubic(inputs, outputs, true)
    })
}

/// Resamples to `size` (width, height) with a Lanczos kernel of three lobes a side, widened when
/// shrinking, symmetric border. The result is neither clamped nor rounded.
///
/// # Errors
/// [`MetricsError::Empty`] when `size` has no pixels.
pub fn lanczos(image: &RgbImage, size: (usize, usize)) -> Result<RgbImage, MetricsError> {
    resampled(image, size, Taps::lanczos)
}

/// Resamples to `size` (width, height): every pixel is the one under its centre.
///
/// # Errors
/// [`MetricsError::Empty`] when `size` has no pixels.
pub fn nearest(image: &RgbImage, size: (usize, usize)) -> Result<RgbImage, MetricsError> {
    let (width, height) = size;
    let under = |place: usize, from: usize, to: usize| (2 * place + 1) * from / (2 * to);
    let mut values = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        let row = under(y, image.height(), height) * image.width();
        for x in 0..width {
            let pixel = 3 * (row + under(x, image.width(), width));
            values.extend_from_slice(&image.values()[pixel..pixel + 3]);
        }
    }
    Ok(RgbImage::new(width, height, values)?.with_grey(image.is_grey()))
}

fn resampled(
    image: &RgbImage,
    size: (usize, usize),
    taps: impl Fn(usize, usize) -> Taps,
) -> Result<RgbImage, MetricsError> {
    let (width, height) = size;
    if width == 0 || height == 0 {
        return Err(MetricsError::Empty(size));
    }
    let rows = taps(image.height(), height);
    let columns = taps(image.width(), width);
    let mut values = vec![0.0; width * height * 3];
    resample::forward(1, 3, &rows, &columns, image.values(), &mut values);
    Ok(RgbImage::new(width, height, values)?.with_grey(image.is_grey()))
}

/// The low-resolution image of a benchmark: [`imresize`], clamped and rounded to 8 bits.
///
/// # Errors
/// [`MetricsError::Empty`] when `size` has no pixels.
pub fn degrade(image: &RgbImage, size: (usize, usize)) -> Result<RgbImage, MetricsError> {
    Ok(imresize(image, size)?.rounded_to_8_bits())
}
