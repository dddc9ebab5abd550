//! One image, from file to file.

use crate::destination::Output;
use crate::inputs::Input;
use crate::memory;
use crate::picture::{Alpha, AlphaRows, Layers, interleave};
use anyhow::anyhow;
use casr_cli::Progress;
use casr_cli::interrupt;
use casr_codec::{Format, Header, Info, Limits, Mark, Options, Writer, read, read_page, shown};
use casr_zoom::{
    Bands, Enlarger, ImageView, Look, Restoration, ScalePlan, Size, Strength, Target, Treatment,
    ZoomError,
};
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

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

/// A finished enlargement.
pub struct Done {
    /// The image's size.
    pub from: Size,
    /// The result's size.
    pub to: Size,
}

impl Settings {
    /// The levels for an image of `width` × `height` pixels; `input` is for messages.
    ///
    /// # Errors
    /// The wanted size is out of range, with the file's name.
    pub fn plan(&self, input: &Path, width: usize, height: usize) -> anyhow::Result<ScalePlan> {
        let size = Size { width, height };
        let plan = |target| {
            let plan = self.enlarger.plan(size, target);
            plan.map_err(|error| on(input, &error))
        };
        match plan(self.target)? {
            copy if copy.levels().is_empty() && self.restores => plan(Target::Same),
            plan => Ok(plan),
        }
    }
}

/// Enlarges one image; the result streams into its file. Ctrl-C ends it as a failure. What the user
/// should know goes to `remarks`, also where the image fails afterwards.
///
/// # Errors
/// Whatever kept the result from being written, as a message for the user. Nothing is left behind
/// then.
pub fn enlarge(
    job: &Job,
    settings: &Settings,
    progress: &Progress,
    remarks: &mut Vec<String>,
) -> anyhow::Result<Done> {
    let name = job.input.name();
    let plan = settings.plan(name, job.info.width, job.info.height)?;
    let bytes = memory::foretell(
        &job.info,
        job.format,
        &plan,
        &settings.enlarger,
        &settings.writing,
    );
    memory::check(name, bytes, settings.memory)?;
    let mut picture = match job.page {
        Some(page) => read_page(job.input.source(), &settings.limits, page)?,
        None => read(job.input.source(), &settings.limits)?,
    };
    remarks.extend(picture.losses.iter().map(ToString::to_string));
    // The file may be another one than the one judged.
    let plan = settings.plan(name, picture.width, picture.height)?;
    let size = plan.output();
    let (width, height) = (size.width, size.height);
    let mut header = Header::of_written(&picture, width, height, job.format, &settings.writing);
    if !header.alpha {
        picture.alpha = None;
    }
    let colour = header.colour;
    let layers = Layers::take(&mut picture, settings.keep_hidden);
    let colours = layers.colours().map_err(|error| on(name, &error))?;
    // Pixels that stay as they are need no estimate.
    let treatment =
        (!plan.levels().is_empty()).then(|| settings.enlarger.treatment(colours, &plan));
    header.mark = (treatment.filter(|_| settings.mark)).map(|treatment| mark(&plan, treatment));
    if settings.verbose {
        remarks.push(describe(&plan, treatment));
    }
    let mut writer = match &job.output {
        Output::File(path) => Writer::create(path, job.format, header, settings.writing)?,
        Output::Standard => {
            let name = job.output.name();
            Writer::to_stream(io::stdout(), name, job.format, header, settings.writing)?
        }
    };
    remarks.extend(writer.losses().iter().map(ToString::to_string));
    let enlarger = settings.enlarger.clone();
    let enlarger = match treatment {
        Some(treatment) => enlarger.treating(treatment),
        None => enlarger,
    };
    let fallback = stream(
        colours,
        &layers,
        &enlarger,
        &plan,
        progress,
        |rgb, alpha| {
            writer
                .write_rows(&interleave(rgb, alpha, colour))
                .map_err(anyhow::Error::from)
        },
    )
    .map_err(|error| {
        error
            .downcast_ref()
            .map(|zoom: &ZoomError| on(name, zoom))
            .unwrap_or(error)
    })?;
    remarks.extend(fallback);
    writer.finish()?;
    Ok(Done {
        from: plan.input(),
        to: size,
    })
}

