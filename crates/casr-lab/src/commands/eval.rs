//! `casr-lab eval`: methods compared on benchmark images, in a table and in a report.

use crate::evaluation::{
    Cache, Evaluation, External, ImageSet, METHODS_HELP, Meter, Method, Metric, Network, Place,
    Report, digest, publish, run as evaluate,
};
use anyhow::{Context, anyhow, bail};
use casr_cli::Outcome;
use casr_cli::console;
use casr_cli::options::{LimitOptions, ModelOptions, TreatmentOptions, parse_time};
use casr_codec::{CodecError, images_in};
use casr_train::DegradationModel;
use casr_zoom::{DEFAULT_MAX_STEP, Model};
use clap::Args;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The arguments of `casr-lab eval`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  casr-lab eval benchmarks/Set5
  casr-lab eval benchmarks --scales 2,3,4             with Set5, Set14 … as folders in it
  casr-lab eval benchmarks/Set5 --scales 2,8,16 --methods bicubic,casr,casr:4,casr-x4-lanczos --report quality.md
  casr-lab eval photographs --metrics psnr_y,lpips_alex --weights runs/new.safetensors
  casr-lab eval photographs --method 'other=python other.py {in} {out} {width} {height}'

Images are cropped to a multiple of the scale, shrunk by MATLAB's antialiased bicubic to 8 bits, enlarged, and
compared. PSNR and SSIM are measured without a border of as many pixels as the scale.")]
pub struct EvalArguments {
    /// Folders of images, or folders of such folders
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
    /// Scales to measure at, separated by commas
    #[arg(long, value_name = "SCALES", value_delimiter = ',', default_values_t = [2.0, 3.0, 4.0])]
    scales: Vec<f64>,
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_values = ["bicubic", "casr"], help = format!("Methods to compare, separated by commas: {METHODS_HELP}"))]
    methods: Vec<String>,
    /// One more network, for --methods: the weights in FILE under a name
    #[arg(long, value_name = "NAME=FILE")]
    network: Vec<String>,
    /// What happens to the inputs after being shrunk, separated by commas: clean, noise:SIGMA
    /// (8-bit levels), jpeg:QUALITY, blur:SIGMA (pixels), or several joined by +; each is measured
    /// on its own
    #[arg(
        long,
        value_name = "KINDS",
        value_delimiter = ',',
        default_value = "clean"
    )]
    degrade: Vec<DegradationModel>,
    /// One more method: a program, run for every image with {in}, {out}, {width}, {height}, {scale}
    /// and, for the images between, a folder {levels} replaced
    #[arg(long, value_name = "NAME=COMMAND")]
    method: Vec<String>,
    /// How long such a program may take for an image, such as 45s or 10m
    #[arg(long, value_name = "TIME", value_parser = parse_time, default_value = "10m")]
    method_timeout: Duration,
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help = format!("Metrics, separated by commas: {} [default: all whose weights are found]", Metric::ALL.map(Metric::name).join(", ")))]
    metrics: Vec<Metric>,
    /// The folder of lpips_alex.safetensors, lpips_vgg.safetensors and niqe.safetensors [default: a
    /// folder `weights` beside or above the images]
    #[arg(long, value_name = "DIR")]
    metric_weights: Option<PathBuf>,
    /// The largest factor of one pass of the network, above 1 and at most 4
    #[arg(long, value_name = "FACTOR", default_value_t = DEFAULT_MAX_STEP, allow_negative_numbers = true)]
    max_step: f64,
    /// Write a report into this Markdown file, and its CSV, JSON, charts and contact sheets into a
    /// folder of its name
    #[arg(long, value_name = "FILE.md")]
    report: Option<PathBuf>,
    /// Remember measurements in this folder, and compute only what has changed [default: `cache` in
    /// the report's folder]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// The sets that get contact sheets in the report, separated by commas; `none` for none
    /// [default: all]
    #[arg(long, value_name = "SETS", value_delimiter = ',')]
    sheets: Vec<String>,
    #[command(flatten)]
    treatment: TreatmentOptions,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    limits: LimitOptions,
    /// Show no progress
    #[arg(short, long)]
    quiet: bool,
}

