//! Soft superpixels on a grid of cells (after superpixel sampling networks, SSN, arXiv 1807.10174).
//!
//! The image is cut into cells of [`CELL`] × [`CELL`] pixels, anchored at its origin; those at the right and at the bottom
//! may be cut short. Every pixel belongs to the 3 × 3 cells around it, to each by a weight, and the weights of a pixel sum to
//! one. [`assign`] finds the weights; [`moments`] gives each cell the weighted mean and deviation of the features of its
//! pixels; [`modulate`] carries a gain and an offset from the cells back to their pixels.
//!
//! All tensors are row-major with channels last. A value's bits depend on nothing but the cells around it: neither on the
//! number of threads nor on where an image was cut, as long as the cut lies on the grid and four cells away.

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

/// The cells that a pixel belongs to: the 3 × 3 around its own, in reading order, its own in the middle.
pub const NEIGHBOURS: usize = 9;

/// Sizes of an image that is cut into cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuperpixelShape {
    /// Number of images.
    pub images: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
}

impl SuperpixelShape {
    /// Rows of cells, the last maybe incomplete.
    pub fn cell_rows(self) -> usize {
        self.height.div_ceil(CELL)
    }

    /// Columns of cells, the last maybe incomplete.
    pub fn cell_columns(self) -> usize {
        self.width.div_ceil(CELL)
    }

    /// Pixels of all images.
    pub fn pixels(self) -> usize {
        self.images * self.height * self.width
    }

    /// Cells of all images.
    pub fn cells(self) -> usize {
        self.images * self.cell_rows() * self.cell_columns()
    }
}

/// What the kernels on features read.
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
    /// Panics where the lengths do not fit.
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

    /// Two numbers for each channel of each cell: the length of moments and modulations.
    fn cell_pairs(self) -> usize {
        self.shape.cells() * 2 * self.channels
    }
}

/// Numbers of the cells, `stride` for each; a kernel reads parts of `channels` of them.
#[derive(Clone, Copy)]
struct Table<'a> {
    values: &'a [f32],
    stride: usize,
}

impl<'a> Table<'a> {
    /// The numbers of a cell.
    #[inline(always)]
    fn cell(self, cell: usize) -> &'a [f32] {
        &self.values[cell * self.stride..][..self.stride]
    }
}
