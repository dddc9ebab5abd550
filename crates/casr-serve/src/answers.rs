//! Finished answers: in memory, and on the disk between runs.

use crate::{ServeError, metrics::Metrics};
use axum::body::Bytes;
use quick_cache::{OptionsBuilder, Weighter, sync::Cache};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

/// What tells an answer from all others, of other services and versions, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 16]);

impl Fingerprint {
    /// The digest of some bytes.
    pub fn of(parts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            let part = part.as_ref();
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.finalize()[..16]);
        Self(digest)
    }

    /// Of its letters.
    pub fn parse(text: &str) -> Option<Self> {
        let mut digest = [0; 16];
        if text.len() != 32 || !text.is_ascii() {
            return None;
        }
        for (index, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..][..2], 16).ok()?;
        }
        let digest = Self(digest);
        // Names of ours have small letters.
        (digest.to_string() == text).then_some(digest)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// Bytes that an answer in memory takes besides its own.
const OVERHEAD: u64 = 200;

/// What an answer is expected to have.
const USUAL: u64 = 32 << 10;

#[derive(Clone)]
struct Length;

impl Weighter<Fingerprint, Bytes> for Length {
    fn weight(&self, _: &Fingerprint, bytes: &Bytes) -> u64 {
        bytes.len() as u64 + OVERHEAD
    }
}

/// The answers that are kept.
pub struct Answers {
    memory: Cache<Fingerprint, Bytes, Length>,
    disk: Option<Disk>,
    metrics: Arc<Metrics>,
}

impl Answers {
    /// In so many bytes of memory.
    pub fn new(bytes: u64, disk: Option<Disk>, metrics: Arc<Metrics>) -> Self {
        let items = (bytes / USUAL).max(1) as usize;
        let mut options = OptionsBuilder::new();
        // A shard must have room for the largest answers.
        (options.estimated_items_capacity(items))
            .weight_capacity(bytes)
            .shards(4);
        let memory = match options.build() {
            Ok(options) => {
                Cache::with_options(options, Length, Default::default(), Default::default())
            }
            // Not reached: both numbers are there.
            Err(_) => Cache::with_weighter(items, bytes, Length),
        };
        Self {
            memory,
            disk,
            metrics,
        }
    }

    /// An answer that is in memory.
    pub fn quick(&self, digest: &Fingerprint) -> Option<Bytes> {
        let answer = self.memory.get(digest);
        self.metrics.looked_up("memory", answer.is_some());
        answer
    }

    /// An answer that is on the disk; it is in memory then, too. This may take a while.
    pub fn slow(&self, digest: &Fingerprint) -> Option<Bytes> {
        let disk = self.disk.as_ref()?;
        let answer = disk.get(digest).map(Bytes::from);
        self.metrics.looked_up("disk", answer.is_some());
        if let Some(answer) = &answer {
            self.memory.insert(*digest, answer.clone());
        }
        answer
    }

    /// Whether there is a disk to look at.
    pub fn has_disk(&self) -> bool {
        self.disk.is_some()
    }

    /// Keeps an answer in memory, and nowhere else.
    pub fn keep_in_memory(&self, digest: Fingerprint, answer: &Bytes) {
        self.memory.insert(digest, answer.clone());
    }

    /// Keeps an answer.
    pub fn keep(&self, digest: Fingerprint, answer: &Bytes) {
        self.keep_in_memory(digest, answer);
        if let Some(disk) = &self.disk
            && let Err(error) = disk.keep(digest, answer)
        {
            tracing::warn!(folder = %disk.folder.display(), %error, "an answer is not kept");
        }
    }

    /// Tells the metrics how much is held.
    pub fn measure(&self) {
        self.metrics.set_bytes("memory", self.memory.weight());
        if let Some(disk) = &self.disk {
            self.metrics.set_bytes("disk", disk.lock().bytes);
        }
    }
}

/// Bytes of a file before the answer: its digest, by which damage is noticed.
const HEAD: usize = 32;

/// Answers on the disk, each a file that is there whole or not at all; those used last stay.
pub struct Disk {
    folder: PathBuf,
    most: u64,
    index: Mutex<Index>,
}

