//! A network on a GPU.

use crate::context::{Context, Kernel};
use crate::error::GpuError;
use crate::gpu::OpenGpu;
use crate::kernels::Texts;
use crate::layout::Channels;
use crate::recorder::KernelTime;
use crate::step::Step;
use crate::weights::{Layer, Upload, Weights};
use crate::workspace::Pool;
use casr_kernels::similarity::LAGS;
use casr_net::{
    COLOURS, DETAILS, NetworkConfig, Parameter, PerStep, StepGeometry, StepResult, StepWindow,
};
use std::sync::Arc;

/// A network with its weights on a GPU, ready to step. Threads may share it.
#[derive(Debug)]
pub struct GpuNetwork {
    pub(crate) context: Arc<Context>,
    pub(crate) config: NetworkConfig,
    pub(crate) texts: Texts,
    pub(crate) kernels: Kernels,
    pub(crate) values: Values,
    pool: Pool,
}

/// The compiled kernels of a network.
#[derive(Debug)]
pub(crate) struct Kernels {
    pub convolution: Kernel,
    pub encoder: Kernel,
    pub head: Kernel,
    pub resampling: Kernel,
    pub regions: Option<RegionKernels>,
    pub similarity: Option<SimilarityKernels>,
    pub alignment: Option<AlignmentKernels>,
}

/// What both modules use.
#[derive(Debug)]
pub(crate) struct RegionKernels {
    pub means: Kernel,
    pub assignment: Kernel,
    pub modulation: Kernel,
}

#[derive(Debug)]
pub(crate) struct SimilarityKernels {
    pub texture: Kernel,
    pub matches: Kernel,
}

#[derive(Debug)]
pub(crate) struct AlignmentKernels {
    pub moments: Kernel,
    pub colours: Kernel,
    pub alignment: Kernel,
}

/// A network's values: what kernels read on the device, the rest here.
#[derive(Debug)]
pub(crate) struct Values {
    pub per_step: PerStep,
    pub encoder: Layer,
    /// Three convolutions each.
    pub blocks: Vec<[Layer; 3]>,
    pub body: Layer,
    pub head: wgpu::Buffer,
    pub temperatures: Option<wgpu::Buffer>,
    /// What becomes of matches, and the layers of gains and offsets.
    pub similarity: Option<(Layer, wgpu::Buffer)>,
    pub alignment: Option<wgpu::Buffer>,
    /// The convolution's `Mode`: to SiLU, or to a sum.
    pub activate: wgpu::Buffer,
    pub add: wgpu::Buffer,
}

impl GpuNetwork {
    /// Brings a network to a GPU: uploads its weights once, and compiles what it needs of the
    /// kernels. With `half`, features between convolutions are stored and multiplied in half
    /// precision; colours, sums of residual blocks, superpixels and the heat field stay in single.
    /// `parameters` are all of the configuration's ([`NetworkConfig::shapes`]), in any order.
    ///
    /// # Errors
    /// [`GpuError::NoHalfPrecision`], [`GpuError::OutOfMemory`], [`GpuError::Lost`];
    /// [`GpuError::Failed`] if a parameter is missing or the driver refuses a kernel.
    pub fn new(
        gpu: &OpenGpu,
        config: NetworkConfig,
        parameters: &[Parameter],
        half: bool,
    ) -> Result<Self, GpuError> {
        let context = gpu.context().clone();
        context.check()?;
        if half && !gpu.has_half() {
            return Err(GpuError::NoHalfPrecision {
                gpu: context.name().to_owned(),
            });
        }
        let texts = Texts {
            channels: Channels::new(config.channels),
            half,
            // The sums of eight rows are more than the registers that some integrated GPUs have for
            // a thread.
            rows: if context.is_integrated() { 4 } else { 8 },
            frequencies: config.frequencies,
        };
        let weights = Weights::new(config, parameters);
        let weights = weights.map_err(|reason| context.failed(reason))?;
        let values = context.guarded("the network", || {
            Values::new(&context, config, &weights, texts)
        })?;
        Ok(Self {
            kernels: Kernels::new(&context, config, texts)?,
            values,
            context,
            config,
            texts,
            pool: Pool::default(),
        })
    }

    /// One step on one window, level k−1 → level k; what [`casr_net::Model::step`] does on the
    /// processor, within 10⁻⁴ of it, or with half precision, on photographs, within one of 255 code
    /// values. Two threads' steps run at once, others wait.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`] if the window does not fit: half of it may. [`GpuError::Lost`],
    /// from then on at every call. [`GpuError::Failed`] if the window is not what the geometry or
    /// the network asks for, or the driver failed.
    pub fn step(
        &self,
        window: &StepWindow,
        geometry: &StepGeometry,
    ) -> Result<StepResult, GpuError> {
        Ok(self.run(window, geometry, false)?.0)
    }

    /// [`GpuNetwork::step`], with the time that every kernel took in the order in which they ran;
    /// none where the device has no clock.
    ///
    /// # Errors
    /// As [`GpuNetwork::step`].
    pub fn profile(
        &self,
        window: &StepWindow,
        geometry: &StepGeometry,
    ) -> Result<(StepResult, Vec<KernelTime>), GpuError> {
        self.run(window, geometry, true)
    }

