//! Strips and tiles that are JPEG streams (TIFF Technical Note 2): the JPEG decoder of this crate
//! reads them, under the same rules as JPEG files.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use tiff::decoder::Decoder as Inner;
use tiff::tags::Tag;

use super::super::decoded::zeros;
use super::super::jpeg;
use super::Fault;
use super::Source;
use super::colour::{Layout, Raw};

/// How many rows more than its strip a stream may have: streams are padded to whole units of up to
/// 16 rows.
const MAX_PADDING_ROWS: usize = 16;
/// The most pixels that all streams together may have, as a multiple of the image's, against many
/// streams in one place.
const MAX_PIXELS_RATIO: usize = 4;
/// The pixels, and the bytes, that are allowed in addition, for small images.
const ALLOWANCE: usize = 1 << 22;
/// The most bytes per sample that all streams together may have in addition to those of the file:
/// identical strips or tiles may share one stream.
const MAX_SHARED_BYTES: u64 = 4;

const WHITE_IS_ZERO: u16 = 0;

impl Layout {
    /// The samples of an image, read from the streams of its strips or tiles.
    pub(super) fn of_streams(
        &self,
        inner: &mut Inner<Source<'_>>,
        streams: &[Range<u64>],
        (width, height): (usize, usize),
    ) -> Result<Raw, Fault> {
        let tables = match inner.find_tag(Tag::JPEGTables)? {
            Some(tables) => tables.into_u8_vec()?,
            None => Vec::new(),
        };
        let (chunk_width, chunk_height) = inner.chunk_dimensions();
        let (chunk_width, most_rows) = (chunk_width as usize, chunk_height as usize);
        let chunk_height = most_rows.min(height);
        if chunk_width == 0 || chunk_height == 0 {
            return Err(Fault::damaged("its strips or tiles have no pixels"));
        }
        let across = width.div_ceil(chunk_width);
        let per_plane = across * height.div_ceil(chunk_height);
        let channels = if self.planes > 1 { 1 } else { self.stride };
        let inverted =
            inner.find_tag_unsigned(Tag::PhotometricInterpretation)? == Some(WHITE_IS_ZERO);
        let mut samples = zeros::<u8>(width * height * self.stride)?;
        let mut room = ALLOWANCE + MAX_PIXELS_RATIO * width * height * self.planes;
        let file = inner.inner().seek(SeekFrom::End(0))?;
        let mut bytes =
            file.saturating_add(MAX_SHARED_BYTES * samples.len() as u64 + ALLOWANCE as u64);
        for index in 0..per_plane * self.planes {
            let stream = streams.get(index).ok_or(Fault::Truncated)?;
            let length = (stream.end - stream.start).saturating_add(tables.len() as u64);
            bytes = bytes
                .checked_sub(length)
                .ok_or_else(|| Fault::damaged("its parts lie upon each other"))?;
            let stream = read(inner.inner(), stream)?;
            // Tiles may extend beyond the image.
            let most = (
                chunk_width,
                most_rows.saturating_add(MAX_PADDING_ROWS),
                room,
            );
            let part = jpeg::part(&tables, &stream, most)?;
            room -= part.width * part.height;
            let (plane, chunk) = (index / per_plane, index % per_plane);
            let (left, top) = (chunk % across * chunk_width, chunk / across * chunk_height);
            let columns = chunk_width.min(width - left);
            let rows = chunk_height.min(height - top);
            if part.channels != channels || part.width < columns || part.height < rows {
                return Err(Fault::damaged("a part of it does not fit its place"));
            }
            let plane = &mut samples[plane * width * height * channels..];
            for row in 0..rows {
                let from = &part.samples[row * part.width * channels..][..columns * channels];
                let at = ((top + row) * width + left) * channels;
                plane[at..at + columns * channels].copy_from_slice(from);
            }
        }
        if inverted {
            samples
                .iter_mut()
                .for_each(|sample| *sample = 255 - *sample);
        }
        Ok(Raw::Eight(samples))
    }
}

fn read(source: &mut Source<'_>, range: &Range<u64>) -> Result<Vec<u8>, Fault> {
    source.seek(SeekFrom::Start(range.start))?;
    let mut bytes = Vec::new();
    let length = range.end - range.start;
    let read = source.take(length).read_to_end(&mut bytes)?;
    if (read as u64) < length {
        return Err(Fault::Truncated);
    }
    Ok(bytes)
}
