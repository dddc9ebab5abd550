//! What the program says: results on standard output, failures on standard error. A closed pipe is
//! no failure.

use casr_codec::{CodecError, Format};
use casr_zoom::{NetError, ZoomError};
use std::io::{self, Write};
use std::sync::OnceLock;

/// A command line that nothing can satisfy, as a message for the user: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

static PROGRAM: OnceLock<&str> = OnceLock::new();

/// Gives messages the program's name, and has panics reported as one line: the codec turns a
/// decoder's panic into that file's failure, and work goes on.
pub fn begin(program: &'static str) {
    // The first name stays.
    PROGRAM.get_or_init(|| program);
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let place = place.unwrap_or_default();
        remark(&format!("internal error at {place}; please report it"));
    }));
}

/// Prints one line on standard error that begins with the program's name.
pub fn remark(text: &str) {
    let program = PROGRAM.get().copied().unwrap_or("casr");
    note(&format!("{program}: {text}"));
}

/// Prints one failure as one line, `casr: FILE: what. remedy.`
pub fn failure(error: &anyhow::Error) {
    // Causes are part of the message already where they matter; a decoder's text may span lines.
    let text = match option(error) {
        Some(option) => format!("{error} ({option})"),
        None => error.to_string(),
    };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let message = lines.join(" ");
    remark(&message);
}

/// The option that a library's remedy means.
fn option(error: &anyhow::Error) -> Option<String> {
    if let Some(ZoomError::NoGpu { .. }) = error.downcast_ref() {
        return Some("--device cpu; `casr devices` lists what there is".to_owned());
    }
    if let Some(NetError::NoEnsemble) = error.downcast_ref() {
        return Some("--effort normal".to_owned());
    }
    match error.downcast_ref()? {
        CodecError::OutputExists { .. } => Some("--overwrite".to_owned()),
        CodecError::TooManyPixels { width, height, .. } => {
            Some(format!("--max-pixels {}", width.saturating_mul(*height)))
        }
        CodecError::AlphaNotHeld {
            format: Format::DeepZoom | Format::Iiif,
            ..
        } => Some("--tile-format png".to_owned()),
        CodecError::AlphaNotHeld {
            format: Format::Tiff,
            ..
        }
        | CodecError::NoZstd { .. } => Some("--tiff-compression deflate".to_owned()),
        _ => None,
    }
}

/// Prints one line on standard error, with what a terminal would obey instead of showing written
/// out.
pub fn note(line: &str) {
    let line: String = (line.chars())
        .flat_map(|letter| {
            let shown = (!letter.is_control()).then_some(letter);
            let escaped = shown.is_none().then(|| letter.escape_default());
            shown.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect();
    // Where standard error is closed, nothing can be said.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Prints text on standard output.
///
/// # Errors
/// Standard output cannot be written, but for a reader that has gone (as in
/// `casr plan … | head -1`).
pub fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    match output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
    {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
