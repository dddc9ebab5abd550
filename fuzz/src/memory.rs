//! Images in memory, as the readers and writers take them.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use casr_codec::{CodecError, Format, Header, Loss, Options, Source, Writer};

/// What errors call an input.
pub(crate) const NAME: &str = "an input";

/// These bytes as the content of a file.
pub(crate) fn source(bytes: &[u8]) -> Source<'static> {
    Source::Bytes {
        name: Path::new(NAME),
        bytes: bytes.into(),
    }
}

/// Writes an image in bands of so many rows; with what the format does not hold of the header.
pub(crate) fn written(
    format: Format,
    header: Header,
    options: Options,
    samples: &[f32],
    band: usize,
) -> Result<(Vec<u8>, Vec<Loss>), CodecError> {
    let row = header.width * header.channels();
    let taken = Taken::default();
    let mut writer = Writer::to_stream(taken.clone(), Path::new(NAME), format, header, options)?;
    let losses = writer.losses().to_vec();
    for rows in samples.chunks(band * row) {
        writer.write_rows(rows)?;
    }
    writer.finish()?;
    let mut bytes = taken.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok((std::mem::take(&mut bytes), losses))
}

/// A stream into memory.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Vec<u8>>>);

impl Write for Taken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