/// Measures every set at every scale with every method.
pub fn run(arguments: &EvalArguments) -> anyhow::Result<Outcome> {
    if let Some(scale) = arguments
        .scales
        .iter()
        .find(|scale| !(**scale >= 1.0 && scale.is_finite()))
    {
        bail!("--scales {scale}: a scale is a number from 1 up");
    }
    let place = arguments.report.as_deref().map(Place::new).transpose()?;
    let sets = arguments.sets()?;
    let wanted = match &*arguments.metrics {
        [] => Metric::ALL.to_vec(),
        metrics => (Metric::ALL.into_iter())
            .filter(|metric| metrics.contains(metric))
            .collect(),
    };
    let weights = arguments.weights_folder();
    let (meter, remarks) = Meter::new(&wanted, weights.as_deref())?;
    if !arguments.quiet {
        for remark in &remarks {
            console::remark(remark);
        }
    }
    let methods = arguments.all_methods()?;
    let beside_report = place.as_ref().map(|place| place.folder().join("cache"));
    let cache = arguments.cache.clone().or(beside_report);
    let report = Report {
        command: command_line(),
        sets: sets.iter().map(|set| set.name.clone()).collect(),
        scales: arguments.scales.clone(),
        methods: methods.iter().map(|method| method.name.clone()).collect(),
        parameters: (methods.iter())
            .filter_map(|method| Some((method.name.clone(), method.parameters()?)))
            .collect(),
        metrics: meter.metrics().to_vec(),
        remarks,
        ..Report::default()
    };
    let evaluation = Evaluation {
        sets,
        scales: arguments.scales.clone(),
        methods,
        meter,
        cache: Cache::open(cache.as_deref())?,
        limits: arguments.limits.limits(),
        quiet: arguments.quiet,
    };
    let Some((report, sheets)) = evaluate(&evaluation, report)? else {
        return Ok(Outcome::Interrupted);
    };
    for entry in &report.left_out {
        console::print(&format!(
            "left out, too small: {} of {} at ×{}\n",
            entry.images, entry.set, entry.scale
        ))?;
    }
    if let Some(place) = &place {
        publish(&report, &sheets, place)?;
    }
    Ok(if report.failures.is_empty() {
        Outcome::Done
    } else {
        Outcome::SomeFailed
    })
}

/// What was typed, to be typed again in a shell.
fn command_line() -> String {
    let plain = |character: char| character.is_alphanumeric() || "-_.,:=/+@%".contains(character);
    let words = std::env::args().skip(1).map(|word| {
        if word.chars().all(plain) && !word.is_empty() {
            return word;
        }
        let quoted = shlex::try_quote(&word).map(|quoted| quoted.into_owned());
        quoted.unwrap_or_else(|_| word.clone())
    });
    let words: Vec<String> = ["casr-lab".to_owned()].into_iter().chain(words).collect();
    words.join(" ")
}

impl EvalArguments {
    /// The sets of all folders.
    fn sets(&self) -> anyhow::Result<Vec<ImageSet>> {
        let mut sets = Vec::new();
        for folder in &self.folders {
            sets.extend(image_sets(folder)?);
        }
        let degraded = sets.iter().flat_map(|set| {
            let kinds = self.degrade.iter();
            kinds.map(|degradation| set.degraded(*degradation))
        });
        let mut sets: Vec<ImageSet> = degraded.collect();
        let mut names = BTreeSet::new();
        for set in &sets {
            if !names.insert(set.name.clone()) {
                bail!(
                    "{}: two folders have this name; measure them one after the other",
                    set.name
                );
            }
        }
        for wanted in self.sheets.iter().filter(|name| *name != "none") {
            if !names.contains(wanted) {
                bail!("--sheets {wanted}: there is no such set");
            }
        }
        for set in &mut sets {
            let all = self.sheets.is_empty() || self.sheets.contains(&set.name);
            set.sheet = all && self.report.is_some();
        }
        Ok(sets)
    }

