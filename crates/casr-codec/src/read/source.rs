//! Where an image's bytes come from: a file, memory, or a stream.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use crate::CodecError;

/// Anything that can be read from and moved around in: what [`Source::Stream`] takes.
pub trait ReadSeek: Read + Seek {}

impl<S: Read + Seek + ?Sized> ReadSeek for S {}

/// Where an image's bytes come from.
///
/// Functions that read take `impl Into<Source>`, and every path converts: `read("photo.jpg", …)`.
/// What can only be read once, such as a pipe, must be read into memory first, since decoders look
/// at a file's parts in their own order.
pub enum Source<'a> {
    /// A file. It is opened, read and closed.
    File(&'a Path),
    /// The content of a file, held in memory.
    Bytes {
        /// What messages call it.
        name: &'a Path,
        /// The content.
        bytes: &'a [u8],
    },
    /// An open file, a [`Cursor`], or anything else of known length. The image is all that the
    /// stream holds, from its position 0 on, wherever the stream stands when it is handed over;
    /// where it stands afterwards is not defined. It may be read from again.
    Stream {
        /// What messages call it.
        name: &'a Path,
        /// The stream. Reads are buffered here.
        stream: &'a mut dyn ReadSeek,
    },
}

impl<'a, P: AsRef<Path> + ?Sized> From<&'a P> for Source<'a> {
    fn from(path: &'a P) -> Self {
        Self::File(path.as_ref())
    }
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::File(_) => "File",
            Self::Bytes { .. } => "Bytes",
            Self::Stream { .. } => "Stream",
        };
        formatter.debug_tuple(kind).field(&self.name()).finish()
    }
}

impl<'a> Source<'a> {
    /// The file's path, or what messages call the bytes or the stream.
    pub fn name(&self) -> &'a Path {
        match self {
            Self::File(path) | Self::Bytes { name: path, .. } | Self::Stream { name: path, .. } => {
                path
            }
        }
    }

    /// The bytes, from the first one on, and how many they are.
    pub(super) fn open(self) -> Result<(Input<'a>, u64), CodecError> {
        let name = self.name();
        let unreadable = |source| CodecError::unreadable(name, source);
        match self {
            Self::File(path) => {
                // Opening a pipe or a terminal would wait for someone to write to it.
                let metadata = fs::metadata(path).map_err(unreadable)?;
                if metadata.is_dir() {
                    return Err(CodecError::IsAFolder {
                        path: path.to_owned(),
                    });
                }
                if !metadata.is_file() {
                    return Err(CodecError::Pipe {
                        path: path.to_owned(),
                    });
                }
                let file = File::open(path).map_err(unreadable)?;
                Ok((BufReader::new(Content::File(file)), metadata.len()))
            }
            Self::Bytes { bytes, .. } => {
                let content = Content::Bytes(Cursor::new(bytes));
                Ok((BufReader::new(content), bytes.len() as u64))
            }
            Self::Stream { stream, .. } => {
                let failed = |source| CodecError::read_failed(name, source);
                let length = stream.seek(SeekFrom::End(0)).map_err(failed)?;
                stream.rewind().map_err(failed)?;
                Ok((BufReader::new(Content::Stream(stream)), length))
            }
        }
    }
}

/// What decoders read from.
pub(super) type Input<'a> = BufReader<Content<'a>>;

/// The bytes of a [`Source`].
pub(super) enum Content<'a> {
    File(File),
    Bytes(Cursor<&'a [u8]>),
    Stream(&'a mut dyn ReadSeek),
}

/// A failure of the file or the stream itself. Decoders report damaged data as an [`io::Error`] as
/// well, often of the same kind as a stream's failure; this wrapper tells the two apart.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct ReadFailed(io::Error);

/// The failure of the file or the stream that an error consists of, if it is one; else the error.
pub(super) fn read_failure(error: io::Error) -> Result<io::Error, io::Error> {
    match error.downcast::<ReadFailed>() {
        Ok(ReadFailed(failure)) => Ok(failure),
        Err(error) => Err(error),
    }
}

impl ReadFailed {
    fn wrap(failure: io::Error) -> io::Error {
        io::Error::new(failure.kind(), Self(failure))
    }
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let result = match self {
                Self::File(file) => file.read(buffer),
                Self::Bytes(bytes) => return bytes.read(buffer),
                Self::Stream(stream) => stream.read(buffer),
            };
            match result {
                // Not every decoder tries again by itself.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result.map_err(ReadFailed::wrap),
            }
        }
    }
}

impl Seek for Content<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(position),
            Self::Bytes(bytes) => return bytes.seek(position),
            Self::Stream(stream) => stream.seek(position),
        }
        .map_err(|error| match error.kind() {
            // A position that no file has comes from damaged data.
            io::ErrorKind::InvalidInput => error,
            _ => ReadFailed::wrap(error),
        })
    }
}
