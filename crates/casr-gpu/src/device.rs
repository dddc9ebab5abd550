//! A GPU as a device of `casr-net`.

use crate::error::GpuError;
use crate::gpu::OpenGpu;
use crate::network::GpuNetwork;
use casr_net::{
    Device, NetError, NetworkConfig, Parameter, StepGeometry, StepResult, StepWindow, Stepper,
};
use std::{fmt, sync::Arc};

/// An open GPU with the precision of its networks, for [`casr_net::Model::on`].
#[derive(Clone, Debug)]
pub struct GpuDevice {
    gpu: OpenGpu,
    half: bool,
}

impl GpuDevice {
    /// A GPU whose networks run in half precision, or in single.
    ///
    /// # Errors
    /// [`GpuError::NoHalfPrecision`] if it is asked for where there is none.
    pub fn new(gpu: OpenGpu, half: bool) -> Result<Self, GpuError> {
        if half && !gpu.has_half() {
            return Err(GpuError::NoHalfPrecision {
                gpu: gpu.name().to_owned(),
            });
        }
        Ok(Self { gpu, half })
    }

    /// The GPU.
    pub fn gpu(&self) -> &OpenGpu {
        &self.gpu
    }
}

impl fmt::Display for GpuDevice {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(self.gpu.name())
    }
}

impl Device for GpuDevice {
    fn load(
        &self,
        config: NetworkConfig,
        parameters: &[Parameter],
    ) -> Result<Arc<dyn Stepper>, NetError> {
        let network = GpuNetwork::new(&self.gpu, config, parameters, self.half);
        Ok(Arc::new(network.map_err(NetError::from)?))
    }

    fn is_gpu(&self) -> bool {
        true
    }

    fn precision(&self) -> &'static str {
        if self.half { "half" } else { "single" }
    }
}

impl Stepper for GpuNetwork {
    fn step(&self, window: &StepWindow, geometry: &StepGeometry) -> Result<StepResult, NetError> {
        GpuNetwork::step(self, window, geometry).map_err(NetError::from)
    }
}

impl From<GpuError> for NetError {
    fn from(error: GpuError) -> Self {
        let device = error.gpu().to_owned();
        match error {
            GpuError::OutOfMemory { .. } => Self::OutOfMemory {
                device,
                source: Box::new(error),
            },
            _ => Self::Device {
                device,
                source: Box::new(error),
            },
        }
    }
}
