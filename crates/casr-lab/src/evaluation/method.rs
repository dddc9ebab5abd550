//! The methods that a report compares: how each enlarges an image, and the levels it passes on the
//! way.

use super::external::External;
use super::memory;
use anyhow::{anyhow, bail};
use casr_cli::interrupt;
use casr_metrics::{RgbImage, degrade, imresize, lanczos};
use casr_net::{Model, Origin, Pixels, StepGeometry};
use casr_zoom::{
    Enlarger, ImageView, LARGEST_STEP, Look, Restoration, ScalePlan, Size, Target, check_max_step,
};
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
    /// The most memory that was held for it at a time, bytes; none where the system does not say.
    pub peak_bytes: Option<u64>,
}

/// A network that methods use.
#[derive(Debug)]
pub struct Network {
    /// What methods call it.
    pub name: String,
    /// The model.
    pub model: Model,
    /// How much it restores.
    pub restoration: Restoration,
    /// Where it goes between its ends, if a method does not say.
    pub look: Look,
    /// What decides its results: weights, device, precision, restoration.
    pub identity: String,
}

/// A way to enlarge an image.
#[derive(Clone, Debug)]
pub struct Method {
    /// What reports call it.
    pub name: String,
    kind: Kind,
    /// And where it goes between its ends; none where no network is needed.
    network: Option<(Arc<Network>, Look)>,
}

#[derive(Clone, Debug)]
enum Kind {
    /// The truth shrunk to the levels of the loop: what a loop without fault gives.
    Truth(f64),
    Bicubic,
    Lanczos,
    /// A network in steps of at most this factor.
    Looped(f64),
    /// A network in one step, whatever the factor.
    OneStep,
    /// A network to four times the size, in steps of at most this factor, and Lanczos interpolation
    /// from there: what one does with a network of a fixed factor.
    FourThenLanczos(f64),
    External(External),
}

/// What the command line says of the methods.
pub const HELP: &str = "bicubic, lanczos, truth (itself, at every level), casr, casr:STEP (with another --max-step), casr-one-step, casr-x4-lanczos (four times, then \
                        Lanczos), each with @LOOK for another --look; another --network's name in place of casr";

impl Method {
    /// The method of a name in [`HELP`], with one of `networks`.
    ///
    /// # Errors
    /// There is no such method, or its step is not above 1 and at most 4.
    pub fn named(name: &str, max_step: f64, networks: &[Arc<Network>]) -> anyhow::Result<Self> {
        let plain = match name {
            "bicubic" => Some(Kind::Bicubic),
            "lanczos" => Some(Kind::Lanczos),
            "truth" => Some(Kind::Truth(max_step)),
            _ => None,
        };
        let (rest, look) = match name.split_once('@') {
            Some((rest, look)) => (rest, Some(look)),
            None => (name, None),
        };
        let looped = networks.iter().find_map(|network| {
            let look = match look {
                Some(look) => look.parse().ok()?,
                None => network.look,
            };
            // A network of one end has one look: another name for it is no other method.
            let look = if network.model.has_looks() {
                look
            } else {
                Look::FAITHFUL
            };
            let kind = match rest.strip_prefix(&*network.name)? {
                "" => Kind::Looped(max_step),
                "-one-step" => Kind::OneStep,
                "-x4-lanczos" => Kind::FourThenLanczos(max_step),
                other => Kind::Looped(other.strip_prefix(':')?.parse().ok()?),
            };
            Some((kind, Some((network.clone(), look))))
        });
        let Some((kind, network)) = plain.map(|kind| (kind, None)).or(looped) else {
            bail!("{name}: there is no such method; there are {HELP}");
        };
        if let Kind::Looped(step) | Kind::FourThenLanczos(step) = kind {
            check_max_step(step).map_err(|error| anyhow!("{name}: {error}"))?;
        }
        Ok(Self {
            name: name.to_owned(),
            kind,
            network,
        })
    }

    /// An external program.
    pub fn external(name: &str, program: External) -> Self {
        Self {
            name: name.to_owned(),
            kind: Kind::External(program),
            network: None,
        }
    }

    /// What, beside the image, decides its results.
    pub fn identity(&self) -> String {
        let network = match &self.network {
            Some((network, look)) => format!("{} {look:?}", network.identity),
            None => String::new(),
        };
        match &self.kind {
            Kind::External(program) => program.identity(),
            kind => format!("{kind:?} {network}"),
        }
    }

