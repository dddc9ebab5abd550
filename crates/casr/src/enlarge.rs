//! One image, from file to file.

use crate::destination::Output;
use crate::inputs::Input;
use crate::keep;
use crate::kept::Share;
use crate::memory;
use crate::region::Region;
use anyhow::{anyhow, bail};
use casr_cli::{Progress, interrupt};
use casr_codec::{Format, Header, Info, Limits, Options, Writer, read, read_page, shown};
use casr_picture::{Work, describe, header, layers, mark, treated, untrained};
use casr_zoom::{Enlarger, Rectangle, ScalePlan, Size, Target, ZoomError};
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

/// One image to enlarge.
pub struct Job {
    /// Where the image comes from.
    pub input: Input,
    /// What its header says.
    pub info: Info,
    /// Which of its pages, counted from 1; none for its main image.
    pub page: Option<usize>,
    /// Where the result goes.
    pub output: Output,
    /// The result's format.
    pub format: Format,
}

/// What is the same for all images of a run.
pub struct Settings {
    /// The network.
    pub enlarger: Enlarger,
    /// The wanted size.
    pub target: Target,
    /// The wanted window of results; none for all of them.
    pub region: Option<Region>,
    /// How much is done, and what is kept of it.
    pub keeping: Keeping,
    /// Whether all tiles go through the network.
    pub exact: bool,
    /// Whether images that keep their size are restored; otherwise their pixels stay as they are.
    pub restores: bool,
    /// What is too large to be read.
    pub limits: Limits,
    /// How much memory there is, in bytes, if the user says so.
    pub memory: Option<u64>,
    /// Whether colours that do not show stay as they are.
    pub keep_hidden: bool,
    /// Whether results are marked as enlargements.
    pub mark: bool,
    /// Whether it is remarked what was found in an image, and how it is treated.
    pub verbose: bool,
    /// How results are written.
    pub writing: Options,
}

/// What became of an enlargement.
pub enum Done {
    /// The result is written.
    Whole {
        /// The image's size.
        from: Size,
        /// The size of the result, or of the window of it.
        to: Size,
    },
    /// A share of the work is done, and kept.
    Part {
        /// How much of the result is there, other shares included.
        share: Share,
    },
}

/// How much of a result's work is done, and what is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// All; finished tiles of a large result are kept until it is whole.
    Whole,
    /// What an earlier run has not finished; finished tiles are kept.
    Resumed,
    /// The share `index` of `count`, counted from 1; its tiles are kept.
    Shared {
        /// Which one.
        index: usize,
        /// Of how many.
        count: usize,
    },
    /// Nothing: all tiles are there.
    Joined,
}

impl Keeping {
    /// Whether one result is the work of several runs.
    pub fn is_shared(self) -> bool {
        matches!(self, Self::Shared { .. } | Self::Joined)
    }
}

impl Settings {
    /// The levels for an image of `width` × `height` pixels; `input` is for messages.
    ///
    /// # Errors
    /// The wanted size is out of range, with the file's name.
    pub fn plan(&self, input: &Path, width: usize, height: usize) -> anyhow::Result<ScalePlan> {
        let size = Size { width, height };
        let plan = casr_picture::plan(&self.enlarger, size, self.target, self.restores);
        plan.map_err(|error| on(input, &error))
    }

    /// The wanted window of a plan's result; `input` is for messages.
    ///
    /// # Errors
    /// It does not lie within the result.
    pub fn window(&self, input: &Path, plan: &ScalePlan) -> anyhow::Result<Rectangle> {
        let size = plan.output();
        match self.region {
            Some(region) => region.within(input, size),
            None => Ok(Rectangle::whole(size)),
        }
    }
}

