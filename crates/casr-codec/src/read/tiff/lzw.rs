//! Strips and tiles coded by LZW. The decoder takes those of which it has read the last byte for cut off while it still
//! holds codes of them, so it is shown a few bytes more of each. What is cut off indeed is found out here.

use std::borrow::Cow;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use weezl::BitOrder;
use weezl::decode::Configuration;

use super::Fault;
use super::outline::{Directory, Outline};
use super::source::{Patched, Piece};

/// What stands behind a strip or tile: more than the decoder holds.
const FILL: &[u8] = &[0xff; 16];

/// Bytes that are unpacked at once.
const BAND: usize = 1 << 16;

/// Checks that strips or tiles hold as many bytes as they should, which `expected` tells of each.
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
            // Whatever the decoder says of the stream, it can go on as long as something comes.
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

/// Lets the strips or tiles of a directory be followed by some bytes, if its lists can tell where they are then, and
/// tells where they lie.
pub(super) fn lengthen<S: Read + Seek>(
    outline: &Outline,
    directory: &Directory,
    patched: &mut Patched<S>,
) -> Vec<Range<u64>> {
    let chunks = outline.chunks(directory, patched);
    let total = chunks.iter().fold(0u64, |total, chunk| {
        total.saturating_add(chunk.end - chunk.start + FILL.len() as u64)
    });
    let lists = 2 * chunks.len() as u64 * outline.offset_bytes() as u64;
    let end = patched.end().saturating_add(total).saturating_add(lists);
    if chunks.is_empty() || end > outline.largest_offset() {
        return chunks;
    }
    let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
    for chunk in &chunks {
        lengths.push(chunk.end - chunk.start + FILL.len() as u64);
        offsets.push(patched.append(Piece::Part(chunk.clone())));
        patched.append(Piece::Bytes(Cow::Borrowed(FILL)));
    }
    for (list, values) in [(directory.offsets, offsets), (directory.lengths, lengths)] {
        let Some(list) = list else {
            continue;
        };
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|&value| outline.bytes(value, outline.offset_bytes()))
            .collect();
        // One number lies in its entry, several lie where that says.
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
