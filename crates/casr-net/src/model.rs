//! A network with its weights, ready to enlarge.

use crate::{
    condition::Origin,
    config::{COLOURS, NetworkConfig},
    device::{Cpu, Device, Stepper},
    engine::Engine,
    ensemble::{Ensemble, ORIENTATIONS},
    error::NetError,
    geometry::StepGeometry,
    parameters::Parameter,
    places::Places,
    prior::{Pixels, Prior, PriorGeometry},
    provenance::Provenance,
    weights::WeightsFile,
};
use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

/// The weights that ship with the program.
const EMBEDDED: &[u8] = include_bytes!("../weights/casr.safetensors");

/// The exponent of [`mix_of_look`]: measured as LPIPS between neighbouring looks, which a straight
/// mix bunches at the vivid end.
const EVEN_STEPS: f32 = 0.65;

/// The share of the vivid end's values at a look.
pub fn mix_of_look(look: f32) -> f32 {
    look.clamp(0.0, 1.0).powf(EVEN_STEPS)
}

/// What a step reads on one window of a level.
#[derive(Clone, Debug)]
pub struct StepWindow {
    /// RGB, row-major: a window of level k−1, in an enlargement with [`NetworkConfig::border`]
    /// mirrored pixels where the level ends. It begins on the [`GRID`](crate::GRID).
    pub pixels: Vec<f32>,
    /// Where the level comes from.
    pub origin: Origin,
    /// The self-similarity of the original image; needed by a network with
    /// [`NetworkConfig::similarity`].
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

/// What a step makes of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct StepResult {
    /// A part of level k, `[H, W, 3]`, not clamped.
    pub pixels: Vec<f32>,
    /// What the next step aligns to, over the cells of the window, `[rows, columns, statistics]`;
    /// see [`NetworkConfig::statistics`]. None without [`NetworkConfig::alignment`].
    pub statistics: Option<Vec<f32>>,
}

/// A network for inference; on the processor, until [`Model::on`] moves it. Clones share its
/// values.
///
/// It may hold two ends, one of least error and one of best look: [`Model::with_look`] gives what
/// lies between them.
#[derive(Clone, Debug)]
pub struct Model {
    config: NetworkConfig,
    provenance: Arc<Provenance>,
    /// Values of the faithful end, or the only one, in the network's own order.
    faithful: Arc<Vec<Parameter>>,
    vivid: Option<Arc<Vec<Parameter>>>,
    look: f32,
    /// Whether these are the values that ship with the program.
    shipped: bool,
    ensemble: bool,
    device: Arc<dyn Device>,
    /// The network at its look on its device, made when it is first needed.
    loaded: Arc<OnceLock<Arc<dyn Stepper>>>,
}

