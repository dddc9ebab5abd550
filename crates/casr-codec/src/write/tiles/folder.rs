//! Where tiles go until all of them are there: a hidden folder beside the destination.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;

use tempfile::{Builder, TempDir};

use super::names::{INFO, holds_only_tiles};
use crate::write::output::{folder_of, moved};
use crate::write::stale::{self, Held};
use crate::{CodecError, Format};

/// A picture in tiles that is being made.
///
/// The hidden folder holds a file whose lock shows that a program is at work, and the tiles; at the
/// end also the tiles that are replaced, until the new ones are in their place.
pub(in crate::write) struct Folder {
    // The folder can be removed once the lock's file is closed.
    lock: File,
    held: Held,
    hidden: TempDir,
    format: Format,
    overwrite: bool,
    /// The file that describes the tiles.
    description: String,
}

impl Folder {
    /// Makes the hidden folder, after checking what is already there under the destination's name.
    pub(in crate::write) fn create(
        path: &Path,
        format: Format,
        overwrite: bool,
        description: String,
    ) -> Result<Self, CodecError> {
        check(path, format, overwrite)?;
        let beside = folder_of(path)?;
        stale::remove_once(beside);
        let unwritable = |source| CodecError::not_begun(path, source);
        let (hidden, lock) = hidden(beside).map_err(unwritable)?;
        let folder = Self {
            held: Held::of(hidden.path()),
            lock,
            hidden,
            format,
            overwrite,
            description,
        };
        fs::create_dir(folder.tiles()).map_err(unwritable)?;
        Ok(folder)
    }

    /// Where tiles are written to.
    pub(in crate::write) fn tiles(&self) -> PathBuf {
        self.hidden.path().join(stale::TILES)
    }

    /// Moves the tiles to their place, once they are on the disk, and then the file that describes
    /// them; what they replace is removed afterwards.
    pub(in crate::write) fn publish(self, path: &Path) -> Result<(), CodecError> {
        let unwritable = |source| CodecError::unwritable(path, source);
        let (new, old) = (self.tiles(), self.hidden.path().join(stale::REPLACED));
        let place = match self.format.tiles_beside(path) {
            Some(folder) => folder,
            None => path.to_owned(),
        };
        let is_deep_zoom = self.format == Format::DeepZoom;
        if !is_deep_zoom {
            fs::write(new.join(INFO), &self.description).map_err(unwritable)?;
        }
        sync(&new).map_err(unwritable)?;
        // Others may have come meanwhile.
        check(path, self.format, self.overwrite)?;
        let described = is_deep_zoom.then(|| self.described()).transpose();
        let described = described.map_err(unwritable)?;
        let Self {
            lock,
            held,
            hidden,
            overwrite,
            ..
        } = self;
        // From here on the old tiles may lie in the hidden folder: nothing must remove that.
        drop(held);
        let replaces = fs::symlink_metadata(&place).is_ok();
        if replaces {
            fs::rename(&place, &old).map_err(unwritable)?;
        }
        let back = |error| {
            // What cannot be moved back stays in the hidden folder.
            let is_back = !replaces || fs::rename(&old, &place).is_ok();
            (error, is_back)
        };
        let result = fs::rename(&new, &place).map_err(back).and_then(|()| {
            let described = described.map(|file| moved(file, path, overwrite));
            described.unwrap_or(Ok(())).map_err(|error| {
                let _ = fs::rename(&place, &new);
                back(error)
            })
        });
        if let Err((_, false)) = result {
            let _ = hidden.keep();
        } else {
            drop(lock);
            // What cannot be removed now is removed as stale later.
            let _ = hidden.close();
        }
        result.map_err(|(error, _)| unwritable(error))
    }

    /// A Deep Zoom's description in a file that is not in its place yet.
    fn described(&self) -> io::Result<tempfile::NamedTempFile> {
        let mut builder = Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(self.hidden.path())?;
        file.write_all(self.description.as_bytes())?;
        file.as_file().sync_all()?;
        Ok(file)
    }
}

/// Checks what lies where tiles and their description will be.
fn check(path: &Path, format: Format, overwrite: bool) -> Result<(), CodecError> {
    let (tiles, file) = match format.tiles_beside(path) {
        Some(tiles) => (tiles, Some(path)),
        None => (path.to_owned(), None),
    };
    for (path, is_folder) in [(file, false), (Some(&*tiles), true)] {
        let Some(path) = path else {
            continue;
        };
        let path = || path.to_owned();
        let existing = match fs::symlink_metadata(path()) {
            Ok(existing) => existing,
            Err(error) if error.kind() == io::ErrorKind::InvalidFilename => {
                return Err(CodecError::NameTooLong { path: path() });
            }
            Err(_) => continue,
        };
        if existing.is_dir() && !is_folder {
            return Err(CodecError::IsAFolder { path: path() });
        }
        if !overwrite {
            return Err(CodecError::OutputExists { path: path() });
        }
        if is_folder {
            let is_ours = existing.is_dir() && holds_only_tiles(&path(), format).unwrap_or(false);
            if !is_ours {
                return Err(CodecError::NotTiles { path: path() });
            }
        } else if !existing.is_file() {
            return Err(CodecError::NotAFile { path: path() });
        }
    }
    Ok(())
}

/// A new hidden folder, locked.
fn hidden(beside: &Path) -> io::Result<(TempDir, File)> {
    let mut builder = Builder::new();
    builder.prefix(stale::PREFIX).suffix(stale::SUFFIX);
    let mut tries = 0;
    loop {
        let hidden = builder.tempdir_in(beside)?;
        tries += 1;
        // Another program may have removed the folder as stale before it was locked. That hardly
        // ever happens twice.
        match File::create_new(hidden.path().join(stale::LOCK)) {
            Ok(lock) if stale::lock(&lock) && hidden.path().exists() => return Ok((hidden, lock)),
            Err(error) if tries == 8 => return Err(error),
            Ok(lock) if tries == 8 => return Ok((hidden, lock)),
            _ => {}
        }
    }
}

/// Sees all files of a folder safely on the disk. Many at once: file systems with a journal write
/// it once for all that wait.
fn sync(folder: &Path) -> io::Result<()> {
    const THREADS: usize = 16;
    let mut files = Vec::new();
    files_below(folder, &mut files)?;
    let share = files.len().div_ceil(THREADS).max(1);
    let of_share = |files: &[PathBuf]| {
        let mut files = files.iter();
        files.try_for_each(|file| File::options().write(true).open(file)?.sync_all())
    };
    thread::scope(|scope| {
        // Where the system gives no thread, this one does its share.
        let started: Vec<_> = (files.chunks(share))
            .map(|files| {
                let thread = thread::Builder::new().spawn_scoped(scope, move || of_share(files));
                thread.map_err(|_| of_share(files))
            })
            .collect();
        (started.into_iter()).try_for_each(|share| match share {
            Ok(thread) => {
                let ended = thread.join();
                ended.unwrap_or_else(|_| Err(io::Error::other("a thread has failed")))
            }
            Err(result) => result,
        })
    })
}

/// Adds the files of a folder and of those in it.
fn files_below(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files_below(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
