//! What goes wrong is an error, and what can go on goes on.

mod support;

use casr_gpu::{GpuError, GpuNetwork};
use casr_net::{Model, NetworkConfig};
use std::path::PathBuf;
use support::{difference, doubled, gpu, pair};

/// A small network.
const SMALL: NetworkConfig = NetworkConfig {
    channels: 8,
    blocks: 1,
    frequencies: 4,
    alignment: false,
    similarity: false,
};

#[test]
fn a_window_too_large_is_an_error_and_the_device_goes_on() {
    let Some(gpu) = gpu() else { return };
    let gpu = gpu.open(None).unwrap();
    // A map of 1,024 channels for 1,600² pixels is 10 GB in one piece, which no GPU binds.
    let config = NetworkConfig {
        channels: 1024,
        ..SMALL
    };
    let network = GpuNetwork::new(&gpu, config, &config.initial_parameters(1), false).unwrap();
    let (window, geometry) = doubled(1600);
    let error = network.step(&window, &geometry).unwrap_err();
    println!("{error}");
    assert!(matches!(error, GpuError::OutOfMemory { .. }), "{error}");
    assert!(error.to_string().contains("1600×1600"), "{error}");
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    let (window, geometry) = doubled(8);
    let made = network.step(&window, &geometry).unwrap();
    assert_eq!(made.pixels.len(), 16 * 16 * 3);
    assert!(!gpu.is_lost());
}

#[test]
fn threads_step_at_once() {
    let Some(gpu) = gpu() else { return };
    let gpu = gpu.open(None).unwrap();
    let (model, network) = pair(&gpu, SMALL, false);
    let sides = [9, 24, 33, 50];
    std::thread::scope(|scope| {
        for side in sides.iter().cycle().take(12) {
            let (model, network) = (&model, &network);
            scope.spawn(move || {
                let (window, geometry) = doubled(*side);
                let made = network.step(&window, &geometry).unwrap();
                let expected = model.step(&window, &geometry).unwrap();
                let error = difference(&made.pixels, &expected.pixels);
                assert!(error < 1e-4, "{side}: off by {error}");
            });
        }
    });
}

/// The only file of a folder.
fn only_file(folder: &std::path::Path) -> Option<PathBuf> {
    let mut files = std::fs::read_dir(folder).unwrap();
    let file = files.next()?.unwrap().path();
    assert!(files.next().is_none(), "nothing else is left behind");
    Some(file)
}

#[test]
fn a_cache_of_kernels_is_kept_and_a_bad_one_is_ignored() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("kernels");
    let (window, geometry) = doubled(16);
    let step = || {
        let open = gpu.open(Some(&cache)).unwrap();
        let (model, network) = pair(&open, SMALL, false);
        let made = network.step(&window, &geometry).unwrap();
        let expected = model.step(&window, &geometry).unwrap();
        assert!(difference(&made.pixels, &expected.pixels) < 1e-4);
    };
    step();
    let Some(file) = cache.exists().then(|| only_file(&cache)).flatten() else {
        println!("{gpu} keeps no kernels: nothing to spoil");
        return;
    };
    let good = std::fs::read(&file).unwrap();
    let changed: Vec<u8> = good.iter().map(|byte| byte ^ 0x55).collect();
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for bad in [
        &b""[..],
        b"CASRGPU1",
        &good[..good.len() / 2],
        &changed,
        &flipped,
    ] {
        std::fs::write(&file, bad).unwrap();
        step();
        assert_ne!(std::fs::read(&file).unwrap(), bad, "written anew");
    }
    // Where nothing can be written, nothing is kept.
    std::fs::remove_dir_all(&cache).unwrap();
    std::fs::write(&cache, b"not a folder").unwrap();
    step();
    assert_eq!(std::fs::read(&cache).unwrap(), b"not a folder");
}

#[test]
fn a_model_moves_to_a_gpu() {
    let Some(gpu) = gpu() else { return };
    let device = casr_gpu::GpuDevice::new(gpu.open(None).unwrap(), false).unwrap();
    let cpu = Model::new(SMALL, SMALL.initial_parameters(3)).unwrap();
    let model = cpu.clone().on(std::sync::Arc::new(device));
    assert!(model.device().is_gpu());
    assert_eq!(model.device().precision(), "single");
    assert_eq!(model.device().to_string(), gpu.name());
    let (window, geometry) = doubled(10);
    let made = model.step(&window, &geometry).unwrap();
    let expected = cpu.step(&window, &geometry).unwrap();
    assert!(difference(&made.pixels, &expected.pixels) < 1e-4);
}
