//! Panics, those included that the codec turns into errors.

use std::panic::{self, PanicHookInfo};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

static SEEN: Mutex<Vec<Panic>> = Mutex::new(Vec::new());

/// A panic that came up anywhere in this process.
pub struct Panic {
    /// Whether it came up in another crate than this one.
    pub foreign: bool,
    /// Where, and what it says.
    pub words: String,
}

/// Keeps panics from the terminal and notes them from now on.
pub fn watch() {
    panic::set_hook(Box::new(|info| {
        let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(Panic {
            foreign: is_foreign(info),
            words: info.to_string(),
        });
    }));
}

/// The panics since the last call.
pub fn seen() -> Vec<Panic> {
    std::mem::take(&mut *SEEN.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Crates from elsewhere lie in Cargo's registry, or in a folder `vendor`.
fn is_foreign(info: &PanicHookInfo<'_>) -> bool {
    let path = info.location().map(|location| Path::new(location.file()));
    let mut folders = path.into_iter().flat_map(Path::components);
    folders.any(|folder| matches!(folder.as_os_str().to_str(), Some("registry" | "vendor")))
}
