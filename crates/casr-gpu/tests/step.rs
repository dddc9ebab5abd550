//! A whole step on a GPU against the same on the processor.

mod support;

use casr_gpu::{GpuDevice, GpuNetwork};
use casr_net::{
    Degradation, Model, NetworkConfig, Origin, Pixels, Prior, PriorGeometry, Statistics, StepAxis,
    StepGeometry, StepWindow, whole_places,
};
use std::sync::Arc;
use support::{CLEAN, difference, gpu, numbers, pair};

/// Rows and columns of a level, which are not whole cells.
const LEVEL: (usize, usize) = (27, 38);
/// The level below, as the statistics know it, and the original image.
const BELOW: (usize, usize) = (19, 26);
const OUTPUT: (usize, usize) = (43, 66);

/// The self-similarity of an image, for the whole level.
fn prior(level: &[f32]) -> Prior {
    let image = numbers(BELOW.0 * BELOW.1 * 3, 0.7);
    let pixels = Pixels {
        height: BELOW.0,
        width: BELOW.1,
        values: &image,
    };
    let whole = PriorGeometry::new(BELOW, LEVEL, OUTPUT);
    whole.prior(pixels, level, 0..LEVEL.0, 0..LEVEL.1)
}

/// An enlargement without a network.
fn bicubic(level: &[f32], geometry: &StepGeometry) -> Vec<f32> {
    let mut output = vec![0.0; OUTPUT.0 * OUTPUT.1 * 3];
    let (rows, columns) = (&geometry.rows.base, &geometry.columns.base);
    casr_kernels::resample::forward(1, 3, rows, columns, level, &mut output);
    output
}

#[test]
fn steps_agree_with_and_without_modules() {
    let Some(gpu) = gpu() else { return };
    let gpu = gpu.open(None).unwrap();
    let mut last = vec![0.0; OUTPUT.0 * OUTPUT.1 * 3];
    for (alignment, similarity) in [(false, false), (true, false), (false, true), (true, true)] {
        for (channels, blocks, frequencies) in [(8, 1, 3), (20, 3, 7)] {
            let config = NetworkConfig {
                channels,
                blocks,
                frequencies,
                alignment,
                similarity,
            };
            let (model, network) = pair(&gpu, config, false);
            let pixels = numbers(LEVEL.0 * LEVEL.1 * 3, 0.1);
            let geometry = StepGeometry::new(LEVEL, OUTPUT);
            let places = whole_places((LEVEL.0, BELOW.0), (LEVEL.1, BELOW.1));
            let earlier = places[0].earlier * places[1].earlier;
            let degraded = Origin::Image(Degradation {
                noise: 0.3,
                compression: 0.1,
            });
            for origin in [degraded, Origin::Step] {
                let later = alignment && origin == Origin::Step;
                let window = StepWindow {
                    pixels: pixels.clone(),
                    origin,
                    prior: similarity.then(|| prior(&pixels)),
                    before: later.then(|| Statistics {
                        values: numbers(earlier * config.statistics(), 0.3),
                        places: places.clone(),
                    }),
                };
                let made = network.step(&window, &geometry).unwrap();
                let expected = model.step(&window, &geometry).unwrap();
                let error = difference(&made.pixels, &expected.pixels);
                println!("{config:?} {origin:?}: {error:.1e}");
                assert!(error < 1e-4, "{config:?} {origin:?}: off by {error}");
                // What is compared changes with everything that a step reads.
                for other in [&last, &bicubic(&pixels, &geometry)] {
                    let change = difference(&expected.pixels, other);
                    assert!(change > 1e-2, "{config:?} {origin:?}: a change of {change}");
                }
                last = expected.pixels;
                assert_eq!(made.statistics.is_some(), alignment);
                if let (Some(made), Some(expected)) = (made.statistics, expected.statistics) {
                    let error = difference(&made, &expected);
                    assert!(
                        error < 1e-3,
                        "{config:?} {origin:?}: statistics off by {error}"
                    );
                }
            }
        }
    }
}

#[test]
fn windows_with_borders_agree() {
    let Some(gpu) = gpu() else { return };
    let gpu = gpu.open(None).unwrap();
    let config = NetworkConfig {
        channels: 12,
        blocks: 2,
        frequencies: 9,
        alignment: true,
        similarity: false,
    };
    let (model, network) = pair(&gpu, config, false);
    let (down, across) = ((60, 101), (70, 200));
    // A corner with a border outside of the level, and a part inside.
    for (rows, columns) in [
        (
            StepAxis::part(down, 0..40, 0..30, [8, 0]),
            StepAxis::part(across, 24..70, 140..200, [0, 8]),
        ),
        (
            StepAxis::part(down, 12..48, 50..60, [0, 0]),
            StepAxis::part(across, 8..60, 85..99, [0, 0]),
        ),
    ] {
        let geometry = StepGeometry { rows, columns };
        let inputs = geometry.rows.inputs() * geometry.columns.inputs();
        let window = StepWindow {
            pixels: numbers(inputs * 3, 0.4),
            origin: Origin::Step,
            prior: None,
            before: None,
        };
        let made = network.step(&window, &geometry).unwrap();
        let expected = model.step(&window, &geometry).unwrap();
        let error = difference(&made.pixels, &expected.pixels);
        assert!(error < 1e-4, "off by {error}");
    }
}

