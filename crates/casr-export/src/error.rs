//! What cannot be exported.

use casr_net::NetError;

/// An error of this crate. Messages are whole sentences for the user.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A factor without a short period.
    #[error(
        "a model of a step cannot have the factor {factor}: it has to be from 1 to 4, whole or a whole number of halves, thirds or quarters, such as 1.5, 4/3 or 2.25"
    )]
    Factor {
        /// The factor.
        factor: f64,
    },
    /// A fixed size that is not made of whole periods.
    #[error(
        "an input of {width}×{height} pixels cannot have the factor {factor}: choose sides that are multiples of {multiple}"
    )]
    Size {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// The factor.
        factor: String,
        /// What the sides have to be multiples of.
        multiple: usize,
    },
    /// A fixed size that does not fit into the file's numbers, or is empty.
    #[error("an input of {width}×{height} pixels is not possible: choose sides from 1 to 65,536")]
    Side {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
    },
    /// ncnn has no kernels for it.
    #[error(
        "ncnn's programs know whole factors only, so a model for them cannot have the factor {factor}: choose 2, 3 or 4"
    )]
    NcnnFactor {
        /// The factor.
        factor: String,
    },
    /// A fixed size for ncnn.
    #[error("a model for ncnn takes inputs of any size: leave the size out")]
    NcnnSize,
    /// Nothing to calibrate with.
    #[error("8 bits need images to find the ranges of features with, and none was given")]
    NoCalibration,
    /// The network failed.
    #[error(transparent)]
    Network(#[from] NetError),
}