    fn run(
        &self,
        window: &StepWindow,
        geometry: &StepGeometry,
        clocked: bool,
    ) -> Result<(StepResult, Vec<KernelTime>), GpuError> {
        self.context.check()?;
        self.check(window, geometry)?;
        let (rows, columns) = (&geometry.rows, &geometry.columns);
        let what = format!(
            "a window of {}×{} pixels, enlarged to {}×{},",
            columns.inputs(),
            rows.inputs(),
            columns.outputs(),
            rows.outputs()
        );
        self.pool.with(|workspace| {
            self.context.guarded(&what, || {
                Step::new(self, workspace, window, geometry, &what)?.run(clocked)
            })
        })
    }

    /// Whether a window is what the geometry and the network ask for.
    fn check(&self, window: &StepWindow, geometry: &StepGeometry) -> Result<(), GpuError> {
        let (rows, columns) = (&geometry.rows, &geometry.columns);
        let pixels = rows.inputs() * columns.inputs();
        let outputs = rows.outputs() * columns.outputs();
        let fits = |what: &str, fits: bool| match fits {
            true => Ok(()),
            false => Err(self.context.failed(format!("{what} does not fit the step"))),
        };
        fits("the window", window.pixels.len() == pixels * COLOURS)?;
        fits("an empty window", pixels * outputs > 0)?;
        if self.config.similarity {
            let size = (rows.inputs(), columns.inputs());
            let prior = window.prior.as_ref();
            let same = prior.is_some_and(|prior| prior.size() == size);
            fits("the prior", same)?;
        }
        let before = window.before.as_ref();
        if let Some(before) = before.filter(|_| self.config.alignment) {
            let cells: usize = before.places.iter().map(|axis| axis.earlier).product();
            let values = before.values.len() == cells * self.config.statistics();
            let own =
                [rows.inputs(), columns.inputs()].map(|length| length.div_ceil(casr_net::CELL));
            let places = before
                .places
                .iter()
                .zip(own)
                .all(|(axis, own)| axis.cells() == own);
            fits("what the step before left", values && places)?;
        }
        Ok(())
    }
}

impl Values {
    fn new(
        context: &Context,
        config: NetworkConfig,
        weights: &Weights,
        texts: Texts,
    ) -> Result<Self, GpuError> {
        let upload = Upload {
            context,
            weights,
            channels: texts.channels,
            half: texts.half,
        };
        let failed = |reason| context.failed(reason);
        let block = |block: usize| {
            let layer = |name| upload.convolution(&format!("blocks.{block}.{name}"));
            Ok([layer("first")?, layer("second")?, layer("third")?])
        };
        let mode = |sum: u32| context.constants(bytemuck::cast_slice(&[sum, 0, 0, 0]));
        let regions = config.alignment || config.similarity;
        let similarity = config.similarity.then(|| {
            let matches = upload.few_channels("similarity.matches")?;
            Ok((matches, upload.module("similarity")?))
        });
        Ok(Self {
            per_step: PerStep::new(|name| weights.values(name).map(<[f32]>::to_vec))
                .map_err(failed)?,
            encoder: upload.few_channels("encoder")?,
            blocks: (0..config.blocks).map(block).collect::<Result<_, _>>()?,
            body: upload.convolution("body")?,
            head: upload.head()?,
            temperatures: regions.then(|| upload.temperatures()).transpose()?,
            similarity: similarity.transpose()?,
            alignment: (config.alignment.then(|| upload.module("alignment"))).transpose()?,
            activate: mode(0)?,
            add: mode(1)?,
        })
    }
}

impl Kernels {
    fn new(context: &Context, config: NetworkConfig, texts: Texts) -> Result<Self, GpuError> {
        let mut sources = vec![
            texts.convolution(),
            texts.encoder(),
            texts.head(),
            texts.resampling(),
        ];
        let regions = config.alignment || config.similarity;
        if regions {
            sources.extend([texts.means(), texts.assignment(), texts.modulation()]);
        }
        if config.similarity {
            sources.extend([texts.texture(LAGS), texts.matches(DETAILS + 1)]);
        }
        if config.alignment {
            sources.extend([texts.moments(), texts.colours(), texts.alignment()]);
        }
        let mut kernels = context.compile(&sources)?.into_iter();
        let mut next = || {
            let kernel = kernels.next();
            kernel.ok_or_else(|| context.failed("a kernel is missing"))
        };
        Ok(Self {
            convolution: next()?,
            encoder: next()?,
            head: next()?,
            resampling: next()?,
            regions: match regions {
                true => Some(RegionKernels {
                    means: next()?,
                    assignment: next()?,
                    modulation: next()?,
                }),
                false => None,
            },
            similarity: match config.similarity {
                true => Some(SimilarityKernels {
                    texture: next()?,
                    matches: next()?,
                }),
                false => None,
            },
            alignment: match config.alignment {
                true => Some(AlignmentKernels {
                    moments: next()?,
                    colours: next()?,
                    alignment: next()?,
                }),
                false => None,
            },
        })
    }
}
