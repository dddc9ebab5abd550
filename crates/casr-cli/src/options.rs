//! Options that several commands share.

use anyhow::Context;
use casr_codec::Limits;
use casr_zoom::{
    DEFAULT_MAX_STEP, DeviceChoice, LARGEST_STEP, Look, Model, Precision, Restoration, Size,
    Strength, Target, check_max_step, place,
};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// The factor by default.
pub const DEFAULT_SCALE: f64 = 2.0;

/// How large the result should be.
#[derive(Debug, Args)]
pub struct TargetOptions {
    /// Enlarge both sides by FACTOR, any number from 1 up, such as 6.5, 4x or 250% [default: 2]
    #[arg(
        short,
        long,
        value_name = "FACTOR",
        allow_negative_numbers = true,
        value_parser = parse_factor,
        group = "target"
    )]
    scale: Option<f64>,
    /// Enlarge to exactly WIDTHxHEIGHT pixels, each side by its own factor
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = parse_size, group = "target")]
    size: Option<Size>,
    /// Enlarge to WIDTH pixels across; the height follows
    #[arg(long, value_name = "PIXELS", value_parser = parse_side, group = "target")]
    width: Option<usize>,
    /// Enlarge to HEIGHT pixels down; the width follows
    #[arg(long, value_name = "PIXELS", value_parser = parse_side, group = "target")]
    height: Option<usize>,
    /// The largest factor of one pass of the network, above 1 and at most 4: larger factors are
    /// reached in equal steps
    #[arg(long, value_name = "FACTOR", default_value_t = DEFAULT_MAX_STEP, allow_negative_numbers = true, value_parser = parse_step)]
    pub max_step: f64,
}

impl TargetOptions {
    /// The wanted size.
    pub fn target(&self) -> Target {
        match (self.size, self.width, self.height) {
            (Some(size), _, _) => Target::Size(size),
            (_, Some(width), _) => Target::Width(width),
            (_, _, Some(height)) => Target::Height(height),
            _ => Target::Factor(self.scale.unwrap_or(DEFAULT_SCALE)),
        }
    }
}

/// Reads a factor from 1 up: `6.5`, `4x`, `x4`, `×4` or `250%`.
pub fn parse_factor(text: &str) -> Result<f64, String> {
    const SIGNS: [char; 3] = ['x', 'X', '×'];
    let number = text.trim();
    let (number, unit) = match number.strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (
            number.trim_start_matches(SIGNS).trim_end_matches(SIGNS),
            1.0,
        ),
    };
    match number.trim().parse::<f64>().map(|number| number / unit) {
        Ok(factor) if factor >= 1.0 && factor.is_finite() => Ok(factor),
        Ok(_) => Err("a factor is a number from 1 up: CASR enlarges".to_owned()),
        Err(_) => Err("write a factor as a number, such as 6.5, 4x or 250%".to_owned()),
    }
}

/// Reads the largest factor of a step.
fn parse_step(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(step) if check_max_step(step).is_ok() => Ok(step),
        _ => Err(format!("write a step above 1 and at most {LARGEST_STEP}")),
    }
}

/// Reads a number of pixels.
fn parse_side(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(pixels) if pixels > 0 => Ok(pixels),
        _ => Err("write a whole number of pixels from 1 up".to_owned()),
    }
}

/// Reads `WIDTHxHEIGHT`.
pub fn parse_size(text: &str) -> Result<Size, String> {
    let sides = text.split_once(['x', 'X', '×']);
    let parsed = sides.and_then(|(width, height)| {
        Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
    });
    match parsed {
        Some((width, height)) if width > 0 && height > 0 => Ok(Size { width, height }),
        _ => Err("write it as WIDTHxHEIGHT in whole pixels, such as 1920x1080".to_owned()),
    }
}

/// Reads a time such as `45s`, `90m` or `6h`; a bare number is seconds.
pub fn parse_time(text: &str) -> Result<Duration, String> {
    // The longest unit first: `ms` ends in `s`, too.
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let found =
        (units.iter()).find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let (number, seconds) = found.unwrap_or((text, &1.0));
    let parsed = number
        .parse::<f64>()
        .ok()
        .map(|value| Duration::try_from_secs_f64(value * seconds));
    match parsed {
        Some(Ok(time)) => Ok(time),
        _ => Err("write it as a number with ms, s, m or h, such as 90m".to_owned()),
    }
}

/// How many threads work.
#[derive(Debug, Args)]
pub struct ThreadOptions {
    /// How many processor cores to use [default: all]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl ThreadOptions {
    /// Starts the threads. Call it once.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn start(&self) -> anyhow::Result<()> {
        // 0 means a thread for each core.
        let threads = self.threads.unwrap_or(0);
        (rayon::ThreadPoolBuilder::new().num_threads(threads.into()))
            .build_global()
            .context("the system gives no threads for the work; ask for fewer with --threads")
    }
}

/// The network and where it runs.
#[derive(Debug, Args)]
pub struct ModelOptions {
    /// A weights file that `casr-lab train` wrote [default: the weights in the program]
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Where to compute: auto (the first GPU, the processor where there is none), cpu, gpu, or
    /// gpu:N of `casr devices`
    #[arg(long, value_name = "DEVICE", default_value_t)]
    device: DeviceChoice,
    #[command(flatten)]
    threads: ThreadOptions,
    /// The network's precision
    #[arg(long, value_name = "PRECISION", value_enum, default_value_t = PrecisionName::Auto)]
    precision: PrecisionName,
}

