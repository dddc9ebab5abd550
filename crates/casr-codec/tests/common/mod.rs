//! What several tests need: synthetic pictures, EXIF blocks, writing and reading in one go.
#![allow(dead_code)]

pub mod carry;
pub mod limited;
pub mod panics;
pub mod tiff_bytes;

use std::fs;
use std::path::{Path, PathBuf};

use casr_codec::{
    CodecError, Colour, Depth, Format, Header, Limits, Metadata, Options, Picture, Resolution,
    Source, Unit, Writer, read,
};
use tempfile::TempDir;

pub const FORMATS: [Format; 4] = [Format::Png, Format::Jpeg, Format::WebP, Format::Tiff];

pub fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../samples")
        .join(name)
}

/// A header of the given kind without metadata.
pub fn header(width: usize, height: usize, colour: Colour, depth: Depth, alpha: bool) -> Header {
    Header {
        width,
        height,
        colour,
        depth,
        alpha,
        metadata: Metadata::default(),
        mark: None,
        from: None,
    }
}

/// Interleaved samples on the steps of `depth`: smooth slopes with some noise, alpha included.
pub fn samples(header: &Header) -> Vec<f32> {
    let steps = if header.depth == Depth::Eight {
        255
    } else {
        65535
    };
    let mut noise = Noise(7);
    let channels = header.channels();
    (0..header.width * header.height * channels)
        .map(|index| {
            let (pixel, channel) = (index / channels, index % channels);
            let (row, column) = (pixel / header.width, pixel % header.width);
            let slope = (row * (channel + 2) + column * 3) * steps / 256;
            ((slope + noise.below(steps / 16)) % (steps + 1)) as f32 / steps as f32
        })
        .collect()
}

/// Writes all rows in bands of uneven height.
pub fn write(
    path: &Path,
    format: Format,
    header: &Header,
    samples: &[f32],
) -> Result<(), CodecError> {
    let mut writer = Writer::create(path, format, header.clone(), Options::default())?;
    let row = header.width * header.channels();
    let (mut rest, mut band) = (samples, 1);
    while !rest.is_empty() {
        let (rows, later) = rest.split_at((band * row).min(rest.len()));
        writer.write_rows(rows)?;
        (rest, band) = (later, band % 5 + 2);
    }
    writer.finish()
}

pub fn read_default(path: &Path) -> Result<Picture, CodecError> {
    read(path, &Limits::default())
}

/// A picture's samples interleaved with its alpha, as a writer takes them.
pub fn interleaved(picture: &Picture) -> Vec<f32> {
    let pixels = picture.pixels.to_f32();
    let Some(alpha) = &picture.alpha else {
        return pixels;
    };
    let pixels = pixels.chunks_exact(picture.colour.channels());
    pixels
        .zip(alpha.to_f32())
        .flat_map(|(pixel, alpha)| pixel.iter().copied().chain([alpha]))
        .collect()
}

/// A file's bytes, written by the crate itself.
pub fn encoded(format: Format, header: &Header) -> Vec<u8> {
    let folder = folder();
    let path = folder.path().join("picture");
    write(&path, format, header, &samples(header)).unwrap();
    fs::read(path).unwrap()
}

/// Bytes that a test made up, as a source.
pub fn source(bytes: &[u8]) -> Source<'_> {
    Source::Bytes {
        name: Path::new("made up"),
        bytes,
    }
}

/// Reads bytes that a test made up.
pub fn read_bytes(bytes: &[u8]) -> Result<Picture, CodecError> {
    read(source(bytes), &Limits::default())
}

/// A small deterministic generator (xorshift).
pub struct Noise(pub u64);

impl Noise {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

/// An EXIF block with an orientation, a camera's make, the pixel dimensions 640×480 in its photo
/// directory and a next directory where a thumbnail would be.
pub fn exif(orientation: u16, big_endian: bool) -> Vec<u8> {
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
    let entry = |tag, kind, count, value: [u8; 4]| {
        [&short(tag)[..], &short(kind), &long(count), &value].concat()
    };
    let inline = |value: u16| [short(value)[0], short(value)[1], 0, 0];
    let start = if big_endian { b"MM\0*" } else { b"II*\0" };
    // Main directory at 8 (3 entries, 42 bytes), photo directory at 50 (2 entries, 30 bytes), the
    // make at 80, the thumbnail's empty directory at 86.
    [
        &start[..],
        &long(8),
        &short(3),
        &entry(0x010f, 2, 6, long(80)),
        &entry(0x0112, 3, 1, inline(orientation)),
        &entry(0x8769, 4, 1, long(50)),
        &long(86),
        &short(2),
        &entry(0xa002, 3, 1, inline(640)),
        &entry(0xa003, 3, 1, inline(480)),
        &long(0),
        b"Maker\0",
        &short(0),
        &long(0),
    ]
    .concat()
}

/// Recomputes the checksums of a PNG's chunks after a test has tampered with them.
pub fn mend_checksums(png: &mut [u8]) {
    let mut at = 8;
    while at + 12 <= png.len() {
        let length = u32::from_be_bytes(png[at..at + 4].try_into().unwrap()) as usize;
        let checksum = crc(&png[at + 4..at + 8 + length]);
        png[at + 8 + length..at + 12 + length].copy_from_slice(&checksum.to_be_bytes());
        at += 12 + length;
    }
}

/// A PNG chunk.
pub fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [&name[..], data].concat();
    [
        &(data.len() as u32).to_be_bytes()[..],
        &named,
        &crc(&named).to_be_bytes(),
    ]
    .concat()
}

/// The checksum of PNG and zlib (CRC-32).
pub fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| {
        if crc & 1 == 1 {
            0xedb8_8320 ^ (crc >> 1)
        } else {
            crc >> 1
        }
    };
    !bytes
        .iter()
        .fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

/// Metadata of every kind.
pub fn described() -> Metadata {
    Metadata {
        icc: Some([&[0; 16][..], b"RGB ", &[0; 109]].concat()),
        exif: Some(exif(1, false)),
        xmp: Some(b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>".to_vec()),
        photoshop: Some(b"8BIM\x04\x04\0\0\0\0\0\x0b\x1c\x02\x78\0\x06Asters\0".to_vec()),
        resolution: Some(Resolution {
            x: 300.0,
            y: 300.0,
            unit: Unit::Inch,
        }),
        ..Metadata::default()
    }
}