/// Enlarges one image; the result streams into its file, or is put together from kept tiles. Ctrl-C
/// ends it as a failure. What the user should know goes to `remarks`, also where the image fails
/// afterwards.
///
/// # Errors
/// Whatever kept the result from being written, as a message for the user. Nothing is left behind
/// then but tiles that are kept.
pub fn enlarge(
    job: &Job,
    settings: &Settings,
    progress: &Progress,
    remarks: &mut Vec<String>,
) -> anyhow::Result<Done> {
    let name = job.input.name();
    let plan = settings.plan(name, job.info.width, job.info.height)?;
    let window = settings.window(name, &plan)?;
    let foretell = |enlarger: &Enlarger| {
        let (info, format) = (&job.info, job.format);
        memory::foretell(info, format, &plan, window, enlarger, &settings.writing)
    };
    let enlarger = memory::fitted(name, &settings.enlarger, settings.memory, foretell)?;
    let enlarger = keep::cut_alike(enlarger, &job.output, settings.keeping);
    let mut picture = match job.page {
        Some(page) => read_page(job.input.source(), &settings.limits, page)?,
        None => read(job.input.source(), &settings.limits)?,
    };
    remarks.extend(picture.losses.iter().map(ToString::to_string));
    // The file may be another one than the one judged.
    let plan = settings.plan(name, picture.width, picture.height)?;
    let window = settings.window(name, &plan)?;
    remarks.extend(untrained(plan.factor()));
    let keeps = keep::keeps(settings.keeping, &job.output, window.size());
    let image = keeps.then(|| keep::digest(&picture));
    let mut header = header(&picture, &plan, window, job.format, &settings.writing);
    if !header.alpha {
        picture.alpha = None;
    }
    let layers = layers(&mut picture, settings.keep_hidden).map_err(|error| on(name, &error))?;
    let (enlarger, treatment) = treated(enlarger, &layers, &plan);
    let passes = enlarger.model().passes();
    header.mark = (treatment.filter(|_| settings.mark))
        .map(|treatment| mark(&plan, settings.region.map(|_| window), treatment, passes));
    if settings.verbose {
        remarks.push(describe(&plan, treatment, passes));
    }
    let enlarger = enlarger.room(0);
    let work = Work::new(&layers, &enlarger, &plan, window, header.colour)
        .map_err(|error| on(name, &error))?;
    let writing = Writing {
        job,
        settings,
        header,
    };
    let kept = match treatment {
        None if settings.keeping.is_shared() => bail!(
            "{}: the pixels stay as they are, so there is no work to share out",
            shown(name)
        ),
        None => None,
        Some(treatment) => keep::open(&writing, &work, image, &enlarger, treatment, remarks)?,
    };
    let done = match kept {
        None => {
            let mut writer = writing.begin()?;
            remarks.extend(writer.losses().iter().map(ToString::to_string));
            work.stream(&watch(progress), |rows| Ok(writer.write_rows(rows)?))
                .map_err(|error| named(name, error))?;
            writer.finish()?;
            Done::Whole {
                from: plan.input(),
                to: window.size(),
            }
        }
        Some(kept) => keep::work(&kept, &writing, &work, progress, remarks)
            .map_err(|error| named(name, error))?,
    };
    remarks.extend(work.fallback());
    if settings.verbose {
        remarks.extend(work.saved());
    }
    Ok(done)
}

/// Shows how far the work is, and stops it after Ctrl-C.
pub fn watch(progress: &Progress) -> impl Fn(u64, u64) -> ControlFlow<()> + Send + Sync {
    |done, total| {
        progress.update(done, total);
        if interrupt::requested() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// A failure with the image's name, where it is the network's.
pub fn named(input: &Path, error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(zoom) => on(input, zoom),
        None => error,
    }
}

/// Where a result goes and what it holds.
pub struct Writing<'a> {
    pub job: &'a Job,
    pub settings: &'a Settings,
    pub header: Header,
}

impl Writing<'_> {
    /// Begins the result.
    ///
    /// # Errors
    /// What can be said against it.
    pub fn begin(&self) -> anyhow::Result<Writer<'static>> {
        let (header, options) = (self.header.clone(), self.settings.writing);
        let format = self.job.format;
        Ok(match &self.job.output {
            Output::File(path) => Writer::create(path, format, header, options)?,
            Output::Standard => {
                let name = self.job.output.name();
                Writer::to_stream(io::stdout(), name, format, header, options)?
            }
        })
    }
}

/// An enlargement's failure with the file's name.
pub fn on(input: &Path, error: &ZoomError) -> anyhow::Error {
    anyhow!("{}: {error}", shown(input))
}
