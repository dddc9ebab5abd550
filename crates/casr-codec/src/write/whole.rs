//! Files that appear whole or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

use super::stale::{self, Held};

/// A hidden file beside the one that it becomes at the end; dropped before that, it vanishes. So it
/// does where the program ends at once ([`remove_partial`](crate::remove_partial)), and what a
/// killed one has left is removed by the next that writes into the folder.
pub struct WholeFile {
    file: NamedTempFile,
    _held: Held,
    path: PathBuf,
}

impl WholeFile {
    /// Begins a file.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(path: &Path) -> io::Result<Self> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        stale::remove_once(folder);
        let mut builder = tempfile::Builder::new();
        builder.prefix(stale::PREFIX).suffix(stale::SUFFIX);
        // Temporary files are private by default, but this one will be the user's.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(folder)?;
        // Another program may have removed the file as stale before it was locked. That hardly ever
        // happens twice.
        for _ in 0..8 {
            if stale::hold(file.as_file(), file.path()) {
                break;
            }
            file = builder.tempfile_in(folder)?;
        }
        Ok(Self {
            _held: Held::of(file.path()),
            file,
            path: path.to_owned(),
        })
    }

    /// Moves the file to its place once its bytes are on the disk. One of that name is replaced, or
    /// stays as it was; unless `replace`, it is an error.
    ///
    /// # Errors
    /// What the system says: [`io::ErrorKind::AlreadyExists`] where there is one that is to stay.
    pub fn finish(self, replace: bool) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        if replace {
            self.file.persist(&self.path)?;
        } else {
            self.file.persist_noclobber(&self.path)?;
        }
        name_on_disk(&self.path);
        Ok(())
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a small file as a [`WholeFile`]: one of that name is replaced.
///
/// # Errors
/// What the system says.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = WholeFile::create(path)?;
    file.write_all(bytes)?;
    file.finish(true)
}

/// Has a file's name on the disk, too, whose bytes are there: a power cut may take back a name that
/// was given a moment ago. Where the system cannot do that for folders, it does so in its own time.
pub(super) fn name_on_disk(path: &Path) {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = File::open(folder.unwrap_or(Path::new(".")));
    let _ = folder.and_then(|folder| folder.sync_all());
}
