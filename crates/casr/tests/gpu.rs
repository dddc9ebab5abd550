//! The program on a GPU beside the program on the processor. Without a Vulkan driver there is nothing to compare, and the
//! tests say so; where `CASR_REQUIRE_GPU` is set they fail instead.

#![cfg(feature = "wgpu")]

mod support;

use casr_codec::Picture;
use std::path::{Path, PathBuf};
use support::{casr, folder, photograph, piece_of, read, sample, write};

/// Whether there is a GPU, even a simulated one.
fn gpu() -> bool {
    let found = casr(Path::new("."), &["devices"]).output.contains("gpu:0");
    assert!(
        found || std::env::var_os("CASR_REQUIRE_GPU").is_none(),
        "there is no GPU"
    );
    if !found {
        println!("skipped: there is no GPU with a Vulkan driver");
    }
    found
}

/// The largest difference between an enlargement by `options` on the processor and on the GPU, of 255.
fn difference(picture: &Picture, options: &[&str]) -> f32 {
    let folder = folder();
    write(folder.path(), "small.png", picture);
    let [ours, theirs] = [("cpu", "cpu.png"), ("gpu", "gpu.png")].map(|(device, name)| {
        let arguments = ["upscale", "small.png", "-o", name, "--device", device];
        casr(folder.path(), &[&arguments[..], options].concat()).succeeds();
        read(&folder.path().join(name))
    });
    assert_eq!((ours.width, ours.height), (theirs.width, theirs.height));
    let pairs = ours.pixels.iter().zip(&theirs.pixels);
    let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) * 255.0;
    println!("{options:?}: {worst:.2} code values at most");
    worst
}

/// Weights of a small network with so many frequencies, in `folder`. A simulated GPU is slow.
fn small_network(folder: &Path, frequencies: &str) -> PathBuf {
    let samples = sample("city.png");
    let samples = samples.parent().expect("a folder").to_string_lossy();
    #[rustfmt::skip]
    let arguments = [
        "train", &*samples, "-o", "run", "--steps", "1", "--batch", "1", "--patch", "8", "--unroll", "0", "--channels", "4",
        "--blocks", "1", "--frequencies", frequencies, "--device", "cpu",
    ];
    let run = casr(folder, &arguments);
    assert_eq!(run.code, Some(0), "{run:?}");
    folder.join("run/weights.safetensors")
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
    ] {
        assert!(difference(&piece_of(name, 56, 48), options) < 1.01);
    }
}

#[test]
fn a_tile_too_large_for_the_device_is_cut() {
    if !gpu() {
        return;
    }
    // A simulated GPU binds 128 MiB at most; 771 coefficients for each of 60,000 pixels are more.
    let folder = folder();
    let weights = small_network(folder.path(), "128");
    let options = ["-s", "1.2", "--weights", &weights.to_string_lossy()];
    assert!(difference(&piece_of("dog.png", 260, 240), &options) < 1.01);
}

#[test]
fn a_gpu_can_be_planned_for() {
    if !gpu() {
        return;
    }
    let folder = folder();
    write(folder.path(), "small.png", &photograph(48, 40));
    let weights = small_network(folder.path(), "4");
    let weights = weights.to_string_lossy();
    #[rustfmt::skip]
    let arguments = ["plan", "small.png", "-s", "2", "--device", "gpu", "--weights", &*weights];
    let run = casr(folder.path(), &arguments).succeeds();
    assert!(run.output.contains("96"), "{run:?}");
}
