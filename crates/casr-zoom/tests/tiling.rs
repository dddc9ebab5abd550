//! Nobody can see in a result how it was tiled.

mod support;

use casr_net::{Cpu, Device, Model, NetError, NetworkConfig, Parameter, Stepper};
use casr_zoom::{Enlarger, Image, Target};
use std::{fmt, sync::Arc};
use support::{MODULES, SMALL, bits, image, model};

/// Levels are rounded to 16 bits, where a tile may fall to the other side.
const CLOSE: f32 = 5e-5;

/// Larger than any image here: no tiles at all.
const WHOLE: usize = 10_000;

const TARGETS: [Target; 7] = [
    Target::Factor(1.7),
    Target::Factor(2.0),
    Target::Factor(2.5),
    Target::Factor(3.3),
    Target::Factor(4.0),
    Target::Factors {
        horizontal: 1.0,
        vertical: 3.7,
    },
    Target::Factors {
        horizontal: 2.9,
        vertical: 1.3,
    },
];

/// The largest difference between an image enlarged in tiles and in one.
fn trace(enlarger: &Enlarger, (width, height): (usize, usize), target: Target, tile: usize) -> f32 {
    let image = image(width, height);
    let enlarge = |tile| enlarger.clone().tile(tile).enlarge(&image, target).unwrap();
    let (whole, tiled) = (enlarge(WHOLE), enlarge(tile));
    assert_eq!(
        (whole.width(), whole.height()),
        (tiled.width(), tiled.height())
    );
    let pairs = whole.pixels().iter().zip(tiled.pixels());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[track_caller]
fn assert_same(enlarger: &Enlarger, size: (usize, usize), target: Target, tile: usize) {
    let trace = trace(enlarger, size, target, tile);
    assert!(
        trace < CLOSE,
        "{trace} in {size:?}, {target:?}, tile {tile}"
    );
}

#[test]
fn tiles_leave_no_trace_in_one_step() {
    let enlarger = Enlarger::new(model(SMALL));
    for target in TARGETS {
        for size in [(37, 41), (53, 19)] {
            for tile in [5, 8, 13, 32] {
                assert_same(&enlarger, size, target, tile);
            }
        }
    }
}

#[test]
fn tiles_leave_no_trace_in_half_precision() {
    let enlarger = Enlarger::new(model(SMALL).on(Arc::new(Cpu::half())));
    for target in TARGETS {
        for tile in [5, 32] {
            assert_same(&enlarger, (53, 41), target, tile);
        }
    }
}

#[test]
fn tiles_leave_no_trace_in_an_ensemble() {
    let wide = NetworkConfig {
        channels: 16,
        blocks: 1,
        ..SMALL
    };
    for (config, device) in [
        (SMALL, Cpu::single()),
        (SMALL, Cpu::half()),
        (wide, Cpu::single()),
    ] {
        let model = model(config).on(Arc::new(device)).with_ensemble().unwrap();
        let enlarger = Enlarger::new(model).max_step(2.5);
        // With outputs in the middle between two inputs, and in two steps.
        for target in [Target::Factor(2.5), Target::Factor(3.3)] {
            assert_same(&enlarger, (53, 41), target, 16);
        }
        assert_same(&enlarger, (1, 11), Target::Factor(3.3), 1);
    }
}

#[test]
fn tiles_leave_no_trace_in_two_and_three_steps() {
    let enlarger = Enlarger::new(model(SMALL)).max_step(2.0);
    for target in [
        Target::Factor(3.3),
        Target::Factor(6.5),
        Target::Factors {
            horizontal: 1.5,
            vertical: 5.0,
        },
    ] {
        for tile in [7, 20, 64] {
            assert_same(&enlarger, (29, 23), target, tile);
        }
    }
}

#[test]
fn tiles_leave_no_trace_with_modules() {
    let alone = [
        NetworkConfig {
            alignment: false,
            ..MODULES
        },
        NetworkConfig {
            similarity: false,
            ..MODULES
        },
        MODULES,
    ];
    for config in alone {
        let enlarger = Enlarger::new(model(config)).max_step(2.0);
        for target in [
            Target::Factor(1.7),
            Target::Factor(7.0),
            Target::Factors {
                horizontal: 1.5,
                vertical: 5.0,
            },
        ] {
            for (size, tile) in [((75, 63), 9), ((50, 118), 24), ((5, 3), 1)] {
                assert_same(&enlarger, size, target, tile);
            }
        }
    }
}

#[test]
fn tiles_leave_no_trace_with_modules_and_many_channels() {
    let config = NetworkConfig {
        channels: 16,
        blocks: 1,
        ..MODULES
    };
    let enlarger = Enlarger::new(model(config)).max_step(2.0);
    for (size, tile) in [((113, 75), 16), ((60, 138), 24)] {
        assert_same(&enlarger, size, Target::Factor(3.3), tile);
    }
}

#[test]
fn tiles_of_single_pixels_and_images_of_single_pixels() {
    let enlarger = Enlarger::new(model(SMALL));
    for size in [(1, 1), (1, 11), (9, 1), (2, 5)] {
        assert_same(&enlarger, size, Target::Factor(3.3), 1);
        assert_same(&enlarger, size, Target::Factor(11.0), 1);
    }
}

#[test]
fn tiles_leave_no_trace_at_the_full_size_of_the_network() {
    let enlarger = Enlarger::new(model(NetworkConfig::default()));
    assert_same(&enlarger, (213, 97), Target::Factor(1.5), 31);
}

#[test]
fn tiles_leave_no_trace_with_many_channels() {
    let config = NetworkConfig {
        channels: 16,
        blocks: 1,
        frequencies: 5,
        ..SMALL
    };
    let enlarger = Enlarger::new(model(config)).max_step(2.0);
    assert_eq!(config.reach(), 12);
    for target in [Target::Factor(1.7), Target::Factor(3.3)] {
        for size in [(83, 61), (50, 118)] {
            for tile in [1, 7, 24] {
                assert_same(&enlarger, size, target, tile);
            }
        }
    }
}

/// The processor, with a network of its own whatever it is given.
#[derive(Debug)]
struct Always(NetworkConfig, Vec<Parameter>);

impl Device for Always {
    fn load(&self, _: NetworkConfig, _: &[Parameter]) -> Result<Arc<dyn Stepper>, NetError> {
        Cpu::single().load(self.0, &self.1)
    }

    fn is_gpu(&self) -> bool {
        false
    }

    fn precision(&self) -> &'static str {
        Cpu::single().precision()
    }
}

