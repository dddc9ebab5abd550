//! The ops in Burn's own operations, gradients and all.

mod superpixel;

pub use superpixel::{assign, earlier_values, modulate, moments};

use burn::tensor::{
    Device, Int, Tensor, TensorData,
    activation::silu,
    module::{conv2d, max_pool2d},
    ops::{ConvOptions, MaxPoolOptions},
};
use casr_kernels::{
    conv::Activation,
    guard::{FLAT_RANGE, FULL_CHROMA_RANGE, FULL_RANGE, GATE_REACH, LUMA, MAX_CODE_VALUE},
    heat::CellAxis,
    resample::Taps,
};
use casr_net::{Resampling, StepGeometry};

/// See [`casr_burn::ops::convolution`].
pub fn convolution(
    input: Tensor<4>,
    weights: Tensor<4>,
    bias: Tensor<1>,
    residual: Option<Tensor<4>>,
    activation: Activation,
) -> Tensor<4> {
    let padding = weights.dims()[0] / 2;
    let options = ConvOptions::new([1, 1], [padding, padding], [1, 1], 1);
    let output = conv2d(
        input.permute([0, 3, 1, 2]),
        weights.permute([3, 2, 0, 1]),
        Some(bias),
        options,
    )
    .permute([0, 2, 3, 1]);
    let output = match activation {
        Activation::None => output,
        Activation::Silu => silu(output),
    };
    match residual {
        Some(residual) => output + residual,
        None => output,
    }
}

/// See [`casr_burn::ops::resample`]: two matrix products with the taps written out.
pub fn resample(input: Tensor<4>, resampling: &Resampling) -> Tensor<4> {
    let device = input.device();
    let planes = input.permute([0, 3, 1, 2]);
    let rows = matrix(resampling.rows(), &device).unsqueeze::<4>();
    let columns = matrix(resampling.columns(), &device).unsqueeze::<4>();
    rows.matmul(planes)
        .matmul(columns.swap_dims(2, 3))
        .permute([0, 2, 3, 1])
}

/// Taps as a matrix, `[outputs, inputs]`.
fn matrix(taps: &Taps, device: &Device) -> Tensor<2> {
    let mut values = vec![0.0; taps.outputs * taps.inputs];
    let entries = taps.index.iter().zip(&taps.weight);
    for (place, (index, weight)) in entries.enumerate() {
        // Mirrored pixels can meet an input twice.
        values[place / taps.count * taps.inputs + *index as usize] += weight;
    }
    Tensor::from_data(TensorData::new(values, [taps.outputs, taps.inputs]), device)
}

/// Frequencies whose terms are held for all pixels of the result at a time: more are faster, fewer
/// spare memory.
const FREQUENCIES_AT_A_TIME: usize = 8;

