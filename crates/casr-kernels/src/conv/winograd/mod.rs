//! The 3×3 convolution with fewer multiplications, for many channels: Winograd's F(4×4, 3×3).
//!
//! A tile of 4×4 pixels is computed from the 6×6 window under it: the window is transformed, each of its 36 points is
//! multiplied by a matrix of transformed weights, `[inputs, outputs]`, and the products are transformed back. That is 36
//! multiplications a channel pair where the plain sum takes 144. After Lavin and Gray, arXiv 1509.09308.
//!
//! Tiles lie on a grid of 4×4 pixels that starts at the image's first pixel. A pixel's bits depend on the window
//! under its tile and on nothing else: images cut so that the cut lies on the grid give the same bits.

pub(super) mod forward;
pub(super) mod scalar;
mod transform;
#[cfg(feature = "backward")]
pub(super) mod weight_gradient;
mod window;

use super::ConvShape;
pub(super) use transform::TILE;

/// Tiles that are worked through together. More of them spare reading weights, fewer keep their transforms in the
/// second-level cache. A multiple of every register tile's rows.
const STRIP_TILES: usize = 24;
/// With fewer channels than this the transforms cost more than they spare.
const FEWEST_CHANNELS: usize = 16;

/// Whether a convolution is computed this way.
pub(super) fn suits(shape: ConvShape) -> bool {
    shape.kernel == transform::KERNEL && shape.inputs.min(shape.outputs) >= FEWEST_CHANNELS
}

/// Tiles side by side and one above the other in one image.
fn grid(shape: ConvShape) -> (usize, usize) {
    (shape.width.div_ceil(TILE), shape.height.div_ceil(TILE))
}