impl fmt::Display for Always {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        Cpu::single().fmt(formatter)
    }
}

#[test]
fn a_halo_that_is_too_small_shows() {
    let (deep, shallow) = (
        NetworkConfig { blocks: 4, ..SMALL },
        NetworkConfig { blocks: 0, ..SMALL },
    );
    // Fresh networks hardly look around: one whose blocks and head do.
    let mut parameters = deep.initial_parameters(17);
    for parameter in &mut parameters {
        if parameter.name.contains("third") || parameter.name.starts_with("head.coefficients") {
            parameter.values.iter_mut().for_each(|value| *value *= 20.0);
        }
    }
    let honest = Enlarger::new(Model::new(deep, parameters.clone()).unwrap());
    // The same network, but its model has the halo of one without blocks.
    let model = Model::new(shallow, shallow.initial_parameters(17)).unwrap();
    let blind = Enlarger::new(model.on(Arc::new(Always(deep, parameters))));
    assert!(shallow.reach() < deep.reach());
    let of = |enlarger| trace(enlarger, (61, 67), Target::Factor(2.0), 13);
    assert!(
        of(&honest) < CLOSE && of(&blind) > 1e-3,
        "{} {}",
        of(&honest),
        of(&blind)
    );
}

/// The cut into tiles belongs to the plan, so a result does not depend on how it is taken.
#[test]
fn results_are_the_same_however_they_are_taken() {
    for config in [SMALL, MODULES] {
        let enlarger = Enlarger::new(model(config)).tile(16).max_step(2.0);
        let image = image(61, 47);
        let whole = enlarger.enlarge(&image, Target::Factor(3.0)).unwrap();
        let plan = enlarger.plan(image.size(), Target::Factor(3.0)).unwrap();
        let mut bands = Vec::new();
        for band in enlarger.bands(&image, &plan).unwrap() {
            bands.extend(band.unwrap().pixels);
        }
        assert!(bits(&whole) == bits(&Image::new(whole.width(), whole.height(), bands).unwrap()));
    }
}

#[test]
fn threads_leave_no_trace() {
    let image = image(61, 47);
    for config in [SMALL, NetworkConfig::default()] {
        let enlarger = Enlarger::new(model(config)).tile(24);
        let enlarge = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().unwrap();
            bits(&pool.install(|| enlarger.enlarge(&image, Target::Factor(2.5)).unwrap()))
        };
        let one = enlarge(1);
        assert!(enlarge(2) == one, "two threads");
        assert!(enlarge(3) == one, "three threads");
    }
}
