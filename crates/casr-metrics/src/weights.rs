//! Files of weights that metrics are computed with.

use crate::MetricsError;
use casr_net::tensor_values;
use safetensors::SafeTensors;
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// A safetensors file in memory.
pub(crate) struct WeightsFile {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl WeightsFile {
    /// Reads a file; its content is checked by [`Self::values`].
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
        tensor_values(&view).map_err(|problem| self.refused(format!("{tensor} {problem}")))
    }

    /// The error for a problem of this file.
    pub fn refused(&self, problem: impl Display) -> MetricsError {
        MetricsError::Weights {
            path: self.path.clone(),
            problem: problem.to_string(),
        }
    }
}
