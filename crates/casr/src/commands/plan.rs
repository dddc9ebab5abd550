//! `casr plan`: what an enlargement would take, from the file's header alone.

use crate::enlarge::on;
use crate::inputs::{Found, Inputs, Search};
use crate::memory::{self, MEGABYTE};
use crate::region::Region;
use crate::work::of_masks;
use casr_cli::Outcome;
use casr_cli::options::{EffortOptions, LimitOptions, ModelOptions, TargetOptions};
use casr_cli::{console, duration};
use casr_codec::{Colour, Info, Limits, Options, probe, shown};
use casr_zoom::{Enlarger, Rectangle, ScalePlan, Size, measure_throughput};
use clap::Args;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The arguments of `casr plan`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  casr plan photo.jpg -s 16
  casr plan photo.jpg -s 16 --max-step 2
  casr plan holiday/ --width 10000")]
pub struct PlanArguments {
    /// Images, or folders of images
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    target: TargetOptions,
    /// How much memory an image may take, such as 512M or 2G
    #[arg(long, value_name = "SIZE", value_parser = memory::parse)]
    memory: Option<u64>,
    /// A window of the result: X,Y,WIDTH,HEIGHT in pixels of it, or in percent
    #[arg(long, value_name = "X,Y,W,H")]
    region: Option<Region>,
    #[command(flatten)]
    effort: EffortOptions,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    limits: LimitOptions,
}

/// Prints the plan of each image.
pub fn run(arguments: &PlanArguments) -> anyhow::Result<Outcome> {
    arguments.model.start()?;
    let model = arguments.model.model()?;
    let throughput = measure_throughput(&model)?;
    let model = arguments.effort.apply(model)?;
    let enlarger = Enlarger::new(model).max_step(arguments.target.max_step);
    let mut outcome = Outcome::Done;
    for image in Inputs::find(&arguments.inputs, &Search::default())?.images {
        let planned = image.and_then(|image| {
            let (info, plan) = plan(&image, arguments, &arguments.limits.limits(), &enlarger)?;
            let window = match arguments.region {
                Some(region) => region.within(image.input.name(), plan.output())?,
                None => Rectangle::whole(plan.output()),
            };
            let Some(room) = arguments.memory else {
                return Ok((image, info, plan, window, enlarger.clone()));
            };
            let takes = |enlarger: &Enlarger| takes(&info, &plan, window, enlarger);
            let name = image.input.name();
            let fitted = memory::fitted(name, &enlarger, Some(room), takes)?;
            Ok((image, info, plan, window, fitted))
        });
        match planned {
            Ok((image, info, plan, window, enlarger)) => {
                console::print(&describe(
                    image.input.name(),
                    &info,
                    &plan,
                    window,
                    &enlarger,
                    throughput,
                ))?;
            }
            Err(error) => {
                console::failure(&error);
                outcome = Outcome::SomeFailed;
            }
        }
    }
    Ok(outcome)
}

/// The plan of one image.
fn plan(
    image: &Found,
    arguments: &PlanArguments,
    limits: &Limits,
    enlarger: &Enlarger,
) -> anyhow::Result<(Info, ScalePlan)> {
    let info = probe(image.input.source(), limits)?;
    let size = Size {
        width: info.width,
        height: info.height,
    };
    let plan = enlarger
        .plan(size, arguments.target.target())
        .map_err(|error| on(image.input.name(), &error))?;
    Ok((info, plan))
}

/// What an enlargement takes of memory, in bytes.
fn takes(info: &Info, plan: &ScalePlan, window: Rectangle, enlarger: &Enlarger) -> u64 {
    let (format, writing) = (info.format.output(), Options::default());
    memory::foretell(info, format, plan, window, enlarger, &writing)
}

/// The plan in words.
fn describe(
    input: &Path,
    info: &Info,
    plan: &ScalePlan,
    window: Rectangle,
    enlarger: &Enlarger,
    throughput: f64,
) -> String {
    let colour = match info.colour {
        Colour::Grey => "grey",
        Colour::Rgb => "RGB",
    };
    let alpha = if info.alpha { " with alpha" } else { "" };
    let output = plan.output();
    let mut text = format!(
        "{}: {}, {} bits, {colour}{alpha}, {} → {}\n",
        shown(input),
        info.format,
        info.depth.bits(),
        plan.input(),
        output
    );
    for (index, (from, to)) in plan.steps().enumerate() {
        let across = to.width as f64 / from.width as f64;
        let down = to.height as f64 / from.height as f64;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  step {}  {from} → {to}  ×{across:.3} across, ×{down:.3} down",
            index + 1
        );
    }
    let output = window.size();
    if output != plan.output() {
        let _ = writeln!(text, "  window  {window}");
    }
    let mut time = enlarger.window_cost(plan, window).time(throughput);
    if info.alpha {
        let mask = of_masks(enlarger).window_cost(plan, window);
        time += mask.time(throughput);
    }
    let bytes = takes(info, plan, window, enlarger);
    let _ = writeln!(text, "  time    about {} on this machine", duration(time));
    let _ = writeln!(text, "  memory  about {} MB", bytes.div_ceil(MEGABYTE));
    let samples = info.colour.channels() + usize::from(info.alpha);
    let raw = output.width as u64 * output.height as u64 * (samples * info.depth.bits() / 8) as u64;
    let _ = writeln!(
        text,
        "  result  {:.1} megapixels, {} MB uncompressed",
        output.width as f64 * output.height as f64 / 1e6,
        raw.div_ceil(MEGABYTE)
    );
    text
}
