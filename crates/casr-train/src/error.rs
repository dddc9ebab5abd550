//! What can go wrong in a training.

use casr_codec::CodecError;
use casr_metrics::MetricsError;
use casr_net::NetError;
use std::path::PathBuf;

/// An error of this crate. Messages are whole sentences for the user.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// An image with sides too long for JPEG.
    #[error(
        "an image of {width}×{height} pixels does not fit into a JPEG file; shrink it or degrade it otherwise"
    )]
    Jpeg {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
    },
    /// A training image cannot be read.
    #[error(transparent)]
    Image(#[from] CodecError),
    /// An image cannot be degraded or measured.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// Weights cannot be read or written.
    #[error(transparent)]
    Weights(#[from] NetError),
    /// The data folder has too few usable images.
    #[error(
        "{folder} holds {found} images of at least {side}x{side} pixels, but training needs {needed}. \
         Add images or lower --patch."
    )]
    TooFewImages {
        /// The data folder.
        folder: String,
        /// Usable images.
        found: usize,
        /// The least number that works.
        needed: usize,
        /// The least side of a usable image, in pixels.
        side: usize,
    },
    /// A file of the run cannot be read or written.
    #[error(
        "cannot {action} {path}: {source}. Check the path, its permissions and the free space."
    )]
    File {
        /// "read", "write", "create".
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A checkpoint that does not fit.
    #[error(
        "{path} is not a checkpoint that can be resumed ({reason}). Give the checkpoint that `casr-lab train` wrote."
    )]
    Checkpoint {
        /// Which file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The loss is no longer a number.
    #[error(
        "the loss is not finite at step {step}. Resume from an earlier checkpoint with a lower learning rate."
    )]
    Diverged {
        /// The step.
        step: u64,
    },
    /// A setting that makes no sense.
    #[error("{0}")]
    Option(String),
}
