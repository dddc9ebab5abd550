//! Where encoded bytes go: a temporary file beside the destination, moved there when it is whole.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::{Builder, NamedTempFile};

use super::stale::{self, Held};
#[cfg(feature = "tiles")]
use super::tiles::Folder;
use super::whole;
use crate::CodecError;

const BUFFER_BYTES: usize = 1 << 18;

/// Where a result goes when it is whole. Until then its bytes lie in a temporary file, which is
/// removed when dropped.
pub(super) enum Output<'a> {
    /// A file.
    File {
        temporary: NamedTempFile,
        /// Lets the temporary file be removed if the program must end at once.
        _held: Held,
        destination: PathBuf,
        overwrite: bool,
        /// The permissions of the file that is replaced.
        permissions: Option<Permissions>,
    },
    /// A folder of tiles.
    #[cfg(feature = "tiles")]
    Tiles(Folder),
    /// A pipe, a connection or memory.
    Stream {
        /// Has no name, and so ends with the program.
        spool: File,
        stream: Box<dyn Write + Send + 'a>,
    },
    /// The same, but it has had all bytes already.
    Early,
}

/// What a [`Sink`] writes to.
trait Place: Write + Seek + Send {}

impl<P: Write + Seek + Send> Place for P {}

/// What is written from front to back alone.
struct Forward<W>(W);

impl<W: Write> Write for Forward<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<W> Seek for Forward<W> {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::NotSeekable.into())
    }
}

impl<'a> Output<'a> {
    /// Creates a temporary file without a name, whose bytes are copied to `stream` at the end;
    /// `name` is for the message.
    pub(super) fn stream(
        stream: Box<dyn Write + Send + 'a>,
        name: &Path,
    ) -> Result<(Self, Sink), CodecError> {
        let unwritable = |source| CodecError::unwritable(name, source);
        let spool = tempfile::tempfile().map_err(unwritable)?;
        let file = spool.try_clone().map_err(unwritable)?;
        Ok((Self::Stream { spool, stream }, Sink::new(file)))
    }

    /// For an encoder that writes from front to back: `stream` gets its bytes as they come.
    pub(super) fn early(stream: Box<dyn Write + Send>) -> (Self, Sink) {
        (Self::Early, Sink::new(Forward(stream)))
    }

    /// Creates the temporary file, after checking what is already there under the destination's
    /// name.
    pub(super) fn create(path: &Path, overwrite: bool) -> Result<(Self, Sink), CodecError> {
        let existing = match fs::metadata(path) {
            Ok(existing) if existing.is_dir() => {
                return Err(CodecError::IsAFolder {
                    path: path.to_owned(),
                });
            }
            Ok(existing) if !existing.is_file() => {
                return Err(CodecError::NotAFile {
                    path: path.to_owned(),
                });
            }
            Ok(_) if !overwrite => {
                return Err(CodecError::OutputExists {
                    path: path.to_owned(),
                });
            }
            Ok(existing) => Some(existing),
            Err(error) if error.kind() == io::ErrorKind::InvalidFilename => {
                return Err(CodecError::NameTooLong {
                    path: path.to_owned(),
                });
            }
            Err(_) => None,
        };
        let link = existing
            .is_none()
            .then(|| fs::read_link(path).ok())
            .flatten();
        if let Some(target) = link {
            // The link may name a file on a disk that is not connected now.
            return Err(CodecError::DanglingLink {
                path: path.to_owned(),
                target,
            });
        }
        // A link to a file stays a link, and the file is replaced.
        let destination = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = folder_of(&destination)?;
        stale::remove_once(folder);
        let mut builder = Builder::new();
        builder.prefix(stale::PREFIX).suffix(stale::SUFFIX);
        // Temporary files are private by default, but this one will be the user's image.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let unwritable = |source| CodecError::not_begun(path, source);
        let mut temporary = builder.tempfile_in(folder).map_err(unwritable)?;
        // Another program may have removed the file as stale before it was locked. That hardly ever
        // happens twice.
        for _ in 0..8 {
            if stale::hold(temporary.as_file(), temporary.path()) {
                break;
            }
            temporary = builder.tempfile_in(folder).map_err(unwritable)?;
        }
        let file = temporary.as_file().try_clone().map_err(unwritable)?;
        Ok((
            Self::File {
                _held: Held::of(temporary.path()),
                temporary,
                destination,
                overwrite,
                permissions: existing.map(|existing| existing.permissions()),
            },
            Sink::new(file),
        ))
    }

