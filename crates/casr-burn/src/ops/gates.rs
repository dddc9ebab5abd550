//! The gates of a level, which have no gradient.

use burn::tensor::{Tensor, TensorData};
use casr_kernels::{
    guard::{self, GATES},
    zeros,
};

/// How much of the correction, and of its chroma, each pixel of a level `[n, h, w, 3]` lets
/// through, `[n, h, w, 2]`; see [`guard`].
pub fn gates(level: Tensor<4>) -> Tensor<4> {
    let level = level.detach();
    let device = level.device();
    let [images, height, width, _] = level.dims();
    let data = level.into_data();
    let pixels = data.as_slice::<f32>().expect("levels are f32 on the CPU");
    let mut values = zeros(images * height * width * GATES);
    guard::gates(images, height, width, pixels, &mut values);
    let shape = [images, height, width, GATES];
    Tensor::from_data(TensorData::new(values, shape), &device)
}
