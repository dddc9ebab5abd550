//! The program on a GPU beside the program on the processor. Without a Vulkan driver there is nothing to compare, and the
//! tests say so; where `CASR_REQUIRE_GPU` is set they fail instead.

#![cfg(feature = "vulkan")]

mod support;

use std::path::Path;
use support::{casr, folder, photograph, read, write};

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
fn difference(size: (usize, usize), options: &[&str]) -> f32 {
    let folder = folder();
    write(folder.path(), "small.png", &photograph(size.0, size.1));
    let [ours, theirs] = [("cpu", "cpu.png"), ("gpu", "gpu.png")].map(|(device, name)| {
        let arguments = ["upscale", "small.png", "-o", name, "--device", device];
        casr(folder.path(), &[&arguments[..], options].concat()).succeeds();
        read(&folder.path().join(name))
    });
    assert_eq!((ours.width, ours.height), (theirs.width, theirs.height));
    let pairs = ours.pixels.iter().zip(&theirs.pixels);
    let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) * 255.0;
    println!("{size:?} {options:?}: {worst:.2} code values at most");
    worst
}

#[test]
fn results_are_those_of_the_processor() {
    if !gpu() {
        return;
    }
    for options in [
        &["-s", "2"][..],
        &["-s", "3.3"],
        &["-s", "2", "--precision", "single"],
        &["--size", "100x90"],
    ] {
        assert!(difference((48, 40), options) < 1.01);
    }
}

#[test]
fn a_tile_too_large_for_the_device_is_cut() {
    if !gpu() {
        return;
    }
    // More than a simulated GPU takes in one go: it binds 128 MiB at most.
    assert!(difference((448, 416), &["-s", "1.5", "--max-step", "2"]) < 1.01);
}

#[test]
fn a_gpu_can_be_planned_for() {
    if gpu() {
        let folder = folder();
        write(folder.path(), "small.png", &photograph(48, 40));
        let arguments = ["plan", "small.png", "-s", "2", "--device", "gpu"];
        let run = casr(folder.path(), &arguments).succeeds();
        assert!(run.output.contains("96"), "{run:?}");
    }
}
