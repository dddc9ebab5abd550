//! The least error up to four times the image's size, and more look beyond.

mod support;

use casr_net::{ComputeDevice, Model, NetworkConfig, Recipe};
use casr_zoom::{Enlarger, Perception, Size, Target};
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
fn auto_is_the_least_error_up_to_four_times() {
    let enlarger = enlarger().max_step(2.0);
    let enlarged = |perception, factor| {
        let enlarger = enlarger.clone().perception(perception);
        let large = enlarger.enlarge(&image(12, 9), Target::Factor(factor));
        bits(&large.unwrap())
    };
    let [least, most] = [0.0, 1.0].map(Perception::Strength);
    for factor in [1.5, 2.0, 4.0] {
        assert!(enlarged(Perception::Auto, factor) == enlarged(least, factor));
        assert!(enlarged(Perception::Auto, factor) != enlarged(most, factor));
    }
    for factor in [5.0, 8.0] {
        assert!(enlarged(Perception::Auto, factor) != enlarged(least, factor));
        assert!(enlarged(Perception::Auto, factor) != enlarged(most, factor));
    }
}

#[test]
fn auto_rises_without_a_jump() {
    let image = Size {
        width: 1000,
        height: 700,
    };
    let told = |thousandths: usize| {
        let level = Size {
            width: image.width * thousandths / 1000,
            height: image.height * thousandths / 1000,
        };
        Perception::Auto.strength(image, level)
    };
    let values: Vec<f32> = (1000..20_000).step_by(10).map(told).collect();
    for pair in values.windows(2) {
        assert!((0.0..0.01).contains(&(pair[1] - pair[0])), "{pair:?}");
    }
    assert_eq!(told(4000), 0.0);
    assert_eq!(told(8000), Perception::BEYOND);
    assert_eq!(told(64_000), Perception::BEYOND);
}
