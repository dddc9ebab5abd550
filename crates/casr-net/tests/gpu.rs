//! The network on a GPU against the network on the processor. Without a Vulkan driver there is nothing to compare, and the
//! tests say so; where `CASR_REQUIRE_GPU` is set they fail instead.

#![cfg(feature = "wgpu")]

mod support;

use burn::tensor::{Device, Tensor};
use casr_net::{
    Activation, ComputeDevice, Model, NetError, Network, NetworkConfig, Origin, Pixels, Precision,
    Resampling, ResamplingKind, StepGeometry, Wear,
    ops::{assign, convolution, heat_field, modulate, moments, reference, resample},
    whole_places,
};
use std::sync::Arc;
use support::{gpu, random, seeded};

/// A clean image.
const CLEAN: Origin = Origin::Image(Wear {
    noise: 0.0,
    compression: 0.0,
});

/// Values on another device, gradients wanted.
fn copy<const D: usize>(tensor: &Tensor<D>, device: &Device) -> Tensor<D> {
    Tensor::from_data(tensor.to_data(), device).require_grad()
}

/// Largest difference over the largest value.
fn difference<const D: usize>(gpu: Tensor<D>, cpu: Tensor<D>) -> f32 {
    let gpu = Tensor::<D>::from_data(gpu.into_data(), &Device::flex());
    let cpu = Tensor::<D>::from_data(cpu.into_data(), &Device::flex());
    let scale: f32 = cpu.clone().abs().max().into_scalar();
    let error: f32 = (gpu - cpu).abs().max().into_scalar();
    error / scale
}

/// Asserts that `$op` of copies of the given tensors gives the same values and gradients on `$gpu` as on the processor.
macro_rules! compare {
    ($gpu:expr, $case:expr, |$($name:ident),+| $op:expr) => {{
        let device = $gpu.burn().clone().autodiff();
        let ours = $op;
        let cpu_inputs = ($($name.clone(),)+);
        let probe = random(ours.dims(), &ours.device());
        let cpu = (ours.clone() * probe.clone()).sum().backward();
        let ($($name,)+) = ($(copy(&$name.clone().inner(), &device),)+);
        let gpu_inputs = ($($name.clone(),)+);
        let theirs = $op;
        let gpu = (theirs.clone() * copy(&probe.inner(), &device)).sum().backward();
        let error = difference(theirs.inner(), ours.inner());
        assert!(error < 1e-5, "{}: values differ by {error}", $case);
        let ($($name,)+) = gpu_inputs;
        let gradients = [$($name.grad(&gpu).unwrap().flatten::<1>(0, $name.dims().len() - 1)),+];
        let ($($name,)+) = cpu_inputs;
        let expected = [$($name.grad(&cpu).unwrap().flatten::<1>(0, $name.dims().len() - 1)),+];
        for (index, (theirs, ours)) in gradients.into_iter().zip(expected).enumerate() {
            let error = difference(theirs, ours);
            assert!(error < 2e-5, "{}: gradient {index} differs by {error}", $case);
        }
    }};
}

#[test]
fn convolutions_agree() {
    let Some(gpu) = gpu() else { return };
    let (device, _turn) = seeded(3);
    for (kernel, inputs, outputs) in [(3, 3, 48), (3, 48, 48), (1, 48, 195)] {
        let input = random([2, 13, 17, inputs], &device);
        let weights = support::weights([kernel, inputs, outputs], &device);
        let bias = random([outputs], &device);
        let residual = random([2, 13, 17, outputs], &device);
        compare!(
            gpu,
            format!("{kernel} {inputs}->{outputs}"),
            |input, weights, bias, residual| convolution(
                input.clone(),
                weights.clone(),
                bias.clone(),
                Some(residual.clone()),
                Activation::Silu
            )
        );
    }
}

/// A whole level with a factor for each axis, and a window of one.
fn geometries() -> [Arc<StepGeometry>; 2] {
    let whole = StepGeometry::new((15, 17), (30, 48));
    let window = StepGeometry {
        rows: whole.rows.window(0..10, 0..6, [4, 0]),
        columns: whole.columns.window(4..17, 31..48, [0, 8]),
    };
    [Arc::new(whole), Arc::new(window)]
}

#[test]
fn enlargements_agree() {
    let Some(gpu) = gpu() else { return };
    let (device, _turn) = seeded(4);
    for geometry in geometries() {
        let input = random(
            [2, geometry.rows.inputs(), geometry.columns.inputs(), 3],
            &device,
        );
        let base = Resampling::new(&geometry, ResamplingKind::Base);
        compare!(gpu, "resample", |input| resample(
            input.clone(),
            base.clone()
        ));
    }
}

