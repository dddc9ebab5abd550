//! How well the network restores a benchmark image, beside bicubic interpolation, by the literature's protocol.

use crate::interrupt;
use casr_metrics::{MetricsError, Protocol, RgbImage, degrade, imresize, psnr_y, ssim_y};
use casr_zoom::{Enlarger, Image, Size, Target, ZoomError};
use std::ops::{AddAssign, ControlFlow, Div};

/// PSNR in dB and SSIM, both on luma.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// PSNR in dB.
    pub psnr: f64,
    /// SSIM, 1 for equal images.
    pub ssim: f64,
}

/// The scores of one image, or means of several.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Bicubic interpolation.
    pub bicubic: Score,
    /// The network.
    pub network: Score,
}

/// Why an image was not measured.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// Too small for the scale.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The network did not enlarge it.
    #[error(transparent)]
    Zoom(#[from] ZoomError),
}

/// Shrinks `image` by `scale`, enlarges it again both ways, and compares the results with it.
///
/// # Errors
/// The image is too small for the scale, or Ctrl-C came.
pub fn compare(
    image: &RgbImage,
    scale: f64,
    enlarger: &Enlarger,
) -> Result<Comparison, EvaluationError> {
    let protocol = Protocol::new(image.size(), scale)?;
    let truth = image.crop((0, 0), protocol.truth)?;
    let input = degrade(&truth, protocol.input)?;
    let score = |result: &RgbImage| -> Result<Score, EvaluationError> {
        Ok(Score {
            psnr: psnr_y(result, &truth, protocol.border)?,
            ssim: ssim_y(result, &truth, protocol.border)?,
        })
    };
    let bicubic = score(&imresize(&input, truth.size())?)?;
    let network = score(&enlarge(input, truth.size(), enlarger)?)?;
    Ok(Comparison { bicubic, network })
}

/// `input` enlarged by the network to `size`, width and height.
fn enlarge(
    input: RgbImage,
    size: (usize, usize),
    enlarger: &Enlarger,
) -> Result<RgbImage, EvaluationError> {
    let (width, height) = input.size();
    let image = Image::new(width, height, input.into_values())?;
    let target = Target::Size(Size {
        width: size.0,
        height: size.1,
    });
    let plan = enlarger.plan(image.size(), target)?;
    let stop = |_| {
        if interrupt::requested() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let enlarged = enlarger.bands(&image, &plan)?.observe(stop).into_image()?;
    Ok(RgbImage::new(size.0, size.1, enlarged.into_pixels())?)
}

impl AddAssign for Comparison {
    fn add_assign(&mut self, other: Self) {
        self.bicubic.psnr += other.bicubic.psnr;
        self.bicubic.ssim += other.bicubic.ssim;
        self.network.psnr += other.network.psnr;
        self.network.ssim += other.network.ssim;
    }
}

impl Div<f64> for Comparison {
    type Output = Self;

    fn div(self, count: f64) -> Self {
        let share = |score: Score| Score {
            psnr: score.psnr / count,
            ssim: score.ssim / count,
        };
        Self {
            bicubic: share(self.bicubic),
            network: share(self.network),
        }
    }
}
