//! How fast the first GPU runs the network that ships: the start, the first result, every kernel,
//! and whole steps.
//!
//! ```sh
//! cargo run --release -p casr-gpu --example throughput  # windows of 512 and 1,024 pixels
//! cargo run --release -p casr-gpu --example throughput -- 64 256  # others
//! ```

use casr_gpu::{Gpu, GpuError, GpuNetwork, KernelTime, OpenGpu};
use casr_net::{Degradation, Model, Origin, StepGeometry, StepWindow};
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

/// Whole steps that are timed; the median is told.
const STEPS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let sides: Result<Vec<usize>, _> = std::env::args().skip(1).map(|side| side.parse()).collect();
    let sides = match sides? {
        sides if sides.is_empty() => vec![512, 1024],
        sides => sides,
    };
    let gpus = Gpu::all();
    for gpu in &gpus {
        let kind = if gpu.is_simulated() {
            "simulated"
        } else {
            "real"
        };
        let half = if gpu.has_half() {
            "half and single"
        } else {
            "single"
        };
        println!("{gpu} ({}, {kind}, {half})", gpu.backend());
    }
    let gpu = gpus.first().ok_or("there is no GPU with a driver")?;
    let cache = std::env::temp_dir().join(format!("casr-throughput-{}", std::process::id()));
    let precisions = if gpu.has_half() {
        &[true, false][..]
    } else {
        &[false]
    };
    for &half in precisions {
        let name = if half { "half" } else { "single" };
        for start in ["cold", "warm"] {
            println!("{name} precision, {start} start:");
            let network = started(gpu, &cache, half)?;
            if start == "warm" {
                for side in &sides {
                    report(&network, *side)?;
                }
            }
        }
    }
    // What is left of it is the system's to clear away.
    std::fs::remove_dir_all(&cache).ok();
    Ok(())
}

/// A network, and how long its start and its first result take.
fn started(gpu: &Gpu, cache: &Path, half: bool) -> Result<GpuNetwork, Box<dyn Error>> {
    let start = Instant::now();
    let listed = Gpu::all().len();
    let enumerated = start.elapsed();
    let open: OpenGpu = gpu.open(Some(cache))?;
    let opened = start.elapsed();
    let model = Model::embedded()?;
    let network = GpuNetwork::new(&open, model.config(), &model.parameters(), half)?;
    let loaded = start.elapsed();
    let (window, geometry) = window(64);
    network.step(&window, &geometry)?;
    println!(
        "  {listed} GPUs listed after {}, opened after {}, network after {}, 64×64 pixels after {}",
        milliseconds(enumerated),
        milliseconds(opened),
        milliseconds(loaded),
        milliseconds(start.elapsed()),
    );
    Ok(network)
}

/// A window enlarged by two.
fn window(side: usize) -> (StepWindow, StepGeometry) {
    let value = |index: usize| 0.5 + 0.4 * (index as f32 * 0.37).sin();
    let window = StepWindow {
        pixels: (0..side * side * 3).map(value).collect(),
        origin: Origin::Image(Degradation::default()),
        prior: None,
        before: None,
    };
    (
        window,
        StepGeometry::new((side, side), (2 * side, 2 * side)),
    )
}

/// Times whole steps and kernels of windows of a size.
fn report(network: &GpuNetwork, side: usize) -> Result<(), GpuError> {
    let (window, geometry) = window(side);
    match network.step(&window, &geometry) {
        Ok(_) => {}
        Err(error @ GpuError::OutOfMemory { .. }) => {
            println!("  {error}");
            return Ok(());
        }
        Err(error) => return Err(error),
    }
    let mut steps = Vec::new();
    for _ in 0..STEPS {
        let start = Instant::now();
        network.step(&window, &geometry)?;
        steps.push(start.elapsed());
    }
    steps.sort();
    let (_, kernels) = network.profile(&window, &geometry)?;
    let operations: f64 = kernels.iter().map(|kernel| kernel.operations).sum();
    let step = steps[STEPS / 2];
    println!(
        "  {side}×{side} ×2: {} a step, {:.0} GFLOP/s, {:.2} megapixels a second of the result",
        milliseconds(step),
        operations / step.as_secs_f64() * 1e-9,
        4e-6 * (side * side) as f64 / step.as_secs_f64(),
    );
    let mut rest = &kernels[..];
    while let Some(first) = rest.first() {
        let count = rest
            .iter()
            .take_while(|other| other.kernel == first.kernel)
            .count();
        let (run, behind) = rest.split_at(count);
        println!("    {}", line(run));
        rest = behind;
    }
    Ok(())
}

/// Some runs of one kernel after another.
fn line(run: &[KernelTime]) -> String {
    let time: Duration = run.iter().map(|kernel| kernel.time).sum();
    let operations: f64 = run.iter().map(|kernel| kernel.operations).sum();
    format!(
        "{} × {}: {}, {:.0} GFLOP/s",
        run[0].kernel,
        run.len(),
        milliseconds(time),
        operations / time.as_secs_f64() * 1e-9
    )
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", 1e3 * time.as_secs_f64())
}
