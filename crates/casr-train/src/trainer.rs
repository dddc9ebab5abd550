//! The state of a training and one step of it.

use crate::{
    average,
    error::TrainError,
    loss::{
        LossTerms, alignment_loss, autocorrelation_loss, coarse_autocorrelation_loss, frequency_l1,
        l1, perceptual_loss,
    },
    optimizer::MuonOrAdam,
    options::TrainOptions,
    sample::Batch,
};
use burn::grad_clipping::GradientClippingConfig;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor, TensorData};
use casr_burn::{Network, PriorTensors, Statistics, StepInput};
use casr_metrics::{Architecture, FeatureNetwork};
use casr_net::{
    FAITHFUL, Origin, Parameter, Provenance, Run, StepGeometry, WeightsFile, whole_places,
};
use std::path::Path;
use std::time::{Duration, Instant};

/// Everything a run needs to go on.
pub struct Trainer {
    pub(crate) options: TrainOptions,
    pub(crate) network: Network,
    pub(crate) average: Network,
    pub(crate) optimizer: ModuleOptimizer,
    pub(crate) step: u64,
    /// Where the weights come from that this training started from.
    pub(crate) ancestor: Option<Provenance>,
    /// Sees what people see, for the perceptual loss.
    features: Option<FeatureNetwork>,
}

/// What one step did.
#[derive(Clone, Copy, Debug)]
pub struct StepReport {
    /// The loss before the step.
    pub loss: f32,
    /// What it is made of.
    pub terms: LossTerms,
    /// The learning rate of the step.
    pub rate: f64,
    /// Where the time went.
    pub times: StepTimes,
    /// Floating point operations of the network's convolutions, forward and backward.
    pub operations: f64,
}

/// Where the time of a step went.
#[derive(Clone, Copy, Debug, Default)]
pub struct StepTimes {
    /// Forward pass and loss.
    pub forward: Duration,
    /// Backward pass.
    pub backward: Duration,
    /// Clipping, optimizer and moving average.
    pub update: Duration,
}

impl Trainer {
    /// A training from scratch, or from given weights, on the processor.
    ///
    /// # Errors
    /// Options out of range, or weights that are no network of this size.
    pub fn new(
        options: TrainOptions,
        init: Option<(&str, &WeightsFile)>,
    ) -> Result<Self, TrainError> {
        options.check()?;
        let network = options.network;
        let fresh = network.initial_parameters(options.seed);
        let initial = match init {
            // Modules that the file's network does not have start fresh.
            Some((name, file)) if file.config.fits(&network) => {
                network.extend(name, &file.parameters, fresh)?
            }
            Some((name, file)) => {
                let have = file.config;
                return Err(TrainError::Option(format!(
                    "{name} holds a network of {have:?}, not of {network:?}."
                )));
            }
            None => fresh,
        };
        let ancestor = init.map(|(_, file)| file.provenance.clone());
        Self::assemble(options, &initial, &initial, None, 0, ancestor)
    }

    /// A training with given state: `values` and `average` are all parameters of the network.
    ///
    /// # Errors
    /// They are not.
    pub(crate) fn assemble(
        options: TrainOptions,
        values: &[Parameter],
        average: &[Parameter],
        optimizer: Option<ModuleOptimizer>,
        step: u64,
        ancestor: Option<Provenance>,
    ) -> Result<Self, TrainError> {
        let build = |values, device| Network::new(options.network, "the state", values, &device);
        Ok(Self {
            network: build(values, Device::flex().autodiff())?,
            average: build(average, Device::flex())?,
            optimizer: optimizer.unwrap_or_else(|| Self::fresh_optimizer(&options)),
            options,
            step,
            ancestor,
            features: None,
        })
    }

    /// With the network of the perceptual loss, whose weights are in this file (those of LPIPS on
    /// VGG16); without it that loss is left out.
    ///
    /// # Errors
    /// The file cannot be read, or is of another network.
    pub fn perceiving(self, path: &Path) -> Result<Self, TrainError> {
        let device = Device::flex().autodiff();
        let features = FeatureNetwork::load(Architecture::Vgg16, path, &device)?;
        Ok(Self {
            features: Some(features),
            ..self
        })
    }

