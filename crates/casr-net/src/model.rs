//! A network with its weights, ready to enlarge.

use crate::{
    error::NetError,
    geometry::StepGeometry,
    network::{Network, NetworkConfig},
    weights::{Recipe, WeightsFile},
};
use burn::tensor::{Device, Tensor, TensorData};
use std::{path::Path, sync::Arc};

/// The weights that ship with the program.
const EMBEDDED: &[u8] = include_bytes!("../weights/casr.safetensors");

/// A network for inference on the CPU.
#[derive(Clone, Debug)]
pub struct Model {
    network: Network,
    device: Device,
    config: NetworkConfig,
    recipe: Recipe,
}

impl Model {
    /// The network that ships with the program.
    ///
    /// # Errors
    /// None in a sound build: a test reads the embedded file.
    pub fn embedded() -> Result<Self, NetError> {
        Self::from_bytes("the embedded weights", EMBEDDED)
    }

    /// Reads a weights file.
    ///
    /// # Errors
    /// [`NetError`]: the file cannot be read, is truncated, or is not a CASR network.
    pub fn open(path: &Path) -> Result<Self, NetError> {
        Self::from_file(&path.display().to_string(), WeightsFile::open(path)?)
    }

    /// Reads the bytes of a weights file; `name` is for messages.
    ///
    /// # Errors
    /// [`NetError`]: the bytes are truncated or not a CASR network.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, NetError> {
        Self::from_file(name, WeightsFile::from_bytes(name, bytes)?)
    }

    fn from_file(name: &str, file: WeightsFile) -> Result<Self, NetError> {
        let device = Device::flex();
        let network = file.network(name, &device)?;
        Ok(Self {
            network,
            device,
            config: file.config,
            recipe: file.recipe,
        })
    }

    /// A model of a network that is being trained.
    pub fn from_network(network: Network, config: NetworkConfig, recipe: Recipe) -> Self {
        Self {
            network,
            device: Device::flex(),
            config,
            recipe,
        }
    }

    /// The network's size.
    pub fn config(&self) -> NetworkConfig {
        self.config
    }

    /// How the network was trained.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// See [`NetworkConfig::halo`].
    pub fn halo(&self) -> usize {
        self.config.halo()
    }

    /// Number of trained values.
    pub fn parameter_count(&self) -> usize {
        self.network.parameter_count()
    }

    /// One step on one window: RGB, row-major, `geometry.rows.inputs()` × `geometry.columns.inputs()` pixels in, outputs
    /// out. See [`Network::step`].
    ///
    /// # Panics
    /// If `window` has another length.
    pub fn step(&self, window: Vec<f32>, geometry: &Arc<StepGeometry>) -> Vec<f32> {
        let shape = [1, geometry.rows.inputs(), geometry.columns.inputs(), 3];
        assert_eq!(
            window.len(),
            shape.iter().product::<usize>(),
            "the window's length"
        );
        let input = Tensor::<4>::from_data(TensorData::new(window, shape), &self.device);
        let output = self.network.step(input, geometry).into_data();
        output
            .try_into_vec()
            .expect("the network's result is f32 on the CPU")
    }
}
