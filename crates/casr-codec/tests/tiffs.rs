//! TIFF in its many ways, from bytes written by hand.

mod common;

use casr_codec::{CodecError, Colour, Depth, Loss, Picture};
use common::read_bytes;

/// The values of a tag.
enum Values<'a> {
    Shorts(&'a [u16]),
    Longs(&'a [u32]),
    Bytes(&'a [u8]),
}
use Values::{Bytes, Longs, Shorts};

/// Appends a directory to `file` (which holds header and pixels) and points `link` to it; returns the place of its own
/// link to the next.
fn directory(
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
struct Tiff<'a> {
    size: (u32, u32),
    photometric: u16,
    bits: &'a [u16],
    chunks: &'a [&'a [u8]],
    more: Vec<(u16, Values<'a>)>,
    big_endian: bool,
}

impl Tiff<'_> {
    fn file(self) -> Vec<u8> {
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

    fn read(self) -> Picture {
        read_bytes(&self.file()).unwrap()
    }
}

fn tiff<'a>(
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

fn steps(picture: &Picture) -> Vec<u32> {
    let full = if picture.depth == Depth::Eight {
        255.0
    } else {
        65535.0
    };
    picture
        .pixels
        .iter()
        .map(|sample| (sample * full).round() as u32)
        .collect()
}

#[test]
fn black_and_white_either_way() {
    for (photometric, expected) in [(1, [0, 255, 255, 255]), (0, [255, 0, 0, 0])] {
        let picture = tiff((2, 2), photometric, &[1], &[&[0b0100_0000, 0b1100_0000]]).read();
        assert_eq!(
            (picture.colour, picture.depth, steps(&picture)),
            (Colour::Grey, Depth::Eight, expected.to_vec())
        );
    }
    assert_eq!(
        steps(&tiff((3, 1), 1, &[4], &[&[0x0f, 0x80]]).read()),
        [0, 255, 136]
    );
}

#[test]
fn sixteen_bits_in_either_byte_order() {
    for big_endian in [false, true] {
        let pixels: Vec<u8> = [1u16, 300, 65535]
            .iter()
            .flat_map(|value| {
                if big_endian {
                    value.to_be_bytes()
                } else {
                    value.to_le_bytes()
                }
            })
            .collect();
        let picture = Tiff {
            big_endian,
            ..tiff((3, 1), 1, &[16], &[&pixels])
        }
        .read();
        assert_eq!(
            (picture.depth, steps(&picture)),
            (Depth::Sixteen, vec![1, 300, 65535])
        );
    }
}

#[test]
fn palettes_become_rgb() {
    let map: Vec<u16> = (0..48).map(|value| (value * 5) << 8).collect();
    for big_endian in [false, true] {
        let more = vec![(320, Shorts(&map))];
        let picture = Tiff {
            big_endian,
            more,
            ..tiff((3, 1), 3, &[4], &[&[0x0f, 0x30]])
        }
        .read();
        assert_eq!((picture.colour, picture.depth), (Colour::Rgb, Depth::Eight));
        assert_eq!(steps(&picture), [0, 80, 160, 75, 155, 235, 15, 95, 175]);
    }
    // A map that is missing makes black, not a panic.
    assert_eq!(steps(&tiff((1, 1), 3, &[8], &[&[9]]).read()), [0, 0, 0]);
}

#[test]
fn cmyk_becomes_rgb_and_loses_its_profile() {
    let more = vec![(34675, Bytes(b"a profile for inks"))];
    let picture = Tiff {
        more,
        ..tiff((2, 1), 5, &[8; 4], &[&[0, 255, 51, 0, 0, 0, 0, 204]])
    }
    .read();
    assert_eq!(steps(&picture), [255, 0, 204, 51, 51, 51]);
    assert_eq!(
        (picture.metadata.icc, &picture.losses[..]),
        (None, &[Loss::CmykProfile][..])
    );
}

#[test]
fn alpha_is_what_the_extra_sample_says() {
    let rgba = |extra: &[u16]| {
        Tiff {
            more: vec![(338, Shorts(extra))],
            ..tiff((1, 1), 2, &[8; 4], &[&[50, 100, 0, 102]])
        }
        .read()
    };
    let plain = rgba(&[2]);
    assert_eq!(
        (steps(&plain), plain.alpha),
        (vec![50, 100, 0], Some(vec![0.4]))
    );
    // Premultiplied colours are divided by alpha.
    let premultiplied = rgba(&[1]);
    assert_eq!(
        (steps(&premultiplied), premultiplied.alpha),
        (vec![125, 250, 0], Some(vec![0.4]))
    );
    // A sample of unknown meaning is none.
    let unknown = rgba(&[0]);
    assert_eq!((steps(&unknown), unknown.alpha), (vec![50, 100, 0], None));
    let grey = Tiff {
        more: vec![(338, Shorts(&[2]))],
        ..tiff((1, 1), 1, &[8; 2], &[&[50, 102]])
    }
    .read();
    assert_eq!(
        (grey.colour, steps(&grey), grey.alpha),
        (Colour::Grey, vec![50], Some(vec![0.4]))
    );
}

#[test]
fn planes_are_interleaved() {
    let more = vec![(284, Shorts(&[2]))];
    let picture = Tiff {
        more,
        ..tiff((2, 1), 2, &[8; 3], &[&[1, 2], &[3, 4], &[5, 6]])
    }
    .read();
    assert_eq!(steps(&picture), [1, 3, 5, 2, 4, 6]);
}

#[test]
fn tiles_are_put_together() {
    // 17 columns in tiles of 16×16: the second has one column that counts.
    let (first, second) = ([7; 256], [9; 256]);
    let more = vec![(322, Longs(&[16])), (323, Longs(&[16]))];
    let picture = Tiff {
        more,
        ..tiff((17, 2), 1, &[8], &[&first, &second])
    }
    .read();
    let row = [[7; 16].to_vec(), vec![9]].concat();
    assert_eq!(steps(&picture), [row.clone(), row].concat());
}

#[test]
fn of_several_pages_the_first_is_read() {
    let mut file = b"II*\0\0\0\0\0\x0b\x16".to_vec();
    let page = |at| {
        vec![
            (256, vec![1]),
            (257, vec![1]),
            (258, vec![8]),
            (262, vec![1]),
            (273, vec![at]),
            (279, vec![1]),
        ]
    };
    let mut link = 4;
    for at in [8, 9] {
        let tags = page(at);
        let tags: Vec<_> = tags
            .iter()
            .map(|(tag, value)| (*tag, Longs(value)))
            .collect();
        link = directory(&mut file, link, false, &tags);
    }
    let picture = read_bytes(&file).unwrap();
    assert_eq!(
        (steps(&picture), &picture.losses[..]),
        (vec![11], &[Loss::LaterFrames][..])
    );
}

#[test]
fn floats_and_odd_bits_are_unsupported_and_say_so() {
    let floats = Tiff {
        more: vec![(339, Shorts(&[3]))],
        ..tiff((1, 1), 1, &[32], &[&[0; 4]])
    }
    .file();
    for file in [
        floats,
        tiff((1, 1), 1, &[12], &[&[0; 2]]).file(),
        tiff((1, 1), 8, &[8; 3], &[&[0; 3]]).file(),
    ] {
        let error = read_bytes(&file).unwrap_err();
        assert!(matches!(error, CodecError::Unsupported { .. }), "{error}");
        assert!(
            error.to_string().contains("save it as an RGB PNG"),
            "{error}"
        );
    }
}
