//! Measuring enlargements as the literature does: the reference resampler, PSNR, SSIM and NIQE, and
//! what it does not have: drift and the consistency of textures.
//!
//! A benchmark image is cropped to [`Protocol::truth`], shrunk by [`degrade`] to
//! [`Protocol::input`], enlarged by whatever is measured, and compared by [`psnr_y`] and [`ssim_y`]
//! without a border of [`Protocol::border`]:
//!
//! ```
//! use casr_metrics::{Protocol, RgbImage, degrade, imresize, psnr_y};
//!
//! let values = (0..31 * 30 * 3).map(|i| (i % 97) as f32 / 96.0).collect();
//! let photograph = RgbImage::new(31, 30, values)?;
//! let protocol = Protocol::new(photograph.size(), 2.0)?;
//! let truth = photograph.crop((0, 0), protocol.truth)?;
//! let input = degrade(&truth, protocol.input)?;
//! let enlarged = imresize(&input, truth.size())?;
//! println!("{:.2} dB", psnr_y(&enlarged, &truth, protocol.border)?);
//! # Ok::<(), casr_metrics::MetricsError>(())
//! ```
#![forbid(unsafe_code)]

mod autocorrelation;
mod drift;
mod eight_bit;
mod error;
mod features;
mod image;
mod lpips;
mod luma;
mod niqe;
mod protocol;
mod psnr;
mod resize;
mod sifid;
mod ssim;
mod superpixels;
mod texture;
mod weights;

pub use drift::{Drift, drift, drift_per_step};
pub use error::MetricsError;
pub use features::{Architecture, FeatureMap, FeatureNetwork, STAGES};
pub use image::RgbImage;
pub use lpips::{Features, Lpips};
pub use niqe::NiqeModel;
pub use protocol::Protocol;
pub use psnr::{psnr_lr, psnr_rgb, psnr_y};
pub use resize::{degrade, imresize, lanczos, nearest};
pub use sifid::{SIFID_STAGES, sifid};
pub use ssim::{ssim_rgb, ssim_y};
pub use texture::{texture_consistency, texture_consistency_with_input};
