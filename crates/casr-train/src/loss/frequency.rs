//! The loss on the spectrum.

use burn::tensor::{Device, Tensor, TensorData};
use std::f64::consts::TAU;

/// Mean absolute value of the real and imaginary parts of the orthonormal two-dimensional Fourier
/// transform of a difference `[n, h, w, c]`, shape `[1]`.
///
/// The transform is two small matrix products; the half of the spectrum that a real signal repeats
/// is left out.
pub fn frequency_l1(difference: Tensor<4>) -> Tensor<1> {
    let device = difference.device();
    let [n, h, w, c] = difference.dims();
    let planes = n * c;
    let half = w / 2 + 1;

    // Along rows: [planes·h, w] × [w, 2·half], cosines and sines side by side.
    let rows = difference.permute([0, 3, 1, 2]).reshape([planes * h, w]);
    let rows = rows.matmul(fourier(w, half, &device));
    // Along columns: [planes·2·half, h] × [h, 2h].
    let columns = rows
        .reshape([planes, h, 2 * half])
        .swap_dims(1, 2)
        .reshape([planes * 2 * half, h]);
    let products = columns
        .matmul(fourier(h, h, &device))
        .reshape([planes, 2, half, 2, h]);

    let part = |row: usize, column: usize| products.clone().narrow(1, row, 1).narrow(3, column, 1);
    let real = part(0, 0) - part(1, 1);
    let imaginary = part(0, 1) + part(1, 0);
    (real.abs().mean() + imaginary.abs().mean()) * 0.5
}

/// Cosines and sines of the orthonormal transform of `size` samples at `frequencies` frequencies,
/// [size, 2·frequencies].
fn fourier(size: usize, frequencies: usize, device: &Device) -> Tensor<2> {
    let norm = 1.0 / (size as f64).sqrt();
    // The product is reduced first: an angle of many turns would lose the digits that matter.
    let angle = |x: usize, k: usize| TAU * ((x * k) % size) as f64 / size as f64;
    let values: Vec<f32> = (0..size)
        .flat_map(|x| {
            let cosines = (0..frequencies).map(move |k| (angle(x, k).cos() * norm) as f32);
            let sines = (0..frequencies).map(move |k| (angle(x, k).sin() * norm) as f32);
            cosines.chain(sines)
        })
        .collect();
    Tensor::from_data(TensorData::new(values, [size, 2 * frequencies]), device)
}
