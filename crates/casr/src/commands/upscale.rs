//! `casr upscale`: enlarge images, each into a file of its own. A file that fails does not keep the others from being done.

use super::Outcome;
use crate::console;
use crate::destination::{self, Destination};
use crate::enlarge::{Job, Settings, enlarge};
use crate::interrupt;
use crate::options::{LimitOptions, ModelOptions, TargetOptions, WishOptions};
use crate::progress::Progress;
use casr_codec::{Format, Options, probe};
use casr_zoom::Enlarger;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Instant;

/// The arguments of `casr upscale`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  casr upscale photo.jpg -o big.png                      twice as large
  casr upscale photo.jpg -s 6.5 -o big.png               6.5 times as large
  casr upscale scan.tif --width 10000 -o poster.tif      10,000 pixels across
  casr upscale icon.png --size 1024x1024 -o icons/       into a folder, under its own name
  casr upscale holiday/ extra.webp -s 4 -o large/        a whole folder and one more
  casr upscale *.bmp -o large/ --format jpeg --quality 90")]
pub struct UpscaleArguments {
    /// Images, or folders of images: PNG, JPEG, WebP, TIFF, BMP, GIF (its first frame)
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// The result, .png, .jpg, .webp or .tif; or a folder, which is made if missing and takes results under their images'
    /// names. Several images need a folder
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    #[command(flatten)]
    target: TargetOptions,
    /// The result's format [default: by OUT's name; in a folder, the image's own, or PNG where that is BMP or GIF]
    #[arg(long, value_name = "FORMAT")]
    format: Option<FormatName>,
    /// Replace results that exist
    #[arg(long)]
    overwrite: bool,
    /// JPEG quality, 1 to 100
    #[arg(long, value_name = "QUALITY", default_value_t = Options::default().quality)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: u8,
    #[command(flatten)]
    wishes: WishOptions,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    limits: LimitOptions,
    /// Show no progress and no remarks, only failures
    #[arg(short, long)]
    quiet: bool,
}

/// A format's name on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatName {
    Png,
    #[value(alias = "jpg")]
    Jpeg,
    Webp,
    #[value(alias = "tif")]
    Tiff,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Png => Self::Png,
            FormatName::Jpeg => Self::Jpeg,
            FormatName::Webp => Self::WebP,
            FormatName::Tiff => Self::Tiff,
        }
    }
}

/// Judges all images by their headers, then enlarges those that passed.
pub fn run(arguments: &UpscaleArguments) -> anyhow::Result<Outcome> {
    let device = arguments.model.open(arguments.quiet)?;
    let model = arguments.model.model(&device)?;
    let settings = Settings {
        enlarger: Enlarger::new(model)
            .max_step(arguments.target.max_step)
            .restoration(arguments.wishes.restoration())
            .look(arguments.wishes.look()),
        target: arguments.target.target(),
        limits: arguments.limits.limits(),
        writing: Options {
            overwrite: arguments.overwrite,
            quality: arguments.quality,
            ..Options::default()
        },
    };
    let images = destination::expand(&arguments.inputs);
    let mut destination = Destination::new(
        &arguments.inputs,
        images.iter().flatten(),
        &arguments.output,
        arguments.format.map(Format::from),
        arguments.overwrite,
    )?;
    let judged: Vec<anyhow::Result<Job>> = images
        .into_iter()
        .map(|image| judge(image?, &settings, &mut destination))
        .collect();
    let failed = judged.iter().any(Result::is_err);
    let jobs: Vec<Job> = judged
        .into_iter()
        .filter_map(|job| job.inspect_err(console::failure).ok())
        .collect();
    if !jobs.is_empty() {
        destination.prepare()?;
    }
    work(&jobs, &settings, arguments.quiet, failed)
}

/// What can be said of an image and its result before any work is done.
fn judge(
    input: PathBuf,
    settings: &Settings,
    destination: &mut Destination,
) -> anyhow::Result<Job> {
    let info = probe(&input, &settings.limits)?;
    let size = settings.plan(&input, info.width, info.height)?.output();
    let (output, format) = destination.of(&input, info.format)?;
    format.check_size(size.width, size.height, &output)?;
    Ok(Job {
        input,
        output,
        format,
    })
}

/// Enlarges all images, whatever becomes of each.
fn work(
    jobs: &[Job],
    settings: &Settings,
    quiet: bool,
    mut failed: bool,
) -> anyhow::Result<Outcome> {
    for (index, job) in jobs.iter().enumerate() {
        let name = job.input.file_name().unwrap_or_default().display();
        let label = if jobs.len() == 1 {
            name.to_string()
        } else {
            format!("[{}/{}] {name}", index + 1, jobs.len())
        };
        let progress = Progress::new(&label, quiet);
        let start = Instant::now();
        let result = enlarge(job, settings, &progress);
        if interrupt::requested() {
            return Ok(Outcome::Interrupted);
        }
        match result {
            Ok(done) => {
                let (from, to, seconds) = (done.from, done.to, start.elapsed().as_secs_f64());
                progress.finish(&format!(
                    "{label}  {from} → {to}  {seconds:.1} s  {}",
                    job.output.display()
                ));
                for loss in done.losses.iter().filter(|_| !quiet) {
                    console::note(&format!("casr: {}: {loss}", job.output.display()));
                }
            }
            Err(error) => {
                drop(progress);
                console::failure(&error);
                failed = true;
            }
        }
    }
    Ok(if failed {
        Outcome::SomeFailed
    } else {
        Outcome::Done
    })
}
