//! The engine in half precision against the engine in single.

use casr_net::{Cpu, Degradation, Device, Model, NetworkConfig, Origin, Pixels, StepGeometry};
use std::sync::Arc;

const SIZE: (usize, usize) = (75, 61);

/// An image of edges, waves and some noise, `[height, width, 3]`.
fn image() -> Vec<f32> {
    let mut state = 0x9e37_79b9_u32;
    let pixels = (0..SIZE.0 * SIZE.1).flat_map(|pixel| {
        let (row, column) = (pixel / SIZE.1, pixel % SIZE.1);
        [0, 1, 2].map(|channel| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let noise = (state >> 8) as f32 / (1 << 24) as f32;
            let wave = (row as f32 * 0.5 + (column * (channel + 1)) as f32 * 0.2).sin();
            let edge = if (row / 12 + column / 9) % 2 == 0 {
                0.3
            } else {
                0.0
            };
            0.3 + 0.2 * wave + edge + 0.05 * noise
        })
    });
    pixels.collect()
}

fn doubled(model: &Model, device: Cpu) -> Vec<f32> {
    let (values, origin) = (image(), Origin::Image(Degradation::default()));
    let pixels = Pixels {
        height: SIZE.0,
        width: SIZE.1,
        values: &values,
    };
    let geometry = StepGeometry::new(SIZE, (2 * SIZE.0, 2 * SIZE.1));
    let model = model.clone().on(Arc::new(device));
    model.first_step(pixels, &geometry, origin).unwrap()
}

/// PSNR in dB, and the largest difference in code values.
fn compare(a: &[f32], b: &[f32]) -> (f64, f32) {
    assert_eq!(a.len(), b.len());
    let differences = a.iter().zip(b).map(|(a, b)| a - b);
    let squares: f64 = differences.clone().map(|d| f64::from(d * d)).sum();
    let largest = differences.map(f32::abs).fold(0.0, f32::max);
    (-10.0 * (squares / a.len() as f64).log10(), 255.0 * largest)
}

#[test]
fn half_is_close_to_single() {
    for look in [0.0, 0.5, 1.0] {
        let model = Model::embedded().unwrap().with_look(look);
        let single = doubled(&model, Cpu::single());
        let half = doubled(&model, Cpu::half());
        assert_ne!(single, half);
        let (psnr, largest) = compare(&single, &half);
        println!("look {look}: {psnr:.1} dB, at most {largest:.2} code values");
        assert!(psnr > 50.0 && largest < 3.0, "{psnr} dB, {largest} of 255");
    }
}

#[test]
fn modules_work_in_half() {
    for (alignment, similarity) in [(true, false), (false, true), (true, true)] {
        let config = NetworkConfig {
            channels: 20,
            blocks: 3,
            frequencies: 5,
            alignment,
            similarity,
        };
        let model = Model::new(config, config.initial_parameters(17)).unwrap();
        let single = doubled(&model, Cpu::single());
        let (psnr, _) = compare(&single, &doubled(&model, Cpu::half()));
        assert!(psnr > 50.0, "{psnr} dB");
    }
}

#[test]
fn threads_change_nothing() {
    let model = Model::embedded().unwrap();
    let results = [1, 2, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| doubled(&model, Cpu::half()))
    });
    assert!(results[0] == results[1] && results[0] == results[2]);
}

#[test]
fn the_precision_is_told() {
    assert_eq!(Cpu::default().precision(), "single");
    assert_eq!(Cpu::single().precision(), "single");
    assert_eq!(Cpu::half().precision(), "half");
    assert!(!Cpu::half().is_gpu());
}
