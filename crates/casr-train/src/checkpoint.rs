//! Checkpoints: the whole state of a training in one file, f32, restored bit for bit.

use crate::{
    error::TrainError,
    options::TrainOptions,
    trainer::{Trainer, fresh_network},
};
use burn::tensor::Bytes;
use casr_net::Provenance;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, io::Write, path::Path};

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
    /// [`TrainError::File`] names the file and what the system said; an older checkpoint stays as it was.
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
        write_beside(path, &bytes)
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

        let device = burn::tensor::Device::flex();
        let options = &header.options;
        let network = fresh_network(options.network, &device, options.seed);
        let read = |prefix: &str| -> Result<Vec<Vec<f32>>, TrainError> {
            let parameters = network.parameters().into_iter();
            let values = parameters.map(|p| {
                let view = tensors
                    .tensor(&format!("{prefix}.{}", p.name))
                    .map_err(|e| unfit(e.to_string()))?;
                if view.dtype() != Dtype::F32 || view.shape() != p.shape {
                    return Err(unfit(format!(
                        "{prefix}.{} has the wrong shape or type",
                        p.name
                    )));
                }
                Ok((view.data().chunks_exact(4))
                    .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                    .collect())
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
        Ok(Self::assemble(
            header.options,
            values,
            average,
            Some(optimizer),
            header.step,
            header.ancestor,
        ))
    }
}

/// Writes `bytes` to a temporary file in the folder of `path` and renames it into place.
pub(crate) fn write_beside(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let failed = |source| TrainError::File {
        action: "write",
        path: path.to_owned(),
        source,
    };
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // Temporary files are private by default, but this one will be the user's.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}
