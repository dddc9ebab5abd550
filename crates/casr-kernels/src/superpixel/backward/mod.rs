//! Gradients of the superpixel kernels.

mod assign;
mod dots;
mod gather;
mod modulate;
mod moments;
mod scalar;

pub use assign::assign_gradient;
pub use modulate::modulate_gradient;
pub use moments::moments_gradient;

use super::grid::cut;
use super::{Source, SuperpixelShape};

impl Source<'_> {
    /// Panics if the lengths of gradients do not match.
    fn check_gradients(self, feature_gradient: &[f32], weight_gradient: Option<&[f32]>) {
        assert_eq!(
            feature_gradient.len(),
            self.features.len(),
            "feature gradient length"
        );
        if let Some(gradient) = weight_gradient {
            assert_eq!(gradient.len(), self.weights.len(), "weight gradient length");
        }
    }
}

/// [`cut`] for optional data.
fn cut_option(
    shape: SuperpixelShape,
    per_pixel: usize,
    data: Option<&mut [f32]>,
) -> Vec<Option<&mut [f32]>> {
    match data {
        Some(data) => {
            let parts = cut(shape, per_pixel, data);
            parts.into_iter().map(Some).collect()
        }
        None => (0..shape.images * shape.cell_rows())
            .map(|_| None)
            .collect(),
    }
}
