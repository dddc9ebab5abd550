//! The methods that a report compares: how each enlarges an image, and the levels it passes on the way.

use super::external::External;
use super::memory;
use crate::interrupt;
use anyhow::{anyhow, bail};
use casr_metrics::{RgbImage, imresize, lanczos};
use casr_net::{Model, StepGeometry};
use casr_zoom::{Enlarger, Image, LARGEST_STEP, Size, Target};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

/// What a method made of an image.
#[derive(Debug)]
pub struct Made {
    /// Every level, the result last.
    pub levels: Vec<RgbImage>,
    /// How long it took; an external program's start and files included.
    pub seconds: f64,
    /// The most memory that was held for it at a time, bytes; none where the system does not tell.
    pub peak_bytes: Option<u64>,
}

/// A way to enlarge an image.
#[derive(Clone, Debug)]
pub struct Method {
    /// What reports call it.
    pub name: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Bicubic,
    Lanczos,
    /// The network in steps of at most this factor.
    Looped(f64),
    /// The network in one step, whatever the factor.
    OneStep,
    /// The network to four times the size, in steps of at most this factor, and Lanczos interpolation from there: what one does
    /// with a network of a fixed factor.
    FourThenLanczos(f64),
    External(External),
}

/// What the command line says of the methods.
pub const HELP: &str = "bicubic, lanczos, casr, casr:STEP (with another --max-step), casr-one-step, casr-x4-lanczos (four times, then \
                        Lanczos)";

impl Method {
    /// The method of a name in [`HELP`].
    ///
    /// # Errors
    /// There is no such method, or its step is not above 1 and at most 4.
    pub fn named(name: &str, max_step: f64) -> anyhow::Result<Self> {
        let kind = match name {
            "bicubic" => Kind::Bicubic,
            "lanczos" => Kind::Lanczos,
            "casr" => Kind::Looped(max_step),
            "casr-one-step" => Kind::OneStep,
            "casr-x4-lanczos" => Kind::FourThenLanczos(max_step),
            _ => match name.strip_prefix("casr:").map(str::parse) {
                Some(Ok(step)) => Kind::Looped(step),
                _ => bail!("{name}: there is no such method; there are {HELP}"),
            },
        };
        if let Kind::Looped(step) | Kind::FourThenLanczos(step) = kind
            && !(step > 1.0 && step <= LARGEST_STEP)
        {
            bail!("{name}: a step must be above 1 and at most {LARGEST_STEP}");
        }
        Ok(Self {
            name: name.to_owned(),
            kind,
        })
    }

    /// An external program.
    pub fn external(name: &str, program: External) -> Self {
        Self {
            name: name.to_owned(),
            kind: Kind::External(program),
        }
    }

    /// Whether it needs the network.
    pub fn is_ours(&self) -> bool {
        matches!(
            self.kind,
            Kind::Looped(_) | Kind::OneStep | Kind::FourThenLanczos(_)
        )
    }

    /// What, beside the network and the image, decides its results.
    pub fn identity(&self) -> String {
        match &self.kind {
            Kind::External(program) => program.identity(),
            kind => format!("{kind:?}"),
        }
    }

    /// Enlarges `input` to `size` (width, height).
    ///
    /// # Errors
    /// The program fails or gives something else, a GPU fails, or Ctrl-C came.
    pub fn enlarge(
        &self,
        input: &RgbImage,
        size: (usize, usize),
        model: &Model,
    ) -> anyhow::Result<Made> {
        memory::start();
        let start = Instant::now();
        let levels = match &self.kind {
            Kind::Bicubic => vec![imresize(input, size)?],
            Kind::Lanczos => vec![lanczos(input, size)?],
            Kind::Looped(max_step) => looped(input, size, *max_step, model)?,
            Kind::OneStep => vec![one_step(input, size, model)?],
            Kind::FourThenLanczos(max_step) => {
                let four = (4 * input.width(), 4 * input.height());
                let mut levels = looped(input, four, *max_step, model)?;
                let result = lanczos(levels.last().unwrap_or(input), size)?;
                // Lanczos makes the result, even of a level as large or larger.
                levels.retain(|level| level.width() < size.0 && level.height() < size.1);
                levels.push(result);
                levels
            }
            // It measures itself.
            Kind::External(program) => return program.enlarge(input, size),
        };
        Ok(Made {
            levels,
            seconds: start.elapsed().as_secs_f64(),
            peak_bytes: Some(memory::taken()),
        })
    }
}

/// The levels of the loop.
fn looped(
    input: &RgbImage,
    (width, height): (usize, usize),
    max_step: f64,
    model: &Model,
) -> anyhow::Result<Vec<RgbImage>> {
    let plan = Enlarger::new(model.clone()).max_step(max_step).plan(
        Size {
            width: input.width(),
            height: input.height(),
        },
        Target::Size(Size { width, height }),
    )?;
    // A step at a time, so that every level is seen. No step of a plan is larger than the largest.
    let enlarger = Enlarger::new(model.clone()).max_step(LARGEST_STEP);
    let mut levels: Vec<RgbImage> = Vec::new();
    for &size in plan.levels() {
        let below = levels.last().unwrap_or(input);
        let image = Image::new(below.width(), below.height(), below.values().to_vec())?;
        let step = enlarger.plan(image.size(), Target::Size(size))?;
        let bands = enlarger.bands(&image, &step)?.observe(stop);
        let pixels = bands.into_image()?.into_pixels();
        levels.push(RgbImage::new(size.width, size.height, pixels)?);
    }
    if levels.is_empty() {
        levels.push(input.clone());
    }
    Ok(levels)
}

fn stop(_: casr_zoom::Progress) -> ControlFlow<()> {
    if interrupt::requested() {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}

/// One pass of the network; of the whole image at once beyond the factors of a step.
fn one_step(input: &RgbImage, size: (usize, usize), model: &Model) -> anyhow::Result<RgbImage> {
    let within = |input: usize, output: usize| output as f64 <= LARGEST_STEP * input as f64;
    if within(input.width(), size.0) && within(input.height(), size.1) {
        let mut levels = looped(input, size, LARGEST_STEP, model)?;
        return levels.pop().ok_or_else(|| anyhow!("there is no level"));
    }
    let geometry = StepGeometry::new((input.height(), input.width()), (size.1, size.0));
    let mut values = model.step(input.values().to_vec(), &Arc::new(geometry))?;
    for value in &mut values {
        *value = value.clamp(0.0, 1.0);
    }
    Ok(RgbImage::new(size.0, size.1, values)?)
}
