//! The images below a folder: found by name, listed, and told apart from their earlier versions.

use crate::ServeError;
use casr_codec::{Info, Limits, Picture, Source as Bytes, SourceFormat, probe, read};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File, Metadata},
    io,
    path::{Component, Path, PathBuf},
    time::UNIX_EPOCH,
};

/// Headers that are remembered.
const HEADERS: usize = 10_000;

/// A version of a file: its name, length, times and place on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version(pub [u8; 16]);

/// An image of the library, as its file is now.
#[derive(Clone, Debug)]
pub struct Image {
    /// Its path below the folder, with slashes.
    pub name: String,
    path: PathBuf,
    pub version: Version,
    pub info: Info,
}

/// Some images in the order of their names.
pub struct Listing {
    pub images: Vec<Image>,
    /// The name to go on after; none at the end.
    pub next: Option<String>,
}

/// A folder of images.
pub struct Library {
    /// Without links.
    root: PathBuf,
    limits: Limits,
    headers: Cache<Version, Info>,
}

impl Library {
    /// The images below `folder`.
    ///
    /// # Errors
    /// [`ServeError::Folder`] if it cannot be read.
    pub fn open(folder: &Path, limits: Limits) -> Result<Self, ServeError> {
        let unreadable = |source| ServeError::Folder {
            path: folder.to_owned(),
            source,
        };
        fs::read_dir(folder).map_err(unreadable)?;
        Ok(Self {
            root: folder.canonicalize().map_err(unreadable)?,
            limits,
            headers: Cache::new(HEADERS),
        })
    }

    /// The image of a name.
    ///
    /// # Errors
    /// [`ServeError::NotFound`] for whatever is not a file below the folder; [`ServeError::Codec`]
    /// for one that is no image, or a damaged one.
    pub fn find(&self, name: &str) -> Result<Image, ServeError> {
        let missing = || ServeError::NotFound(format!("there is no image {name:?}"));
        let path = self.path(name).ok_or_else(missing)?;
        let metadata = fs::metadata(&path).map_err(|_| missing())?;
        if !metadata.is_file() {
            return Err(missing());
        }
        let version = version(name, &metadata);
        let info = match self.headers.get(&version) {
            Some(info) => info,
            None => {
                let mut file = File::open(&path).map_err(|_| missing())?;
                let info = probe(content(name, &mut file), &self.limits)?;
                self.headers.insert(version, info);
                info
            }
        };
        Ok(Image {
            name: name.to_owned(),
            path,
            version,
            info,
        })
    }

    /// An image's pixels.
    ///
    /// # Errors
    /// [`ServeError::NotFound`] if it has gone, [`ServeError::Changing`] if it is another one by
    /// now, [`ServeError::Codec`] for a damaged one.
    pub fn read(&self, image: &Image) -> Result<Picture, ServeError> {
        let name = &image.name;
        let gone =
            |_: io::Error| ServeError::NotFound(format!("there is no image {name:?} any more"));
        let mut file = File::open(&image.path).map_err(gone)?;
        let picture = read(content(name, &mut file), &self.limits);
        let now = fs::metadata(&image.path).map_err(gone)?;
        if version(name, &now) != image.version {
            return Err(ServeError::Changing { name: name.clone() });
        }
        let picture = picture?;
        if (picture.width, picture.height) != (image.info.width, image.info.height) {
            return Err(ServeError::OtherSize { name: name.clone() });
        }
        Ok(picture)
    }

    /// Up to `limit` images whose names follow `after`. Hidden files, files that are not named like
    /// images or that are none, and linked folders are passed over.
    ///
    /// # Errors
    /// [`ServeError::Folder`] if the folder cannot be read.
    pub fn list(&self, after: &str, limit: usize) -> Result<Listing, ServeError> {
        let mut names = Vec::new();
        let unreadable = |source| ServeError::Folder {
            path: self.root.clone(),
            source,
        };
        names_below(&self.root, "", &mut names).map_err(unreadable)?;
        names.retain(|name| name.as_str() > after);
        names.sort_unstable();
        let mut listing = Listing {
            images: Vec::new(),
            next: None,
        };
        for name in names {
            if listing.images.len() == limit {
                listing.next = listing.images.last().map(|image| image.name.clone());
                break;
            }
            if let Ok(image) = self.find(&name) {
                listing.images.push(image);
            }
        }
        Ok(listing)
    }

    /// The file of a name, without links; none where it is not below the folder, or hidden.
    fn path(&self, name: &str) -> Option<PathBuf> {
        let parts: Vec<&str> = name.split('/').collect();
        let is_plain = |part: &&str| {
            let mut components = Path::new(part).components();
            let one = matches!(components.next(), Some(Component::Normal(it)) if it == *part);
            one && components.next().is_none() && !part.starts_with('.') && !part.contains('\0')
        };
        if !parts.iter().all(is_plain) {
            return None;
        }
        let path = self.root.join(parts.iter().collect::<PathBuf>());
        let path = path.canonicalize().ok()?;
        let below = path.strip_prefix(&self.root).ok()?;
        // A link may lead to a hidden file.
        let hidden = |part: Component| part.as_os_str().as_encoded_bytes().starts_with(b".");
        (!below.components().any(hidden)).then_some(path)
    }
}

/// A file's content under the name that messages may tell.
fn content<'a>(name: &'a str, stream: &'a mut File) -> Bytes<'a> {
    Bytes::Stream {
        name: Path::new(name),
        stream,
    }
}

/// Names of files below a folder that are named like images; `before` is what theirs begin with.
fn names_below(folder: &Path, before: &str, names: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Names that are not Unicode cannot be asked for.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        let full = format!("{before}{name}");
        if entry.file_type()?.is_dir() {
            // A folder that cannot be read hides no other.
            let _ = names_below(&entry.path(), &format!("{full}/"), names);
        } else if SourceFormat::from_extension(Path::new(&name)).is_some() {
            names.push(full);
        }
    }
    Ok(())
}

fn version(name: &str, metadata: &Metadata) -> Version {
    let mut hash = Sha256::new();
    hash.update(name);
    hash.update([0]);
    hash.update(metadata.len().to_le_bytes());
    let modified = metadata.modified().ok();
    let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    hash.update(modified.map_or(0, |time| time.as_nanos()).to_le_bytes());
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        hash.update(metadata.ino().to_le_bytes());
        hash.update(metadata.ctime().to_le_bytes());
        hash.update(metadata.ctime_nsec().to_le_bytes());
    }
    let mut version = [0; 16];
    version.copy_from_slice(&hash.finalize()[..16]);
    Version(version)
}
