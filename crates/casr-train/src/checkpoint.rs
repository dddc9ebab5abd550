//! Checkpoints: the whole state of a training in one file, f32, restored bit for bit.

use crate::{error::TrainError, options::TrainOptions, trainer::Trainer};
use burn::tensor::Bytes;
use casr_codec::write_whole;
use casr_net::{Parameter, Provenance, tensor_values};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, path::Path};

/// The value of the metadata key `format`.
const FORMAT: &str = "casr-checkpoint-2";

/// What is not a tensor.
#[derive(Serialize, Deserialize)]
struct Header {
    options: TrainOptions,
    step: u64,
    ancestor: Option<Provenance>,
}

impl Trainer {
    /// Writes the state beside `path` and renames it into place.
    ///
    /// # Errors
    /// [`TrainError::File`] names the file and what the system said; an older checkpoint stays as
    /// it was.
    pub fn save(&self, path: &Path) -> Result<(), TrainError> {
        let unfit = |reason: String| TrainError::Checkpoint {
            path: path.to_owned(),
            reason,
        };
        let mut tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
        for (prefix, network) in [("network", &self.network), ("average", &self.average)] {
            for p in network.parameters() {
                let bytes = p.values.iter().flat_map(|v| v.to_le_bytes()).collect();
                tensors.push((format!("{prefix}.{}", p.name), Dtype::F32, p.shape, bytes));
            }
        }
        let optimizer = self
            .optimizer
            .into_bytes()
            .map_err(|e| unfit(e.to_string()))?
            .to_vec();
        tensors.push((
            "optimizer".to_owned(),
            Dtype::U8,
            vec![optimizer.len()],
            optimizer,
        ));
        let views: Result<Vec<_>, _> = (tensors.iter())
            .map(|(name, dtype, shape, bytes)| {
                Ok((name, TensorView::new(*dtype, shape.clone(), bytes)?))
            })
            .collect();
        let views = views.map_err(|e: safetensors::SafeTensorError| unfit(e.to_string()))?;
        let header = Header {
            options: self.options.clone(),
            step: self.step,
            ancestor: self.ancestor.clone(),
        };
        let header = serde_json::to_string(&header).map_err(|e| unfit(e.to_string()))?;
        let metadata = HashMap::from([
            ("format".to_owned(), FORMAT.to_owned()),
            ("state".to_owned(), header),
        ]);
        let bytes =
            safetensors::serialize(views, Some(metadata)).map_err(|e| unfit(e.to_string()))?;
        write(path, &bytes)
    }

    /// Reads the state that [`Trainer::save`] wrote.
    ///
    /// # Errors
    /// The file cannot be read, is truncated, or is no checkpoint of this program.
    pub fn load(path: &Path) -> Result<Self, TrainError> {
        let bytes = std::fs::read(path).map_err(|source| TrainError::File {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        let unfit = |reason: String| TrainError::Checkpoint {
            path: path.to_owned(),
            reason,
        };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| unfit(e.to_string()))?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| unfit(e.to_string()))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        if metadata.get("format").map(String::as_str) != Some(FORMAT) {
            return Err(unfit(format!("its metadata has no format \"{FORMAT}\"")));
        }
        let state = metadata.get("state").map_or("", String::as_str);
        let header: Header = serde_json::from_str(state).map_err(|e| unfit(e.to_string()))?;
        header.options.check()?;

        let read = |prefix: &str| -> Result<Vec<Parameter>, TrainError> {
            let parameters = header.options.network.shapes().into_iter();
            let values = parameters.map(|(name, _)| {
                let view = tensors
                    .tensor(&format!("{prefix}.{name}"))
                    .map_err(|e| unfit(e.to_string()))?;
                let values = tensor_values(&view)
                    .map_err(|problem| unfit(format!("{prefix}.{name} {problem}")))?;
                Ok(Parameter {
                    name,
                    shape: view.shape().to_vec(),
                    values: values.into_iter().map(|value| value as f32).collect(),
                })
            });
            values.collect()
        };
        let (values, average) = (read("network")?, read("average")?);
        let record = tensors
            .tensor("optimizer")
            .map_err(|e| unfit(e.to_string()))?;
        let optimizer = Trainer::fresh_optimizer(&header.options)
            .from_bytes(Bytes::from_bytes_vec(record.data().to_vec()))
            .map_err(|e| unfit(e.to_string()))?;
        Self::assemble(
            header.options,
            &values,
            &average,
            Some(optimizer),
            header.step,
            header.ancestor,
        )
    }
}

/// Writes a file whole or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    write_whole(path, bytes).map_err(|source| TrainError::File {
        action: "write",
        path: path.to_owned(),
        source,
    })
}
