//! A whole training run: steps, validation, checkpoints and a log, until the end, the time or a
//! signal.

use crate::{
    checkpoint::write,
    data::Dataset,
    error::TrainError,
    sample::{Batch, batch},
    trainer::{StepReport, Trainer},
    validation::Validation,
};
use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    sync::mpsc::sync_channel,
    time::{Duration, Instant},
};

/// What a run reports after each step.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Steps done, of this many.
    pub step: u64,
    /// Steps in all.
    pub steps: u64,
    /// The step's own report.
    pub report: StepReport,
    /// Time spent waiting for the batch.
    pub waited: Duration,
    /// Time of the whole step, waiting included.
    pub total: Duration,
    /// PSNR on held-out images, when it was measured after this step.
    pub psnr: Option<Vec<(String, f64)>>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All steps are done.
    Finished,
    /// The time was up or a signal came; the checkpoint holds the state.
    Interrupted,
}

/// Steps between validations, which also write checkpoint and weights.
const VALIDATE_EVERY: u64 = 500;

/// Trains until the schedule's end, until `time` is up or `stop` says so, and leaves
/// `checkpoint.safetensors`, `weights.safetensors` (the averaged weights, f16) and `log.csv` in
/// `folder`.
///
/// # Errors
/// A file that cannot be written, or a loss that is no longer finite.
pub fn run(
    trainer: &mut Trainer,
    data: &Dataset,
    folder: &Path,
    time: Option<Duration>,
    stop: impl Fn() -> bool,
    mut watch: impl FnMut(&Progress),
) -> Result<Outcome, TrainError> {
    std::fs::create_dir_all(folder).map_err(|source| TrainError::File {
        action: "create",
        path: folder.to_owned(),
        source,
    })?;
    let mut log = Log::open(&folder.join("log.csv"))?;
    let validation = Validation::new(data)?;
    let start = Instant::now();
    let steps = trainer.options().schedule.steps;
    let options = trainer.options().clone();
    let first = trainer.steps_done();

    let mut psnr = Vec::new();
    let done = std::thread::scope(|scope| -> Result<Outcome, TrainError> {
        // The next batch is made while the network works on this one. A receiver that is gone ends
        // the maker.
        let (sender, batches) = sync_channel::<Result<Batch, TrainError>>(1);
        let options = &options;
        scope.spawn(move || {
            (first..steps).try_for_each(|step| sender.send(batch(data, options, step)).ok())
        });

        loop {
            if trainer.steps_done() >= steps {
                return Ok(Outcome::Finished);
            }
            if stop() || time.is_some_and(|limit| start.elapsed() >= limit) {
                return Ok(Outcome::Interrupted);
            }
            let begin = Instant::now();
            let Ok(next) = batches.recv() else {
                return Ok(Outcome::Interrupted);
            };
            let waited = begin.elapsed();
            let report = trainer.step(&next?)?;
            let total = begin.elapsed();
            let step = trainer.steps_done();
            let measure = step.is_multiple_of(VALIDATE_EVERY) || step == steps;
            if measure {
                psnr = validation.measure(trainer)?;
            }
            let measured = measure.then(|| psnr.clone());
            let progress = Progress {
                step,
                steps,
                report,
                waited,
                total,
                psnr: measured,
            };
            log.write(&progress, start.elapsed())?;
            watch(&progress);
            if progress.psnr.is_some() {
                save(trainer, data, folder, &psnr)?;
            }
        }
    })?;
    if psnr.is_empty() || done == Outcome::Interrupted {
        psnr = validation.measure(trainer)?;
    }
    save(trainer, data, folder, &psnr)?;
    Ok(done)
}

fn save(
    trainer: &Trainer,
    data: &Dataset,
    folder: &Path,
    psnr: &[(String, f64)],
) -> Result<(), TrainError> {
    trainer.save(&folder.join("checkpoint.safetensors"))?;
    let weights = trainer.weights(&data.name, psnr).to_bytes();
    write(&folder.join("weights.safetensors"), &weights)
}

/// The CSV log; a resumed run appends to it.
struct Log {
    file: File,
    path: std::path::PathBuf,
}

impl Log {
    fn open(path: &Path) -> Result<Self, TrainError> {
        let fresh = !path.exists();
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(|source| TrainError::File {
            action: "write",
            path: path.to_owned(),
            source,
        })?;
        let mut log = Self {
            file,
            path: path.to_owned(),
        };
        if fresh {
            log.line("step,seconds,rate,loss,l1,frequency,alignment,autocorrelation,coarse_autocorrelation,perceptual,step_seconds,waited,forward,backward,update,gflops,psnr_x2,psnr_x3,psnr_x4")?;
        }
        Ok(log)
    }

    fn write(&mut self, progress: &Progress, elapsed: Duration) -> Result<(), TrainError> {
        let (report, times) = (&progress.report, &progress.report.times);
        let psnr: String = match &progress.psnr {
            Some(values) => values.iter().map(|(_, v)| format!(",{v:.4}")).collect(),
            None => ",,,".to_owned(),
        };
        self.line(&format!(
            "{},{:.1},{:.3e},{:.6},{:.6},{:.6},{:.6},{:.6},{:.6},{:.6},{:.4},{:.4},{:.4},{:.4},{:.4},{:.1}{psnr}",
            progress.step,
            elapsed.as_secs_f64(),
            report.rate,
            report.loss,
            report.terms.l1,
            report.terms.frequency,
            report.terms.alignment,
            report.terms.autocorrelation,
            report.terms.coarse_autocorrelation,
            report.terms.perceptual,
            progress.total.as_secs_f64(),
            progress.waited.as_secs_f64(),
            times.forward.as_secs_f64(),
            times.backward.as_secs_f64(),
            times.update.as_secs_f64(),
            report.operations / progress.total.as_secs_f64() / 1e9,
        ))
    }

    fn line(&mut self, text: &str) -> Result<(), TrainError> {
        writeln!(self.file, "{text}").map_err(|source| TrainError::File {
            action: "write",
            path: self.path.clone(),
            source,
        })
    }
}
