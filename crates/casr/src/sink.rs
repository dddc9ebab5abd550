//! Where a stream of frames goes: a file, whole or not at all, or standard output.

use crate::destination::{Output, STANDARD_OUTPUT};
use anyhow::{anyhow, bail};
use casr_cli::console::Usage;
use casr_codec::{CodecError, WholeFile, shown};
use std::io::{self, IsTerminal, Write};
use std::path::Path;

/// See the module.
pub enum Sink {
    /// A file.
    File(WholeFile),
    /// Standard output, which gets what is written at once.
    Standard(io::Stdout),
}

impl Sink {
    /// Opens it.
    ///
    /// # Errors
    /// It is a terminal, there is a file of that name that is to stay, or none can be made there.
    pub fn open(output: &Output, overwrite: bool) -> anyhow::Result<Self> {
        match output {
            Output::Standard if io::stdout().is_terminal() => bail!(Usage(format!(
                "{STANDARD_OUTPUT}: this is a terminal; send the video into a pipe or a file"
            ))),
            Output::Standard => Ok(Self::Standard(io::stdout())),
            Output::File(path) if path.exists() && !overwrite => {
                bail!(CodecError::OutputExists { path: path.clone() })
            }
            Output::File(path) => {
                let file = WholeFile::create(path);
                Ok(Self::File(file.map_err(|source| unwritable(path, source))?))
            }
        }
    }

    /// Moves a file to its place.
    ///
    /// # Errors
    /// The system refuses; a file that was there is as it was.
    pub fn finish(self, output: &Output, overwrite: bool) -> anyhow::Result<()> {
        match self {
            Self::Standard(_) => Ok(()),
            Self::File(file) => {
                (file.finish(overwrite)).map_err(|source| unwritable(output.name(), source))
            }
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Standard(output) => output.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Standard(output) => output.flush(),
        }
    }
}

fn unwritable(path: &Path, source: io::Error) -> anyhow::Error {
    anyhow!(
        "{}: cannot be written ({source}); check the folder",
        shown(path)
    )
}
