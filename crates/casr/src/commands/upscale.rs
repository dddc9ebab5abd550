//! `casr upscale`: enlarge images, each into a file of its own. A file that fails does not keep the others from being done.

use super::Outcome;
use crate::console;
use crate::destination::{Destination, Found, Inputs};
use crate::enlarge::{Job, Settings, enlarge};
use crate::interrupt;
use crate::options::{LimitOptions, ModelOptions, TargetOptions, WishOptions};
use crate::progress::Progress;
use casr_codec::{CodecError, Format, Options, ResolutionChange, probe, shown};
use casr_zoom::Enlarger;
use clap::{Args, ValueEnum};
use std::fmt;
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
    /// Search folders in folders, too; results go into folders of the same names
    #[arg(short, long)]
    recursive: bool,
    /// Replace results that exist
    #[arg(long)]
    overwrite: bool,
    /// Leave images whose results exist
    #[arg(long, conflicts_with = "overwrite")]
    skip_existing: bool,
    /// The page of a TIFF, counted from 1 [default: the first]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    page: Option<u32>,
    /// JPEG quality, 1 to 100 [default: 95], or lossy WebP of that quality [default: lossless]
    #[arg(long, value_name = "QUALITY", value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: Option<u8>,
    /// Enlarge colours as they are where they are transparent: for images that hide data there
    #[arg(long)]
    keep_hidden: bool,
    /// What becomes of the resolution that an image tells, its dots per inch
    #[arg(long, value_name = "CHANGE", value_enum, default_value_t = DpiName::Keep)]
    dpi: DpiName,
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

/// What becomes of a resolution, on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum DpiName {
    /// The number stays, and a print grows with the image
    Keep,
    /// The number grows with the image, and a print stays as large as it was
    Scale,
}

impl From<DpiName> for ResolutionChange {
    fn from(name: DpiName) -> Self {
        match name {
            DpiName::Keep => Self::Keep,
            DpiName::Scale => Self::Scale,
        }
    }
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
        keep_hidden: arguments.keep_hidden,
        writing: Options {
            overwrite: arguments.overwrite,
            quality: arguments.quality.unwrap_or(Options::default().quality),
            webp_quality: arguments.quality,
            resolution: arguments.dpi.into(),
        },
    };
    let inputs = Inputs::find(&arguments.inputs, arguments.recursive, &arguments.output);
    let mut destination = Destination::new(
        &arguments.inputs,
        inputs.files(),
        &arguments.output,
        arguments.format.map(Format::from),
        arguments.overwrite,
    )?;
    let found = inputs.images.len();
    let judged: Vec<anyhow::Result<Option<Job>>> = (inputs.images.into_iter())
        .map(|image| judge(image?, arguments, &settings, &mut destination))
        .collect();
    inputs.left.iter().for_each(console::failure);
    if let Some(first) = inputs.others.first().filter(|_| !arguments.quiet) {
        let more = match inputs.others.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        console::note(&format!(
            "casr: {}{more}: passed over, likely no images",
            shown(first)
        ));
    }
    let mut tally = Tally {
        left: inputs.left.len(),
        ..Tally::default()
    };
    let mut jobs = Vec::new();
    for job in judged {
        match job {
            Ok(Some(job)) => jobs.push(job),
            Ok(None) => tally.skipped += 1,
            Err(error) => {
                console::failure(&error);
                tally.failed += 1;
            }
        }
    }
    if !jobs.is_empty() {
        destination.prepare()?;
    }
    let interrupted = work(&jobs, &settings, arguments.quiet, &mut tally);
    if (found > 1 || tally.left > 0) && !arguments.quiet {
        console::print(&format!("{tally}\n"))?;
    }
    Ok(if interrupted {
        Outcome::Interrupted
    } else if tally.failed + tally.left > 0 {
        Outcome::SomeFailed
    } else {
        Outcome::Done
    })
}

/// What became of all images.
#[derive(Debug, Default)]
struct Tally {
    done: usize,
    skipped: usize,
    failed: usize,
    left: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{} enlarged", self.done)?;
        for (count, what) in [
            (self.skipped, "skipped, as they were there"),
            (self.failed, "failed"),
            (self.left, "left"),
        ] {
            if count > 0 {
                write!(formatter, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}

/// What can be said of an image and its result before any work is done; none where its result is there and is to stay.
fn judge(
    image: Found,
    arguments: &UpscaleArguments,
    settings: &Settings,
    destination: &mut Destination,
) -> anyhow::Result<Option<Job>> {
    let info = probe(&image.path, &settings.limits)?;
    let size = settings
        .plan(&image.path, info.width, info.height)?
        .output();
    let (output, format) = match destination.of(&image, info.format) {
        Err(error)
            if arguments.skip_existing
                && matches!(error.downcast_ref(), Some(CodecError::OutputExists { .. })) =>
        {
            return Ok(None);
        }
        result => result?,
    };
    // The size of another page is not known yet.
    if arguments.page.is_none() {
        format.check_size(size.width, size.height, &output)?;
    }
    Ok(Some(Job {
        input: image.path,
        page: arguments.page,
        output,
        format,
    }))
}

/// Enlarges all images, whatever becomes of each; whether it was interrupted.
fn work(jobs: &[Job], settings: &Settings, quiet: bool, tally: &mut Tally) -> bool {
    for (index, job) in jobs.iter().enumerate() {
        let name = shown(job.input.file_name().unwrap_or_default().as_ref());
        let label = if jobs.len() == 1 {
            name.to_string()
        } else {
            format!("[{}/{}] {name}", index + 1, jobs.len())
        };
        let progress = Progress::new(&label, quiet);
        let start = Instant::now();
        let result = enlarge(job, settings, &progress);
        if interrupt::requested() {
            return true;
        }
        match result {
            Ok(done) => {
                tally.done += 1;
                let (from, to, seconds) = (done.from, done.to, start.elapsed().as_secs_f64());
                progress.finish(&format!(
                    "{label}  {from} → {to}  {seconds:.1} s  {}",
                    shown(&job.output)
                ));
                for loss in done.losses.iter().filter(|_| !quiet) {
                    console::note(&format!("casr: {}: {loss}", shown(&job.output)));
                }
            }
            Err(error) => {
                drop(progress);
                console::failure(&error);
                tally.failed += 1;
            }
        }
    }
    false
}
