//! What can go wrong with a network, its weights and its device.

use std::error::Error;

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
    #[error("{name} holds no CASR network ({reason}). Give a weights file of CASR.")]
    Foreign {
        /// The file's name.
        name: String,
        /// What is missing or does not fit.
        reason: String,
    },
    /// A window does not fit into the device's memory: a smaller one may.
    #[error(
        "{device} has too little memory ({source}). Close what else uses it, give it less at a time, or use the processor."
    )]
    OutOfMemory {
        /// The device.
        device: String,
        /// What it said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A network with modules cannot be an ensemble.
    #[error(
        "this network reads superpixels, which cannot be turned, so it cannot average over orientations. Use a network without modules, or do without the average."
    )]
    NoEnsemble,
    /// A network with modules reads more than one convolution after the other.
    #[error(
        "this network has modules (SDAM or SARM), which read more than the pixels of one step. Use a network without modules."
    )]
    Modules,
    /// The device did not do its work.
    #[error("{device} failed ({source}). Update its driver, or use the processor.")]
    Device {
        /// The device.
        device: String,
        /// What it said.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// What an error is about; see [`NetError::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NetErrorKind {
    /// A file cannot be read.
    File,
    /// A file is not what it should be.
    Format,
    /// What is wanted of a network that it cannot do.
    Unsupported,
    /// Memory.
    Memory,
    /// A device that failed.
    Device,
}

impl NetError {
    /// What it is about, for programs that decide what to do.
    pub fn kind(&self) -> NetErrorKind {
        match self {
            Self::Read { .. } => NetErrorKind::File,
            Self::NotSafetensors { .. } | Self::Foreign { .. } => NetErrorKind::Format,
            Self::NoEnsemble | Self::Modules => NetErrorKind::Unsupported,
            Self::OutOfMemory { .. } => NetErrorKind::Memory,
            Self::Device { .. } => NetErrorKind::Device,
        }
    }
}
