//! The losses on statistics and texture against their definitions, and their gradients against
//! finite differences.

use burn::tensor::{Device, Tensor, TensorData};
use casr_kernels::{
    InstructionSet,
    similarity::{LAGS, autocorrelation},
};
use casr_metrics::{RgbImage, drift};
use casr_net::{LUMA, StepGeometry};
use casr_train::{alignment_loss, autocorrelation_loss, coarse_autocorrelation_loss};

/// Waves and an edge, always the same for a size and a phase.
fn picture(height: usize, width: usize, phase: f32) -> Vec<f32> {
    let value = |i: usize| {
        let (y, x, colour) = (i / 3 / width, i / 3 % width, i % 3);
        let edge = if x > width / 2 { 0.2 } else { 0.0 };
        let wave = (0.7 * x as f32 + 0.3 * y as f32 + phase + colour as f32).sin();
        0.4 + edge + 0.2 * wave
    };
    (0..height * width * 3).map(value).collect()
}

fn tensor(values: Vec<f32>, height: usize, width: usize, device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values, [1, height, width, 3]), device)
}

fn scalar(tensor: Tensor<1>) -> f32 {
    tensor.into_scalar()
}

/// Every pixel of `values` as a block of `factor` × `factor`.
fn blocks(values: &[f32], height: usize, width: usize, factor: usize) -> Vec<f32> {
    (0..height * factor)
        .flat_map(|y| {
            (0..width * factor).flat_map(move |x| {
                let start = (y / factor * width + x / factor) * 3;
                values[start..start + 3].to_vec()
            })
        })
        .collect()
}

#[test]
fn statistics_that_stay_cost_nothing() {
    let device = Device::flex();
    let (height, width) = (14, 19);
    let below = picture(height, width, 0.0);
    let geometry = StepGeometry::new((height, width), (2 * height, 2 * width));
    let loss = |level: Vec<f32>| {
        let level = tensor(level, 2 * height, 2 * width, &device);
        scalar(alignment_loss(
            tensor(below.clone(), height, width, &device),
            level,
            &geometry,
        ))
    };
    let same = blocks(&below, height, width, 2);
    assert!(loss(same.clone()).abs() < 1e-4, "{}", loss(same.clone()));
    let brighter = same.iter().map(|v| v + 0.05).collect();
    let flatter = same.iter().map(|v| 0.5 + 0.5 * (v - 0.5)).collect();
    assert!(loss(brighter) > 0.01);
    assert!(loss(flatter) > 0.01);
}

#[test]
fn the_alignment_loss_goes_with_the_drift_that_is_measured() {
    let device = Device::flex();
    let (height, width) = (24, 28);
    let below = picture(height, width, 0.0);
    let geometry = StepGeometry::new((height, width), (2 * height, 2 * width));
    let same = blocks(&below, height, width, 2);
    let values = [0.02, 0.05, 0.1].map(|shift| {
        let level: Vec<f32> = same.iter().map(|v| v + shift).collect();
        let image =
            |values: &[f32], height, width| RgbImage::new(width, height, values.to_vec()).unwrap();
        let measured = drift(
            &image(&below, height, width),
            &image(&level, 2 * height, 2 * width),
            (1.0, 1.0),
        )
        .unwrap();
        let loss = scalar(alignment_loss(
            tensor(below.clone(), height, width, &device),
            tensor(level, 2 * height, 2 * width, &device),
            &geometry,
        ));
        (f64::from(loss), measured.rgb)
    });
    for (loss, measured) in values {
        // Soft superpixels are wider than hard ones, so their variances are larger and the loss is
        // smaller.
        let ratio = loss / measured;
        assert!((0.2..1.5).contains(&ratio), "{values:?}");
    }
    assert!(values[0].0 < values[1].0 && values[1].0 < values[2].0);
}

#[test]
fn the_autocorrelation_loss_is_the_difference_of_the_kernels_maps() {
    let device = Device::flex();
    let (height, width) = (27, 31);
    let pictures = [0.0, 1.0].map(|phase| {
        let mut values = picture(height, width, phase);
        for (index, value) in values.iter_mut().enumerate() {
            *value += 0.1 * ((index * 7919) % 101) as f32 / 101.0 * (1.0 + phase);
        }
        values
    });
    let loss = scalar(autocorrelation_loss(
        tensor(pictures[0].clone(), height, width, &device),
        tensor(pictures[1].clone(), height, width, &device),
    ));
    let maps = pictures.map(|values| {
        let luma: Vec<f32> = values
            .chunks(3)
            .map(|p| LUMA[0] * p[0] + LUMA[1] * p[1] + LUMA[2] * p[2])
            .collect();
        let mut map = vec![0.0; height * width * LAGS];
        autocorrelation(InstructionSet::Scalar, height, width, &luma, &mut map);
        map
    });
    // Where both windows lie inside for all lags.
    let inside = 8 + 3;
    let (mut sum, mut count) = (0.0, 0.0);
    for y in inside..height - inside {
        for x in inside..width - inside {
            for lag in 0..LAGS {
                let at = (y * width + x) * LAGS + lag;
                sum += f64::from((maps[0][at] - maps[1][at]).abs());
                count += 1.0;
            }
        }
    }
    let expected = sum / count;
    assert!(expected > 0.02, "{expected}");
    assert!(
        (f64::from(loss) - expected).abs() < 1e-4,
        "{loss} against {expected}"
    );
}