    /// Whether the perceptual loss has a weight, but its network is missing.
    pub fn lacks_features(&self) -> bool {
        self.options.losses.perceptual > 0.0 && self.features.is_none()
    }

    /// The optimizer with the options' clipping and no state.
    pub(crate) fn fresh_optimizer(options: &TrainOptions) -> ModuleOptimizer {
        let clipping = GradientClippingConfig::Norm(options.clip).init();
        ModuleOptimizer::from(MuonOrAdam::new(options.optimizer)).with_grad_clipping(clipping)
    }

    /// The training's options.
    pub fn options(&self) -> &TrainOptions {
        &self.options
    }

    /// Steps done.
    pub fn steps_done(&self) -> u64 {
        self.step
    }

    /// The averaged network, which is what a training produces.
    pub fn average(&self) -> &Network {
        &self.average
    }

    /// One optimizer step on `batch`.
    ///
    /// # Errors
    /// [`TrainError::Diverged`]; the state is then as before the step.
    pub fn step(&mut self, batch: &Batch) -> Result<StepReport, TrainError> {
        let start = Instant::now();
        let (loss, terms) = self.loss(batch);
        let value = loss.clone().into_scalar::<f32>();
        let terms = terms.read();
        let forward = start.elapsed();
        if !value.is_finite() {
            return Err(TrainError::Diverged { step: self.step });
        }

        let start = Instant::now();
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        let backward = start.elapsed();

        let start = Instant::now();
        let rate = self.options.schedule.rate(self.step);
        self.network = self.optimizer.step(rate, self.network.clone(), gradients);
        // Early on the average forgets faster, or it would drag the initial weights along.
        let decay = self
            .options
            .average_decay
            .min((self.step + 1) as f64 / (self.step + 10) as f64);
        self.average = average::update(self.average.clone(), &self.network, decay);
        let update = start.elapsed();

        self.step += 1;
        let times = StepTimes {
            forward,
            backward,
            update,
        };
        Ok(StepReport {
            loss: value,
            terms,
            rate,
            times,
            operations: self.operations(batch),
        })
    }

    /// The loss on every level of a batch, averaged, `[1]`, and what it is made of.
    fn loss(&self, batch: &Batch) -> (Tensor<1>, Terms) {
        let (height, width) = batch.size;
        let device = Device::flex().autodiff();
        let tensor = |values: &[f32], height, width| {
            Tensor::<4>::from_data(
                TensorData::new(values.to_vec(), [batch.images, height, width, 3]),
                &device,
            )
        };
        let mut level = tensor(&batch.input, height, width);
        // Statistics are to be those of the image before it was degraded.
        let mut below = tensor(&batch.clean, height, width);
        let mut total = Tensor::<1>::zeros([1], &device);
        let mut terms = Terms::default();
        let mut origins = batch.origins.clone();
        let mut before = None;
        let levels = batch.targets.len() as f64;
        for target in &batch.targets {
            let (rows, columns) = (&target.geometry.rows, &target.geometry.columns);
            let prior = self.options.network.similarity.then(|| {
                let priors = batch.priors(&level_values(&level), &target.geometry);
                PriorTensors::new(&priors, &device)
            });
            let output = self.network.step(StepInput {
                level,
                geometry: target.geometry.clone(),
                origins,
                prior,
                before,
            });
            let result = output.level;
            let truth = tensor(&target.pixels, rows.outputs(), columns.outputs());
            let of_level = self.terms(&result, truth, below, &target.geometry);
            for ((weight, term), sum) in of_level.into_iter().zip(&mut terms.0) {
                let Some(term) = term else { continue };
                let term = term / levels;
                total = total + term.clone() * weight;
                let term = term.inner();
                *sum = Some(match sum.take() {
                    Some(sum) => sum + term,
                    None => term,
                });
            }
            level = result.clamp(0.0, 1.0);
            below = level.clone();
            origins = vec![Origin::Step; batch.images];
            before = output.statistics.map(|values| Statistics {
                values,
                places: whole_places(
                    (rows.outputs(), rows.inputs()),
                    (columns.outputs(), columns.inputs()),
                ),
            });
        }
        (total, terms)
    }

