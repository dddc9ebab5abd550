//! Ctrl-C and SIGTERM: the first one asks the work to stop and clean up, the second one ends the program at once.

use std::sync::atomic::{AtomicBool, Ordering};

/// The exit code of a program that Ctrl-C stopped, by the shells' convention.
pub const EXIT_CODE: u8 = 130;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Starts to listen. Call it once.
///
/// # Errors
/// The system refuses the handler.
pub fn listen() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::Relaxed) {
            std::process::exit(EXIT_CODE.into());
        }
    })
}

/// Whether the work should stop.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}
