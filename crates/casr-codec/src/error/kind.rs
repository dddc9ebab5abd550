//! Errors sorted by what a program does about them.

use crate::CodecError;

/// What kind of error it is. A program that answers requests can choose its answer by it; the HTTP
/// status that fits is given with each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file, a folder or a page is not there (404).
    NotFound,
    /// The output is there already, and was not to be replaced (409).
    AlreadyExists,
    /// What the caller wants does not make sense or does not fit the format: another value would do
    /// (400).
    InvalidRequest,
    /// The file is whole, but this library, or this build of it, does not read or write what it is
    /// (415).
    Unsupported,
    /// The file is empty, cut off or breaks its format's rules (422).
    Damaged,
    /// The image has more pixels than the caller's [`Limits`](crate::Limits) allow (413).
    LimitExceeded,
    /// There is not enough memory, or there are too many threads; it may work later (503).
    OutOfResources,
    /// Reading or writing failed: the disk, its permissions, a connection (500).
    Io,
}

impl CodecError {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. }
            | Self::NoImages { .. }
            | Self::NoSuchPage { .. }
            | Self::DanglingLink { .. }
            | Self::FolderMissing { .. } => ErrorKind::NotFound,
            Self::OutputExists { .. } | Self::NotTiles { .. } => ErrorKind::AlreadyExists,
            Self::IsAFolder { .. }
            | Self::NotAFolder { .. }
            | Self::NotAFile { .. }
            | Self::NotOneFile { .. }
            | Self::Pipe { .. }
            | Self::NameTooLong { .. }
            | Self::NoOutputPixels { .. }
            | Self::TooLargeForFormat { .. }
            | Self::AlphaNotHeld { .. }
            | Self::QualityOutOfRange { .. }
            | Self::TileSideOutOfRange { .. }
            | Self::WrongRows { .. } => ErrorKind::InvalidRequest,
            Self::NotAnImage { .. }
            | Self::CameraRaw { .. }
            | Self::Unsupported { .. }
            | Self::UnknownFormat { .. }
            | Self::NotReadInThisBuild { .. }
            | Self::NotWrittenInThisBuild { .. }
            | Self::NoLossyWebP { .. }
            | Self::NoZstd { .. } => ErrorKind::Unsupported,
            Self::EmptyFile { .. }
            | Self::NoPixels { .. }
            | Self::Truncated { .. }
            | Self::Damaged { .. } => ErrorKind::Damaged,
            Self::TooManyPixels { .. } => ErrorKind::LimitExceeded,
            Self::OutOfMemory { .. } | Self::Exhausted { .. } => ErrorKind::OutOfResources,
            Self::Unreadable { .. }
            | Self::NotWritable { .. }
            | Self::DiskFull { .. }
            | Self::ReaderGone { .. }
            | Self::WriteFailed { .. } => ErrorKind::Io,
        }
    }
}