/// The names of [`Precision`]s.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum PrecisionName {
    /// Half on GPUs that have it, which most have; single on the processor
    Auto,
    /// 32 bits: the same result, but for rounding, on every device
    Single,
    /// 16 bits: on processors with AMX (Intel, from Sapphire Rapids on) meant to be faster, on
    /// others slower
    Half,
}

impl From<PrecisionName> for Precision {
    fn from(name: PrecisionName) -> Self {
        match name {
            PrecisionName::Auto => Self::Auto,
            PrecisionName::Single => Self::Single,
            PrecisionName::Half => Self::Half,
        }
    }
}

impl ModelOptions {
    /// Starts the threads. Call it once.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn start(&self) -> anyhow::Result<()> {
        self.threads.start()
    }

    /// The network of `--weights` or of the program on its device.
    ///
    /// # Errors
    /// The weights are missing, damaged or no network, or the wanted GPU is not there or has no
    /// half precision.
    pub fn model(&self) -> anyhow::Result<Model> {
        self.placed(match &self.weights {
            Some(path) => Model::open(path)?,
            None => Model::embedded()?,
        })
    }

    /// A network on the device of the options.
    ///
    /// # Errors
    /// The wanted GPU is not there.
    pub fn placed(&self, model: Model) -> anyhow::Result<Model> {
        let cache = cache_folder();
        let precision = self.precision.into();
        Ok(place(model, self.device, precision, cache.as_deref())?)
    }

    /// The file of `--weights`.
    pub fn weights(&self) -> Option<&Path> {
        self.weights.as_deref()
    }
}

/// How much work a result is worth.
#[derive(Clone, Copy, Debug, Args)]
pub struct EffortOptions {
    /// How much work to do
    #[arg(long, value_name = "EFFORT", value_enum, default_value_t = EffortName::Normal)]
    effort: EffortName,
}

/// The names of efforts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EffortName {
    /// One pass of the network in every step
    Normal,
    /// The mean of eight passes, over the image mirrored and turned in every way, in eight times
    /// the time: less error, and at looks other than faithful less crispness
    Best,
}

impl EffortOptions {
    /// A network that does so much work.
    ///
    /// # Errors
    /// It has modules, and cannot do more than one pass.
    pub fn apply(self, model: Model) -> anyhow::Result<Model> {
        Ok(match self.effort {
            EffortName::Normal => model,
            EffortName::Best => model.with_ensemble()?,
        })
    }
}

/// The program's own network on the device that it chooses by itself.
///
/// # Errors
/// None in a sound build.
pub fn automatic() -> anyhow::Result<Model> {
    let (choice, precision) = (DeviceChoice::Auto, Precision::Auto);
    let cache = cache_folder();
    Ok(place(
        Model::embedded()?,
        choice,
        precision,
        cache.as_deref(),
    )?)
}

/// The folder for what may be made anew at any time, such as compiled kernels; none where the
/// system has no such place.
pub fn cache_folder() -> Option<PathBuf> {
    let folder = |name: &str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    let folders = if cfg!(windows) {
        folder("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Caches"))
    } else {
        folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")))
    };
    folders.map(|folders| folders.join("casr"))
}

/// How images are restored, and how results look.
#[derive(Clone, Copy, Debug, Args)]
pub struct TreatmentOptions {
    /// How much noise and how many traces of JPEG to remove: auto (as much as is found), or from 0
    /// (none: the image is clean) to 1 [default: auto; at a factor of 1 none, so that pixels stay
    /// as they are]
    #[arg(long, value_name = "STRENGTH")]
    restore: Option<Restore>,
    /// How to look: auto, faithful (the least error, nothing invented), balanced, vivid (crisp,
    /// textures invented where the image does not determine them), or a number from 0, faithful, to
    /// 1, vivid
    #[arg(long, value_name = "LOOK", default_value = "auto")]
    look: Look,
}

impl TreatmentOptions {
    /// How much to restore.
    pub fn restoration(self) -> Restoration {
        self.restore.unwrap_or_default().0
    }

    /// Whether images that keep their size are restored: only where `--restore` says so.
    pub fn restores(self) -> bool {
        let asked = self.restore.map(|restore| restore.0);
        asked.is_some_and(Restoration::removes)
    }

    /// Where to go between the ends of the model.
    pub fn look(self) -> Look {
        self.look
    }
}

/// Reads a number from 0 to 1.
fn parse_strength(text: &str) -> Option<Strength> {
    Strength::new(text.parse().ok()?).ok()
}

/// How much to restore, as it is written on the command line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Restore(Restoration);

impl FromStr for Restore {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self(Restoration::Auto));
        }
        let strength = parse_strength(text).ok_or("write auto, or a number from 0 to 1");
        Ok(Self(Restoration::Fixed(strength?)))
    }
}

/// Protection against files that claim to be enormous.
#[derive(Debug, Args)]
pub struct LimitOptions {
    /// The most pixels an input may have, against decompression bombs
    #[arg(long, value_name = "PIXELS", default_value_t = Limits::default().max_pixels)]
    max_pixels: u64,
}

impl LimitOptions {
    /// The limits for reading.
    pub fn limits(&self) -> Limits {
        Limits {
            max_pixels: self.max_pixels,
        }
    }
}
