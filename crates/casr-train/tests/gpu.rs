//! Training on a GPU beside training on the processor. Without a Vulkan driver there is nothing to compare, and the test says
//! so; where `CASR_REQUIRE_GPU` is set it fails instead.

#![cfg(feature = "wgpu")]

use casr_net::{ComputeDevice, NetworkConfig};
use casr_train::{Dataset, Schedule, TrainOptions, Trainer, batch};
use std::path::Path;

fn options() -> TrainOptions {
    TrainOptions {
        network: NetworkConfig {
            channels: 16,
            blocks: 1,
            frequencies: 4,
            alignment: true,
            similarity: true,
        },
        batch: 2,
        patch: 12,
        unroll: 0.5,
        schedule: Schedule {
            steps: 10,
            warm_up: 2,
            ..Schedule::default()
        },
        ..TrainOptions::default()
    }
}

#[test]
fn losses_are_those_of_the_processor() {
    let Some(gpu) = ComputeDevice::gpus().into_iter().next() else {
        assert!(
            std::env::var_os("CASR_REQUIRE_GPU").is_none(),
            "there is no GPU"
        );
        println!("skipped: there is no GPU with a Vulkan driver");
        return;
    };
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let options = options();
    let data = Dataset::open(&samples, &options).unwrap();
    let mut ours = Trainer::new(options.clone(), None).unwrap();
    let mut theirs = Trainer::new(options.clone(), None).unwrap().on(&gpu);
    for step in 0..options.schedule.steps {
        let batch = batch(&data, &options, step).unwrap();
        let cpu = ours.step(&batch).unwrap().loss;
        let gpu = theirs.step(&batch).unwrap().loss;
        println!("step {step}: {cpu} on the processor, {gpu} on the GPU");
        assert!(
            (cpu - gpu).abs() < 1e-3 * cpu,
            "step {step}: {cpu} on the processor, {gpu} on the GPU"
        );
    }

    // A checkpoint of one goes on with the other.
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = folder.path().join("checkpoint.safetensors");
    theirs.save(&checkpoint).unwrap();
    let mut resumed = Trainer::load(&checkpoint).unwrap();
    let next = batch(&data, &options, 3).unwrap();
    let (cpu, gpu) = (
        resumed.step(&next).unwrap().loss,
        theirs.step(&next).unwrap().loss,
    );
    assert!((cpu - gpu).abs() < 1e-3 * cpu, "{cpu} and {gpu}");
}
