//! `casr upscale`: enlarge images, each into a file of its own. A file that fails does not keep the
//! others from being done.

use crate::destination::{Destination, Page, Wanted};
use crate::enlarge::{Done, Job, Keeping, Settings, enlarge};
use crate::inputs::{Found, Inputs, Search};
use crate::layout::{FormatName, LayoutOptions, takes_quality};
use crate::memory::MemoryOptions;
use crate::region::Region;
use crate::video::Video;
use anyhow::bail;
use casr_cli::Outcome;
use casr_cli::Progress;
use casr_cli::console;
use casr_cli::console::Usage;
use casr_cli::interrupt;
use casr_cli::options::{
    EffortOptions, LimitOptions, ModelOptions, TargetOptions, TreatmentOptions,
};
use casr_codec::{CodecError, Format, Options, ResolutionChange, pages, probe, probe_page, shown};
use casr_zoom::{Enlarger, Look};
use clap::{Args, ValueEnum};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
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
  casr upscale *.bmp -o large/ --format jpeg --quality 90
  casr upscale holiday/ --suffix -large -s 4             beside the originals
  casr upscale scan.tif --look faithful --effort best -o big.tif
  casr upscale map.png -s 64 --region 45%,45%,10%,10% -o part.png
  casr upscale scan.tif -s 32 -o wall.tif --resume       go on after a power cut
  casr upscale scan.tif -s 16 -o wall.tif --tiff-pyramid opens at once at any zoom
  casr upscale map.jpg -s 16 -o map.dzi                  tiles for viewers on the web
  casr upscale fax.tif --page all -o pages/ --format png
  casr upscale - -o - < photo.jpg > big.jpg              from standard input to standard output
  ffmpeg -i clip.mp4 -f yuv4mpegpipe - | casr upscale - -s 2 -o - | ffmpeg -i - big.mp4")]
pub struct UpscaleArguments {
    /// Images, or folders of images: PNG, JPEG, WebP, TIFF, BMP, GIF (its first frame); - is
    /// standard input, which may be video as well, uncompressed (y4m), such as .y4m files
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// The result, .png, .jpg, .webp, .tif or .dzi; or a folder, which is made if missing and takes
    /// results under their images' names. Several images need a folder. - is standard output. May
    /// be left out where there is a suffix
    #[arg(short, long, value_name = "OUT", required_unless_present = "suffix")]
    output: Option<PathBuf>,
    /// End results' names so, before the extension. Without OUT results stand beside their images
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = parse_suffix)]
    suffix: Option<String>,
    #[command(flatten)]
    target: TargetOptions,
    /// Write a window of the result alone: X,Y,WIDTH,HEIGHT in pixels of it, or in percent
    #[arg(long, value_name = "X,Y,W,H")]
    region: Option<Region>,
    /// Go on with what an interrupted run has finished, and keep what this one finishes until the
    /// result is whole, in a folder beside it. Results from 64 megapixels on are kept so anyway
    #[arg(long)]
    resume: bool,
    /// Do one of several equal shares of the work, such as 3/8, and keep it in a folder beside the
    /// result; `casr join` with the same arguments makes the result once all shares are there
    #[arg(long, value_name = "I/N", value_parser = parse_share, conflicts_with = "resume")]
    shard: Option<(usize, usize)>,
    /// The result's format [default: by OUT's name; in a folder, the image's own, or PNG where that
    /// is BMP or GIF]
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
    /// The page of a TIFF, counted from 1, or all, each into a file of its own with its number
    /// [default: the first]
    #[arg(long, value_name = "NUMBER|all")]
    page: Option<PageName>,
    /// JPEG quality, 1 to 100 [default: 95], in tiles and TIFF as well, or lossy WebP of that
    /// quality [default: lossless]
    #[arg(long, value_name = "QUALITY", value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: Option<u8>,
    /// Enlarge colours as they are where they are transparent: for images that hide data there
    #[arg(long)]
    keep_hidden: bool,
    /// What becomes of an image's resolution, its dots per inch
    #[arg(long, value_name = "CHANGE", value_enum, default_value_t = DpiName::Keep)]
    dpi: DpiName,
    /// Leave out what describes an image: EXIF with its camera, time and place, XMP, IPTC, comments
    /// and texts. Colour profile and resolution stay
    #[arg(long)]
    strip_metadata: bool,
    /// Do not write into a result's XMP that it was enlarged
    #[arg(long)]
    no_mark: bool,
    /// Have every tile made by the network. Otherwise tiles so smooth that it would change them by
    /// less than half a step of 8 bits are interpolated alone, which saves time
    #[arg(long)]
    exact: bool,
    #[command(flatten)]
    treatment: TreatmentOptions,
    #[command(flatten)]
    effort: EffortOptions,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    limits: LimitOptions,
    #[command(flatten)]
    memory: MemoryOptions,
    /// Say what was found in each image and how it is treated
    #[arg(short, long, conflicts_with = "quiet")]
    verbose: bool,
    /// Show no progress and no remarks, only failures
    #[arg(short, long)]
    quiet: bool,
    // Last: what follows would stand under its heading.
    #[command(flatten)]
    layout: LayoutOptions,
}

