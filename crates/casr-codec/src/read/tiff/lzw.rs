//! Strips and tiles coded by LZW. The decoder reports a strip as cut off once it has read its last
//! byte, even if it still holds codes of it. So each strip is followed by a few more bytes, and
//! whether one really is cut off is checked here.

use std::borrow::Cow;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use weezl::BitOrder;
use weezl::decode::Configuration;

use super::Fault;
use super::outline::{Directory, Outline};
use super::source::{Patched, Piece};

/// The bytes after a strip or tile: more than the decoder holds back.
const PADDING: &[u8] = &[0xff; 16];

/// Bytes that are unpacked at once.
const BAND: usize = 1 << 16;

/// Checks that each strip or tile unpacks to as many bytes as `expected` returns for it.
pub(super) fn check<S: Read + Seek>(
    source: &mut S,
    chunks: &[Range<u64>],
    expected: impl Fn(usize) -> usize,
) -> Result<(), Fault> {
    let mut packed = Vec::new();
    let mut band = vec![0; BAND];
    for (index, chunk) in chunks.iter().enumerate() {
        packed.clear();
        source.seek(SeekFrom::Start(chunk.start))?;
        source
            .take(chunk.end - chunk.start)
            .read_to_end(&mut packed)?;
        let mut decoder = Configuration::with_tiff_size_switch(BitOrder::Msb, 8)
            .with_yield_on_full_buffer(true)
            .build();
        let (mut packed, mut missing) = (&packed[..], expected(index));
        while missing > 0 {
            let result = decoder.decode_bytes(packed, &mut band[..missing.min(BAND)]);
            // Whatever status the decoder returns, it can continue as long as it makes progress.
            if result.consumed_in == 0 && result.consumed_out == 0 {
                return Err(Fault::Truncated);
            }
            result.status.map_err(Fault::damaged_by)?;
            missing -= result.consumed_out;
            packed = &packed[result.consumed_in..];
        }
    }
    Ok(())
}

/// Presents the strips or tiles of a directory with padding after each, if the directory's lists
/// can hold the new offsets. Returns where the strips or tiles lie in the file.
pub(super) fn lengthen<S: Read + Seek>(
    outline: &Outline,
    directory: &Directory,
    patched: &mut Patched<S>,
) -> Vec<Range<u64>> {
    let chunks = outline.chunks(directory, patched);
    let total = chunks.iter().fold(0u64, |total, chunk| {
        total.saturating_add(chunk.end - chunk.start + PADDING.len() as u64)
    });
    let lists = 2 * chunks.len() as u64 * outline.offset_bytes() as u64;
    let end = patched.end().saturating_add(total).saturating_add(lists);
    if chunks.is_empty() || end > outline.largest_offset() {
        return chunks;
    }
    let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
    for chunk in &chunks {
        lengths.push(chunk.end - chunk.start + PADDING.len() as u64);
        offsets.push(patched.append(Piece::Part(chunk.clone())));
        patched.append(Piece::Bytes(Cow::Borrowed(PADDING)));
    }
    for (list, values) in [(directory.offsets, offsets), (directory.lengths, lengths)] {
        let Some(list) = list else {
            continue;
        };
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|&value| outline.bytes(value, outline.offset_bytes()))
            .collect();
        // A single number lies in its entry; for several, the entry holds their offset.
        let value = if values.len() == 1 {
            bytes
        } else {
            let place = patched.append(Piece::Bytes(bytes.into()));
            outline.bytes(place, outline.offset_bytes())
        };
        let entry = [
            outline.bytes(outline.offset_kind().into(), 2),
            outline.bytes(values.len() as u64, outline.offset_bytes()),
            value,
        ];
        patched.replace(list.entry + 2, entry.concat());
    }
    chunks
}
