//! One step of the CASR network as a model for other engines.
//!
//! What the engine of `casr-net` computes for any geometry is here a graph with fixed weights: the
//! factor, the look and the condition are part of the model. It equals the engine's step but for
//! rounding, guards, border and anchor included.
//!
//! ```
//! use casr_export::{Precision, Ratio, Settings, onnx};
//! use casr_net::Model;
//!
//! let settings = Settings::new(Ratio::of(2.0)?);
//! let bytes = onnx(&Model::embedded()?.with_look(0.5), &settings, Precision::Single)?;
//! # assert!(bytes.len() > 1 << 20);
//! # Ok::<(), casr_export::ExportError>(())
//! ```

#![forbid(unsafe_code)]

mod convolution;
mod error;
mod folded;
mod ncnn;
mod onnx;
mod periods;
mod ranges;
mod ratio;

pub use error::ExportError;
pub use ncnn::{NcnnModel, ncnn};
pub use onnx::{Precision, onnx};
pub use ranges::{Calibration, Ranges};
pub use ratio::Ratio;

use casr_net::{Degradation, Origin};

/// The longest side of an input of a fixed size.
const LARGEST_SIDE: usize = 1 << 16;

/// What is fixed in a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The factor.
    pub ratio: Ratio,
    /// Where the inputs come from: a clean image by default.
    pub origin: Origin,
    /// Height and width of the inputs; of any size by default.
    pub size: Option<(usize, usize)>,
}

impl Settings {
    /// For clean images of any size.
    pub fn new(ratio: Ratio) -> Self {
        Self {
            ratio,
            origin: Origin::Image(Degradation::default()),
            size: None,
        }
    }

    fn check(&self) -> Result<(), ExportError> {
        let Some((height, width)) = self.size else {
            return Ok(());
        };
        let possible = 1..=LARGEST_SIDE;
        if !(possible.contains(&height) && possible.contains(&width)) {
            return Err(ExportError::Side { width, height });
        }
        let multiple = self.ratio.inputs();
        if height % multiple != 0 || width % multiple != 0 {
            return Err(ExportError::Size {
                width,
                height,
                factor: self.ratio.to_string(),
                multiple,
            });
        }
        Ok(())
    }
}
