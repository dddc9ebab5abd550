//! Partial files left behind by programs that were killed.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How partial files' names begin and end.
pub(super) const PREFIX: &str = ".casr-";
pub(super) const SUFFIX: &str = ".partial";

/// The age from which a partial file is taken for stale, on systems where a lock cannot show that.
const STALE_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes partial results that killed programs have left in `folder`; those of programs that are
/// still at work stay. Returns what was removed. What cannot be opened or removed is left alone.
///
/// A program at work holds a lock on its partial file, which ends with it, however it ends. On
/// systems without such locks a partial file must be a day old.
/// [`Writer::create`](crate::Writer::create) does this by itself when it first writes into a
/// folder.
pub fn remove_stale(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let partial = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        name.starts_with(PREFIX.as_bytes()) && name.ends_with(SUFFIX.as_bytes())
    };
    let paths = entries.flatten().map(|entry| entry.path()).filter(partial);
    paths
        .filter(|path| is_stale(path) && fs::remove_file(path).is_ok())
        .collect()
}

fn is_stale(path: &Path) -> bool {
    // A link or a folder of such a name was not made by this crate.
    if !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let Ok(file) = File::options().write(true).open(path) else {
        return false;
    };
    if cfg!(unix) {
        return file.try_lock().is_ok();
    }
    let age = file.metadata().and_then(|metadata| metadata.modified());
    age.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > STALE_AGE))
}

/// Partial files that this program works on.
static IN_PROGRESS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes the partial files of all writers at once: for a program that must end now and cannot
/// wait for what they do. What they still write is lost.
pub fn remove_partial() {
    for path in IN_PROGRESS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .drain(..)
    {
        // What cannot be removed now is removed as stale by the next program that writes there.
        let _ = fs::remove_file(path);
    }
}

/// A partial file that [`remove_partial`] removes, until this is dropped.
pub(super) struct Held(PathBuf);

impl Held {
    pub(super) fn of(path: &Path) -> Self {
        let mut held = IN_PROGRESS.lock().unwrap_or_else(PoisonError::into_inner);
        held.push(path.to_owned());
        Self(path.to_owned())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = IN_PROGRESS.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|path| *path != self.0);
    }
}

/// [`remove_stale`], once for each folder.
pub(super) fn remove_once(folder: &Path) {
    static SEEN: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let first = seen.get_or_insert_default().insert(folder.to_owned());
    drop(seen);
    if first {
        remove_stale(folder);
    }
}

/// Locks a partial file, to mark it as in use. Returns false if it is gone: another program may
/// have removed it as stale before it was locked.
pub(super) fn hold(file: &File, path: &Path) -> bool {
    if !cfg!(unix) {
        return true;
    }
    // On a disk without locks other programs cannot lock the file either, so they do not take it
    // for stale.
    !matches!(file.try_lock(), Err(TryLockError::WouldBlock)) && path.exists()
}
