//! Between the codec's pictures and the network's images: colours and alpha apart on the way in,
//! together on the way out.

use casr_codec::{Colour, Picture, Samples};
use casr_zoom::{Layers, ZoomError};

/// Takes the pixels out of `picture`. Colours that hardly show take those beside them, as finely as
/// the picture's samples are divided, unless they are to be kept: `keep_hidden`.
///
/// # Errors
/// There are no pixels.
pub fn layers(picture: &mut Picture, keep_hidden: bool) -> Result<Layers, ZoomError> {
    let pixels = std::mem::replace(&mut picture.pixels, Samples::Eight(Vec::new()));
    let size = (picture.width, picture.height);
    let grey = picture.colour == Colour::Grey;
    let alpha = picture.alpha.take().map(Samples::into_kind);
    Layers::new(size, grey, pixels.into_kind(), alpha, keep_hidden)
}

/// What the network made of a grey pixel, as grey again: the mean of its three channels, which
/// differ hardly. Where they do not differ, as in the image itself, nothing is rounded.
pub fn grey(rgb: &[f32]) -> f32 {
    if rgb[0] == rgb[1] && rgb[1] == rgb[2] {
        rgb[0]
    } else {
        (rgb[0] + rgb[1] + rgb[2]) / 3.0
    }
}

/// The alpha of some enlarged rows.
#[derive(Clone, Copy, Debug)]
pub enum AlphaRows<'a> {
    /// There is no alpha channel.
    Absent,
    /// The same everywhere.
    Constant(f32),
    /// As enlarged: RGB with channels that differ hardly.
    Enlarged(&'a [f32]),
}

/// Enlarged rows, RGB, as the codec writes them: `colour` samples a pixel, followed by its alpha if
/// there is one.
pub fn interleave(rgb: &[f32], alpha: &AlphaRows, colour: Colour) -> Vec<f32> {
    let has_alpha = !matches!(alpha, AlphaRows::Absent);
    let samples = colour.channels() + usize::from(has_alpha);
    let mut rows = Vec::with_capacity(rgb.len() / 3 * samples);
    for (index, pixel) in rgb.chunks_exact(3).enumerate() {
        match colour {
            Colour::Grey => rows.push(grey(pixel)),
            Colour::Rgb => rows.extend_from_slice(pixel),
        }
        match alpha {
            AlphaRows::Absent => {}
            AlphaRows::Constant(value) => rows.push(*value),
            AlphaRows::Enlarged(values) => rows.push(grey(&values[3 * index..][..3])),
        }
    }
    rows
}
