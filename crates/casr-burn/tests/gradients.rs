//! Gradients of a whole step against finite differences, for every parameter and for the input.

use burn::tensor::{Device, Distribution, Tensor, TensorData};
use casr_burn::{Network, PriorTensors, Statistics, StepInput};
use casr_net::{
    Degradation, NetworkConfig, Origin, Pixels, PriorGeometry, StepGeometry, whole_places,
};
use std::sync::Arc;

const ORIGIN: Origin = Origin::Image(Degradation {
    noise: 0.5,
    compression: 0.3,
});

const CONFIG: NetworkConfig = NetworkConfig {
    channels: 6,
    blocks: 1,
    frequencies: 4,
    alignment: true,
    similarity: true,
};

/// A second step, with a prior and statistics of the first one.
fn step_input(level: Tensor<4>, geometry: &Arc<StepGeometry>) -> StepInput {
    let device = level.device();
    let (rows, columns) = (geometry.rows.inputs(), geometry.columns.inputs());
    let noise = |count: usize| -> Vec<f32> {
        let value = |i: usize| (i * 7919 % 1009) as f32 / 1009.0;
        (0..count).map(value).collect()
    };
    let below = (4, 5);
    let image = Pixels {
        height: below.0,
        width: below.1,
        values: &noise(below.0 * below.1 * 3),
    };
    let outputs = (geometry.rows.outputs(), geometry.columns.outputs());
    let prior = PriorGeometry::new(below, (rows, columns), outputs);
    // What depends on pixels alone is the same whatever the pixels of the level are moved to.
    let prior = prior.prior(image, &noise(rows * columns * 3), 0..rows, 0..columns);
    let places = whole_places((rows, below.0), (columns, below.1));
    let size = [1, places[0].earlier, places[1].earlier, CONFIG.statistics()];
    let statistics = TensorData::new(noise(size.iter().product()), size);
    StepInput {
        level,
        geometry: geometry.clone(),
        origins: vec![ORIGIN],
        prior: Some(PriorTensors::new(&[prior], &device)),
        before: Some(Statistics {
            values: Tensor::from_data(statistics, &device),
            places,
        }),
    }
}

/// Σ probe · step(input), in f64 so that differences keep their digits.
fn objective(
    network: &Network,
    input: &Tensor<4>,
    probe: &[f32],
    geometry: &Arc<StepGeometry>,
) -> f64 {
    let output = network
        .step(step_input(input.clone(), geometry))
        .level
        .into_data();
    (output.iter::<f32>().zip(probe))
        .map(|(o, p)| f64::from(o) * f64::from(*p))
        .sum()
}

#[test]
fn match_finite_differences() {
    let plain = Device::flex();
    plain.seed(11);
    let geometry = Arc::new(StepGeometry::new((5, 6), (9, 17)));
    let parameters = CONFIG.initial_parameters(11);
    let with = |device: &Device, changed: Option<(usize, usize, f32)>| {
        let mut parameters = parameters.clone();
        if let Some((which, element, change)) = changed {
            parameters[which].values[element] += change;
        }
        Network::new(CONFIG, "changed", &parameters, device).unwrap()
    };
    let input = Tensor::<4>::random([1, 5, 6, 3], Distribution::Uniform(0.0, 1.0), &plain);
    let random = Tensor::<1>::random([9 * 17 * 3], Distribution::Normal(0.0, 1.0), &plain);
    let probe: Vec<f32> = random.into_data().iter::<f32>().collect();

    let tracked = Device::flex().autodiff();
    let network = with(&tracked, None);
    let tracked_input = Tensor::<4>::from_data(input.to_data(), &tracked).require_grad();
    let output = network
        .step(step_input(tracked_input.clone(), &geometry))
        .level;
    let weights = Tensor::<4>::from_data(TensorData::new(probe.clone(), [1, 9, 17, 3]), &tracked);
    let gradients = (output * weights).sum().backward();
    let analytic = network_gradients(&network, &gradients);

    let step = 1e-2f32;
    for (which, parameter) in parameters.iter().enumerate() {
        let count = parameter.values.len();
        let largest = analytic[which].iter().fold(0f32, |m, v| m.max(v.abs()));
        for element in [0, count / 3, count - 1] {
            let at = |change| {
                objective(
                    &with(&plain, Some((which, element, change))),
                    &input,
                    &probe,
                    &geometry,
                )
            };
            // Fourth order, so that a step large enough for f32 is still exact enough.
            let numeric = (8.0 * (at(step) - at(-step)) - (at(2.0 * step) - at(-2.0 * step)))
                / (12.0 * f64::from(step));
            let error = (numeric - f64::from(analytic[which][element])).abs();
            assert!(
                error < 2e-3 * f64::from(largest) + 2e-3,
                "{} [{element}]: {numeric} against {}",
                parameter.name,
                analytic[which][element]
            );
        }
        assert!(largest > 0.0, "{} gets no gradient", parameter.name);
    }

    let analytic: Vec<f32> = tracked_input
        .grad(&gradients)
        .unwrap()
        .into_data()
        .iter::<f32>()
        .collect();
    let values: Vec<f32> = input.to_data().iter::<f32>().collect();
    for element in [0, 41, 89] {
        let at = |change: f32| {
            let mut values = values.clone();
            values[element] += change;
            let moved = Tensor::<4>::from_data(TensorData::new(values, [1, 5, 6, 3]), &plain);
            objective(&with(&plain, None), &moved, &probe, &geometry)
        };
        let numeric = (at(step) - at(-step)) / (2.0 * f64::from(step));
        let error = (numeric - f64::from(analytic[element])).abs();
        assert!(
            error < 1e-2,
            "input [{element}]: {numeric} against {}",
            analytic[element]
        );
    }
}

/// Gradients of all parameters, flat, in the network's order.
fn network_gradients(network: &Network, gradients: &burn::tensor::Gradients) -> Vec<Vec<f32>> {
    use burn::module::{Module, ModuleVisitor, Param};
    struct Collect<'a>(&'a burn::tensor::Gradients, Vec<Vec<f32>>);
    impl ModuleVisitor for Collect<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let gradient = param.val().grad(self.0).unwrap();
            self.1.push(gradient.into_data().iter::<f32>().collect());
        }
    }
    let mut collect = Collect(gradients, Vec::new());
    network.visit(&mut collect);
    collect.1
}
