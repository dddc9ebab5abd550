//! `casr plan`: what an enlargement would take, from the file's header alone.

use crate::disk;
use crate::enlarge::on;
use crate::inputs::{Found, Inputs, Search};
use crate::layout::{FormatName, LayoutOptions};
use crate::memory::{self, MEGABYTE, MemoryOptions};
use crate::region::Region;
use casr_cli::Outcome;
use casr_cli::options::{EffortOptions, LimitOptions, ModelOptions, TargetOptions};
use casr_cli::{console, duration};
use casr_codec::{Colour, Format, Header, Info, Options, probe, shown};
use casr_zoom::{Enlarger, Rectangle, ScalePlan, Size, measure_throughput};
use clap::Args;
use std::fmt::Write;
use std::path::PathBuf;

/// The arguments of `casr plan`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  casr plan photo.jpg -s 16
  casr plan photo.jpg -s 16 --max-step 2
  casr plan scan.jpg -s 32 --format tiff --tiff-pyramid
  casr plan holiday/ --width 10000")]
pub struct PlanArguments {
    /// Images, or folders of images
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    target: TargetOptions,
    #[command(flatten)]
    memory: MemoryOptions,
    /// A window of the result: X,Y,WIDTH,HEIGHT in pixels of it, or in percent
    #[arg(long, value_name = "X,Y,W,H")]
    region: Option<Region>,
    /// The result's format [default: the image's own, or PNG where that is BMP or GIF]
    #[arg(long, value_name = "FORMAT")]
    format: Option<FormatName>,
    #[command(flatten)]
    layout: LayoutOptions,
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
    let images = Inputs::find(&arguments.inputs, &Search::default())?.images;
    let planned: Vec<anyhow::Result<Planned>> = (images.into_iter())
        .map(|image| Planned::new(image?, arguments, &enlarger))
        .collect();
    let formats = planned.iter().flatten().map(|planned| planned.format);
    arguments.layout.check(formats)?;
    let mut outcome = Outcome::Done;
    for planned in planned {
        match planned
            .and_then(|planned| planned.describe(&enlarger, arguments.memory.bytes, throughput))
        {
            Ok(text) => console::print(&text)?,
            Err(error) => {
                console::failure(&error);
                outcome = Outcome::SomeFailed;
            }
        }
    }
    Ok(outcome)
}

/// An enlargement that is planned.
struct Planned {
    image: Found,
    info: Info,
    plan: ScalePlan,
    /// The window of the result that is wanted.
    window: Rectangle,
    /// The result's format.
    format: Format,
    /// How the result is written.
    writing: Options,
}

impl Planned {
    fn new(image: Found, arguments: &PlanArguments, enlarger: &Enlarger) -> anyhow::Result<Self> {
        let info = probe(image.input.source(), &arguments.limits.limits())?;
        let size = Size {
            width: info.width,
            height: info.height,
        };
        let name = image.input.name();
        let plan =
            (enlarger.plan(size, arguments.target.target())).map_err(|error| on(name, &error))?;
        let window = match arguments.region {
            Some(region) => region.within(name, plan.output())?,
            None => Rectangle::whole(plan.output()),
        };
        Ok(Self {
            image,
            info,
            plan,
            window,
            format: arguments.format.map_or(info.format.output(), Format::from),
            writing: Options {
                tiff: arguments.layout.tiff(),
                tile_format: arguments.layout.tile_format(),
                ..Options::default()
            },
        })
    }

    /// What it takes of memory, in bytes.
    fn takes(&self, enlarger: &Enlarger) -> u64 {
        let (info, format) = (&self.info, self.format);
        memory::foretell(
            info,
            format,
            &self.plan,
            self.window,
            enlarger,
            &self.writing,
        )
    }

    /// The plan in words, with tiles that fit into this much memory.
    ///
    /// # Errors
    /// None are so small.
    fn describe(
        &self,
        enlarger: &Enlarger,
        memory: Option<u64>,
        throughput: f64,
    ) -> anyhow::Result<String> {
        let (info, plan, window) = (&self.info, &self.plan, self.window);
        let input = self.image.input.name();
        let fitted = memory
            .map(|_| memory::fitted(input, enlarger, memory, |enlarger| self.takes(enlarger)))
            .transpose()?;
        let enlarger = fitted.as_ref().unwrap_or(enlarger);
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
            let mask = enlarger.for_masks().window_cost(plan, window);
            time += mask.time(throughput);
        }
        let bytes = self.takes(enlarger);
        let _ = writeln!(text, "  time    about {} on this machine", duration(time));
        let _ = writeln!(text, "  memory  about {} MB", bytes.div_ceil(MEGABYTE));
        let header = Header {
            colour: info.colour,
            depth: info.depth,
            alpha: info.alpha,
            ..Header::rgb(output.width, output.height)
        };
        let pixels = output.width as u64 * output.height as u64;
        let raw = pixels * (header.channels() * info.depth.bits() / 8) as u64;
        let _ = writeln!(
            text,
            "  result  {:.1} megapixels, {} MB uncompressed",
            pixels as f64 / 1e6,
            raw.div_ceil(MEGABYTE)
        );
        let disk = disk::foretell(&header, plan.factor(), self.format, &self.writing);
        let megabytes = |bytes: u64| match bytes as f64 / MEGABYTE as f64 {
            few if few < 10.0 => format!("{few:.1}"),
            many => format!("{many:.0}"),
        };
        let kept = match disk.kept {
            0 => String::new(),
            kept => format!(", {} MB of kept tiles until it is whole", megabytes(kept)),
        };
        let _ = writeln!(
            text,
            "  disk    about {} MB as {}{kept}; most photographs are within a quarter of it",
            megabytes(disk.result),
            self.format
        );
        Ok(text)
    }
}
