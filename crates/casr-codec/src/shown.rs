//! File names as messages show them.

use std::fmt;
use std::path::Path;

/// A file name for a message: what a terminal would obey instead of showing, such as escape
/// sequences, line breaks and marks that turn the direction of writing, is written out.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(&'a Path);

/// A path as a message shows it.
pub fn shown(path: &Path) -> Shown<'_> {
    Shown(path)
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.to_string_lossy().chars() {
            let obeyed = letter.is_control()
                || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if obeyed {
                write!(formatter, "{}", letter.escape_default())?;
            } else {
                fmt::Write::write_char(formatter, letter)?;
            }
        }
        Ok(())
    }
}
