//! What a decoder complains of, before the file's name is put to it.

use std::io;
use std::path::Path;

use crate::{CodecError, SourceFormat};

/// A decoder's complaint.
#[derive(Debug)]
pub(crate) enum Fault {
    Truncated,
    Damaged(String),
    Unsupported(String),
    NoPixels { width: u64, height: u64 },
    TooManyPixels { width: u64, height: u64, limit: u64 },
    OutOfMemory { bytes: usize },
    CameraRaw,
    NoSuchPage { pages: usize },
    Io(io::Error),
}

impl Fault {
    pub(crate) fn damaged(reason: impl ToString) -> Self {
        Self::Damaged(reason.to_string())
    }

    pub(crate) fn unsupported(reason: impl ToString) -> Self {
        Self::Unsupported(reason.to_string())
    }

    /// The complaint about the file at `path`.
    pub(crate) fn at(self, path: &Path, format: SourceFormat) -> CodecError {
        let path = path.to_owned();
        match self {
            Self::Truncated => CodecError::Truncated { path, format },
            Self::Damaged(reason) => CodecError::Damaged {
                path,
                format,
                reason,
            },
            Self::Unsupported(reason) => CodecError::Unsupported {
                path,
                format,
                reason,
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
            Self::Io(source) => CodecError::unreadable(&path, source),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            // Decoders that read from memory or through an inflater wrap what is wrong with the data in these.
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Io(error),
        }
    }
}