#[test]
fn heat_fields_agree() {
    let Some(gpu) = gpu() else { return };
    let (device, _turn) = seeded(5);
    for geometry in geometries() {
        let (height, width) = (geometry.rows.inputs(), geometry.columns.inputs());
        let count = 11;
        let coefficients = random([2, height, width, 3 * (2 * count + 1)], &device);
        let frequencies = random([count, 2], &device);
        let decay = random([count], &device);
        let base = random(
            [
                2,
                geometry.rows.cells.outputs(),
                geometry.columns.cells.outputs(),
                3,
            ],
            &device,
        );
        let gates = random([2, height, width, 2], &device).detach().abs();
        compare!(
            gpu,
            "heat field",
            |coefficients, frequencies, decay, base| heat_field(
                coefficients.clone(),
                frequencies.clone(),
                decay.clone(),
                base.clone(),
                Tensor::from_data(gates.to_data(), &base.device()),
                geometry.clone()
            )
        );
    }
}

#[test]
fn superpixels_agree() {
    let Some(gpu) = gpu() else { return };
    let (device, _turn) = seeded(6);
    for [n, h, w] in [[2, 12, 16], [1, 9, 14]] {
        let embedding = random([n, h, w, 3], &device);
        let temperatures = random([2], &device);
        compare!(gpu, "assign", |embedding, temperatures| assign(
            embedding.clone(),
            temperatures.clone().abs()
        ));
        let weights = assign(embedding, temperatures.abs())
            .detach()
            .require_grad();
        let features = random([n, h, w, 6], &device);
        compare!(gpu, "moments", |weights, features| moments(
            weights.clone(),
            features.clone()
        ));
        let modulation = random([n, h.div_ceil(4), w.div_ceil(4), 12], &device);
        compare!(gpu, "modulate", |weights, features, modulation| modulate(
            weights.clone(),
            features.clone(),
            modulation.clone()
        ));
    }
    let places = whole_places((31, 22), (16, 15));
    let [rows, columns] = &*places;
    let colours = random([2, rows.cells(), columns.cells(), 3], &device).detach() * 0.2;
    let earlier = random([2, rows.earlier, columns.earlier, 9], &device);
    compare!(gpu, "reference", |earlier| reference(
        Tensor::from_data(colours.to_data(), &earlier.device()),
        earlier.clone(),
        places.clone()
    ));
}

/// The largest difference between one step of the shipped network on the processor and on `gpu`.
fn step_difference(gpu: &ComputeDevice, precision: Precision) -> f32 {
    let cpu = Model::embedded().unwrap();
    let model = cpu.clone().on(gpu, precision).unwrap();
    let (height, width) = (40, 57);
    // Edges, gradients and a little noise.
    let window: Vec<f32> = (0..height * width * 3)
        .map(|index| {
            let (row, column) = (index / 3 / width, index / 3 % width);
            let edge = if (row / 9 + column / 13) % 2 == 0 {
                0.8
            } else {
                0.15
            };
            edge + 0.1 * ((index * 7919 % 251) as f32 / 251.0 - 0.5)
        })
        .collect();
    let mut worst = 0.0_f32;
    for outputs in [(80, 114), (53, 76), (160, 228)] {
        let geometry = Arc::new(StepGeometry::new((height, width), outputs));
        let image = Pixels {
            height,
            width,
            values: &window,
        };
        let step = |model: &Model| model.first_step(image, &geometry, CLEAN).unwrap();
        let (ours, theirs) = (step(&cpu), step(&model));
        let errors = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs());
        worst = errors.fold(worst, f32::max);
    }
    worst
}

#[test]
fn a_step_agrees() {
    let Some(gpu) = gpu() else { return };
    let error = step_difference(&gpu, Precision::Single);
    println!("single precision: {error:.1e}");
    assert!(error < 1e-4, "single precision differs by {error}");
}

#[test]
fn a_step_in_half_precision_agrees() {
    let Some(gpu) = gpu() else { return };
    if !gpu.has_half_precision() {
        println!("{gpu} has no half precision: nothing to compare");
        return;
    }
    let error = step_difference(&gpu, Precision::Half);
    println!("half precision: {error:.1e}");
    // Hard edges and noise together are worse than photographs; those are tested through the program.
    assert!(error < 1.5 / 255.0, "half precision differs by {error}");
}

#[test]
fn a_window_too_large_is_an_error_and_the_device_goes_on() {
    let Some(gpu) = gpu() else { return };
    // 3,075 coefficients for each of 409,600 pixels are 5 GB in one piece, which no GPU binds.
    let config = NetworkConfig {
        channels: 4,
        blocks: 1,
        frequencies: 512,
        alignment: false,
        similarity: false,
    };
    let network = Network::new(config, gpu.burn());
    let model = Model::from_network(network, gpu, config);
    let step = |side: usize| {
        let geometry = Arc::new(StepGeometry::new((side, side), (side, side)));
        let image = Pixels {
            height: side,
            width: side,
            values: &vec![0.5; side * side * 3],
        };
        model.first_step(image, &geometry, CLEAN)
    };
    let error = step(640).unwrap_err();
    println!("{error}");
    assert!(matches!(error, NetError::Device { .. }), "{error}");
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    assert_eq!(step(24).unwrap().len(), 24 * 24 * 3);
}