impl Model {
    /// The network that ships with the program, its faithful end.
    ///
    /// # Errors
    /// None in a sound build: a test reads the embedded file.
    pub fn embedded() -> Result<Self, NetError> {
        Ok(Self {
            shipped: true,
            ..Self::from_bytes("the embedded weights", EMBEDDED)?
        })
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

    /// The network of a weights file; `name` is for messages.
    ///
    /// # Errors
    /// [`NetError::Foreign`] if a parameter is missing, has another shape, or is one too many.
    pub fn from_file(name: &str, file: WeightsFile) -> Result<Self, NetError> {
        let arrange = |values: &[Parameter]| file.config.arrange(name, values).map(Arc::new);
        Ok(Self {
            config: file.config,
            faithful: arrange(&file.parameters)?,
            vivid: file.vivid.as_deref().map(arrange).transpose()?,
            provenance: Arc::new(file.provenance),
            look: 0.0,
            shipped: false,
            ensemble: false,
            device: Arc::new(Cpu::single()),
            loaded: Arc::default(),
        })
    }

    /// A network of these values, such as one that is being trained.
    ///
    /// # Errors
    /// [`NetError::Foreign`] if a parameter is missing, has another shape, or is one too many.
    pub fn new(config: NetworkConfig, parameters: Vec<Parameter>) -> Result<Self, NetError> {
        let file = WeightsFile {
            config,
            provenance: Provenance::default(),
            parameters,
            vivid: None,
        };
        Self::from_file("the network", file)
    }

    /// Whether these are the values that ship with the program, of which some things are measured.
    pub fn is_shipped(&self) -> bool {
        self.shipped
    }

    /// Whether [`Model::with_look`] changes anything.
    pub fn has_looks(&self) -> bool {
        self.vivid.is_some()
    }

    /// The network at `look` between its ends, from 0, the least error, to 1, the best look: a
    /// network whose every value lies between theirs (deep network interpolation; Wang et al.,
    /// arXiv 1811.10515), by equal steps for the eye ([`mix_of_look`]). Mixing costs some
    /// milliseconds, and nothing for a pixel. A model of one network is given back as it is.
    #[must_use]
    pub fn with_look(&self, look: f32) -> Self {
        if !self.has_looks() || look == self.look {
            return self.clone();
        }
        Self {
            look,
            loaded: Arc::default(),
            ..self.clone()
        }
    }

    /// This model with every step taken in the eight orientations of its window, mirrored and
    /// transposed, and averaged (self-ensemble; Lim et al., "Enhanced deep residual networks for
    /// single image super-resolution", 2017): less error and less of what is invented, for eight
    /// times the time and the memory of one. The mean is the mirrored or transposed one, but for
    /// rounding, of an image that is mirrored or transposed.
    ///
    /// # Errors
    /// [`NetError::NoEnsemble`] for a network with modules, whose superpixels lie on a grid that
    /// cannot be turned.
    pub fn with_ensemble(&self) -> Result<Self, NetError> {
        if self.config.alignment || self.config.similarity {
            return Err(NetError::NoEnsemble);
        }
        Ok(self.averaging(true))
    }

    /// This model with one pass of the network in every step, as it is before
    /// [`Model::with_ensemble`].
    #[must_use]
    pub fn without_ensemble(&self) -> Self {
        self.averaging(false)
    }

    fn averaging(&self, ensemble: bool) -> Self {
        if ensemble == self.ensemble {
            return self.clone();
        }
        Self {
            ensemble,
            loaded: Arc::default(),
            ..self.clone()
        }
    }

    /// Passes of the network in every step: eight after [`Model::with_ensemble`], else one.
    pub fn passes(&self) -> u32 {
        if self.ensemble { ORIENTATIONS } else { 1 }
    }

    /// This model on another device.
    #[must_use]
    pub fn on(self, device: Arc<dyn Device>) -> Self {
        Self {
            device,
            loaded: Arc::default(),
            ..self
        }
    }

    /// Where the model runs.
    pub fn device(&self) -> &dyn Device {
        &*self.device
    }

    /// The network's size.
    pub fn config(&self) -> NetworkConfig {
        self.config
    }

    /// Where the network is between its ends; 0 for one network alone.
    pub fn look(&self) -> f32 {
        self.look
    }

    /// How the network was trained.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The values of the network at its look, in the network's own order.
    pub fn parameters(&self) -> Vec<Parameter> {
        let faithful = self.faithful.iter().cloned();
        let Some(vivid) = &self.vivid else {
            return faithful.collect();
        };
        let mix = mix_of_look(self.look);
        let mixed = faithful.zip(&**vivid).map(|(mut parameter, other)| {
            for (value, other) in parameter.values.iter_mut().zip(&other.values) {
                *value += mix * (other - *value);
            }
            parameter
        });
        mixed.collect()
    }

    /// Number of values of the network.
    pub fn parameter_count(&self) -> usize {
        self.config.parameter_count()
    }

    /// One step on one window.
    ///
    /// Values closer to a cut edge of the window than [`NetworkConfig::reach`] are not what the
    /// whole level would give; at the level's own edges they are, and elsewhere but for rounding.
    ///
    /// # Errors
    /// [`NetError::OutOfMemory`] if the window does not fit into a GPU's memory,
    /// [`NetError::Device`] if it fails otherwise; the processor does not fail.
    ///
    /// # Panics
    /// If `window.pixels` or its statistics have another length than the geometry says, or the
    /// prior is missing for a network that needs it.
    pub fn step(
        &self,
        window: &StepWindow,
        geometry: &StepGeometry,
    ) -> Result<StepResult, NetError> {
        let pixels = geometry.rows.inputs() * geometry.columns.inputs();
        assert_eq!(window.pixels.len(), pixels * COLOURS, "the window's length");
        if let Some(before) = &window.before {
            let cells: usize = before.places.iter().map(|axis| axis.earlier).product();
            let expected = cells * self.config.statistics();
            assert_eq!(before.values.len(), expected, "the statistics' length");
        }
        let missing = self.config.similarity && window.prior.is_none();
        assert!(!missing, "a network with similarity reads a prior");
        self.stepper()?.step(window, geometry)
    }

    /// Shows `each` what the convolutions of the body read in the first step of an image, without
    /// mirrored pixels around it: the number of the convolution, and its input `[height, width,
    /// C]`. On the processor, in single precision, whatever the model's device: for whoever
    /// computes the network in fewer bits and has to know the ranges of its features.
    ///
    /// # Errors
    /// [`NetError::Modules`] for a network with modules.
    ///
    /// # Panics
    /// If the image has another size than the geometry says.
    pub fn observe(
        &self,
        image: Pixels,
        geometry: &StepGeometry,
        origin: Origin,
        each: &mut dyn FnMut(usize, &[f32]),
    ) -> Result<(), NetError> {
        if self.config.alignment || self.config.similarity {
            return Err(NetError::Modules);
        }
        let engine = Engine::new(self.config, &self.parameters(), false);
        engine.observe(image.values, geometry, origin, each);
        Ok(())
    }

    fn stepper(&self) -> Result<&dyn Stepper, NetError> {
        if let Some(stepper) = self.loaded.get() {
            return Ok(&**stepper);
        }
        // Threads that come at the same time load the same; one of them is kept.
        let mut stepper = self.device.load(self.config, &self.parameters())?;
        if self.ensemble {
            stepper = Arc::new(Ensemble(stepper));
        }
        Ok(&**self.loaded.get_or_init(|| stepper))
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
        geometry: &StepGeometry,
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
        Ok(self.step(&window, geometry)?.pixels)
    }
}
