//! Ctrl-C and the other signals that end programs: the first one asks the work to stop and clean
//! up, the second one ends the program at once, without the files it was writing.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// The exit code of a program that Ctrl-C stopped, by the shells' convention.
pub const EXIT_CODE: u8 = 130;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Starts to listen. Call it once.
///
/// # Errors
/// The system refuses the handlers.
#[cfg(unix)]
pub fn listen() -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || signals.forever().for_each(|_| request()))?;
    Ok(())
}

/// Starts to listen. Call it once.
///
/// # Errors
/// The system refuses the handler.
#[cfg(not(unix))]
pub fn listen() -> io::Result<()> {
    ctrlc::set_handler(request).map_err(io::Error::other)
}

/// What a signal does.
fn request() {
    if REQUESTED.swap(true, Ordering::Relaxed) {
        casr_codec::remove_partial();
        std::process::exit(EXIT_CODE.into());
    }
}

/// Whether the work should stop.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}
