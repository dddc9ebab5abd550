//! Options that several subcommands share.

use anyhow::Context;
use casr_codec::Limits;
use casr_net::Model;
use casr_zoom::{DEFAULT_MAX_STEP, Size, Target};
use clap::Args;
use std::path::PathBuf;

/// The factor where none is asked for.
const DEFAULT_SCALE: f64 = 2.0;

/// How large the result should be.
#[derive(Debug, Args)]
pub struct TargetOptions {
    /// Enlarge both sides by FACTOR, any number from 1 up [default: 2]
    #[arg(
        short,
        long,
        value_name = "FACTOR",
        allow_negative_numbers = true,
        group = "target"
    )]
    scale: Option<f64>,
    /// Enlarge to exactly WIDTHxHEIGHT pixels, each side by its own factor
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = parse_size, group = "target")]
    size: Option<Size>,
    /// Enlarge to WIDTH pixels across; the height follows
    #[arg(long, value_name = "PIXELS", group = "target")]
    width: Option<usize>,
    /// Enlarge to HEIGHT pixels down; the width follows
    #[arg(long, value_name = "PIXELS", group = "target")]
    height: Option<usize>,
    /// The largest factor of one pass of the network, above 1 and at most 4: larger factors are reached in equal steps
    #[arg(long, value_name = "FACTOR", default_value_t = DEFAULT_MAX_STEP, allow_negative_numbers = true)]
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

/// Reads `WIDTHxHEIGHT`.
fn parse_size(text: &str) -> Result<Size, String> {
    let sides = text.split_once(['x', 'X', '×']);
    let parsed = sides.and_then(|(width, height)| {
        Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
    });
    match parsed {
        Some((width, height)) => Ok(Size { width, height }),
        None => Err("write it as WIDTHxHEIGHT in whole pixels, such as 1920x1080".to_owned()),
    }
}

/// The network and the processors it runs on.
#[derive(Debug, Args)]
pub struct ModelOptions {
    /// A weights file that `casr train` wrote [default: the weights in the program]
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// How many processor cores to use [default: all]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl ModelOptions {
    /// Starts the threads and reads the weights. Call it once.
    ///
    /// # Errors
    /// The weights are missing, damaged or no network; or the system gives no threads.
    pub fn model(&self) -> anyhow::Result<Model> {
        limit_threads(self.threads)?;
        Ok(match &self.weights {
            Some(path) => Model::open(path)?,
            None => Model::embedded()?,
        })
    }
}

/// Starts the threads of the kernels, all cores where `threads` says nothing. Call it once.
///
/// # Errors
/// The system gives no threads.
pub fn limit_threads(threads: Option<u16>) -> anyhow::Result<()> {
    if let Some(threads) = threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads.into())
            .build_global()
            .with_context(|| {
                format!("--threads {threads}: the system gives no such threads; ask for fewer")
            })?;
    }
    Ok(())
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
