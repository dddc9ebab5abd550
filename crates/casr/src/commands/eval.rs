//! `casr eval`: PSNR and SSIM of benchmark images, bicubic beside the network.

use super::Outcome;
use crate::console;
use crate::evaluation::{Comparison, compare};
use crate::interrupt;
use crate::options::{LimitOptions, ModelOptions};
use crate::progress::Progress;
use anyhow::{Context, anyhow};
use casr_codec::{CodecError, Colour, Limits, images_in, read};
use casr_metrics::RgbImage;
use casr_zoom::{DEFAULT_MAX_STEP, Enlarger};
use clap::Args;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The arguments of `casr eval`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  casr eval benchmarks/Set5
  casr eval benchmarks --scales 2,3,4             with Set5, Set14 … as folders in it
  casr eval benchmarks --scales 1.7,2.5,3.3 --csv scores.csv
  casr eval benchmarks/Set5 --weights runs/new.safetensors

Images are cropped to a multiple of the scale, shrunk by MATLAB's antialiased bicubic to 8 bits, enlarged, and
compared on luma without a border of as many pixels as the scale.")]
pub struct EvalArguments {
    /// A folder of images, or a folder of such folders
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Scales to measure at, separated by commas
    #[arg(long, value_name = "SCALES", value_delimiter = ',', default_values_t = [2.0, 3.0, 4.0])]
    scales: Vec<f64>,
    /// The largest factor of one pass of the network, above 1 and at most 4
    #[arg(long, value_name = "FACTOR", default_value_t = DEFAULT_MAX_STEP, allow_negative_numbers = true)]
    max_step: f64,
    /// Write the scores of every image into this new file, as comma-separated values
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    limits: LimitOptions,
    /// Show no progress
    #[arg(short, long)]
    quiet: bool,
}

/// Images that are measured together.
struct ImageSet {
    name: String,
    images: Vec<PathBuf>,
}

/// Measures every set at every scale and prints a line for each.
pub fn run(arguments: &EvalArguments) -> anyhow::Result<Outcome> {
    let sets = image_sets(&arguments.folder)?;
    let mut table = arguments.csv.as_deref().map(Table::create).transpose()?;
    let enlarger =
        Enlarger::new(arguments.model.model(arguments.quiet)?).max_step(arguments.max_step);
    let limits = arguments.limits.limits();
    let mut outcome = Outcome::Done;
    console::print(&format!(
        "{:<12} {:>6} {:>7}   {:>8} {:>7}   {:>8} {:>7}   {:>6}\n",
        "set", "scale", "images", "bicubic", "SSIM", "CASR", "SSIM", "gain"
    ))?;
    for set in &sets {
        for &scale in &arguments.scales {
            let progress = Progress::new(&format!("{} ×{scale}", set.name), arguments.quiet);
            let (mut sum, mut count) = (Comparison::default(), 0);
            for (index, path) in set.images.iter().enumerate() {
                progress.update(index as u64, set.images.len() as u64);
                match measure(path, scale, &enlarger, &limits) {
                    Ok(comparison) => {
                        sum += comparison;
                        count += 1;
                        if let Some(table) = &mut table {
                            table.add(&set.name, path, scale, &comparison)?;
                        }
                    }
                    Err(_) if interrupt::requested() => return Ok(Outcome::Interrupted),
                    Err(error) => {
                        progress.suspend(|| console::failure(&error));
                        outcome = Outcome::SomeFailed;
                    }
                }
            }
            drop(progress);
            if count > 0 {
                console::print(&line(&set.name, scale, count, &(sum / count as f64)))?;
            }
        }
    }
    Ok(outcome)
}

/// The images in `folder` as one set, or else its folders that hold images as a set each.
fn image_sets(folder: &Path) -> anyhow::Result<Vec<ImageSet>> {
    let name = |folder: &Path| {
        let name = folder
            .canonicalize()
            .ok()
            .and_then(|folder| folder.file_name().map(ToOwned::to_owned));
        name.unwrap_or_default().to_string_lossy().into_owned()
    };
    let none = match images_in(folder) {
        Ok(images) => {
            return Ok(vec![ImageSet {
                name: name(folder),
                images,
            }]);
        }
        Err(error @ CodecError::NoImages { .. }) => error,
        Err(error) => return Err(error.into()),
    };
    let entries =
        fs::read_dir(folder).with_context(|| format!("{}: cannot be read", folder.display()))?;
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let sets: Vec<ImageSet> = folders
        .iter()
        .filter_map(|folder| {
            Some(ImageSet {
                name: name(folder),
                images: images_in(folder).ok()?,
            })
        })
        .collect();
    if sets.is_empty() {
        Err(none.into())
    } else {
        Ok(sets)
    }
}

/// The scores of one image file.
fn measure(
    path: &Path,
    scale: f64,
    enlarger: &Enlarger,
    limits: &Limits,
) -> anyhow::Result<Comparison> {
    let picture = read(path, limits)?;
    let image = match picture.colour {
        Colour::Rgb => RgbImage::new(picture.width, picture.height, picture.pixels),
        Colour::Grey => RgbImage::from_grey(picture.width, picture.height, &picture.pixels),
    };
    let on = |error: &dyn std::fmt::Display| anyhow!("{}: {error}", path.display());
    compare(&image.map_err(|error| on(&error))?, scale, enlarger).map_err(|error| on(&error))
}

/// Mean scores in words.
fn line(set: &str, scale: f64, count: usize, mean: &Comparison) -> String {
    let Comparison { bicubic, network } = mean;
    format!(
        "{set:<12} {:>6} {count:>7}   {:>8.2} {:>7.4}   {:>8.2} {:>7.4}   {:>+6.2}\n",
        format!("×{scale}"),
        bicubic.psnr,
        bicubic.ssim,
        network.psnr,
        network.ssim,
        network.psnr - bicubic.psnr
    )
}

/// A file of comma-separated values with a line for every image and scale.
struct Table {
    path: PathBuf,
    file: File,
}

impl Table {
    /// Makes the file, which must be new.
    fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create_new(path).map_err(|error| {
            anyhow!(
                "{}: cannot be made ({error}); name a new file",
                path.display()
            )
        })?;
        let mut table = Self {
            path: path.to_owned(),
            file,
        };
        table.write("set,image,scale,bicubic_psnr,bicubic_ssim,casr_psnr,casr_ssim\n")?;
        Ok(table)
    }

    fn add(
        &mut self,
        set: &str,
        image: &Path,
        scale: f64,
        comparison: &Comparison,
    ) -> anyhow::Result<()> {
        let Comparison { bicubic, network } = comparison;
        let image = quoted(&image.file_name().unwrap_or_default().to_string_lossy());
        let scores = [bicubic.psnr, bicubic.ssim, network.psnr, network.ssim]
            .map(|score| format!("{score:.4}"));
        self.write(&format!(
            "{},{image},{scale},{}\n",
            quoted(set),
            scores.join(",")
        ))
    }

    fn write(&mut self, line: &str) -> anyhow::Result<()> {
        self.file.write_all(line.as_bytes()).map_err(|error| {
            anyhow!(
                "{}: cannot be written ({error}); make room on the disk",
                self.path.display()
            )
        })
    }
}

/// A value that may hold commas.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}
