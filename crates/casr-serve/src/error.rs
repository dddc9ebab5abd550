//! What can go wrong, and how an answer says so.

use axum::http::StatusCode;
use casr_codec::{CodecError, ErrorKind};
use casr_zoom::{ZoomError, ZoomErrorKind};
use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

/// Why a request gets no image, or why the service does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The request does not make sense, or goes beyond a limit (400).
    #[error("{0}")]
    Malformed(String),
    /// The request makes sense, but this service does not do it (501).
    #[error("{0}")]
    NotImplemented(String),
    /// There is no such image or page (404).
    #[error("{0}")]
    NotFound(String),
    /// The token is missing or wrong (401).
    #[error("this service wants a token: send the header `Authorization: Bearer TOKEN`")]
    Unauthorized,
    /// The request comes from a page of another site, which might send what its reader knows
    /// nothing of (403).
    #[error(
        "{site} is another site than this service: its pages may look at images, and send none"
    )]
    OtherSite {
        /// Where it comes from.
        site: String,
    },
    /// What is sent is too long (413).
    #[error("this is more than the {} MB that may be sent", *limit as f64 / 1e6)]
    TooLarge {
        /// The most bytes of a file.
        limit: u64,
    },
    /// What is sent takes too long (408).
    #[error("the image comes too slowly; send it again over a faster line, or a smaller file")]
    Slow,
    /// What is sent is no image, or one that is not taken (413, 415, 422).
    #[error(transparent)]
    Sent(CodecError),
    /// There is no room for what is sent (503).
    #[error("there is no room for more images; try again in {} s", retry.as_secs())]
    Full {
        /// When something goes.
        retry: Duration,
    },
    /// What is sent cannot be written to the disk (507).
    #[error("the image cannot be stored: {0}")]
    NotStored(io::Error),
    /// An image sent to be enlarged was not in time (503). Nothing of it is kept.
    #[error("this was not finished within {} s; try again when less is going on, or enlarge by less", deadline.as_secs())]
    TooMuch {
        /// How long a request may take.
        deadline: Duration,
    },
    /// Too much is waiting already (503).
    #[error("too many requests are waiting; try again in {} s", retry.as_secs())]
    Busy {
        /// When to try again.
        retry: Duration,
    },
    /// The work was not done in time (503). What is finished of it is kept for the next request.
    #[error("this was not finished within {} s; try again: it goes on where it stopped", deadline.as_secs())]
    Late {
        /// How long a request may take.
        deadline: Duration,
    },
    /// The image's file changed while it was read (503).
    #[error("{name}: the file is changing; try again when it is whole")]
    Changing {
        /// The image.
        name: String,
    },
    /// The header of an image and its pixels disagree (500).
    #[error("{name}: its header tells another size than its pixels have; save it anew")]
    OtherSize {
        /// The image.
        name: String,
    },
    /// All who waited have gone.
    #[error("nobody waits for this any more")]
    Cancelled,
    /// Work ended without a result: a defect of this program (500).
    #[error("internal error; please report it")]
    Internal,
    /// An image cannot be read, or an answer not be written.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// An image cannot be enlarged.
    #[error(transparent)]
    Zoom(#[from] ZoomError),
    /// The folder of images cannot be read.
    #[error("{}: {source}; name a folder of images", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The folder for finished answers cannot be used.
    #[error("{}: answers cannot be kept there: {source}; name a folder that can be written", path.display())]
    Cache {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system gives no threads.
    #[error("the system gives no threads: {0}")]
    Threads(io::Error),
    /// The address cannot be listened on.
    #[error("{address}: {source}; another program may use it, choose another port")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

impl ServeError {
    /// The status of an answer that says so.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NotImplemented(_) => StatusCode::NOT_IMPLEMENTED,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::OtherSite { .. } => StatusCode::FORBIDDEN,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::NotStored(_) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Busy { .. }
            | Self::Late { .. }
            | Self::Changing { .. }
            | Self::Cancelled
            | Self::Full { .. }
            | Self::TooMuch { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Sent(error) => match error.kind() {
                ErrorKind::InvalidRequest => StatusCode::BAD_REQUEST,
                ErrorKind::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
                ErrorKind::Damaged => StatusCode::UNPROCESSABLE_ENTITY,
                ErrorKind::LimitExceeded => StatusCode::PAYLOAD_TOO_LARGE,
                ErrorKind::OutOfResources => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Codec(error) => match error.kind() {
                // What lies in the folder and is no image is none of the service's images.
                ErrorKind::NotFound | ErrorKind::Unsupported => StatusCode::NOT_FOUND,
                ErrorKind::LimitExceeded => StatusCode::FORBIDDEN,
                ErrorKind::OutOfResources => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Zoom(error) if error.kind() == ZoomErrorKind::Memory => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// When to try again, where that may help.
    pub(crate) fn retry(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry } | Self::Full { retry } => Some(*retry),
            _ if self.status() == StatusCode::SERVICE_UNAVAILABLE => Some(Duration::from_secs(1)),
            _ => None,
        }
    }
}