    /// Moves the file to its destination, once its bytes are on the disk, or copies them to the
    /// stream; `path` is for the message.
    pub(super) fn publish(self, path: &Path) -> Result<(), CodecError> {
        let unwritable = |source| CodecError::unwritable(path, source);
        let (temporary, _held, destination, overwrite, permissions) = match self {
            Self::File {
                temporary,
                _held,
                destination,
                overwrite,
                permissions,
            } => (temporary, _held, destination, overwrite, permissions),
            #[cfg(feature = "tiles")]
            Self::Tiles(folder) => return folder.publish(path),
            Self::Stream {
                mut spool,
                mut stream,
            } => {
                return (spool.rewind())
                    .and_then(|()| io::copy(&mut spool, &mut stream))
                    .and_then(|_| stream.flush())
                    .map_err(unwritable);
            }
            Self::Early => return Ok(()),
        };
        if let Some(permissions) = permissions {
            temporary
                .as_file()
                .set_permissions(permissions)
                .map_err(unwritable)?;
        }
        temporary.as_file().sync_all().map_err(unwritable)?;
        moved(temporary, &destination, overwrite).map_err(unwritable)
    }
}

/// The folder that a result is made in.
pub(super) fn folder_of(path: &Path) -> Result<&Path, CodecError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if folder.is_dir() {
        Ok(folder)
    } else {
        Err(CodecError::FolderMissing {
            path: path.to_owned(),
            folder: folder.to_owned(),
        })
    }
}

/// Moves a file to its destination, over an existing one only where that is to be overwritten.
pub(super) fn moved(
    temporary: NamedTempFile,
    destination: &Path,
    overwrite: bool,
) -> io::Result<()> {
    let moved = if overwrite {
        temporary.persist(destination)
    } else {
        // Some file systems, most of them on networks, cannot move a file without replacing an
        // existing one.
        temporary.persist_noclobber(destination).or_else(|failure| {
            if destination.exists() {
                Err(failure)
            } else {
                failure.file.persist(destination)
            }
        })
    };
    moved.map(drop).map_err(|failure| failure.error)?;
    whole::name_on_disk(destination);
    Ok(())
}

/// A buffered file or stream that several owners write to in turn. It keeps its first failure,
/// since some encoders ignore one when they are dropped.
#[derive(Clone)]
pub(super) struct Sink(Arc<Mutex<State>>);

struct State {
    file: BufWriter<Box<dyn Place>>,
    error: Option<io::Error>,
    failed: bool,
}

impl Sink {
    fn new(file: impl Place + 'static) -> Self {
        let file = BufWriter::with_capacity(BUFFER_BYTES, Box::new(file) as Box<dyn Place>);
        Self(Arc::new(Mutex::new(State {
            file,
            error: None,
            failed: false,
        })))
    }

    /// Writes the buffer out; returns the first failure of all writes, if there was one.
    pub(super) fn close(self) -> io::Result<()> {
        let mut state = self.state();
        state.attempt(Write::flush)?;
        state.error.take().map_or(Ok(()), Err)
    }

    /// The first failure, once; afterwards there is none.
    pub(super) fn take_error(&self) -> Option<io::Error> {
        self.state().error.take()
    }

    /// Makes every further write fail. That stops an encoder that waits for rows which will never
    /// come.
    pub(super) fn cancel(&self) {
        self.state().failed = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // After a panic the file is incomplete, but it is never moved to its destination.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn attempt<T>(
        &mut self,
        write: impl FnOnce(&mut BufWriter<Box<dyn Place>>) -> io::Result<T>,
    ) -> io::Result<T> {
        if self.failed {
            return Err(self
                .error
                .take()
                .unwrap_or_else(|| io::ErrorKind::BrokenPipe.into()));
        }
        write(&mut self.file).map_err(|error| {
            self.failed = true;
            let kind = error.kind();
            self.error = Some(error);
            kind.into()
        })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.state().attempt(|file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.state().attempt(Write::flush)
    }
}

impl Seek for Sink {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.state().attempt(|file| file.seek(position))
    }
}
