//! Everything that can go wrong with an image file, each with the file's name and a remedy.

mod kind;
mod path;

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use crate::format::{large_enough, readable, readable_globs, writable, writable_extensions};
use crate::{Format, SourceFormat, TiffLayout, shown};

pub use kind::ErrorKind;

/// The error that another one was caused by.
pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// Why a file was not read or not written.
///
/// The message is one sentence that names the file, what failed and what to do, the operating
/// system's or a decoder's words included: it is enough to print. For a program,
/// [`CodecError::kind`] sorts errors by what to do about them, and [`source`](Error::source) is the
/// operating system's, the stream's or the decoder's own error, where there was one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// No such input.
    #[error("{}: no such file; check the name and the folder", shown(path))]
    NotFound {
        /// The input.
        path: PathBuf,
    },
    /// A folder where a file was expected.
    #[error("{}: this is a folder; name an image file", shown(path))]
    IsAFolder {
        /// The input or output.
        path: PathBuf,
    },
    /// A file where a folder was expected.
    #[error(
        "{}: this is not a folder; name the folder that holds the images",
        shown(path)
    )]
    NotAFolder {
        /// The input.
        path: PathBuf,
    },
    /// A folder without images.
    #[error("{}: no image in this folder ({})", shown(path), readable_globs())]
    NoImages {
        /// The folder.
        path: PathBuf,
    },
    /// The operating system refused to read.
    #[error(
        "{}: cannot be read ({source}); check its permissions and the disk",
        shown(path)
    )]
    Unreadable {
        /// The input.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An input of no bytes.
    #[error("{}: the file is empty; copy or download it again", shown(path))]
    EmptyFile {
        /// The input.
        path: PathBuf,
    },
    /// Content that is none of the formats, whatever the name says.
    #[error("{}: not an image CASR reads ({}); {remedy}", shown(path), readable())]
    NotAnImage {
        /// The input.
        path: PathBuf,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A format that was left out when this library was built.
    #[error(
        "{}: this build of CASR does not read {format}; convert the file to a format that it reads ({})",
        shown(path),
        readable()
    )]
    NotReadInThisBuild {
        /// The input.
        path: PathBuf,
        /// Its format.
        format: SourceFormat,
    },
    /// An image without area.
    #[error(
        "{}: the image is {width}×{height} and so has no pixels; export it again",
        shown(path)
    )]
    NoPixels {
        /// The input.
        path: PathBuf,
        /// Claimed columns.
        width: u64,
        /// Claimed rows.
        height: u64,
    },
    /// The file ends too early.
    #[error(
        "{}: the {format} file is cut off before its end; copy or download it again",
        shown(path)
    )]
    Truncated {
        /// The input.
        path: PathBuf,
        /// Its format.
        format: SourceFormat,
    },
    /// The file breaks its format's rules.
    #[error(
        "{}: the {format} file is damaged ({reason}); copy, download or export it again",
        shown(path)
    )]
    Damaged {
        /// The input.
        path: PathBuf,
        /// Its format.
        format: SourceFormat,
        /// What is wrong.
        reason: String,
        /// The decoder's error, if another crate decodes the format.
        source: Option<Cause>,
    },
    /// The file is whole, but of a kind CASR does not read.
    #[error(
        "{}: CASR does not read this kind of {format} ({reason}); save it as an RGB PNG with 8 or 16 bits",
        shown(path)
    )]
    Unsupported {
        /// The input.
        path: PathBuf,
        /// Its format.
        format: SourceFormat,
        /// What is not supported.
        reason: String,
        /// The decoder's error, if another crate decodes the format.
        source: Option<Cause>,
    },
    /// The readings of a camera's sensor, which are not an image yet.
    #[error(
        "{}: this is a camera raw file, which CASR does not read; develop it with a raw converter and save it as TIFF or PNG",
        shown(path)
    )]
    CameraRaw {
        /// The input.
        path: PathBuf,
    },
    /// A page that the file does not have.
    #[error("{}: there is no such page; choose one from 1 to {pages}", shown(path))]
    NoSuchPage {
        /// The input.
        path: PathBuf,
        /// How many pages there are.
        pages: usize,
    },
    /// The header claims more pixels than [`Limits`](crate::Limits) allow.
    #[error(
        "{}: the file claims {width}×{height} pixels, more than the {limit} allowed; if you trust it, raise the limit",
        shown(path)
    )]
    TooManyPixels {
        /// The input.
        path: PathBuf,
        /// Claimed columns.
        width: u64,
        /// Claimed rows.
        height: u64,
        /// The limit in pixels.
        limit: u64,
    },
    /// The pixels do not fit in memory.
    #[error(
        "{}: not enough memory for it ({bytes} bytes more); close other programs or use a smaller image",
        shown(path)
    )]
    OutOfMemory {
        /// The input.
        path: PathBuf,
        /// How much was needed.
        bytes: usize,
    },
    /// An output name that ends in nothing CASR writes.
    #[error(
        "{}: CASR writes {}; end the name in {}",
        shown(path),
        writable(),
        writable_extensions()
    )]
    UnknownFormat {
        /// The output.
        path: PathBuf,
    },
    /// An output in a format that was left out when this library was built.
    #[error(
        "{}: this build of CASR does not write {format}; choose a format that it writes ({})",
        shown(path),
        writable()
    )]
    NotWrittenInThisBuild {
        /// The output.
        path: PathBuf,
        /// Its format.
        format: Format,
    },
    /// An output without area.
    #[error(
        "{}: a {width}×{height} image has no pixels; ask for at least 1×1",
        shown(path)
    )]
    NoOutputPixels {
        /// The output.
        path: PathBuf,
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// An output larger than its format can hold.
    #[error(
        "{}: {width}×{height} does not fit {format}, which holds at most {} pixels a side; use a smaller factor or write {}",
        shown(path),
        format.max_side(),
        large_enough(*width, *height)
    )]
    TooLargeForFormat {
        /// The output.
        path: PathBuf,
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
        /// The chosen format.
        format: Format,
    },
    /// Transparency into a format without it, or compressed by JPEG.
    #[error(
        "{}: {} cannot hold the image's transparency; {}",
        shown(path),
        opaque(*format).0,
        opaque(*format).1
    )]
    AlphaNotHeld {
        /// The output.
        path: PathBuf,
        /// The chosen format.
        format: Format,
    },
    /// A lossy WebP from a build without it.
    #[error(
        "{}: this build of CASR writes lossless WebP only; leave the quality of WebP out, or write JPEG",
        shown(path)
    )]
    NoLossyWebP {
        /// The output.
        path: PathBuf,
    },
    /// A TIFF compressed by Zstandard from a build without it.
    #[error(
        "{}: this build of CASR does not compress TIFF by Zstandard; choose another compression",
        shown(path)
    )]
    NoZstd {
        /// The output.
        path: PathBuf,
    },
    /// Tiles of a TIFF with a side that the format does not have.
    #[error(
        "{}: tiles of {side} pixels a side are not possible; choose a multiple of 16 up to {}",
        shown(path),
        TiffLayout::MAX_TILE
    )]
    TileSideOutOfRange {
        /// The output.
        path: PathBuf,
        /// The chosen side in pixels.
        side: u16,
    },
    /// A quality outside its range.
    #[error("{}: quality {quality} is out of range; choose 1 to 100", shown(path))]
    QualityOutOfRange {
        /// The output.
        path: PathBuf,
        /// The chosen quality.
        quality: u8,
    },
    /// An output that is there already.
    #[error(
        "{}: the file exists; choose another name or allow that it is replaced",
        shown(path)
    )]
    OutputExists {
        /// The output.
        path: PathBuf,
    },
    /// An output that is there and is a folder of more than tiles.
    #[error(
        "{}: there is something else than the tiles of an earlier result, so it is left alone; choose another name",
        shown(path)
    )]
    NotTiles {
        /// The folder.
        path: PathBuf,
    },
    /// A folder of tiles to a stream.
    #[error(
        "{}: {format} is a folder of many files; name a file or folder for it",
        shown(path)
    )]
    NotOneFile {
        /// What messages call the stream.
        path: PathBuf,
        /// The chosen format.
        format: Format,
    },
    /// An output that is there and is a device, a pipe or the like.
    #[error(
        "{}: not a regular file, so it is left alone; choose another name",
        shown(path)
    )]
    NotAFile {
        /// The output.
        path: PathBuf,
    },
    /// An input that is a pipe, a terminal or the like.
    #[error(
        "{}: this is a pipe or a device and no file; save what comes out of it and name that file",
        shown(path)
    )]
    Pipe {
        /// The input.
        path: PathBuf,
    },
    /// An output that is a link to nothing.
    #[error(
        "{}: this is a link to {}, which does not exist; remove the link or choose another name",
        shown(path),
        shown(target)
    )]
    DanglingLink {
        /// The output.
        path: PathBuf,
        /// What the link names.
        target: PathBuf,
    },
    /// An output whose name the file system does not take.
    #[error(
        "{}: the name is too long for the disk; choose a shorter one",
        shown(path)
    )]
    NameTooLong {
        /// The output.
        path: PathBuf,
    },
    /// The system gives no more memory or threads for writing.
    #[error(
        "{}: the system gives no more memory or threads ({source}); close other programs, or write a smaller image or another format",
        shown(path)
    )]
    Exhausted {
        /// The output.
        path: PathBuf,
        /// What was refused.
        source: Cause,
    },
    /// An output in a folder that is not there.
    #[error(
        "{}: the folder {} does not exist; create it first",
        shown(path),
        shown(folder)
    )]
    FolderMissing {
        /// The output.
        path: PathBuf,
        /// The missing folder.
        folder: PathBuf,
    },
    /// An output that the system does not let CASR create.
    #[error(
        "{}: cannot be written there ({source}); check the permissions or choose another folder",
        shown(path)
    )]
    NotWritable {
        /// The output.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk is full.
    #[error(
        "{}: the disk is full; nothing was left behind, make room or write to another disk",
        shown(path)
    )]
    DiskFull {
        /// The output.
        path: PathBuf,
        /// What the system said: the disk or the user's quota is full.
        source: io::Error,
    },
    /// A stream whose other end was closed.
    #[error(
        "{}: its other end was closed before all was written; start again, or write a file",
        shown(path)
    )]
    ReaderGone {
        /// What messages call it.
        path: PathBuf,
        /// What the stream said.
        source: io::Error,
    },
    /// Writing failed midway.
    #[error(
        "{}: writing failed ({source}); nothing was left behind, check the disk and try again",
        shown(path)
    )]
    WriteFailed {
        /// The output.
        path: PathBuf,
        /// What the system, the stream or the encoder said.
        source: Cause,
    },
    /// A [`Writer`](crate::Writer) was given other rows than it was created for.
    #[error(
        "{}: {samples} samples are not the rows that are still to come ({expected} samples, {row} a row)",
        shown(path)
    )]
    WrongRows {
        /// The output.
        path: PathBuf,
        /// Samples given.
        samples: usize,
        /// Samples still to come.
        expected: usize,
        /// Samples per row.
        row: usize,
    },
}

