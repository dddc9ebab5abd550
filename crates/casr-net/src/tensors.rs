//! Values out of safetensors files.

use half::f16;
use safetensors::{Dtype, tensor::TensorView};

/// The values of a tensor in f16, f32 or f64, exactly.
///
/// # Errors
/// What is wrong with them, after the tensor's name: another type, or values that are not finite.
pub fn tensor_values(tensor: &TensorView) -> Result<Vec<f64>, String> {
    let data = tensor.data();
    let values: Vec<f64> = match tensor.dtype() {
        Dtype::F16 => {
            let (values, _) = data.as_chunks();
            let values = values
                .iter()
                .map(|&bytes| f16::from_le_bytes(bytes).to_f64());
            values.collect()
        }
        Dtype::F32 => {
            let (values, _) = data.as_chunks();
            let values = values.iter().map(|&bytes| f32::from_le_bytes(bytes).into());
            values.collect()
        }
        Dtype::F64 => {
            let (values, _) = data.as_chunks();
            let values = values.iter().map(|&bytes| f64::from_le_bytes(bytes));
            values.collect()
        }
        other => return Err(format!("is of type {other}, not F16, F32 or F64")),
    };
    match values.iter().all(|value| value.is_finite()) {
        true => Ok(values),
        false => Err("holds values that are not finite".to_owned()),
    }
}
