//! The image files of a folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{CodecError, SourceFormat};

/// The files directly in `folder` that are named like an image CASR reads, sorted by name. Hidden files are passed
/// over: what macOS leaves as `._photo.jpg` is no photo.
///
/// # Errors
///
/// The folder is missing, is no folder, cannot be read, or holds no image.
pub fn images_in(folder: &Path) -> Result<Vec<PathBuf>, CodecError> {
    let unreadable = |source| CodecError::unreadable(folder, source);
    if fs::metadata(folder).map_err(unreadable)?.is_file() {
        return Err(CodecError::NotAFolder {
            path: folder.to_owned(),
        });
    }
    let mut images = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && SourceFormat::from_extension(&path).is_some() && path.is_file() {
            images.push(path);
        }
    }
    if images.is_empty() {
        return Err(CodecError::NoImages {
            path: folder.to_owned(),
        });
    }
    images.sort();
    Ok(images)
}
