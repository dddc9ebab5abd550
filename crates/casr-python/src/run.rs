//! Work on a thread of its own, while the caller's looks for signals and tells of progress.

use crate::errors::{Error, Failure};
use casr_picture::Watch;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How often signals are looked for, and progress is told.
const INTERVAL: Duration = Duration::from_millis(50);

/// The process that work was first done in; 0 before.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// What both threads know of the work.
#[derive(Default)]
struct State {
    done: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
}

/// Ends the work when the caller goes, for whatever reason.
struct Caller(Arc<State>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }
}

/// Does `work` without Python's lock. It stops at the next tile after Ctrl-C, or where `progress`,
/// which is called with how much is done and of how much, raises an exception; the caller gets that
/// exception at once and does not wait for the tile.
///
/// # Errors
/// What the work, a signal's handler or `progress` says.
pub fn run<T: Send + 'static>(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Watch<'_>) -> Result<T, Failure> + Send + 'static,
) -> PyResult<T> {
    check_process()?;
    let state = Arc::new(State::default());
    let caller = Caller(state.clone());
    let (sender, mut receiver) = channel();
    let worker = std::thread::Builder::new().name("casr".to_owned());
    let worker = worker.spawn(move || {
        let result = work(&|done, total| {
            state.total.store(total, Ordering::Relaxed);
            state.done.store(done, Ordering::Relaxed);
            if state.cancelled.load(Ordering::Relaxed) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        // Nobody listens to what was cancelled.
        let _ = sender.send(result);
    });
    worker.map_err(|error| Error::new_err(format!("the system gives no thread ({error})")))?;
    let mut told = None;
    let mut tell = |done: u64| match progress {
        Some(progress) => {
            let total = caller.0.total.load(Ordering::Relaxed);
            if total > 0 && told != Some(done) {
                told = Some(done);
                progress.call1((done, total))?;
            }
            Ok(())
        }
        None => Ok::<(), PyErr>(()),
    };
    loop {
        let (taken, answer) = py.detach(|| {
            let answer = receiver.recv_timeout(INTERVAL);
            (receiver, answer)
        });
        receiver = taken;
        match answer {
            Ok(Ok(result)) => {
                tell(caller.0.total.load(Ordering::Relaxed))?;
                return Ok(result);
            }
            Ok(Err(failure)) => return Err(failure.raise(py)),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::new_err("internal error; please report it"));
            }
            Err(RecvTimeoutError::Timeout) => {
                py.check_signals()?;
                tell(caller.0.done.load(Ordering::Relaxed))?;
            }
        }
    }
}

/// Checks that the threads of the work are of this process.
fn check_process() -> PyResult<()> {
    let own = std::process::id();
    match PROCESS.compare_exchange(0, own, Ordering::Relaxed, Ordering::Relaxed) {
        Err(first) if first != own => Err(Error::new_err(
            "this process was forked from one that had used casr, whose threads it does not have; start processes by 'spawn' or 'forkserver' (multiprocessing.set_start_method), or use casr in them alone",
        )),
        _ => Ok(()),
    }
}

/// How many threads work, from now on.
///
/// # Errors
/// They work already, or there cannot be so many.
pub fn set_threads(count: usize) -> PyResult<()> {
    if !(1..=1024).contains(&count) {
        return Err(PyValueError::new_err(
            "ask for 1 to 1024 threads, such as one for each core",
        ));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(count);
    pool.build_global().map_err(|_| {
        Error::new_err(
            "the threads are there already; call set_threads once, before the first image",
        )
    })
}
