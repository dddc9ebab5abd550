//! Enlarges an image by any factor from 1 up, in modest steps, tile by tile.
//!
//! ```
//! use casr_zoom::{Enlarger, ImageView, Model, Target};
//!
//! # let bytes = [128_u8; 6 * 4 * 3];
//! let image = ImageView::rgb(6, 4, &bytes)?; // 6 × 4 pixels; u16 and f32 do as well, and grey
//! let enlarger = Enlarger::new(Model::embedded()?); // keep it: threads may share it
//! let large = enlarger.enlarge(image, Target::Factor(2.5))?.to_u8();
//! assert_eq!(large, [128; 15 * 10 * 3]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`ScalePlan`] lists the levels between the image and the wanted size. Each level is made from
//! the one below it in tiles: windows of the level below, with a halo as wide as the network looks.
//! The cut belongs to the plan, so a result has the same bits however it is taken. A [`Pyramid`]
//! makes tiles when they are wanted: any window of any level, for whoever asks.
//! [`Enlarger::bands`] hands out the last level in bands of rows, for results that should go
//! straight into a file: no level is ever held whole, so memory grows with the width of the result
//! and not with its height. [`PlanCost`] says beforehand what a plan takes.

#![forbid(unsafe_code)]

mod cost;
mod degradation;
mod device;
mod enlarge;
mod error;
mod image;
mod layers;
mod look;
mod owned;
mod patch;
mod plan;
mod pyramid;
mod sample;
mod smooth;
mod step;
mod strength;
mod tile;
mod transparency;
mod view;

pub use casr_net::{Degradation, Device, LARGEST_STEP, Model, NetError};
pub use cost::{LevelCost, PlanCost, measure_throughput};
pub use degradation::{Restoration, estimate};
pub use device::{DeviceChoice, GPU_SUPPORT, Gpu, Precision, gpus, place};
pub use enlarge::{Enlarger, Treatment};
pub use error::{ZoomError, ZoomErrorKind};
pub use image::Image;
pub use layers::{Alpha, Layers};
pub use look::Look;
pub use owned::{OwnedImage, OwnedSamples};
pub use plan::{DEFAULT_MAX_STEP, MAX_LEVELS, MAX_SIDE, ScalePlan, Size, Target, check_max_step};
pub use pyramid::{Band, Bands, EachTile, ImageSource, Progress, Pyramid, Rectangle, Span, Tile};
pub use strength::Strength;
pub use transparency::{SamplesMut, fill_hidden_colours};
pub use view::{ImageView, Samples};
