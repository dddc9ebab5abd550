//! `casr plan`: what an enlargement would take, from the file's header alone.

use super::Outcome;
use crate::console;
use crate::destination::Inputs;
use crate::options::{LimitOptions, ModelOptions, TargetOptions};
use anyhow::anyhow;
use casr_codec::{Colour, Info, Limits, probe};
use casr_zoom::{Enlarger, PlanCost, ScalePlan, Size, measure_throughput};
use clap::Args;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    limits: LimitOptions,
}

/// Prints the plan of each image.
pub fn run(arguments: &PlanArguments) -> anyhow::Result<Outcome> {
    let device = arguments.model.open(false)?;
    let model = arguments.model.model(&device)?;
    let throughput = measure_throughput(&model)?;
    let enlarger = Enlarger::new(model).max_step(arguments.target.max_step);
    let mut outcome = Outcome::Done;
    for image in Inputs::find(&arguments.inputs, false, Path::new("")).images {
        let image = image.map_err(anyhow::Error::from);
        let planned = image.and_then(|image| {
            plan(
                &image.path,
                arguments,
                &arguments.limits.limits(),
                &enlarger,
            )
        });
        match planned {
            Ok((input, info, plan)) => {
                console::print(&describe(
                    &input,
                    &info,
                    &plan,
                    &enlarger.cost(&plan),
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
    input: &Path,
    arguments: &PlanArguments,
    limits: &Limits,
    enlarger: &Enlarger,
) -> anyhow::Result<(PathBuf, Info, ScalePlan)> {
    let info = probe(input, limits)?;
    let size = Size {
        width: info.width,
        height: info.height,
    };
    let plan = enlarger
        .plan(size, arguments.target.target())
        .map_err(|error| anyhow!("{}: {error}", input.display()))?;
    Ok((input.to_owned(), info, plan))
}

/// The plan in words.
fn describe(
    input: &Path,
    info: &Info,
    plan: &ScalePlan,
    cost: &PlanCost,
    throughput: f64,
) -> String {
    let colour = match info.colour {
        Colour::Grey => "grey",
        Colour::Rgb => "RGB",
    };
    let alpha = if info.alpha { " with alpha" } else { "" };
    let mut text = format!(
        "{}: {}, {} bits, {colour}{alpha}, {} → {}\n",
        input.display(),
        info.format,
        info.depth.bits(),
        plan.input(),
        plan.output()
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
    // Alpha is enlarged like colours, beside them.
    let passes = 1 + u32::from(info.alpha);
    let (time, bytes) = (
        cost.time(throughput) * passes,
        cost.peak_bytes * u64::from(passes),
    );
    let _ = writeln!(text, "  time    about {} on this machine", duration(time));
    let _ = writeln!(text, "  memory  about {} MB", bytes.div_ceil(1_000_000));
    text
}

/// A time span in two units at most.
fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        ..10.0 => format!("{seconds:.1} s"),
        ..60.0 => format!("{seconds:.0} s"),
        ..3600.0 => format!("{} min {} s", time.as_secs() / 60, time.as_secs() % 60),
        _ => format!(
            "{} h {} min",
            time.as_secs() / 3600,
            time.as_secs() / 60 % 60
        ),
    }
}
