//! Images in memory, as the readers and writers take them.

use std::path::Path;

use casr_codec::{CodecError, Format, Header, Loss, Options, Source, Writer};

/// What errors call an input.
pub(crate) const NAME: &str = "an input";

/// These bytes as the content of a file.
pub(crate) fn source(bytes: &[u8]) -> Source<'_> {
    Source::Bytes {
        name: Path::new(NAME),
        bytes,
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
    let mut bytes = Vec::new();
    let mut writer = Writer::to_stream(&mut bytes, Path::new(NAME), format, header, options)?;
    let losses = writer.losses().to_vec();
    for rows in samples.chunks(band * row) {
        writer.write_rows(rows)?;
    }
    writer.finish()?;
    Ok((bytes, losses))
}
