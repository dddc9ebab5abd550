//! `casr-lab train`: train a network on a folder of images.

use anyhow::{Context, anyhow, bail};
use casr_cli::Outcome;
use casr_cli::options::{ThreadOptions, parse_time};
use casr_cli::{console, duration, interrupt};
use casr_net::{NetworkConfig, WeightsFile};
use casr_train::{
    Dataset, Optimizer, Outcome as Ending, Progress, TrainOptions, Trainer, run as train,
};
use clap::{Args, ValueEnum};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The arguments of `casr-lab train`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  casr-lab train photos -o runs/first --steps 20000
  casr-lab train photos -o runs/first --resume --time 90m
  casr-lab train photos -o runs/second --init runs/first/weights.safetensors --learning-rate 3e-4
  casr-lab train photos -o runs/fourth --recipe recipes/both.toml --init runs/first/weights.safetensors

The run's folder gets checkpoint.safetensors (the whole state), weights.safetensors (for --weights) and log.csv.
Ctrl-C, SIGTERM and --time write a checkpoint first; --resume goes on from it as if nothing had happened.")]
pub struct TrainArguments {
    /// A folder of images, PNG or JPEG of high quality
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// The run's folder
    #[arg(short, long, value_name = "RUN")]
    output: PathBuf,
    /// Go on from the run's checkpoint, with the options it was started with
    #[arg(long, conflicts_with = "init")]
    resume: bool,
    /// Start from the weights in this file instead of random ones
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
    /// The weights of LPIPS on VGG16, lpips_vgg.safetensors, for recipes with a perceptual loss;
    /// without it that is left out
    #[arg(long, value_name = "FILE")]
    perceptual_weights: Option<PathBuf>,
    /// Stop after this time, such as 45s, 90m or 6h
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    time: Option<Duration>,
    #[command(flatten)]
    threads: ThreadOptions,
    #[command(flatten)]
    settings: Settings,
}

/// What decides the weights: what is not said is as in the recipe; taken from the checkpoint where
/// a run goes on.
#[derive(Debug, Args)]
struct Settings {
    /// Read the settings from this TOML file; options beside it win
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    recipe: Option<PathBuf>,
    /// Optimizer steps in all [default: 20000]
    #[arg(long, value_name = "COUNT")]
    steps: Option<u64>,
    /// The highest learning rate; it falls along a cosine [default: 0.001]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// What turns gradients into updates [default: muon]
    #[arg(long, value_name = "NAME", value_enum)]
    optimizer: Option<OptimizerName>,
    /// Images a batch [default: 16]
    #[arg(long, value_name = "COUNT")]
    batch: Option<usize>,
    /// Side of a low-resolution patch, pixels [default: 48]
    #[arg(long, value_name = "PIXELS")]
    patch: Option<usize>,
    /// Share of batches that run two or three steps and learn on the network's own output [default:
    /// 0.5]
    #[arg(long, value_name = "SHARE")]
    unroll: Option<f64>,
    /// Share of patches with noise, traces of JPEG or a light blur, which the network learns to
    /// remove [default: 0.5]
    #[arg(long, value_name = "SHARE")]
    degraded: Option<f64>,
    /// Seed of initial weights and batches [default: 1]
    #[arg(long)]
    seed: Option<u64>,
    /// Feature channels [default: 48, or as in --init]
    #[arg(long, value_name = "COUNT")]
    channels: Option<usize>,
    /// Residual blocks of three convolutions [default: 6, or as in --init]
    #[arg(long, value_name = "COUNT")]
    blocks: Option<usize>,
    /// Frequencies of the heat field [default: 32, or as in --init]
    #[arg(long, value_name = "COUNT")]
    frequencies: Option<usize>,
    /// Align the statistics of superpixels with those of the step before (SDAM)
    #[arg(long)]
    alignment: bool,
    /// Show the network the self-similarity of the original image (SARM)
    #[arg(long)]
    similarity: bool,
}

/// The names of [`Optimizer`]s.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum OptimizerName {
    /// Muon for the convolutions between many channels, Adam for the rest
    Muon,
    /// Adam for everything
    Adam,
}

impl Settings {
    /// The options, with a network of the size of `init`, if given, where neither the recipe nor an
    /// option says otherwise.
    fn options(&self, init: Option<NetworkConfig>) -> anyhow::Result<TrainOptions> {
        let mut options = match &self.recipe {
            None => TrainOptions::default(),
            Some(path) => {
                let name = path.display();
                let text = fs::read_to_string(path).with_context(|| name.to_string())?;
                toml::from_str(&text).map_err(|error| anyhow!("{name}: {error}"))?
            }
        };
        let network = &mut options.network;
        if let Some(init) = init {
            let recipe = *network;
            *network = init;
            network.alignment |= recipe.alignment;
            network.similarity |= recipe.similarity;
        }
        fn set<T: Copy>(value: &mut T, wanted: Option<T>) {
            *value = wanted.unwrap_or(*value);
        }
        set(&mut network.channels, self.channels);
        set(&mut network.blocks, self.blocks);
        set(&mut network.frequencies, self.frequencies);
        network.alignment |= self.alignment;
        network.similarity |= self.similarity;
        set(&mut options.seed, self.seed);
        set(&mut options.batch, self.batch);
        set(&mut options.patch, self.patch);
        set(&mut options.unroll, self.unroll);
        set(&mut options.degraded, self.degraded);
        set(&mut options.schedule.steps, self.steps);
        set(&mut options.schedule.peak, self.learning_rate);
        let optimizer = self.optimizer.map(|name| match name {
            OptimizerName::Muon => Optimizer::Muon,
            OptimizerName::Adam => Optimizer::Adam,
        });
        set(&mut options.optimizer, optimizer);
        Ok(options)
    }
}

