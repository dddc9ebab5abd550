//! The native part of the Python package `casr`: what `python/casr` is written on.
//!
//! Python's side tells kinds of images apart and gives back the same kind; here are pixels. Work
//! runs on a thread of its own, without Python's lock, while the caller's thread looks for signals
//! and tells of progress (`run`). The program is in it, too (`main`), so that the wheel holds the
//! network and the kernels once.

#![forbid(unsafe_code)]

mod arrays;
mod batch;
mod errors;
mod pyramid;
mod run;
mod settings;
mod upscale;

use mimalloc::MiMalloc;
use pyo3::prelude::*;
use std::ffi::OsString;

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What `casr.__init__` takes its names from.
#[pymodule]
mod _casr {
    use super::*;

    #[pymodule_export]
    use batch::{check, named, probe, result_name};
    #[pymodule_export]
    use errors::Error;
    #[pymodule_export]
    use pyramid::Pyramid;
    #[pymodule_export]
    use upscale::{to_array, to_bytes, to_file};

    /// Does what a command line says, the program's name first; returns the exit code.
    #[pyfunction]
    fn main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
        py.detach(|| casr::run(arguments))
    }

    /// How many processor cores to use from now on.
    #[pyfunction]
    fn set_threads(py: Python<'_>, count: usize) -> PyResult<()> {
        py.detach(|| run::set_threads(count))
    }

    /// The GPUs that can do the work: name, whether it has half precision, whether it is simulated.
    #[pyfunction]
    fn gpus(py: Python<'_>) -> Vec<(String, bool, bool)> {
        let gpus = py.detach(casr_zoom::gpus);
        (gpus.into_iter())
            .map(|gpu| (gpu.name, gpu.half, gpu.simulated))
            .collect()
    }

    /// Removes what is half-written, at the end of Python.
    #[pyfunction]
    fn remove_partial(py: Python<'_>) {
        py.detach(casr_codec::remove_partial);
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
