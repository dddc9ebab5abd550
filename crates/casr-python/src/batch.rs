//! What many images ask before the work, for `casr.ray`: whether settings make sense, which files
//! are images, how large one is, and what results are called.

use crate::errors::Failure;
use crate::settings::{Settings, Writing, format_named, wrong};
use casr_codec::{Limits, Named, Source, SourceFormat, probe as probe_source};
use pyo3::prelude::*;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Checks settings without an image.
///
/// # Errors
/// `ValueError` for what makes no sense, and what is wrong with the weights.
#[pyfunction]
pub fn check(py: Python<'_>, settings: Settings, writing: Writing) -> PyResult<()> {
    let checked = py.detach(|| {
        settings.enlarger()?;
        writing.options()?;
        writing.format()
    });
    match checked {
        Ok(Some(format)) if format.is_tiles() => {
            let how = "write png, jpeg, webp or tiff: tiles are many files";
            Err(wrong("format", how).raise(py))
        }
        Ok(_) => Ok(()),
        Err(failure) => Err(failure.raise(py)),
    }
}

/// What a file is by its name: `image`, `foreign` for an image that is not read, or nothing.
#[pyfunction]
pub fn named(path: PathBuf) -> Option<&'static str> {
    match Named::of(&path) {
        Named::Image => Some("image"),
        Named::Foreign => Some("foreign"),
        Named::Other => None,
    }
}

/// Width and height of an image file's upright image, by its header.
///
/// # Errors
/// It cannot be read.
#[pyfunction]
#[pyo3(signature = (content, max_pixels=None))]
pub fn probe(py: Python<'_>, content: &[u8], max_pixels: Option<u64>) -> PyResult<(usize, usize)> {
    let info = info(content, max_pixels).map_err(|failure| failure.raise(py))?;
    Ok((info.width, info.height))
}

/// The name that an image gives its result: in `format`, or in its own by its content, or by its
/// name where there is no content. `shared` says that another image has its stem.
///
/// # Errors
/// The content is no image, or there is no such format.
#[pyfunction]
#[pyo3(signature = (image, shared, format=None, content=None, max_pixels=None))]
pub fn result_name(
    py: Python<'_>,
    image: PathBuf,
    shared: bool,
    format: Option<&str>,
    content: Option<&[u8]>,
    max_pixels: Option<u64>,
) -> PyResult<OsString> {
    let found = || {
        let source = match (format, content) {
            (Some(name), _) => return format_named(name),
            (None, Some(content)) => info(content, max_pixels)?.format,
            (None, None) => SourceFormat::from_extension(&image)
                .ok_or_else(|| wrong("image", "its name is not that of an image"))?,
        };
        Ok(source.output())
    };
    match found() {
        Ok(format) => Ok(format.result_name(&image, shared, "")),
        Err(failure) => Err(failure.raise(py)),
    }
}

fn info(content: &[u8], max_pixels: Option<u64>) -> Result<casr_codec::Info, Failure> {
    let default = Limits::default();
    let limits = Limits {
        max_pixels: max_pixels.unwrap_or(default.max_pixels),
    };
    let source = Source::Bytes {
        name: Path::new("the image"),
        bytes: content,
    };
    Ok(probe_source(source, &limits)?)
}
