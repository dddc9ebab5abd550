//! The frequency loss against a transform written out term by term.

use burn::tensor::{Device, Tensor, TensorData};
use casr_train::{frequency_l1, l1};
use std::f64::consts::TAU;

#[test]
fn equals_the_definition() {
    let (n, h, w, c) = (2, 6, 5, 3);
    let values: Vec<f32> = (0..n * h * w * c)
        .map(|i| ((i * 37) % 101) as f32 / 101.0 - 0.4)
        .collect();
    let half = w / 2 + 1;
    let mut sum = 0.0;
    for image in 0..n {
        for colour in 0..c {
            for v in 0..h {
                for u in 0..half {
                    let (mut real, mut imaginary) = (0.0, 0.0);
                    for y in 0..h {
                        for x in 0..w {
                            let value = f64::from(values[((image * h + y) * w + x) * c + colour]);
                            let angle =
                                TAU * ((y * v) as f64 / h as f64 + (x * u) as f64 / w as f64);
                            real += value * angle.cos();
                            imaginary -= value * angle.sin();
                        }
                    }
                    sum += (real.abs() + imaginary.abs()) / ((h * w) as f64).sqrt();
                }
            }
        }
    }
    let expected = sum / (2 * n * c * h * half) as f64;
    let tensor = Tensor::<4>::from_data(
        TensorData::new(values.clone(), [n, h, w, c]),
        &Device::flex(),
    );
    let actual: f32 = frequency_l1(tensor.clone()).into_scalar();
    assert!(
        (f64::from(actual) - expected).abs() < 1e-5 * expected,
        "{actual} {expected}"
    );

    let mean: f32 = l1(tensor).into_scalar();
    let expected = values.iter().map(|v| v.abs()).sum::<f32>() / values.len() as f32;
    assert!((mean - expected).abs() < 1e-6);
}