    /// The network of the program, or of --weights, and those beside it.
    fn networks(&self) -> anyhow::Result<Vec<Arc<Network>>> {
        let (restoration, look) = (self.treatment.restoration(), self.treatment.look());
        let network = |name: &str, (model, identity): (Model, String)| {
            Arc::new(Network {
                name: name.to_owned(),
                model,
                restoration,
                look,
                identity: format!("{identity} {restoration:?}"),
            })
        };
        self.model.start()?;
        let own = match self.model.weights() {
            Some(path) => self.identified(path)?,
            None => {
                let model = self.model.model()?;
                let identity = identity(&model, Model::embedded_file());
                (model, identity)
            }
        };
        let mut networks = vec![network("casr", own)];
        for text in &self.network {
            let (name, path) = text
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| anyhow!("--network {text}: write it as NAME=FILE"))?;
            let model = self.identified(Path::new(path))?;
            networks.push(network(name, model));
        }
        // Of two names of which one begins the other, the longer is meant where it fits.
        networks.sort_by_key(|network| Reverse(network.name.len()));
        Ok(networks)
    }

    /// The network in a weights file, and what decides its results.
    fn identified(&self, path: &Path) -> anyhow::Result<(Model, String)> {
        let model = self.model.placed(Model::open(path)?)?;
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        let identity = identity(&model, &bytes);
        Ok((model, identity))
    }

    /// Our methods and the external ones.
    fn all_methods(&self) -> anyhow::Result<Vec<Method>> {
        let networks = self.networks()?;
        let named = self
            .methods
            .iter()
            .map(|name| Method::named(name, self.max_step, &networks));
        let mut methods = named.collect::<anyhow::Result<Vec<_>>>()?;
        for text in &self.method {
            let (name, command) = text
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| anyhow!("--method {text}: write it as NAME=COMMAND"))?;
            let program = External::new(command, self.method_timeout)?;
            methods.push(Method::external(name, program));
        }
        let mut names = BTreeSet::new();
        match methods.iter().find(|method| !names.insert(&method.name)) {
            Some(twice) => bail!("{}: two methods have this name", twice.name),
            None => Ok(methods),
        }
    }

    /// The folder of `--metric-weights`, or the nearest folder `weights` with weights for metrics.
    fn weights_folder(&self) -> Option<PathBuf> {
        if self.metric_weights.is_some() {
            return self.metric_weights.clone();
        }
        let first = self.folders.first()?.canonicalize().ok()?;
        let mut folders = first.ancestors().map(|folder| folder.join("weights"));
        folders.find(|folder| Meter::has_weights(folder))
    }
}

/// What decides a model's results: a digest of its weights file, the device and the precision.
fn identity(model: &Model, file: &[u8]) -> String {
    let device = model.device();
    format!("{} {device} {}", digest(file), device.precision())
}

/// The images in `folder` as one set, or else its folders that hold images as a set each.
fn image_sets(folder: &Path) -> anyhow::Result<Vec<ImageSet>> {
    let set = |folder: &Path, images| {
        let name = folder
            .canonicalize()
            .ok()
            .and_then(|folder| folder.file_name().map(ToOwned::to_owned));
        ImageSet {
            name: name.unwrap_or_default().to_string_lossy().into_owned(),
            images,
            sheet: false,
            degradation: DegradationModel::default(),
        }
    };
    let none = match images_in(folder) {
        Ok(images) => return Ok(vec![set(folder, images)]),
        Err(error @ CodecError::NoImages { .. }) => error,
        Err(error) => return Err(error.into()),
    };
    let entries =
        fs::read_dir(folder).with_context(|| format!("{}: cannot be read", folder.display()))?;
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let sets: Vec<ImageSet> = folders
        .iter()
        .filter_map(|folder| Some(set(folder, images_in(folder).ok()?)))
        .collect();
    if sets.is_empty() {
        Err(none.into())
    } else {
        Ok(sets)
    }
}
