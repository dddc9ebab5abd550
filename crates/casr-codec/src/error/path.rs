//! The file that an error is about.

use std::path::Path;

use crate::CodecError;

impl CodecError {
    /// The file or folder that it is about, or what messages call the bytes or the stream.
    pub fn path(&self) -> &Path {
        match self {
            Self::NotFound { path, .. }
            | Self::IsAFolder { path, .. }
            | Self::NotAFolder { path, .. }
            | Self::NoImages { path, .. }
            | Self::Unreadable { path, .. }
            | Self::EmptyFile { path, .. }
            | Self::NotAnImage { path, .. }
            | Self::NotReadInThisBuild { path, .. }
            | Self::NoPixels { path, .. }
            | Self::Truncated { path, .. }
            | Self::Damaged { path, .. }
            | Self::Unsupported { path, .. }
            | Self::CameraRaw { path, .. }
            | Self::NoSuchPage { path, .. }
            | Self::TooManyPixels { path, .. }
            | Self::OutOfMemory { path, .. }
            | Self::UnknownFormat { path, .. }
            | Self::NotWrittenInThisBuild { path, .. }
            | Self::NoOutputPixels { path, .. }
            | Self::TooLargeForFormat { path, .. }
            | Self::AlphaNotHeld { path, .. }
            | Self::NoLossyWebP { path, .. }
            | Self::NoZstd { path, .. }
            | Self::TileSideOutOfRange { path, .. }
            | Self::QualityOutOfRange { path, .. }
            | Self::OutputExists { path, .. }
            | Self::NotTiles { path, .. }
            | Self::NotOneFile { path, .. }
            | Self::NotAFile { path, .. }
            | Self::Pipe { path, .. }
            | Self::DanglingLink { path, .. }
            | Self::NameTooLong { path, .. }
            | Self::Exhausted { path, .. }
            | Self::FolderMissing { path, .. }
            | Self::NotWritable { path, .. }
            | Self::DiskFull { path, .. }
            | Self::ReaderGone { path, .. }
            | Self::WriteFailed { path, .. }
            | Self::WrongRows { path, .. } => path,
        }
    }
}
