//! A decoder's error, which does not know the file's name yet.

use std::error::Error;
use std::io;
use std::path::Path;

use super::source::read_failure;
use crate::error::Cause;
use crate::{CodecError, SourceFormat};

/// A decoder's error.
#[derive(Debug)]
pub(crate) enum Fault {
    Truncated,
    Damaged {
        reason: String,
        source: Option<Cause>,
    },
    Unsupported {
        reason: String,
        source: Option<Cause>,
    },
    NoPixels {
        width: u64,
        height: u64,
    },
    TooManyPixels {
        width: u64,
        height: u64,
        limit: u64,
    },
    OutOfMemory {
        bytes: usize,
    },
    CameraRaw,
    NoSuchPage {
        pages: usize,
    },
    Io(io::Error),
}

impl Fault {
    /// Data that break the format's rules.
    pub(crate) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged {
            reason: reason.into(),
            source: None,
        }
    }

    /// The same, found by another crate.
    pub(crate) fn damaged_by(source: impl Error + Send + Sync + 'static) -> Self {
        Self::Damaged {
            reason: source.to_string(),
            source: Some(source.into()),
        }
    }

    /// Data that are right, but of a kind that is not read.
    pub(crate) fn unsupported(reason: impl Into<String>) -> Self {
        Self::Unsupported {
            reason: reason.into(),
            source: None,
        }
    }

    /// The same, found by another crate.
    pub(crate) fn unsupported_by(source: impl Error + Send + Sync + 'static) -> Self {
        Self::Unsupported {
            reason: source.to_string(),
            source: Some(source.into()),
        }
    }

    /// The error of the file at `path`.
    pub(crate) fn at(self, path: &Path, format: SourceFormat) -> CodecError {
        let path = path.to_owned();
        match self {
            Self::Truncated => CodecError::Truncated { path, format },
            Self::Damaged { reason, source } => CodecError::Damaged {
                path,
                format,
                reason,
                source,
            },
            Self::Unsupported { reason, source } => CodecError::Unsupported {
                path,
                format,
                reason,
                source,
            },
            Self::NoPixels { width, height } => CodecError::NoPixels {
                path,
                width,
                height,
            },
            Self::TooManyPixels {
                width,
                height,
                limit,
            } => CodecError::TooManyPixels {
                path,
                width,
                height,
                limit,
            },
            Self::CameraRaw => CodecError::CameraRaw { path },
            Self::NoSuchPage { pages } => CodecError::NoSuchPage { path, pages },
            Self::OutOfMemory { bytes } => CodecError::OutOfMemory { path, bytes },
            Self::Io(source) => CodecError::read_failed(&path, source),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        let error = match read_failure(error) {
            Ok(failure) => return Self::Io(failure),
            Err(error) => error,
        };
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            // Decoders and inflaters report what is wrong with the data as errors of these kinds.
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
                Self::damaged_by(error)
            }
            _ => Self::Io(error),
        }
    }
}
