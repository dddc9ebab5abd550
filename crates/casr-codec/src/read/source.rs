//! Where an image's bytes come from: a file, or memory.

use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use crate::CodecError;

/// Where an image's bytes come from. Every path is one; so readers take `&path` as it is.
#[derive(Clone, Debug)]
pub enum Source<'a> {
    /// A file.
    File(&'a Path),
    /// What came over a pipe or a network: the content of a file.
    Bytes {
        /// What messages call it.
        name: &'a Path,
        /// The content.
        bytes: Arc<[u8]>,
    },
}

impl<'a, P: AsRef<Path> + ?Sized> From<&'a P> for Source<'a> {
    fn from(path: &'a P) -> Self {
        Self::File(path.as_ref())
    }
}

impl<'a> Source<'a> {
    /// The file's path, or what messages call the bytes.
    pub fn name(&self) -> &'a Path {
        match self {
            Self::File(path) | Self::Bytes { name: path, .. } => path,
        }
    }

    /// Its bytes, from the first on, and how many they are.
    pub(super) fn open(&self) -> Result<(Input, u64), CodecError> {
        match self {
            Self::File(path) => {
                let unreadable = |source| CodecError::unreadable(path, source);
                // A pipe or a terminal would hang before a byte of it could be judged.
                let metadata = fs::metadata(path).map_err(unreadable)?;
                if metadata.is_dir() {
                    return Err(CodecError::IsAFolder {
                        path: (*path).to_owned(),
                    });
                }
                if !metadata.is_file() {
                    return Err(CodecError::Pipe {
                        path: (*path).to_owned(),
                    });
                }
                let file = File::open(path).map_err(unreadable)?;
                Ok((BufReader::new(Content::File(file)), metadata.len()))
            }
            Self::Bytes { bytes, .. } => {
                let cursor = Cursor::new(Arc::clone(bytes));
                Ok((BufReader::new(Content::Bytes(cursor)), bytes.len() as u64))
            }
        }
    }
}

/// What decoders read from.
pub(super) type Input = BufReader<Content>;

/// The bytes of a [`Source`].
pub(super) enum Content {
    File(File),
    Bytes(Cursor<Arc<[u8]>>),
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Bytes(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for Content {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(position),
            Self::Bytes(bytes) => bytes.seek(position),
        }
    }
}
