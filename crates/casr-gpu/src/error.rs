//! What can go wrong on a GPU.

/// An error of this crate. Messages are sentences without the point at the end, since they are
/// mostly the source of another error.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GpuError {
    /// The work needs more memory than there is, or than one piece of it may have: half as many
    /// pixels may fit.
    #[error("{what} does not fit into the memory of {gpu}: {reason}")]
    OutOfMemory {
        /// The device.
        gpu: String,
        /// What was to be done, with its size.
        what: String,
        /// Which limit it meets.
        reason: String,
    },
    /// The device is gone: removed, reset by the system, or its driver has crashed. It stays lost;
    /// opening it again may help.
    #[error("{gpu} was lost: {reason}")]
    Lost {
        /// The device.
        gpu: String,
        /// What the driver said.
        reason: String,
    },
    /// Half precision is asked for where there is none.
    #[error("{gpu} has no half precision")]
    NoHalfPrecision {
        /// The device.
        gpu: String,
    },
    /// The device, its driver or a kernel failed otherwise.
    #[error("{gpu} failed: {reason}")]
    Failed {
        /// The device.
        gpu: String,
        /// What it said.
        reason: String,
    },
}

impl GpuError {
    /// The device's name.
    pub fn gpu(&self) -> &str {
        match self {
            Self::OutOfMemory { gpu, .. }
            | Self::Lost { gpu, .. }
            | Self::NoHalfPrecision { gpu }
            | Self::Failed { gpu, .. } => gpu,
        }
    }
}
