//! The ops against the same in Burn's own operations: values and all gradients.

mod composed;
mod support;

use burn::tensor::{Device, Distribution, Gradients, Tensor};
use casr_burn::ops::{
    assign, convolution, earlier_values, gates, heat_field, modulate, moments, resample,
};
use casr_net::{Activation, Resampling, ResamplingKind, StepAxis, StepGeometry, cell_places};
use std::sync::Arc;
use support::{random, seeded};

/// Largest difference over the largest value.
fn difference<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> f32 {
    let scale: f32 = b.clone().abs().max().into_scalar();
    let error: f32 = (a - b).abs().max().into_scalar();
    error / scale
}

/// Reads one tensor's gradient.
type Reader = Box<dyn Fn(&Gradients) -> Tensor<1>>;

/// Reads the gradient of `tensor`, flattened.
fn gradient_of<const D: usize>(tensor: &Tensor<D>) -> Reader {
    let tensor = tensor.clone();
    Box::new(move |gradients| tensor.grad(gradients).unwrap().flatten(0, D - 1))
}

/// Values and gradients of both ways to compute a thing agree.
#[track_caller]
fn compare(case: &str, ours: Tensor<4>, burns: Tensor<4>, readers: &[Reader]) {
    let probe = Tensor::random(ours.dims(), Distribution::Normal(0.0, 1.0), &ours.device());
    let ours_gradients = (ours.clone() * probe.clone()).sum().backward();
    let burns_gradients = (burns.clone() * probe).sum().backward();
    let value = difference(ours.inner(), burns.inner());
    assert!(value < 2e-5, "{case}: values differ by {value}");
    for (index, read) in readers.iter().enumerate() {
        let difference = difference(read(&ours_gradients), read(&burns_gradients));
        assert!(
            difference < 2e-5,
            "{case}: gradient {index} differs by {difference}"
        );
    }
}

#[test]
fn convolutions_agree() {
    let (device, _turn) = seeded(3);
    for (kernel, images, height, width, inputs, outputs) in [
        (3, 2, 13, 17, 3, 48),
        (3, 2, 9, 31, 48, 48),
        (1, 1, 5, 3, 48, 195),
        (3, 1, 11, 10, 20, 100),
        (3, 1, 1, 1, 5, 7),
    ] {
        for activation in [Activation::None, Activation::Silu] {
            for with_residual in [false, true] {
                let input = random([images, height, width, inputs], &device);
                let weights = support::weights([kernel, inputs, outputs], &device);
                let bias = random([outputs], &device);
                let residual = random([images, height, width, outputs], &device);
                let chosen = with_residual.then(|| residual.clone());
                let (i, w, b, r) = (input.clone(), weights.clone(), bias.clone(), chosen.clone());
                let ours = convolution(i, w, b, r, activation);
                let (i, w, b) = (input.clone(), weights.clone(), bias.clone());
                let burns = composed::convolution(i, w, b, chosen, activation);
                let mut readers = vec![
                    gradient_of(&input),
                    gradient_of(&weights),
                    gradient_of(&bias),
                ];
                readers.extend(with_residual.then(|| gradient_of(&residual)));
                let case = format!("{kernel} {inputs}->{outputs} {activation:?} {with_residual}");
                compare(&case, ours, burns, &readers);
            }
        }
    }
}

/// Whole levels with one factor, with one for each axis, and a window of a level.
fn geometries() -> Vec<StepGeometry> {
    let window = StepGeometry {
        rows: StepAxis::part((15, 30), 0..10, 0..6, [4, 0]),
        columns: StepAxis::part((17, 34), 4..17, 22..34, [0, 8]),
    };
    vec![
        StepGeometry::new((15, 17), (30, 34)),
        window,
        StepGeometry::new((7, 5), (7, 19)),
        StepGeometry::new((6, 8), (20, 13)),
    ]
}

#[test]
fn enlargements_agree() {
    let (device, _turn) = seeded(4);
    for geometry in geometries() {
        let geometry = Arc::new(geometry);
        let size = [2, geometry.rows.inputs(), geometry.columns.inputs(), 3];
        let input = random(size, &device);
        let base = Resampling::new(&geometry, ResamplingKind::Base);
        let burns = composed::resample(input.clone(), &base);
        let ours = resample(input.clone(), base);
        compare(&format!("{size:?}"), ours, burns, &[gradient_of(&input)]);

        let size = [
            2,
            geometry.rows.cells.outputs(),
            geometry.columns.cells.outputs(),
            3,
        ];
        let result = random(size, &device);
        let back = |resample: &dyn Fn(Tensor<4>, Resampling) -> Tensor<4>| {
            let kind = |kind| Resampling::new(&geometry, kind);
            let shrunk = resample(result.clone(), kind(ResamplingKind::Shrink));
            resample(shrunk, kind(ResamplingKind::Enlarge))
        };
        let (ours, burns) = (
            back(&resample),
            back(&|input, kind| composed::resample(input, &kind)),
        );
        compare(
            &format!("{size:?}, back"),
            ours,
            burns,
            &[gradient_of(&result)],
        );
    }
}

