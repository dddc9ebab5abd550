//! A network with its weights, ready to enlarge.

use crate::{
    device::{ComputeDevice, Precision},
    error::NetError,
    geometry::StepGeometry,
    network::{Network, NetworkConfig},
    weights::{Recipe, WeightsFile},
};
use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use std::{path::Path, sync::Arc};

/// The weights that ship with the program.
const EMBEDDED: &[u8] = include_bytes!("../weights/casr.safetensors");

/// A network for inference; on the processor, until [`Model::on`] moves it.
#[derive(Clone, Debug)]
pub struct Model {
    network: Network,
    device: ComputeDevice,
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

    /// The weights file that ships with the program.
    pub fn embedded_file() -> &'static [u8] {
        EMBEDDED
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
        let device = ComputeDevice::cpu();
        let network = file.network(name, device.burn())?;
        Ok(Self {
            network,
            device,
            config: file.config,
            recipe: file.recipe,
        })
    }

    /// A model of a network that is being trained, on the device where it is.
    pub fn from_network(
        network: Network,
        device: ComputeDevice,
        config: NetworkConfig,
        recipe: Recipe,
    ) -> Self {
        Self {
            network,
            device,
            config,
            recipe,
        }
    }

    /// This model on another device.
    ///
    /// # Errors
    /// [`NetError::NoHalfPrecision`] if `precision` asks for what the device does not have.
    pub fn on(self, device: &ComputeDevice, precision: Precision) -> Result<Self, NetError> {
        let half = precision.is_half(device)?;
        let network = self.network.to_device(device.burn());
        Ok(Self {
            network: if half { network.half() } else { network },
            device: device.clone(),
            ..self
        })
    }

    /// Where the model runs.
    pub fn device(&self) -> &ComputeDevice {
        &self.device
    }

    /// The network's size.
    pub fn config(&self) -> NetworkConfig {
        self.config
    }

    /// How the network was trained.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// How much context a tile needs, in input pixels: [`NetworkConfig::halo`] with our kernels, and on GPUs, whose sums
    /// do not depend on a pixel's place, [`NetworkConfig::reach`].
    pub fn halo(&self) -> usize {
        if self.device.is_gpu() {
            self.config.reach()
        } else {
            self.config.halo()
        }
    }

    /// Number of trained values.
    pub fn parameter_count(&self) -> usize {
        self.network.parameter_count()
    }

    /// One step on one window: RGB, row-major, `geometry.rows.inputs()` × `geometry.columns.inputs()` pixels in, outputs
    /// out. See [`Network::step`].
    ///
    /// # Errors
    /// [`NetError::Device`] if a GPU fails, most often because the window does not fit into its memory; the processor does
    /// not fail.
    ///
    /// # Panics
    /// If `window` has another length.
    pub fn step(
        &self,
        window: Vec<f32>,
        geometry: &Arc<StepGeometry>,
    ) -> Result<Vec<f32>, NetError> {
        let shape = [1, geometry.rows.inputs(), geometry.columns.inputs(), 3];
        assert_eq!(
            window.len(),
            shape.iter().product::<usize>(),
            "the window's length"
        );
        let input = Tensor::<4>::from_data(TensorData::new(window, shape), self.device.burn());
        let output = self.network.step(input, geometry);
        output
            .try_into_vec_as::<f32>()
            .map_err(|error| NetError::Device {
                device: self.device.to_string(),
                reason: root_cause(&error.to_string()).to_owned(),
            })
    }
}

/// The cause at the end of a chain of causes over many lines, as the GPU's library reports them.
fn root_cause(report: &str) -> &str {
    const FRAME: [&str; 3] = ["Caused by", "Asked at", "No backtrace"];
    let lines = report.lines().map(str::trim).rev();
    let mut causes =
        lines.filter(|line| !line.is_empty() && !FRAME.iter().any(|frame| line.starts_with(frame)));
    causes.next().unwrap_or(report)
}
