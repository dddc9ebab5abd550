//! Errors of the libraries as Python's exceptions: what the caller did wrong is a `ValueError`,
//! what the system refused an `OSError` with the file's name, all else a `casr.Error`.

use casr_codec::{CodecError, ErrorKind, shown};
use casr_zoom::{ZoomError, ZoomErrorKind};
use pyo3::exceptions::{PyMemoryError, PyOSError, PyValueError};
use pyo3::prelude::*;
use std::error::Error as _;
use std::io;
use std::path::PathBuf;

pyo3::create_exception!(
    casr,
    Error,
    pyo3::exceptions::PyException,
    "An image that cannot be read, or a device that failed.\n\nThe attribute ``filename`` has the file's name, where it is about one."
);

/// Why work failed.
pub enum Failure {
    /// The enlargement.
    Zoom(ZoomError),
    /// The enlargement of a file.
    Of(PathBuf, ZoomError),
    /// Reading or writing.
    Codec(CodecError),
    /// There is not enough memory for so many samples.
    Memory(usize),
    /// What the caller wants makes no sense.
    Value(String),
}

impl From<ZoomError> for Failure {
    fn from(error: ZoomError) -> Self {
        Self::Zoom(error)
    }
}

impl From<CodecError> for Failure {
    fn from(error: CodecError) -> Self {
        Self::Codec(error)
    }
}

impl Failure {
    /// With the file's name, where it is the enlargement's.
    pub fn of(self, path: Option<PathBuf>) -> Self {
        match (self, path) {
            (Self::Zoom(error), Some(path)) => Self::Of(path, error),
            (other, _) => other,
        }
    }

    /// As an exception.
    pub fn raise(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Zoom(error) => of_zoom(error.kind(), error.to_string()),
            Self::Of(path, error) => {
                let exception = of_zoom(error.kind(), format!("{}: {error}", shown(&path)));
                named(py, exception, path)
            }
            Self::Codec(error) => of_codec(py, error),
            Self::Memory(samples) => PyMemoryError::new_err(format!(
                "there is no memory for a result of {samples} samples; ask for a smaller one, a window of it (casr.Pyramid), or write it into a file"
            )),
            Self::Value(message) => PyValueError::new_err(message),
        }
    }
}

/// An exception that has the file's name, where that can be set.
fn named(py: Python<'_>, exception: PyErr, path: PathBuf) -> PyErr {
    // Without it the message still names the file.
    let _ = exception
        .value(py)
        .setattr("filename", path.into_os_string());
    exception
}

fn of_zoom(kind: ZoomErrorKind, message: String) -> PyErr {
    match kind {
        ZoomErrorKind::Image | ZoomErrorKind::Target => PyValueError::new_err(message),
        ZoomErrorKind::Memory => PyMemoryError::new_err(message),
        _ => Error::new_err(message),
    }
}

fn of_codec(py: Python<'_>, error: CodecError) -> PyErr {
    let message = error.to_string();
    let path = error.path().to_owned();
    // Python adds the name of an OSError's file itself.
    let rest = message.strip_prefix(&format!("{}: ", shown(&path)));
    let of_system = |number: i32| {
        let text = rest.unwrap_or(&message).to_owned();
        PyOSError::new_err((number, text, path.clone().into_os_string()))
    };
    let number = (error.source())
        .and_then(|source| source.downcast_ref::<io::Error>())
        .and_then(io::Error::raw_os_error);
    match (&error, error.kind()) {
        (CodecError::IsAFolder { .. }, _) => of_system(EISDIR),
        (CodecError::NotAFolder { .. }, _) => of_system(ENOTDIR),
        (CodecError::NoSuchPage { .. } | CodecError::UnknownFormat { .. }, _)
        | (_, ErrorKind::InvalidRequest) => PyValueError::new_err(message),
        (_, ErrorKind::NotFound) => of_system(ENOENT),
        (_, ErrorKind::AlreadyExists) => of_system(EEXIST),
        (_, ErrorKind::Io) => of_system(number.unwrap_or(EIO)),
        (_, ErrorKind::OutOfResources) => PyMemoryError::new_err(message),
        _ => named(py, Error::new_err(message), path),
    }
}

/// Numbers of errors that are the same on all systems.
const ENOENT: i32 = 2;
const EIO: i32 = 5;
const EEXIST: i32 = 17;
const ENOTDIR: i32 = 20;
const EISDIR: i32 = 21;