/// Trains and says how it goes.
pub fn run(arguments: &TrainArguments) -> anyhow::Result<Outcome> {
    arguments.threads.start()?;
    let mut trainer = trainer(arguments)?;
    if let Some(path) = &arguments.perceptual_weights {
        trainer = trainer.perceiving(path)?;
    }
    if trainer.lacks_features() {
        console::remark(
            "the perceptual loss is left out; --perceptual-weights names the file it needs",
        );
    }
    let options = trainer.options().clone();
    let data = Dataset::open(&arguments.data, &options)?;
    console::print(&format!(
        "{} images to train on, {} held out; {} of {} steps done\n",
        data.training_images(),
        data.held_out_images(),
        trainer.steps_done(),
        options.schedule.steps
    ))?;
    let mut account = Account::new();
    let ending = train(
        &mut trainer,
        &data,
        &arguments.output,
        arguments.time,
        interrupt::requested,
        |progress| {
            account.add(progress);
        },
    )?;
    account.summary()?;
    match ending {
        Ending::Finished => Ok(Outcome::Done),
        Ending::Interrupted if interrupt::requested() => Ok(Outcome::Interrupted),
        Ending::Interrupted => {
            console::print("time is up; go on with --resume\n")?;
            Ok(Outcome::Done)
        }
    }
}

/// A new training, or the one in the run's folder.
fn trainer(arguments: &TrainArguments) -> anyhow::Result<Trainer> {
    let checkpoint = arguments.output.join("checkpoint.safetensors");
    if arguments.resume {
        return Ok(Trainer::load(&checkpoint)?);
    }
    if checkpoint.exists() {
        let folder = arguments.output.display();
        bail!("{folder}: holds a training already; go on with --resume, or name a new folder");
    }
    let Some(path) = &arguments.init else {
        return Ok(Trainer::new(arguments.settings.options(None)?, None)?);
    };
    let name = path.display().to_string();
    let weights = WeightsFile::open(path)?;
    let options = arguments.settings.options(Some(weights.config))?;
    Ok(Trainer::new(options, Some((&name, &weights)))?)
}

/// How often a line is printed.
const EVERY: Duration = Duration::from_secs(10);

/// Sums since the last line, and of the whole run.
struct Account {
    since_line: Sums,
    whole: Sums,
    last_line: Instant,
}

/// Sums over steps.
#[derive(Default)]
struct Sums {
    steps: u64,
    loss: f64,
    operations: f64,
    total: Duration,
    waited: Duration,
    forward: Duration,
    backward: Duration,
    update: Duration,
}

impl Sums {
    fn add(&mut self, progress: &Progress) {
        self.steps += 1;
        self.loss += f64::from(progress.report.loss);
        self.operations += progress.report.operations;
        self.total += progress.total;
        self.waited += progress.waited;
        self.forward += progress.report.times.forward;
        self.backward += progress.report.times.backward;
        self.update += progress.report.times.update;
    }
}

impl Account {
    fn new() -> Self {
        Self {
            since_line: Sums::default(),
            whole: Sums::default(),
            last_line: Instant::now(),
        }
    }

    fn add(&mut self, progress: &Progress) {
        self.since_line.add(progress);
        self.whole.add(progress);
        if progress.psnr.is_none() && self.last_line.elapsed() < EVERY {
            return;
        }
        let sums = std::mem::take(&mut self.since_line);
        let seconds = sums.total.as_secs_f64() / sums.steps as f64;
        let left = Duration::from_secs_f64((progress.steps - progress.step) as f64 * seconds);
        let psnr: String = progress
            .psnr
            .iter()
            .flatten()
            .map(|(what, value)| format!("  {what} {value:.2} dB"))
            .collect();
        console::note(&format!(
            "step {}/{}  loss {:.5}  {:.2} it/s  {:.0} GFLOP/s  {} left{psnr}",
            progress.step,
            progress.steps,
            sums.loss / sums.steps as f64,
            1.0 / seconds,
            sums.operations / sums.total.as_secs_f64() / 1e9,
            duration(left),
        ));
        self.last_line = Instant::now();
    }

    /// Where the time went.
    fn summary(&self) -> anyhow::Result<()> {
        let sums = &self.whole;
        if sums.steps == 0 {
            return Ok(());
        }
        let share = |part: Duration| 100.0 * part.as_secs_f64() / sums.total.as_secs_f64();
        let known = sums.waited + sums.forward + sums.backward + sums.update;
        console::print(&format!(
            "{} steps at {:.2} it/s, {:.0} GFLOP/s over whole steps\n\
             forward and loss {:.1} %, backward {:.1} %, update {:.1} %, waiting for data {:.1} %, other {:.1} %\n",
            sums.steps,
            sums.steps as f64 / sums.total.as_secs_f64(),
            sums.operations / sums.total.as_secs_f64() / 1e9,
            share(sums.forward),
            share(sums.backward),
            share(sums.update),
            share(sums.waited),
            share(sums.total.saturating_sub(known)),
        ))?;
        Ok(())
    }
}
