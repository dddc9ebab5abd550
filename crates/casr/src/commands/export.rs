//! `casr export`: one step of the network as a model for other engines.

use crate::inputs::{Inputs, Search};
use anyhow::Context;
use casr_cli::Outcome;
use casr_cli::console::Usage;
use casr_cli::options::{LimitOptions, ThreadOptions, parse_size};
use casr_codec::{CodecError, WholeFile, read};
use casr_export::{Calibration, Precision, Ranges, Ratio, Settings};
use casr_net::{Degradation, Model, Origin};
use casr_picture::layers;
use casr_zoom::{Look, Size};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The arguments of `casr export`.
#[derive(Debug, Args)]
#[command(after_help = "\
The model is one step of the loop: RGB in [0, 1], in the file's own encoding; docs/other-engines.md

Examples:
  casr export step.onnx                                  # twice as large, of images of any size
  casr export step.onnx --factor 4 --look vivid
  casr export later.onnx --level --look 0.7              # for the second step of a loop, and all after it
  casr export npu.onnx --input 256x256 --precision half
  casr export models/casr-x2.param                       # and casr-x2.bin: for Upscayl and realesrgan-ncnn-vulkan
  casr export small.onnx --precision int8 --calibrate photographs/")]
pub struct ExportArguments {
    /// The model: NAME.onnx, or NAME.param for ncnn, which has its weights in NAME.bin
    #[arg(value_name = "OUTPUT")]
    output: PathBuf,
    /// The factor of the step: from 1 to 4, whole or a whole number of halves, thirds or quarters,
    /// such as 1.5 or 1.333
    #[arg(
        long,
        value_name = "FACTOR",
        default_value_t = 2.0,
        allow_negative_numbers = true
    )]
    factor: f64,
    /// How to look: auto, faithful, balanced, vivid, or a number from 0, faithful, to 1, vivid
    #[arg(long, value_name = "LOOK", default_value = "auto")]
    look: Look,
    /// For inputs that a step before has made, not for images: the second step of a loop, and all
    /// after it
    #[arg(long, conflicts_with_all = ["noise", "jpeg"])]
    level: bool,
    /// Remove noise of this standard deviation in images, in code values of 8 bits, up to 10
    #[arg(long, value_name = "DEVIATION", default_value_t = 0.0, value_parser = parse_deviation)]
    noise: f32,
    /// Remove the traces of JPEG compression at this quality, 50 to 100, from images
    #[arg(long, value_name = "QUALITY", default_value_t = 100, value_parser = clap::value_parser!(u8).range(1..=100))]
    jpeg: u8,
    /// Inputs of this size alone, WIDTHxHEIGHT, as NPUs want it [default: any size]
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = parse_size)]
    input: Option<Size>,
    /// The precision of the network's features and weights
    #[arg(long, value_name = "PRECISION", value_enum, default_value_t = PrecisionName::Single)]
    precision: PrecisionName,
    /// Images, or folders of images, such as the model will see: for int8, which has to know the
    /// ranges of their features
    #[arg(long, value_name = "IMAGE", num_args = 1..)]
    calibrate: Vec<PathBuf>,
    /// A weights file that `casr-lab train` wrote [default: the weights in the program]
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    threads: ThreadOptions,
    #[command(flatten)]
    limits: LimitOptions,
}

/// The names of [`Precision`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PrecisionName {
    /// 32 bits
    Single,
    /// 16 bits; colours and sums stay single
    Half,
    /// 8 bits between features, by the ranges of --calibrate
    Int8,
}

/// Reads a standard deviation.
fn parse_deviation(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(deviation) if (0.0..=255.0).contains(&deviation) => Ok(deviation),
        _ => Err("write it as a number of code values, such as 5".to_owned()),
    }
}

/// Writes the model.
pub fn run(arguments: &ExportArguments) -> anyhow::Result<Outcome> {
    let output = &*arguments.output;
    let kind = match output.extension().and_then(|extension| extension.to_str()) {
        Some("onnx") => Kind::Onnx,
        Some("param") => Kind::Ncnn,
        _ => {
            let text = format!(
                "{}: name the model NAME.onnx or NAME.param",
                output.display()
            );
            return Err(Usage(text).into());
        }
    };
    let int8 = arguments.precision == PrecisionName::Int8;
    if int8 && kind == Kind::Ncnn {
        let text =
            "models for ncnn have no 8 bits: leave --precision int8 out, or name it NAME.onnx";
        return Err(Usage(text.to_owned()).into());
    }
    let weights = output.with_extension("bin");
    let mut outputs = vec![output];
    if kind == Kind::Ncnn {
        outputs.push(&weights);
    }
    let calibrated = !arguments.calibrate.is_empty();
    if calibrated != int8 {
        let text = "--precision int8 and --calibrate go together: 8 bits need images to find the ranges of features with";
        return Err(Usage(text.to_owned()).into());
    }
    if let Some(taken) = outputs.iter().find(|output| output.exists())
        && !arguments.overwrite
    {
        let path = taken.to_path_buf();
        return Err(CodecError::OutputExists { path }.into());
    }
    arguments.threads.start()?;
    let ratio = Ratio::of(arguments.factor)?;
    let degradation = Degradation {
        noise: Degradation::of_deviation(arguments.noise),
        compression: Degradation::of_quality(arguments.jpeg),
    };
    let model = match &arguments.weights {
        Some(path) => Model::open(path)?,
        None => Model::embedded()?,
    };
    let look = arguments.look.for_image(ratio.factor(), degradation);
    let model = model.with_look(look.value());
    let settings = Settings {
        origin: match arguments.level {
            true => Origin::Step,
            false => Origin::Image(degradation),
        },
        size: arguments.input.map(|size| (size.height, size.width)),
        ..Settings::new(ratio)
    };
    let precision = match arguments.precision {
        PrecisionName::Single => Precision::Single,
        PrecisionName::Half => Precision::Half,
        PrecisionName::Int8 => Precision::Eight(arguments.ranges(&model, &settings)?),
    };
    match kind {
        Kind::Onnx => {
            let bytes = casr_export::onnx(&model, &settings, precision)?;
            write(output, &bytes, arguments.overwrite)?;
        }
        Kind::Ncnn => {
            let made = casr_export::ncnn(&model, &settings, precision == Precision::Half)?;
            write(&weights, &made.weights, arguments.overwrite)?;
            write(output, made.layers.as_bytes(), arguments.overwrite)?;
        }
    }
    Ok(Outcome::Done)
}

/// Which engines a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Onnx,
    Ncnn,
}

impl ExportArguments {
    /// The ranges of features in the images of `--calibrate`.
    fn ranges(&self, model: &Model, settings: &Settings) -> anyhow::Result<Ranges> {
        let mut calibration = Calibration::new(model, settings);
        for found in Inputs::find(&self.calibrate, &Search::default())?.images {
            let found = found?;
            let mut picture = read(found.input.source(), &self.limits.limits())?;
            let size = (picture.height, picture.width);
            let layers = layers(&mut picture, false)?;
            calibration.see(&layers.colours.view(), size)?;
        }
        Ok(calibration.ranges()?)
    }
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8], replace: bool) -> anyhow::Result<()> {
    let written = WholeFile::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.finish(replace)
    });
    written.with_context(|| format!("{}: cannot be written", path.display()))
}
