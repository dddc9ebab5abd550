//! The image files of a folder, and what else is there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{CodecError, SourceFormat};

/// How the names of photographs end that CASR does not read: what phones and cameras store, and
/// other programs' formats.
const FOREIGN: [&str; 39] = [
    "heic", "heif", "avif", "jxl", "jp2", "j2k", "jpf", "jxr", "dng", "nef", "nrw", "cr2", "cr3",
    "crw", "arw", "srf", "sr2", "raf", "orf", "rw2", "rwl", "pef", "srw", "x3f", "3fr", "iiq",
    "erf", "mrw", "kdc", "psd", "psb", "xcf", "exr", "hdr", "tga", "svg", "pdf", "ppm", "pgm",
];

/// What a file is, as far as its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// An image CASR reads.
    Image,
    /// An image CASR does not read, such as HEIC and camera raw files, and those of formats that
    /// were left out of this build.
    Foreign,
    /// Likely no image.
    Other,
}

impl Named {
    /// What the file at `path` is by its name; nothing is read.
    pub fn of(path: &Path) -> Self {
        match SourceFormat::from_extension(path) {
            Some(format) if format.can_read() => Self::Image,
            Some(_) => Self::Foreign,
            None if is_foreign(path) => Self::Foreign,
            None => Self::Other,
        }
    }
}

/// What a folder holds, each list sorted by name. Hidden files are in none: what macOS leaves as
/// `._photo.jpg` is no photo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderContents {
    /// Files that are named like an image CASR reads.
    pub images: Vec<PathBuf>,
    /// Files that are named like an image CASR does not read, such as HEIC and camera raw files,
    /// and those of formats that were left out of this build.
    pub foreign: Vec<PathBuf>,
    /// Links to nothing that are named like either.
    pub broken_links: Vec<PathBuf>,
    /// Folders, which are not searched.
    pub folders: Vec<PathBuf>,
    /// Everything else, which is likely no image.
    pub others: Vec<PathBuf>,
}

/// What is directly in `folder`.
///
/// # Errors
///
/// The folder is missing, is no folder, or cannot be read.
pub fn contents_of(folder: &Path) -> Result<FolderContents, CodecError> {
    let unreadable = |source| CodecError::unreadable(folder, source);
    if fs::metadata(folder).map_err(unreadable)?.is_file() {
        return Err(CodecError::NotAFolder {
            path: folder.to_owned(),
        });
    }
    let mut contents = FolderContents::default();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if hidden {
            continue;
        }
        let named = Named::of(&path);
        let list = match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => &mut contents.folders,
            Ok(metadata) if metadata.is_file() && named == Named::Image => &mut contents.images,
            Ok(metadata) if metadata.is_file() && named == Named::Foreign => &mut contents.foreign,
            Err(_) if path.is_symlink() && named != Named::Other => &mut contents.broken_links,
            _ => &mut contents.others,
        };
        list.push(path);
    }
    let FolderContents {
        images,
        foreign,
        broken_links,
        folders,
        others,
    } = &mut contents;
    for list in [images, foreign, broken_links, folders, others] {
        list.sort();
    }
    Ok(contents)
}

fn is_foreign(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| FOREIGN.contains(&extension.to_ascii_lowercase().as_str()))
}

/// The files directly in `folder` that are named like an image CASR reads, sorted by name, hidden
/// ones passed over.
///
/// # Errors
///
/// The folder is missing, is no folder, cannot be read, or holds no image.
pub fn images_in(folder: &Path) -> Result<Vec<PathBuf>, CodecError> {
    let images = contents_of(folder)?.images;
    if images.is_empty() {
        return Err(CodecError::NoImages {
            path: folder.to_owned(),
        });
    }
    Ok(images)
}
