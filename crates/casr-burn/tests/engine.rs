//! What products run, kernels on slices, is the network that is trained; and its parameters are
//! called alike.

use burn::tensor::{Device, Tensor, TensorData};
use casr_burn::{Network, PriorTensors, StepInput};
use casr_net::{
    Degradation, Model, NetworkConfig, Origin, Pixels, PriorGeometry, Statistics, StepGeometry,
    StepWindow, whole_places,
};
use std::sync::Arc;

/// Rows and columns of a level, which are not whole cells.
const LEVEL: (usize, usize) = (27, 38);
/// The level below, as the statistics know it, and the original image.
const BELOW: (usize, usize) = (19, 26);
const OUTPUT: (usize, usize) = (43, 66);

/// Numbers from 0 to 1 with some structure.
fn numbers(count: usize, seed: f32) -> Vec<f32> {
    (0..count)
        .map(|i| 0.5 + 0.3 * (i as f32 * 0.37 + seed).sin() + 0.2 * (i as f32 * 1.93).cos())
        .collect()
}

fn tensor<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
    let data = TensorData::new(values.to_vec(), shape);
    Tensor::from_data(data, &Device::flex())
}

fn assert_near(one: &[f32], other: &[f32], case: &str) {
    assert_eq!(one.len(), other.len(), "{case}");
    let scale = other
        .iter()
        .fold(1.0_f32, |most, value| most.max(value.abs()));
    let pairs = one.iter().zip(other);
    let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 2e-5 * scale, "{case}: off by {worst} of {scale}");
}

#[test]
fn the_processor_runs_the_network_that_is_trained() {
    for (alignment, similarity) in [(false, false), (true, false), (false, true), (true, true)] {
        for blocks in [1, 3] {
            let config = NetworkConfig {
                channels: 20,
                blocks,
                frequencies: 7,
                alignment,
                similarity,
            };
            let parameters = config.initial_parameters(5 + blocks as u64);
            let network = Network::new(config, "fresh", &parameters, &Device::flex()).unwrap();
            let model = Model::new(config, parameters).unwrap();
            let level = numbers(LEVEL.0 * LEVEL.1 * 3, 0.1);
            let image = numbers(BELOW.0 * BELOW.1 * 3, 0.7);
            let geometry = Arc::new(StepGeometry::new(LEVEL, OUTPUT));
            let prior = similarity.then(|| {
                let pixels = Pixels {
                    height: BELOW.0,
                    width: BELOW.1,
                    values: &image,
                };
                let whole = PriorGeometry::new(BELOW, LEVEL, OUTPUT);
                whole.prior(pixels, &level, 0..LEVEL.0, 0..LEVEL.1)
            });
            let places = whole_places((LEVEL.0, BELOW.0), (LEVEL.1, BELOW.1));
            let shape = [places[0].earlier, places[1].earlier, config.statistics()];
            let statistics = numbers(shape.iter().product(), 0.3);
            let worn = Origin::Image(Degradation {
                noise: 0.3,
                compression: 0.1,
            });
            for origin in [worn, Origin::Step] {
                let later = alignment && origin == Origin::Step;
                let case = format!("{config:?} {origin:?}");
                let window = StepWindow {
                    pixels: level.clone(),
                    origin,
                    prior: prior.clone(),
                    before: later.then(|| Statistics {
                        values: statistics.clone(),
                        places: places.clone(),
                    }),
                };
                let made = model.step(&window, &geometry).unwrap();
                let output = network.step(StepInput {
                    level: tensor(&level, [1, LEVEL.0, LEVEL.1, 3]),
                    geometry: geometry.clone(),
                    origins: vec![origin],
                    prior: (prior.clone())
                        .map(|prior| PriorTensors::new(&[prior], &Device::flex())),
                    before: later.then(|| casr_burn::Statistics {
                        values: tensor(&statistics, [1, shape[0], shape[1], shape[2]]),
                        places: places.clone(),
                    }),
                });
                let values =
                    |tensor: Tensor<4>| tensor.into_data().iter::<f32>().collect::<Vec<f32>>();
                assert_near(&made.pixels, &values(output.level), &case);
                assert_eq!(made.statistics.is_some(), alignment, "{case}");
                if let (Some(left), Some(expected)) = (made.statistics, output.statistics) {
                    assert_near(&left, &values(expected), &case);
                }
            }
        }
    }
}

#[test]
fn parameters_have_the_same_names_and_shapes() {
    for (alignment, similarity) in [(false, false), (true, false), (false, true), (true, true)] {
        let config = NetworkConfig {
            channels: 4,
            blocks: 2,
            frequencies: 3,
            alignment,
            similarity,
        };
        let fresh = config.initial_parameters(3);
        let network = Network::fresh(config, 3, &Device::flex());
        assert_eq!(network.parameters(), fresh);
        let names: Vec<_> = fresh.into_iter().map(|p| (p.name, p.shape)).collect();
        assert_eq!(names, config.shapes());
    }
}
