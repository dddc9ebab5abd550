//! Files of weights that metrics are computed with.

use crate::MetricsError;
use half::f16;
use safetensors::{Dtype, SafeTensors};
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// A safetensors file in memory.
pub(crate) struct WeightsFile {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl WeightsFile {
    /// Reads a file; its content is looked at by [`Self::values`].
    pub fn open(path: &Path) -> Result<Self, MetricsError> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(Self {
                path: path.to_owned(),
                bytes,
            }),
            Err(error) => Err(MetricsError::Weights {
                path: path.to_owned(),
                problem: error.to_string(),
            }),
        }
    }

    /// The finite values of a tensor of this shape, in f16, f32 or f64.
    pub fn values(&self, tensor: &str, shape: &[usize]) -> Result<Vec<f64>, MetricsError> {
        let file = SafeTensors::deserialize(&self.bytes)
            .map_err(|error| self.refused(format!("it is no whole safetensors file ({error})")))?;
        let view = file
            .tensor(tensor)
            .map_err(|_| self.refused(format!("{tensor} is missing")))?;
        if view.shape() != shape {
            let found = view.shape();
            return Err(self.refused(format!("{tensor} has shape {found:?}, not {shape:?}")));
        }
        let values: Vec<f64> = match view.dtype() {
            Dtype::F16 => {
                let (values, _) = view.data().as_chunks();
                (values.iter())
                    .map(|&bytes| f16::from_le_bytes(bytes).to_f64())
                    .collect()
            }
            Dtype::F32 => {
                let (values, _) = view.data().as_chunks();
                (values.iter())
                    .map(|&bytes| f64::from(f32::from_le_bytes(bytes)))
                    .collect()
            }
            Dtype::F64 => {
                let (values, _) = view.data().as_chunks();
                (values.iter())
                    .map(|&bytes| f64::from_le_bytes(bytes))
                    .collect()
            }
            other => {
                return Err(
                    self.refused(format!("{tensor} is of type {other}, not F16, F32 or F64"))
                );
            }
        };
        if values.iter().all(|value| value.is_finite()) {
            Ok(values)
        } else {
            Err(self.refused(format!("{tensor} holds values that are not finite")))
        }
    }

    /// The error for a problem of this file.
    pub fn refused(&self, problem: impl Display) -> MetricsError {
        MetricsError::Weights {
            path: self.path.clone(),
            problem: problem.to_string(),
        }
    }
}
