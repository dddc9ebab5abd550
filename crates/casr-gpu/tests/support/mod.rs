//! What tests share.

#![allow(dead_code, reason = "no test needs all of it")]

use casr_gpu::{Gpu, GpuNetwork, OpenGpu};
use casr_net::{Degradation, Model, NetworkConfig, Origin, StepGeometry, StepWindow};

/// A clean image.
pub const CLEAN: Origin = Origin::Image(Degradation {
    noise: 0.0,
    compression: 0.0,
});

/// The first GPU, even a simulated one; without any a remark, or a failure where `CASR_REQUIRE_GPU`
/// is set.
pub fn gpu() -> Option<Gpu> {
    let gpu = Gpu::all().into_iter().next();
    match &gpu {
        Some(gpu) => println!("on {gpu}"),
        None if std::env::var_os("CASR_REQUIRE_GPU").is_some() => panic!("there is no GPU"),
        None => println!("skipped: there is no GPU with a driver"),
    }
    gpu
}

/// A network on the processor, and the same on a GPU. Its values are not those that training starts
/// from, at which modules and conditions do next to nothing.
pub fn pair(gpu: &OpenGpu, config: NetworkConfig, half: bool) -> (Model, GpuNetwork) {
    let mut parameters = config.initial_parameters(7);
    for (index, parameter) in parameters.iter_mut().enumerate() {
        let noise = numbers(parameter.values.len(), index as f32);
        for (value, noise) in parameter.values.iter_mut().zip(noise) {
            match &*parameter.name {
                "head.frequencies" | "head.kappa" | "superpixels.temperatures" => {}
                "head.coefficients.weights" => *value *= 8.0,
                "alignment.outer.bias" => *value += 2.0 * noise,
                "alignment.outer.weights" | "similarity.outer.weights" => *value *= 10.0,
                _ => *value += 0.2 * (noise - 0.5) / (9.0 * config.channels as f32).sqrt(),
            }
        }
    }
    let model = Model::new(config, parameters).unwrap();
    let network = GpuNetwork::new(gpu, config, &model.parameters(), half).unwrap();
    (model, network)
}

/// Numbers from 0 to 1 with some structure.
pub fn numbers(count: usize, seed: f32) -> Vec<f32> {
    (0..count)
        .map(|i| 0.5 + 0.3 * (i as f32 * 0.37 + seed).sin() + 0.2 * (i as f32 * 1.93).cos())
        .collect()
}

/// The first step on a whole level without modules, enlarged by two.
pub fn doubled(side: usize) -> (StepWindow, StepGeometry) {
    let window = StepWindow {
        pixels: numbers(side * side * 3, 0.2),
        origin: CLEAN,
        prior: None,
        before: None,
    };
    (
        window,
        StepGeometry::new((side, side), (2 * side, 2 * side)),
    )
}

/// The largest difference.
pub fn difference(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    let errors = one.iter().zip(other).map(|(a, b)| (a - b).abs());
    errors.fold(0.0, |most, error| {
        if error > most || error.is_nan() {
            error
        } else {
            most
        }
    })
}
