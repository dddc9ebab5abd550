//! What a network runs on.

use crate::config::NetworkConfig;
use crate::engine::Engine;
use crate::error::NetError;
use crate::geometry::StepGeometry;
use crate::model::{StepResult, StepWindow};
use crate::parameters::Parameter;
use std::{fmt, sync::Arc};

/// Something that can run networks: the processor ([`Cpu`]), or a GPU of another crate. It is
/// displayed by its name.
pub trait Device: fmt::Debug + fmt::Display + Send + Sync {
    /// Makes a network ready. `parameters` are all of the configuration's, in its order
    /// ([`NetworkConfig::shapes`]).
    ///
    /// # Errors
    /// [`NetError::Device`] if the device fails.
    fn load(
        &self,
        config: NetworkConfig,
        parameters: &[Parameter],
    ) -> Result<Arc<dyn Stepper>, NetError>;

    /// Whether it has memory of its own, and so work to itself: a GPU.
    fn is_gpu(&self) -> bool;

    /// The precision of its features, for people and for what is kept between runs: "single" or
    /// "half".
    fn precision(&self) -> &'static str;
}

/// A network on a device, ready to step. Threads may share it.
pub trait Stepper: fmt::Debug + Send + Sync {
    /// One step on one window; see [`crate::Model::step`].
    ///
    /// # Errors
    /// [`NetError::OutOfMemory`] if the window does not fit into the device's memory,
    /// [`NetError::Device`] if it fails otherwise.
    fn step(&self, window: &StepWindow, geometry: &StepGeometry) -> Result<StepResult, NetError>;
}

/// The processor, with the kernels of `casr-kernels`; in single precision by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    half: bool,
}

impl Cpu {
    /// The processor in single precision.
    pub const fn single() -> Self {
        Self { half: false }
    }

    /// The processor with the convolutions of the network's body in half precision: inputs and
    /// weights are bfloat16, sums and all else f32. It is meant for processors with AMX
    /// ([`HalfInstructions::Amx`](crate::HalfInstructions::Amx)); all others give the same bits,
    /// but take longer than in single precision.
    pub const fn half() -> Self {
        Self { half: true }
    }
}

impl Device for Cpu {
    fn load(
        &self,
        config: NetworkConfig,
        parameters: &[Parameter],
    ) -> Result<Arc<dyn Stepper>, NetError> {
        Ok(Arc::new(Engine::new(config, parameters, self.half)))
    }

    fn is_gpu(&self) -> bool {
        false
    }

    fn precision(&self) -> &'static str {
        if self.half { "half" } else { "single" }
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("the processor")
    }
}
