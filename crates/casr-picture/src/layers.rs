//! Between the codec's pictures and the network's images: colours and alpha apart on the way in,
//! together on the way out.

use casr_codec::{Colour, Picture, Samples};
use casr_zoom::{ImageView, Samples as View, SamplesMut, ZoomError, fill_hidden_colours};

/// A picture's pixels.
#[derive(Clone, Debug)]
pub struct Layers {
    size: (usize, usize),
    colour: Colour,
    /// Colours; those that hardly show are filled from beside them.
    pixels: Samples,
    /// The alpha channel, if the picture has one.
    pub alpha: Option<Alpha>,
}

/// An alpha channel.
#[derive(Clone, Debug)]
pub enum Alpha {
    /// The same everywhere: nothing to enlarge.
    Constant(f32),
    /// One sample a pixel.
    Varying(Samples),
}

impl Layers {
    /// Takes the pixels out of `picture`. Colours that hardly show take those beside them, as
    /// finely as the picture's samples are divided, unless they are to be kept: `keep_hidden`.
    pub fn take(picture: &mut Picture, keep_hidden: bool) -> Self {
        let mut pixels = std::mem::replace(&mut picture.pixels, Samples::Eight(Vec::new()));
        let alpha = picture
            .alpha
            .take()
            .map(|samples| match samples.constant() {
                Some(value) => Alpha::Constant(value),
                None => {
                    if !keep_hidden {
                        fill_hidden_colours(view_mut(&mut pixels), view(&samples), picture.width);
                    }
                    Alpha::Varying(samples)
                }
            });
        Self {
            size: (picture.width, picture.height),
            colour: picture.colour,
            pixels,
            alpha,
        }
    }

    /// The colours as the network takes them.
    ///
    /// # Errors
    /// There are no pixels.
    pub fn colours(&self) -> Result<ImageView<'_>, ZoomError> {
        let (width, height) = self.size;
        match self.colour {
            Colour::Grey => ImageView::grey(width, height, view(&self.pixels)),
            Colour::Rgb => ImageView::rgb(width, height, view(&self.pixels)),
        }
    }

    /// The alpha channel as the network takes it, where there is something to enlarge.
    ///
    /// # Errors
    /// There are no pixels.
    pub fn mask(&self) -> Result<Option<ImageView<'_>>, ZoomError> {
        let (width, height) = self.size;
        match &self.alpha {
            Some(Alpha::Varying(samples)) => {
                ImageView::grey(width, height, view(samples)).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// Samples as the network's images borrow them.
fn view(samples: &Samples) -> View<'_> {
    match samples {
        Samples::Eight(samples) => samples.into(),
        Samples::Sixteen(samples) => samples.into(),
        Samples::Float(samples) => samples.into(),
    }
}

/// The same, to be changed.
fn view_mut(samples: &mut Samples) -> SamplesMut<'_> {
    match samples {
        Samples::Eight(samples) => SamplesMut::Eight(samples),
        Samples::Sixteen(samples) => SamplesMut::Sixteen(samples),
        Samples::Float(samples) => SamplesMut::Float(samples),
    }
}

/// What the network made of a grey pixel, as grey again: the mean of its three channels, which
/// differ hardly. Where they do not differ, as in the image itself, nothing is rounded.
fn grey(rgb: &[f32]) -> f32 {
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