/// How a result was made, for its metadata.
fn mark(plan: &ScalePlan, treatment: Treatment) -> Mark {
    let Treatment { degradation, look } = treatment;
    let what = if plan.input() == plan.output() {
        "restored".to_owned()
    } else {
        format!(
            "enlarged {:.3} times, {} to {}",
            plan.factor(),
            plan.input(),
            plan.output()
        )
    };
    Mark {
        software: concat!("CASR ", env!("CARGO_PKG_VERSION")).to_owned(),
        parameters: format!(
            "{what}; look {look:.2} (0 faithful, 1 vivid); removed noise {:.2} and compression {:.2} (0 none, 1 worst)",
            degradation.noise, degradation.compression
        ),
    }
}

/// What was found in an image and what will be done.
fn describe(plan: &ScalePlan, treatment: Option<Treatment>) -> String {
    let Some(Treatment { degradation, look }) = treatment else {
        return "the pixels stay as they are".to_owned();
    };
    let levels: Vec<String> = plan.levels().iter().map(ToString::to_string).collect();
    let found = [
        (degradation.noise, "noise"),
        (degradation.compression, "traces of JPEG"),
    ]
    .map(|(strength, what)| format!("{what} {strength:.2}"))
    .join(" and ");
    format!(
        "removes {found} (0 none, 1 worst); look {look:.2} (0 faithful, 1 vivid); {} → {}",
        plan.input(),
        levels.join(" → ")
    )
}

/// Enlarges colours and alpha in lockstep and hands on their rows, band by band from the top. Gives
/// back why the processor did a part of a GPU's work, if it did.
fn stream(
    colours: ImageView,
    layers: &Layers,
    enlarger: &Enlarger,
    plan: &ScalePlan,
    progress: &Progress,
    mut write: impl FnMut(&[f32], &AlphaRows) -> anyhow::Result<()>,
) -> anyhow::Result<Option<String>> {
    let mask = layers.mask()?;
    let watch = Watch {
        progress,
        done: AtomicU64::new(0),
        passes: 1 + u64::from(mask.is_some()),
    };
    // Nothing is invented in a mask, and nothing in it is noise.
    let of_masks = (enlarger.clone())
        .look(Look::FAITHFUL)
        .restoration(Restoration::Fixed(Strength::NONE));
    let mut alphas = mask
        .map(|mask| watch.bands(&of_masks, mask, plan))
        .transpose()?;
    let mut colours = watch.bands(enlarger, colours, plan)?;
    for band in colours.by_ref() {
        let band = band?;
        // One plan cuts both into the same rows.
        let alpha_band = alphas.as_mut().and_then(Iterator::next).transpose()?;
        let alpha_rows = match (&layers.alpha, &alpha_band) {
            (Some(Alpha::Constant(value)), _) => AlphaRows::Constant(*value),
            (_, Some(alpha_band)) => AlphaRows::Enlarged(&alpha_band.pixels),
            (_, None) => AlphaRows::Absent,
        };
        write(&band.pixels, &alpha_rows)?;
    }
    let fallbacks = [Some(&colours), alphas.as_ref()].into_iter().flatten();
    let mut fallbacks = fallbacks.filter_map(Bands::fallback);
    Ok(fallbacks
        .next()
        .map(|why| format!("{why} The processor did the rest")))
}

/// Shows how far one image is, and stops the work after Ctrl-C. Colours and alpha are one work.
struct Watch<'a> {
    progress: &'a Progress,
    done: AtomicU64,
    /// How often the network goes over the image.
    passes: u64,
}

impl Watch<'_> {
    /// The bands of `image`, watched.
    fn bands<'b>(
        &'b self,
        enlarger: &Enlarger,
        image: ImageView<'b>,
        plan: &ScalePlan,
    ) -> Result<Bands<'b>, ZoomError> {
        let mut before = 0;
        let observer = move |now: casr_zoom::Progress| {
            let more = now.done - before;
            before = now.done;
            let done = self.done.fetch_add(more, Ordering::Relaxed) + more;
            self.progress.update(done, now.total * self.passes);
            if interrupt::requested() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        Ok(enlarger.bands(image, plan)?.observe(observer))
    }
}

/// An enlargement's failure with the file's name.
pub fn on(input: &Path, error: &ZoomError) -> anyhow::Error {
    anyhow!("{}: {error}", shown(input))
}