/// A part of a photograph.
fn photograph(
    name: &str,
    (top, left): (usize, usize),
    (height, width): (usize, usize),
) -> Vec<f32> {
    let path = format!("{}/../../samples/{name}.png", env!("CARGO_MANIFEST_DIR"));
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!(info.bit_depth, png::BitDepth::Eight);
    let samples = info.color_type.samples();
    let row = |row: usize| {
        let first = (row * info.width as usize + left) * samples;
        bytes[first..first + width * samples].chunks(samples)
    };
    (top..top + height)
        .flat_map(row)
        .flat_map(|pixel| &pixel[..3])
        .map(|value| f32::from(*value) / 255.0)
        .collect()
}

/// The largest differences between the shipped network on the processor and on a GPU: with a look,
/// in single precision and in half.
fn differences(device: &GpuDevice) -> f32 {
    let size = (48, 72);
    let cpu = Model::embedded().unwrap().with_look(0.5);
    let model = cpu.clone().on(Arc::new(device.clone()));
    let mut worst = 0.0_f32;
    for (name, outputs) in [
        ("city", (96, 144)),
        ("dog", (67, 101)),
        ("flowers", (192, 288)),
    ] {
        let values = photograph(name, (40, 60), size);
        let image = Pixels {
            height: size.0,
            width: size.1,
            values: &values,
        };
        let geometry = StepGeometry::new(size, outputs);
        let step = |model: &Model| model.first_step(image, &geometry, CLEAN).unwrap();
        worst = worst.max(difference(&step(&model), &step(&cpu)));
    }
    worst
}

#[test]
fn the_shipped_network_agrees_on_photographs() {
    let Some(gpu) = gpu() else { return };
    let open = gpu.open(None).unwrap();
    let error = differences(&GpuDevice::new(open.clone(), false).unwrap());
    println!("single precision: {error:.1e}");
    assert!(error < 1e-4, "single precision differs by {error}");
    if !gpu.has_half() {
        assert!(GpuDevice::new(open, true).is_err());
        println!("{gpu} has no half precision: nothing to compare");
        return;
    }
    let error = differences(&GpuDevice::new(open, true).unwrap());
    println!("half precision: {:.2} code values", 255.0 * error);
    assert!(error < 1.0 / 255.0, "half precision differs by {error}");
}

#[test]
fn modules_agree_in_half_precision() {
    let Some(gpu) = gpu().filter(casr_gpu::Gpu::has_half) else {
        println!("no half precision: nothing to compare");
        return;
    };
    let gpu = gpu.open(None).unwrap();
    let config = NetworkConfig {
        channels: 16,
        blocks: 2,
        frequencies: 8,
        alignment: true,
        similarity: true,
    };
    let (model, network) = pair(&gpu, config, true);
    let pixels = numbers(LEVEL.0 * LEVEL.1 * 3, 0.1);
    let window = StepWindow {
        prior: Some(prior(&pixels)),
        pixels,
        origin: CLEAN,
        before: None,
    };
    let geometry = StepGeometry::new(LEVEL, OUTPUT);
    let made = network.step(&window, &geometry).unwrap();
    let expected = model.step(&window, &geometry).unwrap();
    let error = difference(&made.pixels, &expected.pixels);
    assert!(error < 1.0 / 255.0, "off by {error}");
}

#[test]
fn windows_that_do_not_fit_the_network_are_errors() {
    let Some(gpu) = gpu() else { return };
    let gpu = gpu.open(None).unwrap();
    let config = NetworkConfig {
        channels: 4,
        blocks: 1,
        frequencies: 2,
        alignment: false,
        similarity: true,
    };
    let (model, network) = pair(&gpu, config, false);
    let (window, geometry) = support::doubled(12);
    let error = network.step(&window, &geometry).unwrap_err();
    assert!(error.to_string().contains("prior"), "{error}");
    let mut parameters = model.parameters();
    parameters.pop();
    let error = GpuNetwork::new(&gpu, config, &parameters, false).unwrap_err();
    assert!(error.to_string().contains("head.kappa"), "{error}");
}