    /// The network of a kind that needs one.
    fn network(&self) -> anyhow::Result<(&Network, Look)> {
        let network = self.network.as_ref();
        let network = network.map(|(network, look)| (&**network, *look));
        network.ok_or_else(|| anyhow!("{}: it has no network", self.name))
    }

    /// Trained values of its network, if it has one.
    pub fn parameters(&self) -> Option<usize> {
        let (network, _) = self.network.as_ref()?;
        Some(network.model.parameter_count())
    }

    /// Enlarges `input` to the size of the truth that it was made of.
    ///
    /// # Errors
    /// The program fails or gives something else, a GPU fails, or Ctrl-C came.
    pub fn enlarge(&self, input: &RgbImage, truth: &RgbImage) -> anyhow::Result<Made> {
        let size = truth.size();
        memory::start();
        let start = Instant::now();
        let levels = match &self.kind {
            Kind::Truth(max_step) => {
                let target = Target::Size(Size {
                    width: size.0,
                    height: size.1,
                });
                let input = Size {
                    width: input.width(),
                    height: input.height(),
                };
                let plan = ScalePlan::new(input, target, *max_step)?;
                let levels = plan.levels().iter();
                levels
                    .map(|level| degrade(truth, (level.width, level.height)))
                    .collect::<Result<_, _>>()?
            }
            Kind::Bicubic => vec![imresize(input, size)?],
            Kind::Lanczos => vec![lanczos(input, size)?],
            Kind::Looped(max_step) => looped(input, size, *max_step, self.network()?)?,
            Kind::OneStep => vec![one_step(input, size, self.network()?)?],
            Kind::FourThenLanczos(max_step) => {
                let four = (4 * input.width(), 4 * input.height());
                let mut levels = looped(input, four, *max_step, self.network()?)?;
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
    (network, look): (&Network, Look),
) -> anyhow::Result<Vec<RgbImage>> {
    let enlarger = Enlarger::new(network.model.clone())
        .max_step(max_step)
        .restoration(network.restoration)
        .look(look);
    let image = ImageView::rgb(input.width(), input.height(), input.values())?;
    let plan = enlarger.plan(image.size(), Target::Size(Size { width, height }))?;
    let mut levels: Vec<Vec<f32>> = vec![Vec::new(); plan.levels().len()];
    let bands = enlarger.bands(image, &plan)?.observe(stop);
    for band in bands.view(|level, band| levels[level].extend_from_slice(&band.pixels)) {
        band?;
    }
    if levels.is_empty() {
        return Ok(vec![input.clone()]);
    }
    let images = levels.into_iter().zip(plan.levels());
    images
        .map(|(pixels, size)| Ok(RgbImage::new(size.width, size.height, pixels)?))
        .collect()
}

fn stop(_: casr_zoom::Progress) -> ControlFlow<()> {
    if interrupt::requested() {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}

/// One pass of the network; of the whole image at once beyond the factors of a step.
fn one_step(
    input: &RgbImage,
    size: (usize, usize),
    (network, look): (&Network, Look),
) -> anyhow::Result<RgbImage> {
    let within = |input: usize, output: usize| output as f64 <= LARGEST_STEP * input as f64;
    if within(input.width(), size.0) && within(input.height(), size.1) {
        let mut levels = looped(input, size, LARGEST_STEP, (network, look))?;
        return levels.pop().ok_or_else(|| anyhow!("there is no level"));
    }
    let geometry = StepGeometry::new((input.height(), input.width()), (size.1, size.0));
    let image = ImageView::rgb(input.width(), input.height(), input.values())?;
    let degradation = network.restoration.degradation(image);
    let (width, height) = size;
    let factor = image.size().factor_to(Size { width, height });
    let look = look.for_image(factor, degradation);
    let model = network.model.with_look(look.value());
    let image = Pixels {
        height: input.height(),
        width: input.width(),
        values: input.values(),
    };
    let mut values = model.first_step(image, &geometry, Origin::Image(degradation))?;
    for value in &mut values {
        *value = value.clamp(0.0, 1.0);
    }
    Ok(RgbImage::new(size.0, size.1, values)?)
}
