//! The engine against the same network in PyTorch (`training/`): whole loops on stored inputs, made
//! by `training/golden.py`.

use casr_zoom::{Degradation, Enlarger, Image, Look, Model, Restoration, Size, Strength, Target};
use safetensors::SafeTensors;
use serde::Deserialize;
use std::{fs, path::PathBuf};

/// The two sides sum in other orders.
const CLOSE: f32 = 1e-4;

/// Between steps, PyTorch does not round to 16 bits; modules magnify the difference.
const CLOSE_LATER: f32 = 3e-4;

#[derive(Deserialize)]
struct Case {
    network: String,
    look: f32,
    condition: Condition,
    /// (height, width) of the image and of all levels.
    sizes: Vec<(usize, usize)>,
}

#[derive(Deserialize)]
struct Condition {
    noise: f32,
    compression: f32,
}

fn path(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../casr-net/tests/golden");
    folder.join(format!("{name}.safetensors"))
}

fn values(tensors: &SafeTensors, name: &str) -> Vec<f32> {
    let tensor = tensors.tensor(name).unwrap();
    let (values, _) = tensor.data().as_chunks();
    values
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}

/// Every level of the loop is what PyTorch made.
fn check(name: &str) {
    let bytes = fs::read(path(name)).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let case = &metadata.metadata().as_ref().unwrap()["case"];
    let case: Case = serde_json::from_str(case).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();

    let model = Model::open(&path(&case.network)).unwrap();
    let degradation = Degradation {
        noise: case.condition.noise,
        compression: case.condition.compression,
    };
    let enlarger = Enlarger::new(model)
        .restoration(Restoration::Exactly(degradation))
        .look(Look::Fixed(Strength::new(case.look).unwrap()));
    let (height, width) = case.sizes[0];
    let image = Image::new(width, height, values(&tensors, "input")).unwrap();
    let &(height, width) = case.sizes.last().unwrap();
    let plan = enlarger
        .plan(image.size(), Target::Size(Size { width, height }))
        .unwrap();
    let planned: Vec<(usize, usize)> = plan
        .levels()
        .iter()
        .map(|size| (size.height, size.width))
        .collect();
    assert_eq!(planned, case.sizes[1..], "{name}");

    let mut levels = vec![Vec::new(); planned.len()];
    let bands = enlarger.bands(&image, &plan).unwrap();
    for band in bands.view(|level, band| levels[level].extend_from_slice(&band.pixels)) {
        band.unwrap();
    }
    for (index, level) in levels.iter().enumerate() {
        let theirs = values(&tensors, &format!("level.{}", index + 1));
        assert_eq!(level.len(), theirs.len());
        let pairs = level.iter().zip(&theirs);
        let error = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        println!("{name}, level {}: {error:.1e}", index + 1);
        let close = if index == 0 { CLOSE } else { CLOSE_LATER };
        assert!(error < close, "{name}, level {}: off by {error}", index + 1);
    }
}

#[test]
fn a_look_between_two_ends() {
    check("plain-case");
}

#[test]
fn sdam_and_sarm() {
    check("modules-case");
}

#[test]
fn sdam_and_sarm_with_cells_cut_at_the_border() {
    check("modules-odd-case");
}
