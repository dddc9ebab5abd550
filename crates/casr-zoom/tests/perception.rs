//! From the least error to the best look.

mod support;

use casr_net::{ComputeDevice, Model, NetworkConfig, Recipe};
use casr_zoom::{Enlarger, Target};
use std::convert::Infallible;
use support::{SMALL, bits, image, network};

/// A network that hears what it is told.
fn enlarger() -> Enlarger {
    let config = NetworkConfig {
        perception: true,
        ..SMALL
    };
    let own = network(config).parameters().into_iter();
    let mut values = own.map(|parameter| match &*parameter.name {
        "perception.shifts" => vec![0.3; parameter.values.len()],
        _ => parameter.values,
    });
    let network = network(config)
        .with_parameters(|_, _| Ok::<_, Infallible>(values.next().unwrap()))
        .unwrap();
    let recipe = Recipe::default();
    Enlarger::new(Model::from_network(
        network,
        ComputeDevice::cpu(),
        config,
        recipe,
    ))
}

#[test]
fn strength_is_heard_and_none_is_the_default() {
    let enlarger = enlarger().max_step(2.0);
    let enlarged = |enlarger: &Enlarger, factor| {
        let large = enlarger.enlarge(&image(12, 9), Target::Factor(factor));
        bits(&large.unwrap())
    };
    for factor in [1.5, 4.0, 8.0] {
        let default = enlarged(&enlarger, factor);
        let of = |strength| enlarged(&enlarger.clone().perception(strength), factor);
        assert!(default == of(0.0), "×{factor}");
        assert!(default != of(0.5) && of(0.5) != of(1.0), "×{factor}");
    }
}
