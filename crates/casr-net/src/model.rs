//! A network with its weights, ready to enlarge.

use crate::{
    align::Reference,
    condition::Origin,
    device::{ComputeDevice, Precision},
    engine::Engine,
    error::NetError,
    geometry::StepGeometry,
    network::{Network, NetworkConfig, StepInput},
    ops::Places,
    parameters::Parameter,
    prior::{Pixels, Prior, PriorGeometry, PriorTensors},
    provenance::Provenance,
    weights::WeightsFile,
};
use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use std::{convert::Infallible, path::Path, sync::Arc};

/// The weights that ship with the program.
const EMBEDDED: &[u8] = include_bytes!("../weights/casr.safetensors");

/// The exponent of [`mix_of_look`]: measured as LPIPS between neighbouring looks, which a straight mix bunches at the vivid end.
const EVEN_STEPS: f32 = 0.65;

/// The share of the vivid end's values at a look.
pub fn mix_of_look(look: f32) -> f32 {
    look.clamp(0.0, 1.0).powf(EVEN_STEPS)
}

/// What a step reads on one window of a level.
#[derive(Clone, Debug)]
pub struct StepWindow {
    /// RGB, row-major; see [`StepInput::level`].
    pub pixels: Vec<f32>,
    /// Where the level comes from.
    pub origin: Origin,
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
///
/// It may hold two ends, one of least error and one of best look: [`Model::with_look`] gives what lies between them.
#[derive(Clone, Debug)]
pub struct Model {
    network: Network,
    /// The same on the processor, where the model runs there.
    engine: Option<Arc<Engine>>,
    ends: Option<Arc<Ends>>,
    device: ComputeDevice,
    half: bool,
    config: NetworkConfig,
    provenance: Arc<Provenance>,
}

/// Both ends, on the processor.
#[derive(Debug)]
struct Ends {
    faithful: Network,
    /// In the network's own order.
    vivid: Vec<Parameter>,
}

impl Model {
    /// The network that ships with the program, its faithful end.
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

    /// Reads a weights file: its faithful end, or the only one.
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
        let vivid = file.vivid_network(name, device.burn())?;
        let ends = vivid.map(|vivid| Ends {
            faithful: network.clone(),
            vivid: vivid.parameters(),
        });
        let model = Self {
            network: network.clone(),
            engine: None,
            ends: ends.map(Arc::new),
            device,
            half: false,
            config: file.config,
            provenance: Arc::new(file.provenance),
        };
        Ok(model.placed(network))
    }

    /// A model of one network that is being trained, on the device where it is.
    pub fn from_network(network: Network, device: ComputeDevice, config: NetworkConfig) -> Self {
        let model = Self {
            network: network.clone(),
            engine: None,
            ends: None,
            device,
            half: false,
            config,
            provenance: Arc::default(),
        };
        model.placed(network)
    }

    /// Whether [`Model::with_look`] changes anything.
    pub fn has_looks(&self) -> bool {
        self.ends.is_some()
    }

    /// The network at `look` between its ends, from 0, the least error, to 1, the best look: a network whose every value lies between
    /// theirs (deep network interpolation; Wang et al., arXiv 1811.10515), by equal steps for the eye ([`mix_of_look`]). Mixing costs
    /// some milliseconds, and nothing for a pixel. A model of one network is given back as it is.
    #[must_use]
    pub fn with_look(&self, look: f32) -> Self {
        let Some(ends) = &self.ends else {
            return self.clone();
        };
        let mix = mix_of_look(look);
        let own = ends.faithful.parameters();
        let mut pairs = own.iter().zip(&ends.vivid);
        let mixed = (ends.faithful.clone()).with_parameters(|_, _| {
            let pair = pairs.next().into_iter();
            let values = pair.flat_map(|(own, other)| own.values.iter().zip(&other.values));
            Ok::<_, Infallible>(
                values
                    .map(|(own, other)| own + mix * (other - own))
                    .collect(),
            )
        });
        let mixed = mixed.unwrap_or_else(|never| match never {});
        self.clone().placed(mixed)
    }

    /// This model on another device.
    ///
    /// # Errors
    /// [`NetError::NoHalfPrecision`] if `precision` asks for what the device does not have.
    pub fn on(self, device: &ComputeDevice, precision: Precision) -> Result<Self, NetError> {
        let half = precision.is_half(device)?;
        let network = self.network.clone();
        let device = device.clone();
        Ok(Self {
            half,
            device,
            ..self
        }
        .placed(network))
    }

    /// With another network, brought to the model's device and precision.
    fn placed(self, network: Network) -> Self {
        let engine = (!self.device.is_gpu())
            .then(|| Arc::new(Engine::new(self.config, &network.parameters())));
        let network = network.to_device(self.device.burn());
        Self {
            engine,
            network: if self.half { network.half() } else { network },
            ..self
        }
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
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The values of the network at its look, in the network's own order.
    pub fn parameters(&self) -> Vec<Parameter> {
        self.network.parameters()
    }

    /// Number of values of the network.
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
        if let Some(engine) = &self.engine {
            return Ok(engine.step(&window, geometry));
        }
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
            origins: vec![window.origin],
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

    /// The first step of an image, in one go, without mirrored pixels around it.
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
        origin: Origin,
    ) -> Result<Vec<f32>, NetError> {
        let size = (image.height, image.width);
        let prior = self.config.similarity.then(|| {
            let output = (geometry.rows.outputs(), geometry.columns.outputs());
            let whole = PriorGeometry::new(size, size, output);
            whole.prior(image, image.values, 0..size.0, 0..size.1)
        });
        let window = StepWindow {
            pixels: image.values.to_vec(),
            origin,
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
