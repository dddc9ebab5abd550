//! Which device a user wants: this machine's processor, or one of its GPUs.

use crate::cost::{TRIAL_SIDE, trial};
use crate::error::ZoomError;
use casr_net::{Cpu, Device, Model};
use std::{fmt, path::Path, str::FromStr, sync::Arc};

/// Whether this build can use GPUs: the feature `gpu`.
pub const GPU_SUPPORT: bool = cfg!(feature = "gpu");

/// The device that a user wants; written `auto`, `cpu`, `gpu` (the first one) or `gpu:N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first real GPU where that is faster than the processor, else the processor; see
    /// [`place`].
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
    /// Half on a GPU that has it, else single.
    #[default]
    Auto,
    /// f32.
    Single,
    /// f16 on GPUs; on the processor bfloat16, with sums in f32 ([`Cpu::half`]).
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
/// those that the processor simulates. None in a build without [`GPU_SUPPORT`].
pub fn gpus() -> Vec<Gpu> {
    #[cfg(feature = "gpu")]
    return casr_gpu::Gpu::all()
        .iter()
        .map(|gpu| Gpu {
            name: gpu.name().to_owned(),
            half: gpu.has_half(),
            simulated: gpu.is_simulated(),
        })
        .collect();
    #[cfg(not(feature = "gpu"))]
    Vec::new()
}

/// A model on the wanted device. With [`DeviceChoice::Auto`] that is the first real GPU, if a tile
/// is made faster there than on the processor, which takes some tenths of a second to find out.
///
/// `cache` is a folder for compiled kernels of GPUs, which is made where it is missing.
///
/// # Errors
/// [`ZoomError::NoGpu`] if a GPU is wanted and this build or this machine has none, or has fewer;
/// [`ZoomError::NoHalfPrecision`] if a wanted GPU has none; [`ZoomError::Network`] if it does not
/// open.
pub fn place(
    model: Model,
    choice: DeviceChoice,
    precision: Precision,
    cache: Option<&Path>,
) -> Result<Model, ZoomError> {
    let gpu = match choice {
        DeviceChoice::Cpu => None,
        DeviceChoice::Auto if !has_graphics() => None,
        // The processor does the work of a GPU that does not open.
        DeviceChoice::Auto => open(choice, precision, cache).ok(),
        DeviceChoice::Gpu(_) => Some(open(choice, precision, cache)?),
    };
    let processor = match precision {
        Precision::Auto | Precision::Single => Cpu::single(),
        Precision::Half => Cpu::half(),
    };
    let on_cpu = model.clone().on(Arc::new(processor));
    let Some(gpu) = gpu else {
        return Ok(on_cpu);
    };
    let on_gpu = model.on(gpu);
    if choice != DeviceChoice::Auto {
        return Ok(on_gpu);
    }
    match (
        trial(&on_gpu, TRIAL_SIDE, 0.0),
        trial(&on_cpu, TRIAL_SIDE, 0.0),
    ) {
        (Ok(gpu), Ok(cpu)) if gpu > cpu => Ok(on_gpu),
        _ => Ok(on_cpu),
    }
}

/// Whether this machine may have a real GPU. Where the system knows of none, as on most servers,
/// drivers are not asked: loading those that simulate one takes some 60 ms and 50 MB, and some
/// complain.
fn has_graphics() -> bool {
    // Nodes of Linux' graphics drivers: most cards, NVIDIA's, Windows' through WSL, AMD's for
    // computing.
    const NODES: [&str; 4] = ["/dev/dri", "/dev/nvidiactl", "/dev/dxg", "/dev/kfd"];
    !cfg!(target_os = "linux") || NODES.iter().any(|node| Path::new(node).exists())
}

/// Opens the wanted GPU; with [`DeviceChoice::Auto`] the first one that is not simulated.
#[cfg(feature = "gpu")]
fn open(
    choice: DeviceChoice,
    precision: Precision,
    cache: Option<&Path>,
) -> Result<Arc<dyn Device>, ZoomError> {
    use casr_gpu::GpuDevice;
    let gpus = casr_gpu::Gpu::all();
    let found = match choice {
        DeviceChoice::Gpu(index) => gpus.get(index),
        _ => gpus.iter().find(|gpu| !gpu.is_simulated()),
    };
    let Some(gpu) = found else {
        let reason = if gpus.is_empty() {
            "no GPU was found; install the driver of your graphics card, with its part for Vulkan"
        } else {
            "there are fewer"
        };
        return Err(ZoomError::NoGpu { choice, reason });
    };
    let half = match precision {
        Precision::Single => false,
        Precision::Auto => gpu.has_half(),
        Precision::Half if gpu.has_half() => true,
        Precision::Half => {
            let device = gpu.name().to_owned();
            return Err(ZoomError::NoHalfPrecision { device });
        }
    };
    let opened = gpu.open(cache).and_then(|gpu| GpuDevice::new(gpu, half));
    let device = opened.map_err(|error| ZoomError::Network(error.into()))?;
    Ok(Arc::new(device))
}

#[cfg(not(feature = "gpu"))]
fn open(
    choice: DeviceChoice,
    _: Precision,
    _: Option<&Path>,
) -> Result<Arc<dyn Device>, ZoomError> {
    let reason = "this program was built without GPU support";
    Err(ZoomError::NoGpu { choice, reason })
}
