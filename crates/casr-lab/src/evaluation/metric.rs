//! The metrics of a report, by name.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A figure that a report has for every result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// PSNR on luma, dB.
    PsnrY,
    /// SSIM on luma.
    SsimY,
    /// PSNR over colours, dB.
    PsnrRgb,
    /// SSIM over colours.
    SsimRgb,
    /// LR-PSNR over colours, dB.
    PsnrLr,
    /// LPIPS on AlexNet.
    LpipsAlex,
    /// LPIPS on VGG16.
    LpipsVgg,
    /// NIQE.
    Niqe,
    /// SIFID on VGG16.
    Sifid,
    /// Texture consistency with the truth.
    Texture,
    /// Texture consistency with the input, on its grid.
    TextureInput,
    /// Mean drift of colours per step.
    Drift,
    /// Mean drift of gradients per step.
    DriftGradients,
    /// Drift of colours from the truth to the result.
    DriftTruth,
}

impl Metric {
    /// All, in the order of a report's columns.
    pub const ALL: [Self; 14] = [
        Self::PsnrY,
        Self::SsimY,
        Self::PsnrRgb,
        Self::SsimRgb,
        Self::PsnrLr,
        Self::LpipsAlex,
        Self::LpipsVgg,
        Self::Niqe,
        Self::Sifid,
        Self::Texture,
        Self::TextureInput,
        Self::Drift,
        Self::DriftGradients,
        Self::DriftTruth,
    ];

    /// What files and the command line call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::PsnrY => "psnr_y",
            Self::SsimY => "ssim_y",
            Self::PsnrRgb => "psnr_rgb",
            Self::SsimRgb => "ssim_rgb",
            Self::PsnrLr => "psnr_lr",
            Self::LpipsAlex => "lpips_alex",
            Self::LpipsVgg => "lpips_vgg",
            Self::Niqe => "niqe",
            Self::Sifid => "sifid",
            Self::Texture => "texture",
            Self::TextureInput => "texture_input",
            Self::Drift => "drift",
            Self::DriftGradients => "drift_gradients",
            Self::DriftTruth => "drift_truth",
        }
    }

    /// The head of its column.
    pub fn title(self) -> &'static str {
        match self {
            Self::PsnrY => "PSNR-Y",
            Self::SsimY => "SSIM-Y",
            Self::PsnrRgb => "PSNR",
            Self::SsimRgb => "SSIM",
            Self::PsnrLr => "LR-PSNR",
            Self::LpipsAlex => "LPIPS-A",
            Self::LpipsVgg => "LPIPS-V",
            Self::Niqe => "NIQE",
            Self::Sifid => "SIFID",
            Self::Texture => "texture",
            Self::TextureInput => "tex-LR",
            Self::Drift => "drift",
            Self::DriftGradients => "drift-g",
            Self::DriftTruth => "drift-T",
        }
    }

    /// Digits after the point that mean something.
    pub fn decimals(self) -> usize {
        match self {
            Self::PsnrY | Self::PsnrRgb | Self::PsnrLr | Self::Niqe => 2,
            Self::Sifid => 1,
            Self::SsimY | Self::SsimRgb => 4,
            _ => 3,
        }
    }

    /// Whether more is better.
    pub fn higher_is_better(self) -> bool {
        matches!(
            self,
            Self::PsnrY
                | Self::SsimY
                | Self::PsnrRgb
                | Self::SsimRgb
                | Self::PsnrLr
                | Self::Texture
                | Self::TextureInput
        )
    }

    /// What a reader needs to know of it, in a line.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::PsnrY => "PSNR in dB of luma, a border of the scale cut off",
            Self::SsimY => "SSIM of luma, a border of the scale cut off",
            Self::PsnrRgb => {
                "PSNR in dB over red, green and blue, not rounded, a border of the scale + 6 cut off, as the \
                 arbitrary-scale papers measure on DIV2K"
            }
            Self::SsimRgb => "mean SSIM of red, green and blue, a border of the scale cut off",
            Self::PsnrLr => {
                "PSNR in dB over red, green and blue of the result, shrunk again, against the input: what contradicts the input"
            }
            Self::LpipsAlex => "LPIPS 0.1 on AlexNet: perceptual distance to the truth",
            Self::LpipsVgg => "LPIPS 0.1 on VGG16",
            Self::Niqe => "NIQE, without a reference: distance to the statistics of photographs",
            Self::Sifid => "Fréchet distance of the features of result and truth, VGG16 relu2_2",
            Self::Texture => {
                "similarity of the local autocorrelation of result and truth, 1 at best"
            }
            Self::TextureInput => {
                "similarity of the local autocorrelation of result and input, on the input's grid, 1 at best"
            }
            Self::Drift => {
                "KL divergence in nats of the colours of corresponding superpixels of successive levels, mean of the \
                 steps: steps of different sizes do not compare"
            }
            Self::DriftGradients => "the same of oriented gradients",
            Self::DriftTruth => {
                "KL divergence in nats of the colours of superpixels, from the truth to the result: what a result has lost or moved of the truth's regions"
            }
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(self.title())
    }
}

impl std::str::FromStr for Metric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|metric| metric.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("there is no such metric; there are {names}")
        })
    }
}
