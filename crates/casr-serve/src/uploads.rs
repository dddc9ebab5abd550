//! Images that others send: in a folder of their own, each whole or not there, for a set time, and
//! bounded in bytes as a whole.

use crate::{
    ServeError,
    answers::Fingerprint,
    library::{Image, Library},
    settings::{Settings, UploadSettings},
};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};
use tempfile::{NamedTempFile, TempDir};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How identifiers of uploads begin; 32 random letters follow.
const PREFIX: &str = "upload-";

/// How the names of files begin that are still being sent.
const PARTIAL: &str = ".partial-";

/// The longest that anything is kept: what clocks can be added to.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The folder within that of the cache.
const FOLDER: &str = "uploads";

/// When somebody should try again who finds too many images at work.
const RETRY: Duration = Duration::from_secs(2);

/// Whether an identifier is that of an upload, there or not.
pub fn is_identifier(name: &str) -> bool {
    let random = name.strip_prefix(PREFIX);
    random.is_some_and(|random| Fingerprint::parse(random).is_some())
}

/// The images that others have sent.
pub struct Uploads {
    pub settings: UploadSettings,
    library: Library,
    folder: PathBuf,
    state: Mutex<State>,
    /// One for each image that is at work, from its first byte to the last of its answer.
    permits: Arc<Semaphore>,
    /// Removes the folder at the end, where it is not to stay.
    _temporary: Option<TempDir>,
}

#[derive(Default)]
struct State {
    /// Of what is kept and of what is being sent.
    bytes: u64,
    kept: HashMap<String, Kept>,
}

struct Kept {
    bytes: u64,
    until: SystemTime,
}

impl Uploads {
    /// Opens the folder: below that of the cache, where there is one, with what an earlier run has
    /// left and whose time is not over; else a temporary one.
    ///
    /// # Errors
    /// [`ServeError::Cache`] if the folder cannot be read and written.
    pub fn open(settings: &Settings, uploads: &UploadSettings) -> Result<Self, ServeError> {
        let temporary = match settings.cache {
            Some(_) => None,
            None => Some(TempDir::new().map_err(|source| ServeError::Cache {
                path: std::env::temp_dir(),
                source,
            })?),
        };
        let folder = match (&settings.cache, &temporary) {
            (Some(cache), _) => cache.join(FOLDER),
            (None, Some(temporary)) => temporary.path().to_owned(),
            // Not reached: where there is no cache, there is a temporary folder.
            (None, None) => return Err(ServeError::Internal),
        };
        let failed = |source| ServeError::Cache {
            path: folder.clone(),
            source,
        };
        let mut uploads = uploads.clone();
        uploads.keep = uploads.keep.min(LONGEST);
        fs::create_dir_all(&folder).map_err(failed)?;
        tempfile::tempfile_in(&folder).map_err(failed)?;
        let store = Self {
            library: Library::open(&folder, settings.limits)?,
            state: Mutex::new(found(&folder, uploads.keep).map_err(failed)?),
            folder,
            permits: Arc::new(Semaphore::new(uploads.at_once)),
            settings: uploads,
            _temporary: temporary,
        };
        store.sweep();
        Ok(store)
    }

    /// The image of an identifier.
    ///
    /// # Errors
    /// [`ServeError::NotFound`] where there is none, or its time is over.
    pub fn find(&self, identifier: &str) -> Result<Image, ServeError> {
        let now = SystemTime::now();
        let there = |state: &State| state.kept.get(identifier).is_some_and(|it| it.until > now);
        match there(&self.lock()) {
            true => self.library.find(identifier),
            false => Err(ServeError::NotFound(format!(
                "there is no {identifier:?}, or not any more: send the image again"
            ))),
        }
    }

    /// Removes what is there for too long.
    pub fn sweep(&self) {
        let now = SystemTime::now();
        let mut state = self.lock();
        let over: Vec<String> = (state.kept.iter())
            .filter(|(_, kept)| kept.until <= now)
            .map(|(identifier, _)| identifier.clone())
            .collect();
        for identifier in over {
            // What somebody else has removed is gone as well.
            let removed = fs::remove_file(self.folder.join(&identifier));
            if removed.is_err_and(|error| error.kind() != io::ErrorKind::NotFound) {
                continue;
            }
            if let Some(kept) = state.kept.remove(&identifier) {
                state.bytes -= kept.bytes;
            }
        }
    }

    /// How often [`Uploads::sweep`] should be called.
    pub fn sweeps(&self) -> Duration {
        (self.settings.keep / 8).clamp(Duration::from_millis(100), Duration::from_secs(30))
    }

    /// What all of it takes on the disk.
    pub fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    /// A place for an image that is being sent.
    ///
    /// # Errors
    /// [`ServeError::Busy`] where too many are at work.
    pub fn admit(&self) -> Result<OwnedSemaphorePermit, ServeError> {
        let permit = self.permits.clone().try_acquire_owned();
        permit.map_err(|_| ServeError::Busy { retry: RETRY })
    }

