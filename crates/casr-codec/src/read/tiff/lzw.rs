//! Strips and tiles coded by LZW. The decoder takes those of which it has read the last byte for cut off while it still
//! holds codes of them, so it is shown a few bytes more of each.

use std::borrow::Cow;
use std::io::{Read, Seek};

use super::outline::{Directory, Outline};
use super::source::{Patched, Piece};

/// What stands behind a strip or tile: more than the decoder holds, and codes without meaning, so that data which do
/// end early are found out.
const FILL: &[u8] = &[0xff; 16];

/// Lets the strips or tiles of a directory be followed by some bytes, if its lists can tell where they are then.
pub(super) fn lengthen<S: Read + Seek>(
    outline: &Outline,
    directory: &Directory,
    patched: &mut Patched<S>,
) {
    let chunks = outline.chunks(directory, patched);
    let total = chunks.iter().fold(0u64, |total, chunk| {
        total.saturating_add(chunk.end - chunk.start + FILL.len() as u64)
    });
    let lists = 2 * chunks.len() as u64 * outline.offset_bytes() as u64;
    let end = patched.end().saturating_add(total).saturating_add(lists);
    if chunks.is_empty() || end > outline.largest_offset() {
        return;
    }
    let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
    for chunk in chunks {
        lengths.push(chunk.end - chunk.start + FILL.len() as u64);
        offsets.push(patched.append(Piece::Part(chunk)));
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
}
