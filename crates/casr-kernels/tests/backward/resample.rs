//! The adjoint of resampling.

use super::heat_support::noise;
use casr_kernels::resample::{self, Taps};
use rayon::ThreadPoolBuilder;

const SIZES: [(usize, usize); 9] = [
    (1, 1),
    (1, 5),
    (7, 1),
    (9, 18),
    (12, 41),
    (41, 24),
    (30, 10),
    (3, 64),
    (64, 3),
];

#[test]
fn backward_is_the_adjoint_of_forward() {
    for ((height, new_height), (width, new_width)) in SIZES.into_iter().zip(SIZES.into_iter().rev())
    {
        for channels in [1, 3, 5] {
            let (rows, columns) = (
                Taps::bicubic(height, new_height, true),
                Taps::bicubic(width, new_width, true),
            );
            let input = noise(2 * height * width * channels, 2);
            let gradient = noise(2 * new_height * new_width * channels, 3);
            let mut output = vec![f32::NAN; gradient.len()];
            let mut input_gradient = vec![f32::NAN; input.len()];
            resample::forward(2, channels, &rows, &columns, &input, &mut output);
            resample::backward(2, channels, &rows, &columns, &gradient, &mut input_gradient);
            let product = |a: &[f32], b: &[f32]| -> f64 {
                a.iter()
                    .zip(b)
                    .map(|(&a, &b)| f64::from(a) * f64::from(b))
                    .sum()
            };
            let (left, right) = (
                product(&output, &gradient),
                product(&input, &input_gradient),
            );
            let size = product(&output, &output).sqrt() * product(&gradient, &gradient).sqrt();
            assert!(
                (left - right).abs() < 1e-6 * size,
                "{height}x{width}: {left} {right}"
            );
        }
    }
}

#[test]
fn gradients_do_not_depend_on_threads() {
    let (rows, columns) = (Taps::bicubic(37, 61, true), Taps::bicubic(29, 11, true));
    let gradient = noise(2 * 61 * 11 * 3, 6);
    let run = |threads| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("a pool of threads").install(|| {
            let mut input_gradient = vec![0.0; 2 * 37 * 29 * 3];
            resample::backward(2, 3, &rows, &columns, &gradient, &mut input_gradient);
            input_gradient
        })
    };
    let single = run(1);
    assert!(single == run(2) && single == run(3));
}
