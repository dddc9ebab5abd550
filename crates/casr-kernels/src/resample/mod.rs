//! Separable resampling of images: bicubic enlargement and antialiased shrinking, with gradients.
//!
//! An axis is described once by its [`Taps`]; [`forward`] applies the taps of both axes, [`backward`] their transpose.
//! Every output row is combined from input rows first and along the row second, term by term in tap order, so the
//! value of a pixel depends only on its taps: a window gives the same bits as the whole image.

#[cfg(feature = "backward")]
mod backward;
mod gather;
mod taps;

#[cfg(feature = "backward")]
pub use backward::backward;
pub use taps::{Taps, mirror};

use gather::Gather;

/// Resamples `input` `[images, rows.inputs, columns.inputs, channels]` into `output`
/// `[images, rows.outputs, columns.outputs, channels]`.
///
/// # Panics
/// When the length of a slice does not fit its shape.
pub fn forward(
    images: usize,
    channels: usize,
    rows: &Taps,
    columns: &Taps,
    input: &[f32],
    output: &mut [f32],
) {
    gather::apply(
        images,
        channels,
        &Gather::new(rows),
        &Gather::new(columns),
        input,
        output,
    );
}
