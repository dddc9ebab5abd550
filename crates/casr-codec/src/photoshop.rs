//! Photoshop's image resources, which JPEG and TIFF carry, and IPTC among them (Adobe, Photoshop
//! File Formats).

use std::ops::Range;

/// IPTC-IIM records.
const IPTC: u16 = 0x0404;
/// Pixels per inch, as 16.16 fixed-point numbers.
const RESOLUTION: u16 = 0x03ed;

/// The resources of a block: their numbers and where their content lies. The list ends before a
/// damaged one.
fn resources(block: &[u8]) -> Vec<(u16, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(head) = block.get(at..at + 7) {
        // Other programs' resources begin with other signatures.
        if !head[..4].iter().all(u8::is_ascii_alphanumeric) {
            break;
        }
        let number = u16::from_be_bytes([head[4], head[5]]);
        let name = (usize::from(head[6]) + 1).next_multiple_of(2);
        let length_at = at + 6 + name;
        let Some(length) = block.get(length_at..length_at + 4) else {
            break;
        };
        let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize;
        let start = length_at + 4;
        if length > block.len() - start {
            break;
        }
        found.push((number, start..start + length));
        at = (start + length).next_multiple_of(2);
    }
    found
}

/// The IPTC records of a block.
pub(crate) fn iptc(block: &[u8]) -> Option<&[u8]> {
    let (_, range) = resources(block)
        .into_iter()
        .find(|(number, _)| *number == IPTC)?;
    Some(&block[range])
}

/// Whether a block holds nothing but IPTC.
pub(crate) fn is_only_iptc(block: &[u8]) -> bool {
    let resources = resources(block);
    !resources.is_empty() && resources.iter().all(|(number, _)| *number == IPTC)
}

/// A block with these IPTC records added, if it has none.
pub(crate) fn with_iptc(block: Option<Vec<u8>>, records: &[u8]) -> Vec<u8> {
    let mut block = block.unwrap_or_default();
    if iptc(&block).is_none() {
        block.resize(block.len().next_multiple_of(2), 0);
        block.extend(b"8BIM");
        block.extend(IPTC.to_be_bytes());
        block.extend([0, 0]);
        block.extend((records.len() as u32).to_be_bytes());
        block.extend(records);
        block.resize(block.len().next_multiple_of(2), 0);
    }
    block
}

/// Multiplies the resolution of a block.
pub(crate) fn scale_resolution(block: &mut [u8], (across, down): (f64, f64)) {
    for (_, range) in resources(block)
        .into_iter()
        .filter(|(number, range)| *number == RESOLUTION && range.len() >= 12)
    {
        for (at, factor) in [(0, across), (8, down)] {
            let place = &mut block[range.start + at..][..4];
            let value = u32::from_be_bytes([place[0], place[1], place[2], place[3]]);
            let scaled = (f64::from(value) * factor).round() as u32;
            place.copy_from_slice(&scaled.to_be_bytes());
        }
    }
}