/// Which pages, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PageName {
    One(usize),
    All,
}

impl FromStr for PageName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            _ if text == "all" => Ok(Self::All),
            Ok(number) if number > 0 => Ok(Self::One(number)),
            _ => Err("write a number from 1 up, or all"),
        }
    }
}

/// Reads which of how many shares, such as `3/8`.
fn parse_share(text: &str) -> Result<(usize, usize), &'static str> {
    let numbers = text
        .split_once('/')
        .map(|(index, count)| (index.trim().parse(), count.trim().parse()));
    match numbers {
        Some((Ok(index), Ok(count))) if (1..=count).contains(&index) => Ok((index, count)),
        _ => Err("write which share of how many, such as 3/8, counted from 1"),
    }
}

/// Reads what results' names end with.
fn parse_suffix(text: &str) -> Result<String, String> {
    match text {
        "" => Err("write some letters, such as -large".to_owned()),
        _ if text.contains(std::path::is_separator) => {
            Err("a suffix is a part of a name, without slashes".to_owned())
        }
        _ => Ok(text.to_owned()),
    }
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

impl UpscaleArguments {
    /// How much is done, and what is kept of it.
    fn keeping(&self) -> Keeping {
        match self.shard {
            Some((index, count)) => Keeping::Shared { index, count },
            None if self.resume => Keeping::Resumed,
            None => Keeping::Whole,
        }
    }

    /// Refuses what frames of a video cannot be given.
    fn check_for_video(&self, settings: &Settings) -> anyhow::Result<()> {
        let wrong = [
            (settings.keeping != Keeping::Whole, "--resume and --shard"),
            (self.region.is_some(), "--region"),
            (self.format.is_some(), "--format"),
            (self.page.is_some(), "--page"),
        ];
        match wrong.iter().find(|(given, _)| *given) {
            Some((_, option)) => bail!(Usage(format!(
                "{option} is for images; leave it out for a video"
            ))),
            None => Ok(()),
        }
    }
}

/// Judges all images by their headers, then enlarges those that passed.
pub fn run(arguments: &UpscaleArguments) -> anyhow::Result<Outcome> {
    perform(arguments, arguments.keeping())
}

/// Puts the shares of [`run`] together.
pub fn join(arguments: &UpscaleArguments) -> anyhow::Result<Outcome> {
    if arguments.shard.is_some() || arguments.resume {
        bail!(Usage(
            "casr join puts all shares together; leave --shard and --resume out".to_owned()
        ));
    }
    perform(arguments, Keeping::Joined)
}

fn perform(arguments: &UpscaleArguments, keeping: Keeping) -> anyhow::Result<Outcome> {
    arguments.model.start()?;
    let model = arguments.effort.apply(arguments.model.model()?)?;
    let settings = Settings {
        enlarger: Enlarger::new(model)
            .max_step(arguments.target.max_step)
            .restoration(arguments.treatment.restoration())
            .look(arguments.treatment.look())
            .exact(arguments.exact),
        target: arguments.target.target(),
        region: arguments.region,
        keeping,
        exact: arguments.exact,
        restores: arguments.treatment.restores(),
        limits: arguments.limits.limits(),
        memory: arguments.memory.bytes,
        keep_hidden: arguments.keep_hidden,
        mark: !arguments.no_mark,
        verbose: arguments.verbose,
        writing: Options {
            overwrite: arguments.overwrite,
            quality: arguments.quality.unwrap_or(Options::default().quality),
            webp_quality: arguments.quality,
            resolution: arguments.dpi.into(),
            strip: arguments.strip_metadata,
            tiff: arguments.layout.tiff(),
            tile_format: arguments.layout.tile_format(),
        },
    };
    if let Some(video) = Video::among(&arguments.inputs)? {
        arguments.check_for_video(&settings)?;
        let output = arguments.output.as_deref();
        let interrupted = video.enlarge(output, &settings, arguments.quiet)?;
        return Ok(if interrupted {
            Outcome::Interrupted
        } else {
            Outcome::Done
        });
    }
    let search = Search {
        recursive: arguments.recursive,
        output: arguments.output.as_deref(),
        suffix: arguments.suffix.as_deref(),
    };
    let inputs = Inputs::find(&arguments.inputs, &search)?;
    let wanted = Wanted {
        output: arguments.output.as_deref(),
        suffix: arguments.suffix.as_deref().unwrap_or_default(),
        format: arguments.format.map(Format::from),
        overwrite: arguments.overwrite,
    };
    let images = inputs.images.iter().flatten();
    let mut destination = Destination::new(wanted, &arguments.inputs, images)?;
    let mut judged = Vec::new();
    for image in inputs.images {
        match image.and_then(|image| parts(image, arguments.page)) {
            Ok(parts) => judged.extend(
                (parts.into_iter()).map(|part| judge(part, arguments, &settings, &mut destination)),
            ),
            Err(error) => judged.push(Err(error)),
        }
    }
    inputs.left.iter().for_each(console::failure);
    if !arguments.quiet {
        note_passed(&inputs.others, "likely no images");
        note_passed(&inputs.results, "results of an earlier run by their names");
    }
    let several = judged.len() > 1 || !inputs.left.is_empty();
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
    arguments.layout.check(jobs.iter().map(|job| job.format))?;
    if !jobs.is_empty() {
        destination.prepare()?;
    }
    if !arguments.quiet {
        note_idle(arguments, &jobs, &settings);
    }
    let interrupted = work(&jobs, &settings, arguments.quiet, &mut tally);
    if several && !arguments.quiet {
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

/// Tells of options that change nothing.
fn note_idle(arguments: &UpscaleArguments, jobs: &[Job], settings: &Settings) {
    let lossless = |job: &Job| !takes_quality(job.format, &settings.writing);
    if arguments.quality.is_some() && !jobs.is_empty() && jobs.iter().all(lossless) {
        console::remark("--quality changes nothing: these results are lossless");
    }
    if arguments.treatment.look() != Look::Auto && !settings.enlarger.model().has_looks() {
        console::remark("--look changes nothing: these weights have one look");
    }
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

/// Names the first of some files that were passed over.
fn note_passed(files: &[PathBuf], why: &str) {
    if let Some((first, more)) = files.split_first() {
        let more = match more.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        console::remark(&format!("{}{more}: passed over, {why}", shown(first)));
    }
}

/// An image, or one of its pages.
struct Part {
    image: Found,
    /// Which page to read, if one is wanted.
    page: Option<usize>,
    /// Which of how many wanted pages it is, if there are several.
    numbered: Option<Page>,
}

/// The wanted parts of an image.
fn parts(image: Found, wanted: Option<PageName>) -> anyhow::Result<Vec<Part>> {
    let part = |image: Found, page, numbered| Part {
        image,
        page,
        numbered,
    };
    Ok(match wanted {
        None => vec![part(image, None, None)],
        Some(PageName::One(page)) => vec![part(image, Some(page), None)],
        Some(PageName::All) => match pages(image.input.source())? {
            // A file of one image is named after it, as always.
            0 | 1 => vec![part(image, None, None)],
            count => (1..=count)
                .map(|page| part(image.clone(), Some(page), Some((page, count))))
                .collect(),
        },
    })
}

/// What can be said of an image and its result before any work is done; none where its result is
/// there and is to stay.
fn judge(
    part: Part,
    arguments: &UpscaleArguments,
    settings: &Settings,
    destination: &mut Destination,
) -> anyhow::Result<Option<Job>> {
    let Part {
        image,
        page,
        numbered,
    } = part;
    let source = image.input.source();
    let info = match page {
        Some(page) => probe_page(source, &settings.limits, page)?,
        None => probe(source, &settings.limits)?,
    };
    let plan = settings.plan(image.input.name(), info.width, info.height)?;
    let size = settings.window(image.input.name(), &plan)?.size();
    let (output, format) = match destination.of(&image, info.format, numbered) {
        Err(error)
            if arguments.skip_existing
                && matches!(error.downcast_ref(), Some(CodecError::OutputExists { .. })) =>
        {
            return Ok(None);
        }
        result => result?,
    };
    format.check_size(size.width, size.height, output.name())?;
    Ok(Some(Job {
        input: image.input,
        info,
        page,
        output,
        format,
    }))
}

/// Enlarges all images, whatever becomes of each; whether it was interrupted.
fn work(jobs: &[Job], settings: &Settings, quiet: bool, tally: &mut Tally) -> bool {
    for (index, job) in jobs.iter().enumerate() {
        let name = shown(job.input.name().file_name().unwrap_or_default().as_ref());
        let label = if jobs.len() == 1 {
            name.to_string()
        } else {
            format!("[{}/{}] {name}", index + 1, jobs.len())
        };
        let progress = Progress::new(&label, quiet);
        let start = Instant::now();
        let mut remarks = Vec::new();
        let result = enlarge(job, settings, &progress, &mut remarks);
        let remark = || {
            for remark in remarks.iter().filter(|_| !quiet) {
                console::remark(&format!("{}: {remark}", shown(job.output.name())));
            }
        };
        if interrupt::requested() {
            drop(progress);
            remark();
            return true;
        }
        let seconds = start.elapsed().as_secs_f64();
        match result {
            Ok(done) => {
                tally.done += 1;
                let what = match done {
                    Done::Whole { from, to } => format!("{from} → {to}"),
                    Done::Part { share } => {
                        format!("{} of {} tiles are there", share.done, share.total)
                    }
                };
                let output = shown(job.output.name());
                progress.finish(&format!("{label}  {what}  {seconds:.1} s  {output}"));
                remark();
            }
            Err(error) => {
                drop(progress);
                remark();
                console::failure(&error);
                tally.failed += 1;
            }
        }
    }
    false
}
