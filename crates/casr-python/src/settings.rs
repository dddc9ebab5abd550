//! What Python's side says of an enlargement, and the network that it means.

use crate::errors::Failure;
use casr_cli::options::{DEFAULT_SCALE, cache_folder};
use casr_codec::{Format, Limits, Options, ResolutionChange};
use casr_zoom::{
    DEFAULT_MAX_STEP, DeviceChoice, Enlarger, Look, Model, Precision, Restoration, ScalePlan, Size,
    Strength, Target, place,
};
use pyo3::prelude::*;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

/// A name or a number.
#[derive(Clone, Debug, FromPyObject)]
pub enum NameOrNumber {
    /// Such as 0.5.
    Number(f64),
    /// Such as `vivid`.
    Name(String),
}

/// How an image is enlarged: the arguments of `casr.upscale` and `casr.Pyramid`, under their names.
#[derive(Clone, Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub struct Settings {
    scale: Option<f64>,
    size: Option<(Option<i64>, Option<i64>)>,
    look: NameOrNumber,
    restore: Option<NameOrNumber>,
    effort: String,
    device: String,
    precision: String,
    weights: Option<PathBuf>,
    exact: bool,
    max_step: Option<f64>,
    /// Whether colours that do not show stay as they are.
    pub keep_hidden: bool,
    max_pixels: Option<u64>,
}

impl Settings {
    /// The network with the settings, and the wanted size.
    ///
    /// # Errors
    /// An argument makes no sense, the weights cannot be read, or the device is not there.
    pub fn enlarger(&self) -> Result<(Enlarger, Target), Failure> {
        let target = self.target()?;
        let restoration = self.restoration()?.unwrap_or_default();
        let enlarger = Enlarger::new(self.model()?)
            .max_step(self.max_step.unwrap_or(DEFAULT_MAX_STEP))
            .restoration(restoration)
            .look(self.look()?)
            .exact(self.exact);
        Ok((enlarger, target))
    }

    /// The levels from an image of `size`.
    ///
    /// # Errors
    /// The wanted size is out of range.
    pub fn plan(
        &self,
        enlarger: &Enlarger,
        size: Size,
        target: Target,
    ) -> Result<ScalePlan, Failure> {
        let restores = self.restoration()?.is_some_and(Restoration::removes);
        Ok(casr_picture::plan(enlarger, size, target, restores)?)
    }

    /// What is too large to be read.
    pub fn limits(&self) -> Limits {
        let default = Limits::default();
        let max_pixels = self.max_pixels.unwrap_or(default.max_pixels);
        Limits { max_pixels }
    }

    fn target(&self) -> Result<Target, Failure> {
        let side = |side: i64| match usize::try_from(side) {
            Ok(side) if side > 0 => Ok(side),
            _ => Err(wrong("size", "write whole numbers of pixels from 1 up")),
        };
        match (self.scale, self.size) {
            (Some(_), Some(_)) => Err(wrong("size", "give either a size or a scale")),
            (scale, None) => Ok(Target::Factor(scale.unwrap_or(DEFAULT_SCALE))),
            (None, Some((Some(width), Some(height)))) => Ok(Target::Size(Size {
                width: side(width)?,
                height: side(height)?,
            })),
            (None, Some((Some(width), None))) => Ok(Target::Width(side(width)?)),
            (None, Some((None, Some(height)))) => Ok(Target::Height(side(height)?)),
            (None, Some((None, None))) => Err(wrong("size", "give a width, a height, or both")),
        }
    }

    fn look(&self) -> Result<Look, Failure> {
        match &self.look {
            NameOrNumber::Name(name) => name.parse().map_err(|how| wrong("look", how)),
            NameOrNumber::Number(number) => Ok(Look::Fixed(strength("look", *number)?)),
        }
    }

    /// How much to restore, where that is said.
    fn restoration(&self) -> Result<Option<Restoration>, Failure> {
        Ok(match &self.restore {
            None => None,
            Some(NameOrNumber::Name(name)) if name == "auto" => Some(Restoration::Auto),
            Some(NameOrNumber::Name(_)) => {
                return Err(wrong("restore", "write auto, or a number from 0 to 1"));
            }
            Some(NameOrNumber::Number(number)) => {
                Some(Restoration::Fixed(strength("restore", *number)?))
            }
        })
    }