#[test]
fn heat_fields_agree() {
    let (device, _turn) = seeded(5);
    for geometry in geometries() {
        for count in [5, 8, 19] {
            let geometry = Arc::new(geometry.clone());
            let (height, width) = (geometry.rows.inputs(), geometry.columns.inputs());
            let coefficients = random([2, height, width, 3 * (2 * count + 1)], &device);
            let frequencies = random([count, 2], &device);
            let decay = random([count], &device);
            let size = [
                2,
                geometry.rows.cells.outputs(),
                geometry.columns.cells.outputs(),
                3,
            ];
            let base = random(size, &device);
            let gates = random([2, height, width, 2], &device).detach().abs();
            let (c, f) = (coefficients.clone(), frequencies.clone());
            let (d, b) = (decay.clone(), base.clone());
            let ours = heat_field(c, f, d, b, gates.clone(), geometry.clone());
            let (c, f) = (coefficients.clone(), frequencies.clone());
            let (d, b) = (decay.clone(), base.clone());
            let burns = composed::heat_field(c, f, d, b, gates, &geometry);
            let case = format!("{size:?}, {count} frequencies");
            let readers = [
                gradient_of(&coefficients),
                gradient_of(&frequencies),
                gradient_of(&decay),
                gradient_of(&base),
            ];
            compare(&case, ours, burns, &readers);
        }
    }
}

#[test]
fn gates_agree() {
    let (device, _turn) = seeded(8);
    for size in [[2, 9, 13], [1, 1, 4], [1, 7, 1]] {
        // From flat to far above what lets everything pass.
        let level = random([size[0], size[1], size[2], 3], &device).detach();
        let level = (level.powi_scalar(3) * 0.01 + 0.5).clamp(0.0, 1.0);
        let (ours, burns) = (gates(level.clone()), composed::gates(level));
        assert_eq!(ours.dims(), [size[0], size[1], size[2], 2]);
        let error: f32 = (ours - burns).abs().max().into_scalar();
        assert!(error < 1e-5, "{size:?}: {error}");
    }
}

/// Images whose sides are multiples of a cell's, and others.
const SIZES: [[usize; 3]; 3] = [[2, 12, 16], [1, 13, 18], [2, 5, 3]];

/// Weights that sum to one, from random colours.
fn regions([n, h, w]: [usize; 3], device: &Device) -> Tensor<4> {
    let embedding = random([n, h, w, 3], device);
    let temperatures = Tensor::from_floats([0.7, 1.3], device);
    composed::assign(embedding, temperatures)
        .detach()
        .require_grad()
}

#[test]
fn superpixels_agree() {
    let (device, _turn) = seeded(6);
    for size in SIZES {
        let embedding = random([size[0], size[1], size[2], 3], &device);
        let temperatures = Tensor::<1>::from_floats([0.7, 1.3], &device).require_grad();
        let ours = assign(embedding.clone(), temperatures.clone());
        let burns = composed::assign(embedding.clone(), temperatures.clone());
        let readers = [gradient_of(&embedding), gradient_of(&temperatures)];
        compare(&format!("assign {size:?}"), ours, burns, &readers);

        let weights = regions(size, &device);
        let features = random([size[0], size[1], size[2], 5], &device);
        let ours = moments(weights.clone(), features.clone());
        let burns = composed::moments(weights.clone(), features.clone());
        let readers = [gradient_of(&weights), gradient_of(&features)];
        compare(&format!("moments {size:?}"), ours, burns, &readers);

        let cells = [size[0], size[1].div_ceil(4), size[2].div_ceil(4), 10];
        let modulation = random(cells, &device);
        let (w, f, m) = (weights.clone(), features.clone(), modulation.clone());
        let ours = modulate(w, f, m);
        let (w, f, m) = (weights.clone(), features.clone(), modulation.clone());
        let burns = composed::modulate(w, f, m);
        let readers = [
            gradient_of(&weights),
            gradient_of(&features),
            gradient_of(&modulation),
        ];
        compare(&format!("modulate {size:?}"), ours, burns, &readers);
    }
}

#[test]
fn earlier_values_agree() {
    let (device, _turn) = seeded(7);
    for (rows, columns) in [((31, 16), (22, 15)), ((5, 5), (9, 3)), ((1, 1), (40, 11))] {
        let places = Arc::new([
            cell_places(rows.0, rows.1),
            cell_places(columns.0, columns.1),
        ]);
        let [down, right] = &*places;
        let colours = random([2, down.cells(), right.cells(), 3], &device) * 0.2;
        let earlier = random([2, down.earlier, right.earlier, 7 + 3], &device);
        let ours = earlier_values(colours.clone(), earlier.clone(), places.clone());
        let burns = composed::earlier_values(colours, earlier.clone(), &places);
        let readers = [gradient_of(&earlier)];
        compare(&format!("{rows:?} {columns:?}"), ours, burns, &readers);
    }
}
