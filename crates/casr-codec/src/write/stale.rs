//! Partial files, and hidden folders of tiles, left behind by programs that were killed.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How partial files' names begin and end.
pub(super) const PREFIX: &str = ".casr-";
pub(super) const SUFFIX: &str = ".partial";

/// What a hidden folder of tiles may hold: a file whose lock shows that a program is at work, the
/// tiles, and those that they replace.
pub(super) const LOCK: &str = "lock";
pub(super) const TILES: &str = "tiles";
pub(super) const REPLACED: &str = "replaced";

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
        .filter(|path| match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_file() => is_stale(path) && fs::remove_file(path).is_ok(),
            Ok(metadata) if metadata.is_dir() => remove_stale_tiles(path),
            // A link of such a name was not made by this crate.
            _ => false,
        })
        .collect()
}

/// Removes a hidden folder of tiles if no program is at work on it; returns whether it did.
fn remove_stale_tiles(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    let names: Vec<_> = (entries.flatten())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    let holds = |name: &str| names.iter().any(|own| own == name);
    // A program that was killed while it replaced tiles leaves the old ones here, which may be the
    // only ones that are left.
    if holds(REPLACED) && holds(TILES) {
        return false;
    }
    // A folder without the lock's file is another program's, or empty.
    let Ok(lock) = File::options().write(true).open(folder.join(LOCK)) else {
        return fs::remove_dir(folder).is_ok();
    };
    if lock.try_lock().is_err() {
        return false;
    }
    drop(lock);
    fs::remove_dir_all(folder).is_ok()
}

fn is_stale(path: &Path) -> bool {
    let Ok(file) = File::options().write(true).open(path) else {
        return false;
    };
    if cfg!(unix) {
        return file.try_lock().is_ok();
    }
    let age = file.metadata().and_then(|metadata| metadata.modified());
    age.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > STALE_AGE))
}

/// How often the removal of a folder is tried, and how long is waited in between.
const REMOVALS: usize = 20;
const BETWEEN_REMOVALS: Duration = Duration::from_millis(2);

/// Partial files and folders that this program works on.
static IN_PROGRESS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes the partial files and folders of all writers at once: for a program that must end now
/// and cannot wait for what they do. What they still write is lost.
pub fn remove_partial() {
    for path in IN_PROGRESS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .drain(..)
    {
        // What cannot be removed now is removed as stale by the next program that writes there.
        if !path.is_dir() {
            let _ = fs::remove_file(path);
            continue;
        }
        // Under another name nothing is added to it meanwhile; but a writer at work may be removing
        // it, too, which disturbs both, or about to make its folder anew.
        let ended = path.with_extension(format!("ended{SUFFIX}"));
        for _ in 0..REMOVALS {
            let _ = fs::rename(&path, &ended);
            let left = [&ended, &path].map(|folder| {
                let _ = fs::remove_dir_all(folder);
                folder.exists()
            });
            if left == [false; 2] {
                break;
            }
            std::thread::sleep(BETWEEN_REMOVALS);
        }
    }
}

/// A partial file or folder that [`remove_partial`] removes, until this is dropped.
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
    lock(file) && path.exists()
}

/// Locks a file; returns false if another program has.
pub(super) fn lock(file: &File) -> bool {
    // On a disk without locks other programs cannot lock the file either, so they do not take it
    // for stale.
    !matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}
