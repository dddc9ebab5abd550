//! Soft superpixels on a grid of cells (after superpixel sampling networks, SSN, arXiv 1807.10174).
//!
//! The image is divided into cells of [`CELL`]×[`CELL`] pixels, anchored at its origin; the last
//! cell of a row or column may be incomplete. Every pixel belongs to each of the 3 × 3 cells around
//! it with a weight, and the weights of a pixel sum to one. [`assign()`] computes the weights;
//! [`moments()`] the weighted mean and deviation of the features of each cell's pixels;
//! [`modulate()`] applies a gain and an offset of each cell to its pixels.
//!
//! All tensors are row-major with channels last. The bits of a value depend only on the cells
//! around it: neither on the number of threads nor on how an image was cropped, if the crop is
//! aligned to the cells and at least four cells away.

mod assign;
#[cfg(feature = "backward")]
mod backward;
mod gather;
mod grid;
mod modulate;
mod moments;
mod scalar;
mod spread;

pub use assign::assign;
#[cfg(feature = "backward")]
pub use backward::{assign_gradient, modulate_gradient, moments_gradient};
pub use modulate::modulate;
pub use moments::{VARIANCE_FLOOR, moments};

/// Height and width of a cell, in pixels.
pub const CELL: usize = 4;

/// Number of cells that a pixel belongs to: the 3 × 3 around its own, in reading order, its own in
/// the middle.
pub const NEIGHBOURS: usize = 9;

/// Sizes of a batch of images that are divided into cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuperpixelShape {
    /// Number of images.
    pub images: usize,
    /// Height of an image, in pixels.
    pub height: usize,
    /// Width of an image, in pixels.
    pub width: usize,
}

impl SuperpixelShape {
    /// Rows of cells; the last may be incomplete.
    pub fn cell_rows(self) -> usize {
        self.height.div_ceil(CELL)
    }

    /// Columns of cells; the last may be incomplete.
    pub fn cell_columns(self) -> usize {
        self.width.div_ceil(CELL)
    }

    /// Number of pixels of all images.
    pub fn pixels(self) -> usize {
        self.images * self.height * self.width
    }

    /// Number of cells of all images.
    pub fn cells(self) -> usize {
        self.images * self.cell_rows() * self.cell_columns()
    }
}

/// The arguments that the kernels on features share.
#[derive(Clone, Copy)]
struct Source<'a> {
    shape: SuperpixelShape,
    /// Channels of the features.
    channels: usize,
    /// `[images, height, width, NEIGHBOURS]`.
    weights: &'a [f32],
    /// `[images, height, width, channels]`.
    features: &'a [f32],
}

impl<'a> Source<'a> {
    /// Panics if the lengths do not match.
    fn new(
        shape: SuperpixelShape,
        channels: usize,
        weights: &'a [f32],
        features: &'a [f32],
    ) -> Self {
        assert!(channels > 0, "features have channels");
        assert_eq!(weights.len(), shape.pixels() * NEIGHBOURS, "weights length");
        assert_eq!(features.len(), shape.pixels() * channels, "features length");
        Self {
            shape,
            channels,
            weights,
            features,
        }
    }

    /// The length of moments and modulations: two values for each channel of each cell.
    fn cell_pairs(self) -> usize {
        self.shape.cells() * 2 * self.channels
    }
}

/// A table of `stride` values for each cell; a kernel reads parts of `channels` values of them.
#[derive(Clone, Copy)]
struct Table<'a> {
    values: &'a [f32],
    stride: usize,
}

impl<'a> Table<'a> {
    /// The values of a cell.
    #[inline(always)]
    fn cell(self, cell: usize) -> &'a [f32] {
        &self.values[cell * self.stride..][..self.stride]
    }
}