#[test]
fn the_coarse_loss_does_not_see_the_finest_waves() {
    let device = Device::flex();
    let (height, width) = (29, 33);
    let truth = picture(height, width, 0.4);
    let waves: [fn(usize, usize) -> usize; 3] = [|y, x| y + x, |y, _| y, |_, x| x];
    for wave in waves {
        let mut result = truth.clone();
        for (index, value) in result.iter_mut().enumerate() {
            let (y, x) = (index / 3 / width, index / 3 % width);
            *value += if wave(y, x) % 2 == 0 { 0.05 } else { -0.05 };
        }
        let of = |loss: fn(Tensor<4>, Tensor<4>) -> Tensor<1>| {
            let image = |values: &[f32]| tensor(values.to_vec(), height, width, &device);
            scalar(loss(image(&result), image(&truth)))
        };
        let (fine, coarse) = (of(autocorrelation_loss), of(coarse_autocorrelation_loss));
        assert!(fine > 0.02 && coarse < 1e-4, "{fine} and {coarse}");
    }
    let other = tensor(picture(height, width, 1.9), height, width, &device);
    let truth = tensor(truth, height, width, &device);
    assert!(scalar(coarse_autocorrelation_loss(other, truth)) > 0.02);
}

/// A loss of a result, `[1, height, width, 3]`.
type Loss<'a> = &'a dyn Fn(Tensor<4>) -> Tensor<1>;

#[track_caller]
fn check_gradient(loss: Loss, values: &[f32], (height, width): (usize, usize)) {
    let tracked = Device::flex().autodiff();
    let input = tensor(values.to_vec(), height, width, &tracked).require_grad();
    let gradients = loss(input.clone()).backward();
    let gradient: Vec<f32> = input.grad(&gradients).unwrap().into_data().iter().collect();
    // Along a direction of many pixels, where single precision has digits enough.
    let direction: Vec<f32> = (0..values.len())
        .map(|i| ((i * 31 % 17) as f32 - 8.0) / 8.0)
        .collect();
    let at = |step: f32| {
        let moved = values.iter().zip(&direction).map(|(v, d)| v + step * d);
        f64::from(scalar(loss(tensor(
            moved.collect(),
            height,
            width,
            &tracked,
        ))))
    };
    let step = 2e-3;
    let numeric = (at(step) - at(-step)) / (2.0 * f64::from(step));
    let analytic: f64 = gradient
        .iter()
        .zip(&direction)
        .map(|(g, d)| f64::from(g * d))
        .sum();
    assert!(
        (numeric - analytic).abs() < 0.02 * numeric.abs() + 1e-3,
        "{numeric} against {analytic}"
    );
}

#[test]
fn gradients_match_finite_differences() {
    let (height, width) = (26, 28);
    let device = Device::flex().autodiff();
    let geometry = StepGeometry::new((13, 14), (height, width));
    let below = picture(13, 14, 0.3);
    let level = picture(height, width, 0.7);
    check_gradient(
        &|result| {
            let below = tensor(below.clone(), 13, 14, &device);
            alignment_loss(below, result, &geometry)
        },
        &level,
        (height, width),
    );
    let truth = picture(height, width, 1.9);
    check_gradient(
        &|result| {
            let truth = tensor(truth.clone(), height, width, &device);
            autocorrelation_loss(result, truth)
        },
        &level,
        (height, width),
    );
    check_gradient(
        &|result| {
            let truth = tensor(truth.clone(), height, width, &device);
            coarse_autocorrelation_loss(result, truth)
        },
        &level,
        (height, width),
    );
}

#[test]
fn patches_too_small_for_lags_have_no_texture() {
    let device = Device::flex();
    let small = || tensor(picture(20, 40, 0.0), 20, 40, &device);
    assert_eq!(scalar(autocorrelation_loss(small(), small() + 0.1)), 0.0);
    let least = || tensor(picture(1, 1, 0.0), 1, 1, &device);
    assert_eq!(scalar(coarse_autocorrelation_loss(least(), least())), 0.0);
}
