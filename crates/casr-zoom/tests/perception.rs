//! From the least error to the best look.

mod support;

use casr_net::{ComputeDevice, Model, NetworkConfig, Recipe};
use casr_zoom::{DEFAULT_PERCEPTION, Enlarger, Image, Restoration, Size, Target};
use std::convert::Infallible;
use support::{SMALL, bits, image, network};

/// With a network that hears what it is told, for images that are not worn.
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
    let model = Model::from_network(network, ComputeDevice::cpu(), config, recipe);
    Enlarger::new(model).restoration(Restoration::Strength(0.0))
}

/// An image enlarged to a size at a strength.
fn enlarged(enlarger: &Enlarger, image: &Image, size: (usize, usize), strength: f32) -> Image {
    let (width, height) = size;
    let enlarger = enlarger.clone().perception(strength);
    enlarger
        .enlarge(image, Target::Size(Size { width, height }))
        .unwrap()
}

#[test]
fn strength_is_heard() {
    let enlarger = enlarger().max_step(2.0);
    let enlarged = |enlarger: &Enlarger, factor| {
        let large = enlarger.enlarge(&image(12, 9), Target::Factor(factor));
        bits(&large.unwrap())
    };
    for factor in [1.5, 4.0, 8.0] {
        let default = enlarged(&enlarger, factor);
        let of = |strength| enlarged(&enlarger.clone().perception(strength), factor);
        assert!(default == of(DEFAULT_PERCEPTION), "×{factor}");
        assert!(default != of(0.0) && default != of(1.0), "×{factor}");
    }
}

/// A fresh network without modules makes no difference between an image and a level, so that a loop is two loops one after the other.
#[test]
fn steps_beyond_the_trained_range_are_told_less() {
    let image = image(12, 9);
    let small = enlarger().max_step(2.0);
    let four = enlarged(&small, &image, (48, 36), 1.0);
    let eight = enlarged(&small, &image, (96, 72), 1.0);
    let sixteen = enlarged(&small, &image, (192, 144), 1.0);
    assert!(bits(&eight) == bits(&enlarged(&small, &four, (96, 72), 0.0)));
    assert!(bits(&sixteen) == bits(&enlarged(&small, &four, (192, 144), 0.0)));

    let large = enlarger().max_step(4.0);
    let first = enlarged(&large, &image, (29, 22), 1.0);
    let six = enlarged(&large, &image, (72, 54), 1.0);
    assert!(bits(&six) == bits(&enlarged(&large, &first, (72, 54), 0.5)));
    assert!(bits(&six) != bits(&enlarged(&large, &first, (72, 54), 0.0)));
}

/// Nor does it make a difference between images.
#[test]
fn worn_images_are_told_less() {
    let image = image(12, 9);
    let unworn = enlarger();
    for (wear, told) in [(0.25, 0.5), (0.5, 0.0), (1.0, 0.0)] {
        let worn = unworn.clone().restoration(Restoration::Strength(wear));
        let worn = enlarged(&worn, &image, (30, 20), 1.0);
        let other = enlarged(&unworn, &image, (30, 20), told);
        assert!(bits(&worn) == bits(&other), "{wear}");
    }
}
