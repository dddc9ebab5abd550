//! TIFF files byte by byte.

use casr_codec::Picture;

use super::read_bytes;

/// The values of a tag.
pub enum Values<'a> {
    Shorts(&'a [u16]),
    Longs(&'a [u32]),
    Bytes(&'a [u8]),
}
use self::Values::{Bytes, Longs, Shorts};

/// Appends a directory to `file` (which holds header and pixels) and points `link` to it; returns
/// the place of its own link to the next.
pub fn directory(
    file: &mut Vec<u8>,
    link: usize,
    big_endian: bool,
    tags: &[(u16, Values<'_>)],
) -> usize {
    let short = |value: u16| {
        if big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let long = |value: u32| {
        if big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let mut entries = short(tags.len() as u16).to_vec();
    for (tag, values) in tags {
        let (kind, count, mut bytes) = match values {
            Shorts(values) => (
                3,
                values.len(),
                values
                    .iter()
                    .flat_map(|&value| short(value))
                    .collect::<Vec<u8>>(),
            ),
            Longs(values) => (
                4,
                values.len(),
                values.iter().flat_map(|&value| long(value)).collect(),
            ),
            Bytes(values) => (7, values.len(), values.to_vec()),
        };
        if bytes.len() > 4 {
            let at = file.len() as u32;
            file.extend(bytes);
            bytes = long(at).to_vec();
        }
        bytes.resize(4, 0);
        entries.extend([&short(*tag)[..], &short(kind), &long(count as u32), &bytes].concat());
    }
    let at = file.len();
    file[link..link + 4].copy_from_slice(&long(at as u32));
    file.extend(entries);
    file.extend([0; 4]);
    file.len() - 4
}

/// A one-page TIFF of uncompressed strips or tiles, one after the other from byte 8 on.
pub struct Tiff<'a> {
    pub size: (u32, u32),
    pub photometric: u16,
    pub bits: &'a [u16],
    pub chunks: &'a [&'a [u8]],
    pub more: Vec<(u16, Values<'a>)>,
    pub big_endian: bool,
}

impl Tiff<'_> {
    pub fn file(self) -> Vec<u8> {
        let mut file = if self.big_endian {
            b"MM\0*\0\0\0\0".to_vec()
        } else {
            b"II*\0\0\0\0\0".to_vec()
        };
        let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
        for chunk in self.chunks {
            offsets.push(file.len() as u32);
            lengths.push(chunk.len() as u32);
            file.extend(*chunk);
        }
        let tiled = self.more.iter().any(|(tag, _)| *tag == 322);
        let (offset_tag, length_tag) = if tiled { (324, 325) } else { (273, 279) };
        let (width, height) = ([self.size.0], [self.size.1]);
        let (photometric, samples) = ([self.photometric], [self.bits.len() as u16]);
        let mut tags = vec![
            (256, Longs(&width)),
            (257, Longs(&height)),
            (258, Shorts(self.bits)),
            (262, Shorts(&photometric)),
            (offset_tag, Longs(&offsets)),
            (277, Shorts(&samples)),
            (length_tag, Longs(&lengths)),
        ];
        tags.extend(self.more);
        tags.sort_by_key(|(tag, _)| *tag);
        directory(&mut file, 4, self.big_endian, &tags);
        file
    }

    pub fn read(self) -> Picture {
        read_bytes(&self.file()).unwrap()
    }
}

pub fn tiff<'a>(
    size: (u32, u32),
    photometric: u16,
    bits: &'a [u16],
    chunks: &'a [&'a [u8]],
) -> Tiff<'a> {
    Tiff {
        size,
        photometric,
        bits,
        chunks,
        more: Vec::new(),
        big_endian: false,
    }
}