#[derive(Default)]
struct Index {
    /// Length, and when it was used.
    files: HashMap<Fingerprint, (u64, u64)>,
    /// By when they were used.
    order: BTreeMap<u64, Fingerprint>,
    bytes: u64,
    next: u64,
}

impl Disk {
    /// In a folder, up to so many bytes; with what an earlier run has left.
    ///
    /// # Errors
    /// [`ServeError::Cache`] if the folder cannot be read and written.
    pub fn open(folder: &Path, most: u64) -> Result<Self, ServeError> {
        let failed = |source| ServeError::Cache {
            path: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(failed)?;
        tempfile::tempfile_in(folder).map_err(failed)?;
        let mut found: Vec<(SystemTime, Fingerprint, u64)> = Vec::new();
        for part in fs::read_dir(folder).map_err(failed)?.flatten() {
            // Not ours, where it is no folder.
            let Ok(files) = fs::read_dir(part.path()) else {
                continue;
            };
            for file in files.flatten() {
                let name = file.file_name();
                let digest = name.to_str().and_then(Fingerprint::parse);
                let (Some(digest), Ok(metadata)) = (digest, file.metadata()) else {
                    continue;
                };
                let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                found.push((used, digest, metadata.len()));
            }
        }
        found.sort_unstable();
        let disk = Self {
            folder: folder.to_owned(),
            most,
            index: Mutex::default(),
        };
        let mut index = disk.lock();
        for (_, digest, bytes) in found {
            index.add(digest, bytes);
        }
        let gone = index.shrink(most);
        drop(index);
        disk.remove(&gone);
        Ok(disk)
    }

    fn get(&self, digest: &Fingerprint) -> Option<Vec<u8>> {
        if !self.lock().touch(digest) {
            return None;
        }
        let path = self.path(digest);
        let content = fs::read(&path).ok().and_then(|bytes| {
            let (head, answer) = bytes.split_at_checked(HEAD)?;
            (Sha256::digest(answer)[..] == *head).then(|| answer.to_vec())
        });
        match content {
            Some(answer) => {
                // The next run finds those used last.
                let file = File::options().append(true).open(&path);
                let _ = file.and_then(|file| file.set_modified(SystemTime::now()));
                Some(answer)
            }
            None => {
                self.lock().forget(digest);
                self.remove(&[*digest]);
                None
            }
        }
    }

    fn keep(&self, digest: Fingerprint, answer: &[u8]) -> io::Result<()> {
        let path = self.path(&digest);
        let part = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(part)?;
        let mut file = tempfile::NamedTempFile::new_in(part)?;
        file.write_all(&Sha256::digest(answer))?;
        file.write_all(answer)?;
        file.persist(&path)?;
        let mut index = self.lock();
        index.add(digest, (HEAD + answer.len()) as u64);
        let gone = index.shrink(self.most);
        drop(index);
        self.remove(&gone);
        Ok(())
    }

    fn path(&self, digest: &Fingerprint) -> PathBuf {
        let name = digest.to_string();
        self.folder.join(&name[..2]).join(name)
    }

    fn remove(&self, digests: &[Fingerprint]) {
        for digest in digests {
            // It may have gone already.
            let _ = fs::remove_file(self.path(digest));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn add(&mut self, digest: Fingerprint, bytes: u64) {
        self.forget(&digest);
        self.files.insert(digest, (bytes, self.next));
        self.order.insert(self.next, digest);
        self.next += 1;
        self.bytes += bytes;
    }

    /// Notes that a file is used; whether there is one.
    fn touch(&mut self, digest: &Fingerprint) -> bool {
        let Some(&(bytes, _)) = self.files.get(digest) else {
            return false;
        };
        self.add(*digest, bytes);
        true
    }

    fn forget(&mut self, digest: &Fingerprint) {
        if let Some((bytes, used)) = self.files.remove(digest) {
            self.order.remove(&used);
            self.bytes -= bytes;
        }
    }

    /// Those that must go for the rest to have room.
    fn shrink(&mut self, most: u64) -> Vec<Fingerprint> {
        let mut gone = Vec::new();
        while self.bytes > most
            && let Some((_, digest)) = self.order.first_key_value()
        {
            let digest = *digest;
            self.forget(&digest);
            gone.push(digest);
        }
        gone
    }
}
