//! Weights files: safetensors, half precision, with the recipe that made them.

use crate::{
    error::NetError,
    network::{Network, NetworkConfig},
    parameters::Parameter,
};
use burn::tensor::Device;
use half::f16;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

/// The value of the metadata key `format`.
const FORMAT: &str = "casr-network-1";

/// How a network was trained, and how good it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recipe {
    /// Losses, schedule, batches: what the trainer was told.
    pub training: String,
    /// The images it saw.
    pub data: String,
    /// Optimizer steps in all.
    pub steps: u64,
    /// Measured quality, such as "Set5 x4" → 31.3 dB.
    pub psnr: BTreeMap<String, f64>,
}

/// The content of a weights file.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightsFile {
    /// The network's size.
    pub config: NetworkConfig,
    /// Where the values come from.
    pub recipe: Recipe,
    /// The values.
    pub parameters: Vec<Parameter>,
}

impl WeightsFile {
    /// The bytes of a safetensors file with f16 values.
    pub fn to_bytes(&self) -> Vec<u8> {
        let tensors: Vec<(&str, &[usize], Vec<u8>)> = self
            .parameters
            .iter()
            .map(|p| {
                let bytes = p
                    .values
                    .iter()
                    .flat_map(|v| f16::from_f32(*v).to_le_bytes())
                    .collect();
                (p.name.as_str(), p.shape.as_slice(), bytes)
            })
            .collect();
        let views = tensors.iter().map(|(name, shape, bytes)| {
            let view = TensorView::new(Dtype::F16, shape.to_vec(), bytes)
                .expect("a parameter has as many values as its shape says");
            (*name, view)
        });
        let json = |value: serde_json::Result<String>| value.expect("plain structs serialise");
        let metadata = HashMap::from([
            ("format".to_owned(), FORMAT.to_owned()),
            (
                "config".to_owned(),
                json(serde_json::to_string(&self.config)),
            ),
            (
                "recipe".to_owned(),
                json(serde_json::to_string(&self.recipe)),
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

    /// Reads the bytes of a weights file; `name` is for messages. Values may be f16 or f32.
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
        if metadata.get("format").map(String::as_str) != Some(FORMAT) {
            return Err(foreign(format!("its metadata has no format \"{FORMAT}\"")));
        }
        let entry = |key: &str| metadata.get(key).map_or("", String::as_str);
        let config: NetworkConfig =
            serde_json::from_str(entry("config")).map_err(|e| foreign(format!("config: {e}")))?;
        let recipe =
            serde_json::from_str(entry("recipe")).map_err(|e| foreign(format!("recipe: {e}")))?;
        let plausible = |value: usize, most: usize| (1..=most).contains(&value);
        if !(plausible(config.channels, 1024)
            && plausible(config.blocks, 256)
            && plausible(config.frequencies, 1024))
        {
            return Err(foreign(format!("its size {config:?} is out of range")));
        }

        let mut parameters = Vec::new();
        for (tensor_name, view) in tensors.tensors() {
            let values: Vec<f32> = match view.dtype() {
                Dtype::F16 => (view.data().chunks_exact(2))
                    .map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32())
                    .collect(),
                Dtype::F32 => (view.data().chunks_exact(4))
                    .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                    .collect(),
                other => {
                    return Err(foreign(format!(
                        "{tensor_name} is of type {other:?}, not F16 or F32"
                    )));
                }
            };
            if !values.iter().all(|v| v.is_finite()) {
                return Err(foreign(format!(
                    "{tensor_name} holds values that are not finite"
                )));
            }
            parameters.push(Parameter {
                name: tensor_name,
                shape: view.shape().to_vec(),
                values,
            });
        }
        Ok(Self {
            config,
            recipe,
            parameters,
        })
    }

    /// The network with these values on `device`; `name` is for messages.
    ///
    /// # Errors
    /// [`NetError::Foreign`] if a parameter is missing, has another shape, or is one too many.
    pub fn network(&self, name: &str, device: &Device) -> Result<Network, NetError> {
        self.fill(name, Network::new(self.config, device), false)
    }

    /// A network of another configuration with these values where it has the parameters, and its own where this file has
    /// none; `name` is for messages.
    ///
    /// # Errors
    /// [`NetError::Foreign`] if a parameter has another shape, or is one too many.
    pub fn extended(&self, name: &str, network: Network) -> Result<Network, NetError> {
        self.fill(name, network, true)
    }

    fn fill(&self, name: &str, network: Network, may_miss: bool) -> Result<Network, NetError> {
        let foreign = |reason: String| NetError::Foreign {
            name: name.to_owned(),
            reason,
        };
        let mut left: HashMap<&str, &Parameter> = self
            .parameters
            .iter()
            .map(|p| (p.name.as_str(), p))
            .collect();
        let own = network.parameters();
        let network = network.with_parameters(|path, shape| {
            let Some(parameter) = left.remove(path) else {
                let own = own.iter().find(|p| may_miss && p.name == path);
                let own = own.ok_or_else(|| foreign(format!("{path} is missing")))?;
                return Ok(own.values.clone());
            };
            if parameter.shape != shape {
                return Err(foreign(format!(
                    "{path} has shape {:?}, not {shape:?}",
                    parameter.shape
                )));
            }
            Ok(parameter.values.clone())
        })?;
        match left.keys().next() {
            Some(extra) => Err(foreign(format!(
                "{extra} is not a parameter of this network"
            ))),
            None => Ok(network),
        }
    }
}
