//! What can go wrong with a network, its weights and its device.

/// An error of this crate. Messages are whole sentences for the user.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// The weights file cannot be read.
    #[error("cannot read the weights {name}: {source}. Check the path and its permissions.")]
    Read {
        /// The file's name.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The bytes are not a safetensors file, or it is truncated.
    #[error(
        "{name} is not a whole safetensors file ({reason}). It may be truncated: copy or download it again."
    )]
    NotSafetensors {
        /// The file's name.
        name: String,
        /// What the parser said.
        reason: String,
    },
    /// A safetensors file, but not one of CASR's.
    #[error("{name} holds no CASR network ({reason}). Give a file that `casr-lab train` wrote.")]
    Foreign {
        /// The file's name.
        name: String,
        /// What is missing or does not fit.
        reason: String,
    },
    /// The GPU did not do its work, most often for want of memory.
    #[error(
        "the GPU {device} failed ({reason}). Close what else uses it, give it less at a time, or use the processor."
    )]
    Device {
        /// The device.
        device: String,
        /// What it said.
        reason: String,
    },
}
