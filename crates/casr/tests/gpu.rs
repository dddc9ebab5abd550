//! The program on a GPU beside the program on the processor. Without a driver there is nothing to
//! compare, and the tests say so; where `CASR_REQUIRE_GPU` is set they fail instead.

mod support;

use casr_codec::Picture;
use casr_net::{NetworkConfig, Provenance, WeightsFile};
use casr_zoom::gpus;
use std::path::Path;
use std::time::{Duration, Instant};
use support::{casr, folder, photograph, piece_of, read, write};

/// Whether there is a GPU, even a simulated one.
fn gpu() -> bool {
    let found = !gpus().is_empty();
    assert!(
        found || std::env::var_os("CASR_REQUIRE_GPU").is_none(),
        "there is no GPU"
    );
    if !found {
        println!("skipped: there is no GPU with a driver");
    }
    found
}

/// The largest difference between an enlargement by `options` on the processor and on the GPU, of
/// 255.
fn difference(picture: &Picture, options: &[&str]) -> f32 {
    let folder = folder();
    write(folder.path(), "small.png", picture);
    let [ours, theirs] = [("cpu", "cpu.png"), ("gpu", "gpu.png")].map(|(device, name)| {
        let arguments = ["upscale", "small.png", "-o", name, "--device", device];
        casr(folder.path(), &[&arguments[..], options].concat()).succeeds();
        read(&folder.path().join(name))
    });
    assert_eq!((ours.width, ours.height), (theirs.width, theirs.height));
    let pairs = ours.pixels.iter().zip(theirs.pixels.iter());
    let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) * 255.0;
    println!("{options:?}: {worst:.2} code values at most");
    worst
}

/// Weights of a small network, with both modules or none, in `folder`: a simulated GPU is slow.
fn small_network(folder: &Path, modules: bool) -> String {
    let config = NetworkConfig {
        channels: 8,
        blocks: 2,
        frequencies: 4,
        alignment: modules,
        similarity: modules,
    };
    let file = WeightsFile {
        config,
        provenance: Provenance::default(),
        parameters: config.initial_parameters(3),
        vivid: None,
    };
    let path = folder.join("small.safetensors");
    std::fs::write(&path, file.to_bytes()).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn results_are_those_of_the_processor() {
    if !gpu() {
        return;
    }
    // In half precision where the device has it.
    for (name, options) in [
        ("city.png", &["-s", "2"][..]),
        ("dog.png", &["-s", "3.3"]),
        ("flowers.png", &["--size", "100x90"]),
        ("city.png", &["-s", "2", "--precision", "single"]),
        ("dog.png", &["-s", "4.5", "--look", "vivid"]),
    ] {
        assert!(difference(&piece_of(name, 56, 48), options) < 1.01);
    }
}

#[test]
fn networks_with_modules_run_there_too() {
    if !gpu() {
        return;
    }
    let folder = folder();
    let weights = small_network(folder.path(), true);
    let options = ["-s", "5", "--weights", &weights, "--precision", "single"];
    assert!(difference(&piece_of("dog.png", 40, 36), &options) < 1.01);
}

#[test]
fn ensembles_run_there_too() {
    if !gpu() {
        return;
    }
    let folder = folder();
    let weights = small_network(folder.path(), false);
    let options = ["-s", "2.5", "--effort", "best", "--weights", &weights];
    assert!(difference(&piece_of("dog.png", 40, 36), &options) < 1.01);
}

#[test]
fn a_gpu_can_be_planned_for() {
    if !gpu() {
        return;
    }
    let folder = folder();
    write(folder.path(), "small.png", &photograph(48, 40));
    let weights = small_network(folder.path(), true);
    #[rustfmt::skip]
    let arguments = ["plan", "small.png", "-s", "2", "--device", "gpu", "--weights", &weights];
    let run = casr(folder.path(), &arguments).succeeds();
    assert!(run.output.contains("96"), "{run:?}");
}

/// A GPU that the processor simulates is never chosen by itself.
#[test]
fn only_real_gpus_are_automatic() {
    let folder = folder();
    let run = casr(folder.path(), &["devices"]).succeeds();
    for line in run.output.lines().filter(|line| line.contains("simulated")) {
        assert!(!line.contains("auto"), "{run:?}");
    }
}

/// The first result is there within seconds, kernels built anew and all; on a real GPU within one.
#[test]
fn the_first_result_is_there_at_once() {
    if !gpu() {
        return;
    }
    let folder = folder();
    write(folder.path(), "small.png", &photograph(24, 20));
    let start = Instant::now();
    let arguments = ["upscale", "small.png", "-o", "big.png", "--device", "gpu"];
    casr(folder.path(), &arguments).succeeds();
    let simulated = gpus().iter().all(|gpu| gpu.simulated);
    let limit = Duration::from_secs(if simulated { 20 } else { 1 });
    assert!(start.elapsed() < limit, "{:?}", start.elapsed());
}