impl CodecError {
    /// The error of opening `path`, with the remedy for its cause.
    pub(crate) fn unreadable(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::IsADirectory => Self::IsAFolder { path },
            _ => Self::Unreadable { path, source },
        }
    }

    /// The error of reading from the open file or stream that messages call `path`.
    pub(crate) fn read_failed(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::OutOfMemory => {
                let bytes = std::fs::metadata(&path).map_or(0, |file| file.len() as usize);
                Self::OutOfMemory { path, bytes }
            }
            _ => Self::Unreadable { path, source },
        }
    }

    /// The error of making a hidden file or folder beside `path`, with the remedy for its cause.
    pub(crate) fn not_begun(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { path, source }
            }
            _ => Self::NotWritable { path, source },
        }
    }

    /// The error of writing `path`, with the remedy for its cause.
    pub(crate) fn unwritable(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { path, source }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::NotWritable { path, source }
            }
            io::ErrorKind::AlreadyExists => Self::OutputExists { path },
            io::ErrorKind::BrokenPipe => Self::ReaderGone { path, source },
            io::ErrorKind::InvalidFilename => Self::NameTooLong { path },
            io::ErrorKind::OutOfMemory | io::ErrorKind::WouldBlock => Self::Exhausted {
                path,
                source: source.into(),
            },
            _ => Self::WriteFailed {
                path,
                source: source.into(),
            },
        }
    }
}

/// What of a format holds no transparency, and what to do.
fn opaque(format: Format) -> (&'static str, &'static str) {
    match format {
        Format::Tiff => ("JPEG in TIFF", "choose another compression"),
        Format::DeepZoom | Format::Iiif => ("a JPEG tile", "choose PNG for the tiles"),
        Format::Png | Format::Jpeg | Format::WebP => ("JPEG", "write PNG, WebP or TIFF"),
    }
}
