//! Between the codec's pictures and the network's images: colours and alpha apart on the way in, together on the way out.

use crate::alpha;
use casr_codec::{Colour, Picture};
use casr_zoom::{Image, ZoomError};

/// A picture's pixels as the network takes them. Grey becomes RGB with three equal channels.
pub struct Layers {
    /// Colours; those that hardly show are filled from beside them.
    pub colours: Image,
    /// The alpha channel, if the picture has one.
    pub alpha: Option<Alpha>,
}

/// An alpha channel.
pub enum Alpha {
    /// The same everywhere: nothing to enlarge.
    Constant(f32),
    /// One value a pixel, as a grey image.
    Varying(Image),
}

impl Layers {
    /// Takes the pixels out of `picture`. Colours that hardly show take those beside them, unless they are to be kept: `keep_hidden`.
    ///
    /// # Errors
    /// The picture has no pixels.
    pub fn take(picture: &mut Picture, keep_hidden: bool) -> Result<Self, ZoomError> {
        let (width, height) = (picture.width, picture.height);
        let mut pixels = std::mem::take(&mut picture.pixels);
        let alpha = match picture.alpha.take() {
            Some(values) if values.iter().all(|value| *value == values[0]) => {
                Some(Alpha::Constant(values[0]))
            }
            Some(values) => {
                if !keep_hidden {
                    alpha::weigh(&mut pixels, &values, width);
                    alpha::bleed(&mut pixels, &values, width);
                }
                Some(Alpha::Varying(Image::new(width, height, spread(&values))?))
            }
            None => None,
        };
        if picture.colour == Colour::Grey {
            pixels = spread(&pixels);
        }
        Ok(Self {
            colours: Image::new(width, height, pixels)?,
            alpha,
        })
    }
}

/// Grey values as RGB.
fn spread(grey: &[f32]) -> Vec<f32> {
    grey.iter().flat_map(|&value| [value; 3]).collect()
}

/// What the network made of a grey pixel, as grey again: the mean of its three channels, which differ hardly.
fn grey(rgb: &[f32]) -> f32 {
    (rgb[0] + rgb[1] + rgb[2]) / 3.0
}

/// The alpha of some enlarged rows.
pub enum AlphaRows<'a> {
    /// There is no alpha channel.
    Absent,
    /// The same everywhere.
    Constant(f32),
    /// As enlarged: RGB with channels that differ hardly.
    Enlarged(&'a [f32]),
}

/// Enlarged rows, RGB, as the codec writes them: `colour` samples a pixel, followed by its alpha if there is one.
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
