//! Which device a user wants: this machine's processor, or one of its GPUs.

use crate::error::ZoomError;
use casr_net::{Cpu, Device};
use std::{fmt, str::FromStr, sync::Arc};

/// Whether this build can use GPUs.
pub const GPU_SUPPORT: bool = false;

/// The device that a user wants; written `auto`, `cpu`, `gpu` (the first one) or `gpu:N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first real GPU, or the processor where there is none.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// A GPU by its place in [`gpus`], even one that the processor simulates.
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

/// What is known of a GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpu {
    /// Its name.
    pub name: String,
    /// Whether it computes in half precision.
    pub half: bool,
    /// Whether the processor simulates it: slower than the processor itself, but good for tests.
    pub simulated: bool,
}

/// All GPUs that Vulkan, Metal or DirectX 12 reaches: discrete ones first, then integrated, then
/// those that the processor simulates.
pub fn gpus() -> Vec<Gpu> {
    Vec::new()
}

/// Opens the wanted device.
///
/// # Errors
/// [`ZoomError::NoGpu`] if a GPU is wanted and this build or this machine has none, or has fewer;
/// [`ZoomError::NoHalfPrecision`] if the device has none.
pub fn open_device(
    choice: DeviceChoice,
    precision: Precision,
) -> Result<Arc<dyn Device>, ZoomError> {
    match choice {
        DeviceChoice::Auto | DeviceChoice::Cpu if precision == Precision::Half => {
            let device = Cpu.to_string();
            Err(ZoomError::NoHalfPrecision { device })
        }
        DeviceChoice::Auto | DeviceChoice::Cpu => Ok(Arc::new(Cpu)),
        DeviceChoice::Gpu(_) => {
            let reason = "this program was built without GPU support";
            Err(ZoomError::NoGpu { choice, reason })
        }
    }
}
