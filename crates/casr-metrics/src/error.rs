//! What can go wrong when images are compared.

use std::path::PathBuf;
use thiserror::Error;

/// Width and height in pixels.
type Size = (usize, usize);

/// Why an image could not be made, resampled or compared.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum MetricsError {
    /// The number of values does not fit the size.
    #[error("an RGB image of {}×{} pixels holds {} values, not {values}", size.0, size.1, size.0 * size.1 * 3)]
    ValueCount {
        /// Size of the image.
        size: Size,
        /// Values given.
        values: usize,
    },
    /// An image without pixels.
    #[error("an image of {}×{} pixels has nothing to resample or measure", .0.0, .0.1)]
    Empty(Size),
    /// Two images that are to be compared differ in size.
    #[error("cannot compare an image of {}×{} pixels with one of {}×{}: resample or crop one of them", result.0, result.1, truth.0, truth.1)]
    SizeMismatch {
        /// Size of the image measured.
        result: Size,
        /// Size of the image it is measured against.
        truth: Size,
    },
    /// A window that reaches past its image.
    #[error("a window of {}×{} pixels at ({}, {}) reaches past an image of {}×{}", window.0, window.1, corner.0, corner.1, size.0, size.1)]
    OutsideImage {
        /// Left and top of the window.
        corner: Size,
        /// Size of the window.
        window: Size,
        /// Size of the image.
        size: Size,
    },
    /// An enlargement that is smaller than what was enlarged.
    #[error("a result of {}×{} pixels is no enlargement of an input of {}×{}: pass the larger image as the result", result.0, result.1, input.0, input.1)]
    Smaller {
        /// Size of the image measured.
        result: Size,
        /// Size of the image that it was made of.
        input: Size,
    },
    /// Too few pixels are left to measure.
    #[error("an image of {}×{} pixels without a border of {border} is too small: at least {needed} pixels a side must be left", size.0, size.1)]
    TooSmall {
        /// Size of the image.
        size: Size,
        /// Pixels cut off at every side.
        border: usize,
        /// Pixels that must be left per side.
        needed: usize,
    },
    /// A scale that is not a number from 1 up, or leaves no pixel of the image.
    #[error("an image of {}×{} pixels cannot be measured at scale {scale}: use a scale from 1 to its shorter side", size.0, size.1)]
    Scale {
        /// Size of the image.
        size: Size,
        /// The wanted scale.
        scale: f64,
    },
    /// A file of weights that a metric cannot use.
    #[error("cannot measure with the weights in {}: {problem}; name the whole safetensors file made for this metric", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The device that computes features failed.
    #[error("the features of an image cannot be computed ({0}): measure a smaller part of it")]
    Features(String),
    /// Features of some stages only.
    #[error("LPIPS compares the features of all stages: compute all of them, of both images")]
    MissingStages,
    /// Features that SIFID does not compare.
    #[error("SIFID compares features of VGG16: make them with the weights of LPIPS-VGG")]
    OtherFeatures,
    /// Too little texture for the statistics of NIQE.
    #[error(
        "NIQE needs two blocks of 96×96 pixels with texture, but of {blocks} whole blocks only {textured} have any: measure a larger part of the image"
    )]
    TooFewBlocks {
        /// Whole blocks in the image.
        blocks: usize,
        /// Blocks with texture.
        textured: usize,
    },
}
