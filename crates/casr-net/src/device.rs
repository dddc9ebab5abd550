//! Where a network runs: this machine's processor, or one of its GPUs.

use crate::error::NetError;
use burn::tensor::Device;
use std::{fmt, str::FromStr};

/// Whether this build can use GPUs: the features `gpu` and `wgpu`.
pub const GPU_SUPPORT: bool = cfg!(feature = "wgpu");

/// What a user asks for; written `auto`, `cpu`, `gpu` (the first one) or `gpu:N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first real GPU, or the processor where there is none.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// A GPU by its place in [`ComputeDevice::gpus`]; with the feature `wgpu` alone even one that the processor simulates.
    Gpu(usize),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let gpu = |number: &str| Some(Self::Gpu(number.parse().ok()?));
        match text {
            "auto" => Some(Self::Auto),
            "cpu" => Some(Self::Cpu),
            "gpu" => Some(Self::Gpu(0)),
            _ => text.strip_prefix("gpu:").and_then(gpu),
        }
        .ok_or_else(|| "write auto, cpu, gpu or gpu:N, such as gpu:1".to_owned())
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Cpu => formatter.write_str("cpu"),
            Self::Gpu(index) => write!(formatter, "gpu:{index}"),
        }
    }
}

/// A device that networks can run on.
#[derive(Clone, Debug)]
pub struct ComputeDevice {
    device: Device,
    gpu: Option<Gpu>,
}

/// What is known of a GPU.
#[derive(Clone, Debug)]
struct Gpu {
    name: String,
    simulated: bool,
}

impl ComputeDevice {
    /// The processor, with the kernels of `casr-kernels`.
    pub fn cpu() -> Self {
        Self {
            device: Device::flex(),
            gpu: None,
        }
    }

    /// All GPUs that Vulkan, Metal or DirectX 12 reaches: discrete ones first, then integrated, then those that the processor
    /// simulates. None in a build without [`GPU_SUPPORT`].
    pub fn gpus() -> Vec<Self> {
        #[cfg(feature = "wgpu")]
        return Device::enumerate(burn::tensor::DeviceType::Wgpu)
            .into_iter()
            .filter_map(|device| {
                let identity = device.identity()?;
                let gpu = Some(Gpu {
                    name: identity.name,
                    simulated: identity.physical.is_none(),
                });
                Some(Self { device, gpu })
            })
            .collect();
        #[cfg(not(feature = "wgpu"))]
        Vec::new()
    }

    /// The device that a user asked for.
    ///
    /// # Errors
    /// [`NetError::NoGpu`] if a GPU is wanted and this build or this machine has none, or has fewer.
    pub fn choose(choice: DeviceChoice) -> Result<Self, NetError> {
        match choice {
            DeviceChoice::Cpu => Ok(Self::cpu()),
            DeviceChoice::Auto => {
                let real = Self::gpus().into_iter().find(|gpu| !gpu.is_simulated());
                Ok(real.unwrap_or_else(Self::cpu))
            }
            DeviceChoice::Gpu(index) => {
                let gpus = Self::gpus();
                let reason = match gpus.get(index) {
                    Some(gpu) if gpu.is_simulated() && cfg!(feature = "gpu") => {
                        "it is simulated by the processor, and its driver crashes on kernels that this program \
                         would try"
                    }
                    Some(gpu) => return Ok(gpu.clone()),
                    None if !GPU_SUPPORT => {
                        "this program was built without GPU support; build it with `--features gpu`"
                    }
                    None if gpus.is_empty() => {
                        "no GPU was found; install the driver of your graphics card, with its part for Vulkan"
                    }
                    None => "there are fewer; `casr devices` lists them",
                };
                Err(NetError::NoGpu { choice, reason })
            }
        }
    }

    /// The GPU's name, or `None` for the processor.
    pub fn gpu_name(&self) -> Option<&str> {
        self.gpu.as_ref().map(|gpu| gpu.name.as_str())
    }

    /// Whether this is a GPU.
    pub fn is_gpu(&self) -> bool {
        self.gpu.is_some()
    }

    /// Whether this is a GPU that the processor simulates: slower than the processor itself, but good for tests.
    pub fn is_simulated(&self) -> bool {
        self.gpu.as_ref().is_some_and(|gpu| gpu.simulated)
    }

    /// Whether it computes in half precision; the processor does not.
    pub fn has_half_precision(&self) -> bool {
        self.is_gpu() && self.device.supports_dtype(burn::tensor::DType::F16)
    }

    /// Burn's handle.
    pub fn burn(&self) -> &Device {
        &self.device
    }
}

/// How the features of a network are stored and multiplied; colours are always f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Half where the device has it, else single.
    #[default]
    Auto,
    /// f32.
    Single,
    /// f16.
    Half,
}

impl Precision {
    /// Whether a network on `device` is to have half precision.
    ///
    /// # Errors
    /// [`NetError::NoHalfPrecision`] if it is asked for and the device has none.
    pub(crate) fn is_half(self, device: &ComputeDevice) -> Result<bool, NetError> {
        match self {
            Self::Single => Ok(false),
            Self::Half if !device.has_half_precision() => Err(NetError::NoHalfPrecision {
                device: device.to_string(),
            }),
            Self::Auto | Self::Half => Ok(device.has_half_precision()),
        }
    }
}

impl fmt::Display for ComputeDevice {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(self.gpu_name().unwrap_or("the processor"))
    }
}
