//! The two scales of luma that NIQE measures.

use super::BLOCK;
use crate::luma::Luma;
use crate::{MetricsError, RgbImage};
use casr_kernels::resample::{self, Taps};

/// Luma on the scale of 8 bits, `[height, width]`, in whole blocks.
pub(super) struct Plane {
    pub width: usize,
    pub height: usize,
    pub values: Vec<f32>,
}

impl Plane {
    /// Rounded luma of the blocks that lie wholly in the image without its border, from the top
    /// left.
    pub fn luma(image: &RgbImage, border: usize) -> Result<Self, MetricsError> {
        let image = image.without_border(border, BLOCK)?;
        let whole = |length: usize| length / BLOCK * BLOCK;
        let size = (whole(image.width()), whole(image.height()));
        // Studio range for grey images too: BasicSR reads their files as three equal channels.
        let luma = Luma::new(image.crop((0, 0), size)?, false);
        // BasicSR rounds luma that has been through [0, 1] in single precision, which settles what
        // is near a half.
        let rounded = |luma: f64| ((luma / 255.0) as f32 * 255.0).round_ties_even();
        Ok(Self {
            width: size.0,
            height: size.1,
            values: luma.values.into_iter().map(rounded).collect(),
        })
    }

    /// The second scale: shrunk to half its sides as MATLAB does, not rounded.
    ///
    /// Exact but for one rounding: taps at this factor are multiples of 1/256, so that sums of
    /// whole levels around zero fit into an f32. BasicSR shrinks values in [0, 1], whose sums are
    /// rounded, which moves a score by 1e-5 as a rule and by 6e-4 where much of the image is flat.
    pub fn halved(&self) -> Self {
        const MIDDLE: f32 = 128.0;
        let (width, height) = (self.width / 2, self.height / 2);
        let rows = Taps::bicubic(self.height, height, true);
        let columns = Taps::bicubic(self.width, width, true);
        let centred: Vec<f32> = self.values.iter().map(|value| value - MIDDLE).collect();
        let mut values = vec![0.0; width * height];
        resample::forward(1, 1, &rows, &columns, &centred, &mut values);
        for value in &mut values {
            *value += MIDDLE;
        }
        Self {
            width,
            height,
            values,
        }
    }
}
