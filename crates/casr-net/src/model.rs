//! A network with its weights, ready to enlarge.

use crate::{
    align::Reference,
    condition::Condition,
    device::{ComputeDevice, Precision},
    error::NetError,
    geometry::StepGeometry,
    network::{Network, NetworkConfig, StepInput},
    ops::Places,
    prior::{Pixels, Prior, PriorGeometry, PriorTensors},
    weights::{Recipe, WeightsFile},
};
use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use std::{path::Path, sync::Arc};

/// The weights that ship with the program.
const EMBEDDED: &[u8] = include_bytes!("../weights/casr.safetensors");

/// What a step reads on one window of a level.
#[derive(Clone, Debug)]
pub struct StepWindow {
    /// RGB, row-major. The window begins on the [`GRID`](crate::GRID).
    pub pixels: Vec<f32>,
    /// What the network is told.
    pub condition: Condition,
    /// The self-similarity of the original image; needed by a network with [`NetworkConfig::similarity`].
    pub prior: Option<Prior>,
    /// What the step before left behind around the window; none at the first step.
    pub before: Option<Statistics>,
}

/// The statistics that a step has left behind, in a window of its cells.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// `[rows, columns,` [`NetworkConfig::statistics`]`]`.
    pub values: Vec<f32>,
    /// Where the cells of the next step's window find theirs.
    pub places: Places,
}

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

    pub(crate) fn network(&self) -> &Network {
        &self.network
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

    /// One step on one window. See [`Network::step`].
    ///
    /// # Errors
    /// [`NetError::Device`] if a GPU fails, most often because the window does not fit into its memory; the processor does
    /// not fail.
    ///
    /// # Panics
    /// If `window.pixels` or its statistics have another length than the geometry says, or the prior is missing for a network that needs
    /// it.
    pub fn step(
        &self,
        window: StepWindow,
        geometry: &Arc<StepGeometry>,
    ) -> Result<(Vec<f32>, Option<Vec<f32>>), NetError> {
        let device = self.device.burn();
        let (height, width) = (geometry.rows.inputs(), geometry.columns.inputs());
        let tensor = |values: Vec<f32>, [height, width, channels]: [usize; 3]| {
            let shape = [1, height, width, channels];
            let expected: usize = shape.iter().product();
            assert_eq!(values.len(), expected, "the window's length");
            Tensor::<4>::from_data(TensorData::new(values, shape), device)
        };
        let reference = window.before.map(|before| {
            let [rows, columns] = &*before.places;
            let shape = [rows.earlier, columns.earlier, self.config.statistics()];
            Reference {
                statistics: tensor(before.values, shape),
                places: before.places,
            }
        });
        let prior = (window.prior).map(|prior| PriorTensors::new(&[prior], device));
        let output = self.network.step(StepInput {
            level: tensor(window.pixels, [height, width, 3]),
            geometry: geometry.clone(),
            origins: vec![window.condition.origin],
            perception: window.condition.perception,
            prior,
            reference,
        });
        let values = |tensor: Tensor<4>| {
            tensor
                .try_into_vec_as::<f32>()
                .map_err(|error| NetError::Device {
                    device: self.device.to_string(),
                    reason: root_cause(&error.to_string()).to_owned(),
                })
        };
        Ok((
            values(output.level)?,
            output.statistics.map(values).transpose()?,
        ))
    }

    /// The first step of an image, in one go.
    ///
    /// # Errors
    /// As [`Model::step`].
    ///
    /// # Panics
    /// As [`Model::step`].
    pub fn first_step(
        &self,
        image: Pixels,
        geometry: &Arc<StepGeometry>,
        condition: Condition,
    ) -> Result<Vec<f32>, NetError> {
        let size = (image.height, image.width);
        let prior = self.config.similarity.then(|| {
            let output = (geometry.rows.outputs(), geometry.columns.outputs());
            let whole = PriorGeometry::new(size, size, output);
            whole.prior(image, image.values, 0..size.0, 0..size.1)
        });
        let window = StepWindow {
            pixels: image.values.to_vec(),
            condition,
            prior,
            before: None,
        };
        Ok(self.step(window, geometry)?.0)
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