    /// Begins a file for an image that is being sent.
    ///
    /// # Errors
    /// [`ServeError::NotStored`].
    pub fn begin(self: &Arc<Self>) -> Result<Incoming, ServeError> {
        Ok(Incoming {
            uploads: self.clone(),
            file: Some(self.partial()?),
            bytes: 0,
            digest: Sha256::new(),
        })
    }

    /// An empty file, which goes when it is dropped, or is found by the next run.
    ///
    /// # Errors
    /// [`ServeError::NotStored`].
    pub fn partial(&self) -> Result<NamedTempFile, ServeError> {
        let builder = tempfile::Builder::new()
            .prefix(PARTIAL)
            .tempfile_in(&self.folder);
        let file = builder.map_err(ServeError::NotStored)?;
        // Where the system has no locks, a run that begins meanwhile may take it for a dead one's.
        let _ = file.as_file().try_lock();
        Ok(file)
    }

    /// Takes so many more bytes of the room.
    fn reserve(&self, bytes: u64) -> Result<(), ServeError> {
        let mut state = self.lock();
        if state.bytes + bytes <= self.settings.room {
            state.bytes += bytes;
            return Ok(());
        }
        let first = state.kept.values().map(|kept| kept.until).min();
        let retry = first.and_then(|first| first.duration_since(SystemTime::now()).ok());
        Err(ServeError::Full {
            retry: retry.unwrap_or_default().max(RETRY),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an earlier run has left. What it did not finish is removed.
fn found(folder: &Path, keep: Duration) -> io::Result<State> {
    let mut state = State::default();
    let now = SystemTime::now();
    for entry in fs::read_dir(folder)?.flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if name.starts_with(PARTIAL) && is_abandoned(&entry.path()) {
            // Another run may be removing it.
            let _ = fs::remove_file(entry.path());
        }
        let Some(metadata) = entry.metadata().ok().filter(|it| it.is_file()) else {
            continue;
        };
        if is_identifier(&name) {
            let bytes = metadata.len();
            state.bytes += bytes;
            // A clock that was put back prolongs nothing.
            let sent = metadata.modified().map_or(now, |sent| sent.min(now));
            let until = sent + keep;
            state.kept.insert(name, Kept { bytes, until });
        }
    }
    Ok(state)
}

/// Whether nobody writes to a file any more: who does holds a lock.
fn is_abandoned(path: &Path) -> bool {
    let file = File::options().write(true).open(path);
    file.is_ok_and(|file| file.try_lock().is_ok())
}

/// An image that is being sent. Dropped before it is kept, it leaves nothing.
pub struct Incoming {
    uploads: Arc<Uploads>,
    /// None once it is kept.
    file: Option<NamedTempFile>,
    bytes: u64,
    digest: Sha256,
}

impl Incoming {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`ServeError::TooLarge`], [`ServeError::Full`], [`ServeError::NotStored`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), ServeError> {
        let more = bytes.len() as u64;
        let limit = self.uploads.settings.max_bytes;
        if self.bytes + more > limit {
            return Err(ServeError::TooLarge { limit });
        }
        self.uploads.reserve(more)?;
        self.bytes += more;
        self.digest.update(bytes);
        let file = self.file.as_mut().ok_or(ServeError::Internal)?;
        file.write_all(bytes).map_err(ServeError::NotStored)
    }

    /// The digest of its bytes.
    pub fn digest(&self) -> [u8; 32] {
        self.digest.clone().finalize().into()
    }

    /// The file, to be read.
    ///
    /// # Errors
    /// [`ServeError::NotStored`].
    pub fn open(&self) -> Result<File, ServeError> {
        let file = self.file.as_ref().ok_or(ServeError::Internal)?;
        file.reopen().map_err(ServeError::NotStored)
    }

    /// Keeps it; its identifier.
    ///
    /// # Errors
    /// [`ServeError::NotStored`].
    pub fn keep(mut self) -> Result<String, ServeError> {
        let mut random = [0; 16];
        let failed = |error: getrandom::Error| ServeError::NotStored(error.into());
        getrandom::fill(&mut random).map_err(failed)?;
        let identifier = format!("{PREFIX}{}", Fingerprint(random));
        let file = self.file.take().ok_or(ServeError::Internal)?;
        let uploads = self.uploads.clone();
        let kept = || {
            file.as_file().sync_all()?;
            let path = uploads.folder.join(&identifier);
            file.persist_noclobber(path)?.unlock()
        };
        kept().map_err(ServeError::NotStored)?;
        let until = SystemTime::now() + uploads.settings.keep;
        // From here on its bytes are those of the kept one.
        let bytes = std::mem::take(&mut self.bytes);
        let kept = Kept { bytes, until };
        uploads.lock().kept.insert(identifier.clone(), kept);
        Ok(identifier)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // The file first: what is said to be free is free.
        drop(self.file.take());
        self.uploads.lock().bytes -= self.bytes;
    }
}
