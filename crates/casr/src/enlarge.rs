//! One image, from file to file.

use crate::interrupt;
use crate::picture::{Alpha, AlphaRows, Layers, interleave};
use crate::progress::Progress;
use anyhow::anyhow;
use casr_codec::{Format, Header, Limits, Loss, Options, Writer, read, read_page, shown};
use casr_zoom::{Bands, Enlarger, Image, Look, Restoration, ScalePlan, Size, Target, ZoomError};
use std::cell::Cell;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// One image to enlarge.
pub struct Job {
    /// The image's file.
    pub input: PathBuf,
    /// Which of its pages, counted from 1; none for its main image.
    pub page: Option<u32>,
    /// The result's file.
    pub output: PathBuf,
    /// The result's format.
    pub format: Format,
}

/// What is the same for all images of a run.
pub struct Settings {
    /// The network.
    pub enlarger: Enlarger,
    /// The wanted size.
    pub target: Target,
    /// What is too large to be read.
    pub limits: Limits,
    /// Whether colours that do not show stay as they are.
    pub keep_hidden: bool,
    /// How results are written.
    pub writing: Options,
}

/// A finished enlargement.
pub struct Done {
    /// The image's size.
    pub from: Size,
    /// The result's size.
    pub to: Size,
    /// What the result does not keep of the image.
    pub losses: Vec<Loss>,
}

impl Settings {
    /// The levels for an image of `width` × `height` pixels; `input` is for messages.
    ///
    /// # Errors
    /// The wanted size is out of range, with the file's name.
    pub fn plan(&self, input: &Path, width: usize, height: usize) -> anyhow::Result<ScalePlan> {
        self.enlarger
            .plan(Size { width, height }, self.target)
            .map_err(|error| on(input, &error))
    }
}

/// Enlarges one image; the result streams into its file. Ctrl-C ends it as a failure.
///
/// # Errors
/// Whatever kept the result from being written, as a message for the user. Nothing is left behind then.
pub fn enlarge(job: &Job, settings: &Settings, progress: &Progress) -> anyhow::Result<Done> {
    let mut picture = match job.page {
        Some(page) => read_page(&job.input, &settings.limits, page as usize)?,
        None => read(&job.input, &settings.limits)?,
    };
    let plan = settings.plan(&job.input, picture.width, picture.height)?;
    let size = plan.output();
    let header = Header::of(&picture, size.width, size.height, job.format);
    if !header.alpha {
        picture.alpha = None;
    }
    let colour = header.colour;
    let mut writer = Writer::create(&job.output, job.format, header, settings.writing)?;
    let losses = [picture.losses.as_slice(), writer.losses()].concat();
    let layers =
        Layers::take(&mut picture, settings.keep_hidden).map_err(|error| on(&job.input, &error))?;
    stream(&layers, settings, &plan, progress, |rgb, alpha| {
        writer
            .write_rows(&interleave(rgb, alpha, colour))
            .map_err(anyhow::Error::from)
    })
    .map_err(|error| {
        error
            .downcast_ref()
            .map(|zoom: &ZoomError| on(&job.input, zoom))
            .unwrap_or(error)
    })?;
    writer.finish()?;
    Ok(Done {
        from: plan.input(),
        to: size,
        losses,
    })
}

/// Enlarges colours and alpha in lockstep and hands on their rows, band by band from the top.
fn stream(
    layers: &Layers,
    settings: &Settings,
    plan: &ScalePlan,
    progress: &Progress,
    mut write: impl FnMut(&[f32], &AlphaRows) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let varying = match &layers.alpha {
        Some(Alpha::Varying(image)) => Some(image),
        _ => None,
    };
    let watch = Watch {
        progress,
        done: Cell::new(0),
        passes: 1 + u64::from(varying.is_some()),
    };
    // Nothing is invented in a mask, and nothing in it is noise.
    let of_masks = (settings.enlarger.clone())
        .look(Look::FAITHFUL)
        .restoration(Restoration::Strength(0.0));
    let mut alphas = varying
        .map(|image| watch.bands(&of_masks, image, plan))
        .transpose()?;
    for band in watch.bands(&settings.enlarger, &layers.colours, plan)? {
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
    Ok(())
}

/// Shows how far one image is, and stops the work after Ctrl-C. Colours and alpha are one work.
struct Watch<'a> {
    progress: &'a Progress,
    done: Cell<u64>,
    /// How often the network goes over the image.
    passes: u64,
}

impl Watch<'_> {
    /// The bands of `image`, watched.
    fn bands<'b>(
        &'b self,
        enlarger: &'b Enlarger,
        image: &'b Image,
        plan: &ScalePlan,
    ) -> Result<Bands<'b>, ZoomError> {
        let mut before = 0;
        let observer = move |now: casr_zoom::Progress| {
            self.done.set(self.done.get() + now.done - before);
            before = now.done;
            self.progress
                .update(self.done.get(), now.total * self.passes);
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
fn on(input: &Path, error: &ZoomError) -> anyhow::Error {
    anyhow!("{}: {error}", shown(input))
}
