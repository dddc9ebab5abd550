//! Separable resampling of images: bicubic and Lanczos, antialiased where the image shrinks.
//!
//! Each axis is described by its [`Taps`], and [`forward()`] applies the taps of both; the feature
//! `backward` adds the transpose. Every output row is combined from input rows first and along the
//! row second, term by term in the order of the taps, so the value of a pixel depends only on its
//! taps: a window gives the same bits as the whole image.

#[cfg(feature = "backward")]
mod backward;
mod gather;
mod taps;

#[cfg(feature = "backward")]
pub use backward::backward;
pub use taps::{Taps, mirror};

use gather::Gather;

/// Resamples `input` `[images, rows.inputs, columns.inputs, channels]` into `output`
/// `[images, rows.outputs, columns.outputs, channels]`, which is overwritten.
///
/// # Panics
/// If the length of a slice does not match its shape.
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
