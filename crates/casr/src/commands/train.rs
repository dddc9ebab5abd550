//! `casr train`: train a network on a folder of images.

use super::Outcome;
use crate::options::{DeviceOptions, parse_time};
use crate::{console, interrupt};
use anyhow::bail;
use casr_net::{NetworkConfig, WeightsFile};
use casr_train::{
    Dataset, Optimizer, Outcome as Ending, Progress, TrainOptions, Trainer, run as train,
};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The arguments of `casr train`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  casr train photos -o runs/first --steps 20000
  casr train photos -o runs/first --resume --time 90m
  casr train photos -o runs/second --init runs/first/weights.safetensors --learning-rate 3e-4
  casr train photos -o runs/third --device gpu --batch 32 --patch 64

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
    /// Stop after this time, such as 45s, 90m or 6h
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    time: Option<Duration>,
    #[command(flatten)]
    device: DeviceOptions,
    #[command(flatten)]
    settings: Settings,
}

/// What decides the weights; taken from the checkpoint where a run goes on.
#[derive(Debug, Args)]
struct Settings {
    /// Optimizer steps in all
    #[arg(long, value_name = "COUNT", default_value_t = TrainOptions::default().schedule.steps)]
    steps: u64,
    /// The highest learning rate; it falls along a cosine
    #[arg(long, value_name = "RATE", default_value_t = TrainOptions::default().schedule.peak)]
    learning_rate: f64,
    /// What turns gradients into updates
    #[arg(long, value_name = "NAME", value_enum, default_value_t = OptimizerName::Muon)]
    optimizer: OptimizerName,
    /// Images a batch
    #[arg(long, value_name = "COUNT", default_value_t = TrainOptions::default().batch)]
    batch: usize,
    /// Side of a low-resolution patch, pixels
    #[arg(long, value_name = "PIXELS", default_value_t = TrainOptions::default().patch)]
    patch: usize,
    /// Share of batches that run two steps and learn on the network's own output
    #[arg(long, value_name = "SHARE", default_value_t = TrainOptions::default().unroll)]
    unroll: f64,
    /// Seed of initial weights and batches
    #[arg(long, default_value_t = TrainOptions::default().seed)]
    seed: u64,
    /// Feature channels [default: 48, or as in --init]
    #[arg(long, value_name = "COUNT")]
    channels: Option<usize>,
    /// Residual blocks of three convolutions [default: 6, or as in --init]
    #[arg(long, value_name = "COUNT")]
    blocks: Option<usize>,
    /// Frequencies of the heat field [default: 32, or as in --init]
    #[arg(long, value_name = "COUNT")]
    frequencies: Option<usize>,
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
    /// The options, with `network` where no size is asked for.
    fn options(&self, network: NetworkConfig) -> TrainOptions {
        let mut options = TrainOptions {
            network: NetworkConfig {
                channels: self.channels.unwrap_or(network.channels),
                blocks: self.blocks.unwrap_or(network.blocks),
                frequencies: self.frequencies.unwrap_or(network.frequencies),
            },
            seed: self.seed,
            batch: self.batch,
            patch: self.patch,
            unroll: self.unroll,
            optimizer: match self.optimizer {
                OptimizerName::Muon => Optimizer::Muon,
                OptimizerName::Adam => Optimizer::Adam,
            },
            ..TrainOptions::default()
        };
        options.schedule.steps = self.steps;
        options.schedule.peak = self.learning_rate;
        options
    }
}

/// Trains and says how it goes.
pub fn run(arguments: &TrainArguments) -> anyhow::Result<Outcome> {
    let device = arguments.device.open(false)?;
    let mut trainer = trainer(arguments)?.on(&device);
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
        return Ok(Trainer::new(
            arguments.settings.options(NetworkConfig::default()),
            None,
        )?);
    };
    let name = path.display().to_string();
    let weights = WeightsFile::open(path)?;
    Ok(Trainer::new(
        arguments.settings.options(weights.config),
        Some((&name, &weights)),
    )?)
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
            indicatif::HumanDuration(left),
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