/// See [`casr_burn::ops::heat_field`]. The angle of a wave is the sum of one that its row decides
/// and one that its column decides.
pub fn heat_field(
    coefficients: Tensor<4>,
    frequencies: Tensor<2>,
    decay: Tensor<1>,
    base: Tensor<4>,
    gates: Tensor<4>,
    geometry: &StepGeometry,
) -> Tensor<4> {
    let device = coefficients.device();
    let [images, height, width, colours] = base.dims();
    let count = frequencies.dims()[0];
    let rows = Axis::new(&geometry.rows.cells, &device);
    let columns = Axis::new(&geometry.columns.cells, &device);
    let part = |first, length| {
        coefficients
            .clone()
            .narrow(3, first * colours, length * colours)
    };
    let constant = columns.spread(rows.spread(part(2 * count, 1), 1), 2);
    let mut correction = constant;
    for first in (0..count).step_by(FREQUENCIES_AT_A_TIME) {
        let length = FREQUENCIES_AT_A_TIME.min(count - first);
        let waves = frequencies.clone().narrow(0, first, length);
        // One number for every wave and colour.
        let repeat = |values: Tensor<2>, shape: [usize; 4]| {
            let size = values.dims()[0];
            let values = values.unsqueeze_dim::<3>(2);
            values.expand([size, length, colours]).reshape(shape)
        };
        let lanes = length * colours;
        let angles = rows.angles(waves.clone().narrow(1, 0, 1));
        let shape = [1, height, 1, lanes];
        let (cosine, sine) = (
            repeat(angles.clone().cos(), shape),
            repeat(angles.sin(), shape),
        );
        let even = rows.spread(part(first, length), 1);
        let odd = rows.spread(part(count + first, length), 1);
        let turned = even.clone() * cosine.clone() + odd.clone() * sine.clone();
        let quadrature = odd * cosine - even * sine;

        let angles = columns.angles(waves.narrow(1, 1, 1));
        let decay = decay.clone().narrow(0, first, length).unsqueeze::<2>();
        let shape = [1, 1, width, lanes];
        let cosine = repeat(angles.clone().cos() * decay.clone(), shape);
        let sine = repeat(angles.sin() * decay, shape);
        let terms = columns.spread(turned, 2) * cosine + columns.spread(quadrature, 2) * sine;
        let sum = terms
            .reshape([images * height, width, length, colours])
            .sum_dim(2);
        correction = correction + sum.reshape([images, height, width, colours]);
    }
    let gates = columns.spread(rows.spread(gates, 1), 2);
    let (gate, chroma) = (gates.clone().narrow(3, 0, 1), gates.narrow(3, 1, 1));
    let weights = Tensor::<1>::from_data(LUMA, &device).reshape([1, 1, 1, LUMA.len()]);
    let luma = (correction.clone() * weights).sum_dim(3);
    base + (luma.clone() + (correction - luma) * chroma) * gate
}

/// See [`casr_burn::ops::gates`].
pub fn gates(level: Tensor<4>) -> Tensor<4> {
    let channel = |index| level.clone().narrow(3, index, 1);
    let differences = [channel(0) - channel(1), channel(2) - channel(1)];
    let ranges = |planes: Tensor<4>| {
        let planes = planes.permute([0, 3, 1, 2]);
        let side = 2 * GATE_REACH + 1;
        let neighbours = || {
            MaxPoolOptions::new([side; 2])
                .with_stride([1, 1])
                .with_padding([GATE_REACH; 2])
        };
        let largest = |planes| max_pool2d(planes, neighbours());
        (largest(planes.clone()) + largest(planes.neg())).max_dim(1)
    };
    let gate = |range: Tensor<4>, full: f32| {
        let gate = (range * MAX_CODE_VALUE - FLAT_RANGE) * (1.0 / full);
        gate.clamp(0.0, 1.0)
    };
    let colours = gate(ranges(level.clone()), FULL_RANGE);
    let chroma = gate(
        ranges(Tensor::cat(differences.to_vec(), 3)),
        FULL_CHROMA_RANGE,
    );
    Tensor::cat(vec![colours, chroma], 1).permute([0, 2, 3, 1])
}

/// The cells of an axis on a device.
struct Axis {
    /// The cell of every output, `[outputs]`.
    cell: Tensor<1, Int>,
    /// The place of every output in its cell, `[outputs, 1]`.
    offset: Tensor<2>,
}

impl Axis {
    fn new(cells: &CellAxis, device: &Device) -> Self {
        let cell: Vec<i32> = (0..cells.inputs())
            .flat_map(|input| cells.cell(input).map(move |_| input as i32))
            .collect();
        let outputs = cells.outputs();
        Self {
            cell: Tensor::from_data(TensorData::new(cell, [outputs]), device),
            offset: Tensor::from_data(TensorData::new(cells.offsets.clone(), [outputs, 1]), device),
        }
    }

    /// Every output's copy of its cell's values, along dimension `dim`.
    fn spread(&self, values: Tensor<4>, dim: usize) -> Tensor<4> {
        values.select(dim, self.cell.clone())
    }

    /// The angles of waves of the given frequencies, `[waves, 1]`, at the outputs:
    /// `[outputs, waves]`.
    fn angles(&self, frequencies: Tensor<2>) -> Tensor<2> {
        self.offset.clone() * frequencies.swap_dims(0, 1)
    }
}
