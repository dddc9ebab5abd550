//! Files in memory, where the system has a folder for them: the readers and writers take paths.

use std::io::Write;

use casr_codec::{CodecError, Format, Header, Loss, Options, Writer};
use tempfile::{NamedTempFile, TempPath};

/// Where Linux keeps files in memory.
const IN_MEMORY: &str = "/dev/shm";

/// A file with these bytes, gone when it is dropped.
pub(crate) fn file(bytes: &[u8]) -> TempPath {
    let file = NamedTempFile::new_in(IN_MEMORY).or_else(|_| NamedTempFile::new());
    let mut file = file.expect("a folder for temporary files");
    file.write_all(bytes).expect("room for a temporary file");
    file.into_temp_path()
}

/// Writes an image in bands of so many rows; with what the format does not hold of the header.
pub(crate) fn written(
    format: Format,
    header: Header,
    options: Options,
    samples: &[f32],
    band: usize,
) -> Result<(TempPath, Vec<Loss>), CodecError> {
    let path = file(&[]);
    let row = header.width * header.channels();
    let options = Options {
        overwrite: true,
        ..options
    };
    let mut writer = Writer::create(&path, format, header, options)?;
    let losses = writer.losses().to_vec();
    for rows in samples.chunks(band * row) {
        writer.write_rows(rows)?;
    }
    writer.finish()?;
    Ok((path, losses))
}
