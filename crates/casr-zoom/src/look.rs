//! Where an enlargement goes between the least error and the best look.

use crate::strength::Strength;
use casr_net::Degradation;
use std::str::FromStr;

/// Where an enlargement goes between the two ends of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Look {
    /// What suits the factor and the image best; see [`Look::for_image`].
    #[default]
    Auto,
    /// So far from [`Look::FAITHFUL`], 0, towards [`Look::VIVID`], 1.
    Fixed(Strength),
}

impl Look {
    /// The least error: nothing is invented, and where the image does not determine the result, it
    /// is smooth.
    pub const FAITHFUL: Self = Self::Fixed(Strength::NONE);

    /// Half-way, by eye.
    pub const BALANCED: Self = Self::Fixed(Strength::HALF);

    /// The best look: crisp, with textures that are invented where the image does not determine
    /// them.
    pub const VIVID: Self = Self::Fixed(Strength::FULL);

    /// The look of an enlargement by `factor` of an image that is so degraded.
    pub fn for_image(self, factor: f64, degradation: Degradation) -> Strength {
        match self {
            Self::Auto => automatic(factor, degradation),
            Self::Fixed(look) => look,
        }
    }
}

/// Written `auto`, `faithful`, `balanced`, `vivid`, or as a number.
impl FromStr for Look {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "faithful" => Ok(Self::FAITHFUL),
            "balanced" => Ok(Self::BALANCED),
            "vivid" => Ok(Self::VIVID),
            number => (number.parse().ok())
                .and_then(|number| Strength::new(number).ok())
                .map(Self::Fixed)
                .ok_or("write auto, faithful, balanced, vivid, or a number from 0 to 1"),
        }
    }
}

/// Half-way up to twice the size, three quarters at four times, [`Look::VIVID`] from eight times
/// on, where the least error is a blur; and up to half of that less for a degraded image, where
/// some of what looks like texture is its degradation.
///
/// Set14, PSNR on luma in dB and LPIPS on AlexNet (`casr-lab eval --methods casr@0,casr@0.25,…`);
/// JPEG of quality 75, noise of σ = 5:
///
/// | look | ×2 | ×3 | ×4 | ×4 JPEG | ×4 noise |
/// |---|---|---|---|---|---|
/// | 0 | 33.13 .105 | 29.92 .223 | 28.22 .301 | 26.49 .419 | 27.66 .337 |
/// | .25 | 33.02 .088 | 29.77 .198 | 28.10 .270 | | |
/// | .5 | 32.85 .076 | 29.56 .172 | 27.90 .233 | 26.09 .344 | 27.35 .273 |
/// | .75 | 32.61 .065 | 29.26 .142 | 27.59 .191 | | |
/// | 1 | 32.28 .055 | 28.82 .117 | 27.10 .165 | 25.34 .280 | 26.65 .211 |
///
/// By LPIPS alone every look would be 1; there, pictures at ×4 have visible speckle, more of it
/// from JPEG files, and little at these looks.
fn automatic(factor: f64, degradation: Degradation) -> Strength {
    let by_factor = (0.25 + 0.25 * factor.log2() as f32).clamp(0.5, 1.0);
    let strongest = degradation.noise.max(degradation.compression);
    Strength::nearest(by_factor * (1.0 - 0.5 * strongest))
}
