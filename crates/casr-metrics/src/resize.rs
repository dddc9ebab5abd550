//! MATLAB's `imresize` with bicubic interpolation and antialiasing, the degradation of the literature.

use crate::{MetricsError, RgbImage};
use casr_kernels::resample::{self, Taps};

/// Resamples to `size` (width, height), by any factor per axis: Keys' cubic with a = −1/2, widened when shrinking,
/// symmetric border. The result is neither clamped nor rounded.
///
/// # Errors
/// [`MetricsError::Empty`] when `size` has no pixels.
pub fn imresize(image: &RgbImage, size: (usize, usize)) -> Result<RgbImage, MetricsError> {
    let (width, height) = size;
    if width == 0 || height == 0 {
        return Err(MetricsError::Empty(size));
    }
    let rows = Taps::bicubic(image.height(), height, true);
    let columns = Taps::bicubic(image.width(), width, true);
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
