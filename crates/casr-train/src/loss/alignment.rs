//! The loss on the statistics of superpixels: what SDAM is to hold.

use burn::tensor::{Device, Tensor, TensorData};
use casr_burn::ops;
use casr_kernels::heat::CellAxis;
use casr_net::{FIRST_TEMPERATURES, StepGeometry};

/// Variance of the noise that is taken to lie on every value, as in the drift that is measured:
/// (2/255)².
const NOISE: f32 = (2.0 / 255.0) * (2.0 / 255.0);

/// Kullback–Leibler divergence in nats from the Gaussian statistics of the superpixels of `below`,
/// `[n, h, w, 3]`, to those of the same places in `level`, `[n, H, W, 3]`: summed over colours,
/// averaged over superpixels, shape `[1]`. Only `level` gets a gradient.
///
/// The differentiable twin of [`casr_metrics::drift`], with soft superpixels on cells of 4×4 pixels
/// of `below`.
pub fn alignment_loss(below: Tensor<4>, level: Tensor<4>, geometry: &StepGeometry) -> Tensor<1> {
    let device = level.device();
    let below = below.detach();
    let colours = below.dims()[3];
    let temperatures =
        Tensor::from_data(TensorData::new(FIRST_TEMPERATURES.to_vec(), [2]), &device);
    let weights = ops::assign(below.clone(), temperatures).detach();
    let mean_of = |values: Tensor<4>| ops::moments(weights.clone(), values).narrow(3, 0, colours);
    // E x² − (E x)² around mid-grey, where little is lost to rounding.
    let statistics = |values: Tensor<4>, squares: Tensor<4>| {
        let mean = mean_of(values);
        let variance = mean_of(squares) - mean.clone().powi_scalar(2);
        (mean, variance.clamp_min(0.0) + NOISE)
    };
    let (centred, level) = (below - 0.5, level - 0.5);
    let (mean, variance) = statistics(centred.clone(), centred.powi_scalar(2));
    let average = |values: Tensor<4>| cell_means(values, geometry);
    let (new_mean, new_variance) =
        statistics(average(level.clone()), average(level.powi_scalar(2)));
    let moved = (new_mean - mean).powi_scalar(2);
    let divergence = (variance.clone() + moved) / new_variance.clone() - 1.0 + new_variance.log()
        - variance.log();
    divergence.mean() * (0.5 * colours as f64)
}

/// The means over the outputs in every input pixel, `[n, H, W, c]` → `[n, h, w, c]`: two matrix
/// products.
fn cell_means(values: Tensor<4>, geometry: &StepGeometry) -> Tensor<4> {
    let device = values.device();
    let rows = matrix(&geometry.rows.cells, &device).unsqueeze::<4>();
    let columns = matrix(&geometry.columns.cells, &device).unsqueeze::<4>();
    rows.matmul(values.permute([0, 3, 1, 2]))
        .matmul(columns.swap_dims(2, 3))
        .permute([0, 2, 3, 1])
}

/// `[inputs, outputs]`: shares of the outputs in each input.
fn matrix(cells: &CellAxis, device: &Device) -> Tensor<2> {
    let mut values = vec![0.0; cells.inputs() * cells.outputs()];
    for input in 0..cells.inputs() {
        let outputs = cells.cell(input);
        let share = 1.0 / outputs.len() as f32;
        values[input * cells.outputs()..][outputs].fill(share);
    }
    Tensor::from_data(
        TensorData::new(values, [cells.inputs(), cells.outputs()]),
        device,
    )
}
