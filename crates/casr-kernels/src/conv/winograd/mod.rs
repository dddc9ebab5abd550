//! The 3×3 convolution for many channels with fewer multiplications: Winograd's F(4×4, 3×3).
//!
//! A tile of 4×4 output pixels is computed from the 6×6 window of input pixels under it: the window
//! is transformed, each of the 36 points of the transform is multiplied by a matrix of transformed
//! weights, `[inputs, outputs]`, and the products are transformed back. That takes 36
//! multiplications for each pair of channels where the direct sum takes 144. After Lavin and Gray,
//! arXiv 1509.09308.
//!
//! Tiles lie on a grid of 4×4 pixels anchored at the image's first pixel. The bits of a pixel
//! depend only on the window under its tile: images cropped on the grid give the same bits.

pub(super) mod forward;
pub(super) mod scalar;
mod transform;
#[cfg(feature = "backward")]
pub(super) mod weight_gradient;
mod window;

use super::ConvShape;
pub(super) use transform::TILE;

/// Tiles per strip, which are processed together. More tiles reuse the loaded weights more often;
/// fewer keep the transforms in the second-level cache. A multiple of the rows of every register
/// tile.
const STRIP_TILES: usize = 24;
/// With fewer input or output channels than this, the transforms cost more than they save.
const MIN_CHANNELS: usize = 16;

/// Whether a convolution of this shape is computed by Winograd's algorithm.
pub(super) fn suits(shape: ConvShape) -> bool {
    shape.kernel == transform::KERNEL && shape.inputs.min(shape.outputs) >= MIN_CHANNELS
}

/// Columns and rows of tiles in one image.
fn grid(shape: ConvShape) -> (usize, usize) {
    (shape.width.div_ceil(TILE), shape.height.div_ceil(TILE))
}
