//! The sizes at which a benchmark image is measured at a scale.

use crate::MetricsError;

/// How an image is cropped, shrunk and compared at a scale.
///
/// | scale | input | truth | border |
/// |---|---|---|---|
/// | whole s | ⌊size / s⌋ | input × s | s |
/// | broken s | ⌊size / s⌋ | round(input × s) | ⌈s⌉ |
///
/// Both rows are the same formula; papers that measure at broken scales differ in it, so figures at
/// such scales compare only with figures taken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// Width and height that the image is cropped to, from its top left corner.
    pub truth: (usize, usize),
    /// Width and height of the low-resolution image.
    pub input: (usize, usize),
    /// Pixels that PSNR and SSIM on luma leave out at every side.
    pub border: usize,
}

impl Protocol {
    /// The protocol for an image of `size` (width, height).
    ///
    /// # Errors
    /// [`MetricsError::Scale`] when the scale is no number, below 1, or larger than a side of the
    /// image.
    pub fn new(size: (usize, usize), scale: f64) -> Result<Self, MetricsError> {
        let shorter = size.0.min(size.1);
        if !(scale >= 1.0 && scale <= shorter as f64) {
            return Err(MetricsError::Scale { size, scale });
        }
        let shrunk = |length: usize| (length as f64 / scale).floor();
        let cropped = |length: usize| (shrunk(length) * scale).round() as usize;
        Ok(Self {
            truth: (cropped(size.0), cropped(size.1)),
            input: (shrunk(size.0) as usize, shrunk(size.1) as usize),
            border: scale.ceil() as usize,
        })
    }
}
