//! The colours and the alpha channel of an image, which are enlarged apart and beside each other.

use crate::{
    error::ZoomError,
    owned::{OwnedImage, OwnedSamples},
    transparency::fill_hidden_colours,
};
use std::sync::Arc;

/// An image that may have an alpha channel; clones share their samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Layers {
    /// Colours, not multiplied by alpha.
    pub colours: Arc<OwnedImage>,
    /// How opaque they are; none where nothing says so.
    pub alpha: Option<Alpha>,
}

/// An alpha channel.
#[derive(Clone, Debug, PartialEq)]
pub enum Alpha {
    /// The same in [0, 1] everywhere: nothing to enlarge.
    Constant(f32),
    /// One sample a pixel, enlarged as a grey image.
    Varying(Arc<OwnedImage>),
}

impl Layers {
    /// Of an image of `width` × `height` pixels: three samples a pixel, or one where it is `grey`,
    /// and as many of alpha as pixels. Colours that hardly show take those beside them
    /// ([`fill_hidden_colours`]) unless `keep_hidden`.
    ///
    /// # Errors
    /// As [`OwnedImage::rgb`].
    pub fn new(
        (width, height): (usize, usize),
        grey: bool,
        colours: OwnedSamples,
        alpha: Option<OwnedSamples>,
        keep_hidden: bool,
    ) -> Result<Self, ZoomError> {
        let mut colours = match grey {
            true => OwnedImage::grey(width, height, colours),
            false => OwnedImage::rgb(width, height, colours),
        }?;
        let alpha = match alpha {
            None => None,
            Some(samples) => Some(match samples.view().constant() {
                Some(value) => Alpha::Constant(value),
                None => {
                    let mask = OwnedImage::grey(width, height, samples)?;
                    if !keep_hidden {
                        fill_hidden_colours(colours.samples_mut(), mask.samples().view(), width);
                    }
                    Alpha::Varying(Arc::new(mask))
                }
            }),
        };
        Ok(Self {
            colours: Arc::new(colours),
            alpha,
        })
    }
}
