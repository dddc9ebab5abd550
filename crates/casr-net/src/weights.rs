//! Weights files: safetensors, half precision, with one or both ends of a network and where they
//! come from.

use crate::{
    config::NetworkConfig, error::NetError, parameters::Parameter, provenance::Provenance,
    tensors::tensor_values, weights_v1,
};
use half::f16;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::{collections::HashMap, path::Path};

/// The value of the metadata key `format`.
const FORMAT: &str = "casr-network-2";

/// What the names of the vivid end's values begin with.
const VIVID: &str = "vivid.";

/// The content of a weights file.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightsFile {
    /// The network's size.
    pub config: NetworkConfig,
    /// Where the values come from.
    pub provenance: Provenance,
    /// The values of the faithful end, the one of least error, or of the only one.
    pub parameters: Vec<Parameter>,
    /// Those of the vivid end, the one that looks best, in any order; none in a file of one
    /// network.
    pub vivid: Option<Vec<Parameter>>,
}

impl WeightsFile {
    /// The bytes of a safetensors file with f16 values.
    pub fn to_bytes(&self) -> Vec<u8> {
        let vivid = self.vivid.iter().flatten();
        let vivid = vivid.map(|parameter| (format!("{VIVID}{}", parameter.name), parameter));
        let tensors: Vec<(String, &[usize], Vec<u8>)> = (self.parameters.iter())
            .map(|parameter| (parameter.name.clone(), parameter))
            .chain(vivid)
            .map(|(name, parameter)| {
                let values = parameter.values.iter();
                let bytes = values.flat_map(|v| f16::from_f32(*v).to_le_bytes());
                (name, parameter.shape.as_slice(), bytes.collect())
            })
            .collect();
        let views = tensors.iter().map(|(name, shape, bytes)| {
            let view = TensorView::new(Dtype::F16, shape.to_vec(), bytes)
                .expect("a parameter has as many values as its shape says");
            (name, view)
        });
        let json = |value: serde_json::Result<String>| value.expect("plain structs serialise");
        let metadata = HashMap::from([
            ("format".to_owned(), FORMAT.to_owned()),
            (
                "config".to_owned(),
                json(serde_json::to_string(&self.config)),
            ),
            (
                "provenance".to_owned(),
                json(serde_json::to_string(&self.provenance)),
            ),
        ]);
        safetensors::serialize(views, Some(metadata))
            .expect("distinct names and whole tensors serialise")
    }

    /// Reads a weights file.
    ///
    /// # Errors
    /// [`NetError`]: the file cannot be read, is truncated, or is not a CASR network.
    pub fn open(path: &Path) -> Result<Self, NetError> {
        let name = path.display().to_string();
        match std::fs::read(path) {
            Ok(bytes) => Self::from_bytes(&name, &bytes),
            Err(source) => Err(NetError::Read { name, source }),
        }
    }

    /// Reads the bytes of a weights file; `name` is for messages. Values may be f16, f32 or f64.
    ///
    /// # Errors
    /// [`NetError::NotSafetensors`] or [`NetError::Foreign`].
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, NetError> {
        let broken = |reason: String| NetError::NotSafetensors {
            name: name.to_owned(),
            reason,
        };
        let foreign = |reason: String| NetError::Foreign {
            name: name.to_owned(),
            reason,
        };

        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| broken(e.to_string()))?;
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| broken(e.to_string()))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let entry = |key: &str| metadata.get(key).map_or("", String::as_str);
        let first_version = match entry("format") {
            FORMAT => false,
            weights_v1::FORMAT => true,
            _ => return Err(foreign(format!("its metadata has no format \"{FORMAT}\""))),
        };
        let (config, provenance) = if first_version {
            weights_v1::metadata(entry)
        } else {
            let config = serde_json::from_str(entry("config"));
            let provenance = serde_json::from_str(entry("provenance"));
            config
                .map_err(|e| format!("config: {e}"))
                .and_then(|config| {
                    Ok((config, provenance.map_err(|e| format!("provenance: {e}"))?))
                })
        }
        .map_err(foreign)?;
        let NetworkConfig {
            channels,
            blocks,
            frequencies,
            ..
        } = config;
        let plausible = |value: usize, most: usize| (1..=most).contains(&value);
        if !(plausible(channels, 1024) && plausible(blocks, 256) && plausible(frequencies, 1024)) {
            return Err(foreign(format!("its size {config:?} is out of range")));
        }

        let mut parameters = Vec::new();
        for (tensor_name, view) in tensors.tensors() {
            let values = tensor_values(&view)
                .map_err(|problem| foreign(format!("{tensor_name} {problem}")))?;
            parameters.push(Parameter {
                name: tensor_name,
                shape: view.shape().to_vec(),
                values: values.into_iter().map(|value| value as f32).collect(),
            });
        }
        if first_version {
            let (parameters, vivid) = weights_v1::ends(parameters);
            return Ok(Self {
                config,
                provenance,
                parameters,
                vivid,
            });
        }
        let (vivid, parameters): (Vec<_>, Vec<_>) =
            (parameters.into_iter()).partition(|parameter| parameter.name.starts_with(VIVID));
        let vivid = (!vivid.is_empty()).then(|| {
            let bare = |parameter: Parameter| Parameter {
                name: parameter.name[VIVID.len()..].to_owned(),
                ..parameter
            };
            vivid.into_iter().map(bare).collect()
        });
        Ok(Self {
            config,
            provenance,
            parameters,
            vivid,
        })
    }
}