    /// The network, which is made ready once for all images.
    fn model(&self) -> Result<Model, Failure> {
        static READY: LazyLock<Mutex<HashMap<Kind, Model>>> = LazyLock::new(Mutex::default);
        let kind = Kind {
            weights: self.weights.clone(),
            device: self.device.clone(),
            precision: self.precision.clone(),
            effort: self.effort.clone(),
        };
        let mut ready = READY.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = ready.get(&kind) {
            return Ok(model.clone());
        }
        let model = kind.model()?;
        // A file may be another one the next time.
        if kind.weights.is_none() {
            ready.insert(kind, model.clone());
        }
        Ok(model)
    }
}

/// What a network is, and where it runs.
#[derive(PartialEq, Eq, Hash)]
struct Kind {
    weights: Option<PathBuf>,
    device: String,
    precision: String,
    effort: String,
}

impl Kind {
    fn model(&self) -> Result<Model, Failure> {
        let device: DeviceChoice = (self.device.parse()).map_err(|how| wrong("device", how))?;
        let precision = match &*self.precision {
            "auto" => Precision::Auto,
            "single" => Precision::Single,
            "half" => Precision::Half,
            _ => return Err(wrong("precision", "write auto, single or half")),
        };
        let model = match &self.weights {
            Some(path) => Model::open(path),
            None => Model::embedded(),
        };
        let model = model.map_err(casr_zoom::ZoomError::from)?;
        let model = place(model, device, precision, cache_folder().as_deref())?;
        match &*self.effort {
            "normal" => Ok(model),
            "best" => Ok(model.with_ensemble().map_err(casr_zoom::ZoomError::from)?),
            _ => Err(wrong("effort", "write normal or best")),
        }
    }
}

fn strength(argument: &str, number: f64) -> Result<Strength, Failure> {
    let strength = Strength::new(number as f32);
    strength.map_err(|_| wrong(argument, "write a number from 0 to 1, or a name"))
}

/// An argument that makes no sense.
pub fn wrong(argument: &str, how: impl AsRef<str>) -> Failure {
    Failure::Value(format!("{argument}: {}", how.as_ref()))
}

/// How a result is written, where it is.
#[derive(Clone, Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub struct Writing {
    format: Option<String>,
    overwrite: bool,
    quality: Option<i64>,
    dpi: String,
    strip_metadata: bool,
    /// Whether the result is marked as enlarged.
    pub mark: bool,
}

impl Writing {
    /// As the codec takes it.
    ///
    /// # Errors
    /// An argument makes no sense.
    pub fn options(&self) -> Result<Options, Failure> {
        let default = Options::default();
        let quality = match self.quality {
            None => None,
            Some(quality) => match u8::try_from(quality) {
                Ok(quality @ 1..=100) => Some(quality),
                _ => return Err(wrong("quality", "choose 1 to 100")),
            },
        };
        Ok(Options {
            overwrite: self.overwrite,
            quality: quality.unwrap_or(default.quality),
            webp_quality: quality,
            resolution: match &*self.dpi {
                "keep" => ResolutionChange::Keep,
                "scale" => ResolutionChange::Scale,
                _ => return Err(wrong("dpi", "write keep or scale")),
            },
            strip: self.strip_metadata,
            ..default
        })
    }

    /// The format by its name, where one is given.
    ///
    /// # Errors
    /// There is no such format.
    pub fn format(&self) -> Result<Option<Format>, Failure> {
        self.format.as_deref().map(format_named).transpose()
    }
}

/// A format by its name.
///
/// # Errors
/// There is no such format.
pub fn format_named(name: &str) -> Result<Format, Failure> {
    Ok(match &*name.to_ascii_lowercase() {
        "png" => Format::Png,
        "jpeg" | "jpg" => Format::Jpeg,
        "webp" => Format::WebP,
        "tiff" | "tif" => Format::Tiff,
        "dzi" => Format::DeepZoom,
        "iiif" => Format::Iiif,
        _ => {
            let how = "write png, jpeg, webp, tiff, dzi or iiif";
            return Err(wrong("format", how));
        }
    })
}