    /// Weights and values of the losses of one level, in the order of [`LossTerms`]; no value where
    /// the weight is zero.
    fn terms(
        &self,
        result: &Tensor<4>,
        truth: Tensor<4>,
        below: Tensor<4>,
        geometry: &StepGeometry,
    ) -> [(f64, Option<Tensor<1>>); TERMS] {
        let losses = &self.options.losses;
        let result = || result.clone();
        let difference = result() - truth.clone();
        let some =
            |weight: f64, value: &dyn Fn() -> Tensor<1>| (weight, (weight > 0.0).then(value));
        let perceptual = (self.features.as_ref())
            .filter(|_| losses.perceptual > 0.0)
            .map(|features| {
                let batch_size = truth.dims()[0];
                let shown =
                    |images: Tensor<4>| images.narrow(0, 0, PERCEPTUAL_IMAGES.min(batch_size));
                perceptual_loss(features, shown(result()), shown(truth.clone()))
            });
        [
            (1.0, Some(l1(difference.clone()))),
            some(losses.frequency, &|| frequency_l1(difference.clone())),
            some(losses.alignment, &|| {
                alignment_loss(below.clone(), result(), geometry)
            }),
            some(losses.autocorrelation, &|| {
                autocorrelation_loss(result(), truth.clone())
            }),
            some(losses.coarse_autocorrelation, &|| {
                coarse_autocorrelation_loss(result(), truth.clone())
            }),
            (losses.perceptual, perceptual),
        ]
    }

    /// A backward pass is twice a forward pass.
    fn operations(&self, batch: &Batch) -> f64 {
        let pixels: usize = (batch.targets.iter())
            .map(|t| batch.images * t.geometry.rows.inputs() * t.geometry.columns.inputs())
            .sum();
        3.0 * pixels as f64 * self.options.network.operations_per_pixel()
    }

    /// The averaged weights and where they come from; `psnr` as measured.
    pub fn weights(&self, data: &str, psnr: &[(String, f64)]) -> WeightsFile {
        let settings = serde_json::to_value(&self.options).unwrap_or_default();
        let run = Run {
            end: FAITHFUL.to_owned(),
            stage: "casr-lab train".to_owned(),
            device: "processor".to_owned(),
            steps: self.step,
            seconds: 0.0,
            settings: settings
                .as_object()
                .into_iter()
                .flatten()
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
        };
        let mut runs = self.ancestor.clone().unwrap_or_default().runs;
        runs.push(run);
        WeightsFile {
            config: self.options.network,
            provenance: Provenance {
                data: data.to_owned(),
                runs,
                quality: psnr.iter().cloned().collect(),
            },
            parameters: self.average.parameters(),
            vivid: None,
        }
    }
}

/// Images of a batch that the perceptual loss is computed on. They are drawn at random, so the
/// first stand for all; each of them costs as much as six of all else.
const PERCEPTUAL_IMAGES: usize = 2;

/// Number of losses.
const TERMS: usize = 6;

/// The losses, in the order of [`LossTerms`], as they come; none where they are not computed.
#[derive(Default)]
struct Terms([Option<Tensor<1>>; TERMS]);

impl Terms {
    fn read(&self) -> LossTerms {
        let value = |term: &Option<Tensor<1>>| match term {
            Some(term) => term.clone().into_scalar::<f32>(),
            None => 0.0,
        };
        let [
            l1,
            frequency,
            alignment,
            autocorrelation,
            coarse,
            perceptual,
        ] = &self.0;
        LossTerms {
            l1: value(l1),
            frequency: value(frequency),
            alignment: value(alignment),
            autocorrelation: value(autocorrelation),
            coarse_autocorrelation: value(coarse),
            perceptual: value(perceptual),
        }
    }
}

/// The pixels of a level, brought back from its device.
fn level_values(level: &Tensor<4>) -> Vec<f32> {
    level.clone().inner().into_data().iter::<f32>().collect()
}
