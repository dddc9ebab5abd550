//! TIFF, streamed strip by strip (TIFF 6.0): deflated differences, the directory last; BigTIFF
//! where 4 GB may not suffice.

use std::io::{Seek, SeekFrom, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::output::Sink;
use super::{EncodeError, Encoder, Header, quantise};
use crate::exif::directories::{Directories, Field};
use crate::{Colour, Depth, Resolution, Unit, photoshop};

/// Bytes of a strip before it is compressed, at least one row.
const STRIP_BYTES: usize = 1 << 20;

/// Bytes of samples up to which classic TIFF's 32-bit offsets suffice, with room for incompressible
/// strips, metadata and the directory.
const CLASSIC_BYTES: u64 = 4_000_000_000;

const UNDEFINED: u16 = 7;
const BYTE: u16 = 1;

const DEFLATE: u16 = 8;
const HORIZONTAL_DIFFERENCES: u16 = 2;
const UNASSOCIATED_ALPHA: u16 = 2;

struct TiffEncoder {
    sink: Sink,
    header: Header,
    /// The parts of the EXIF that go into directories.
    exif: Directories,
    big: bool,
    rows_per_strip: usize,
    /// The strip that is being filled: little-endian samples.
    strip: Vec<u8>,
    /// Where the next strip begins in the file.
    at: u64,
    offsets: Vec<u64>,
    lengths: Vec<u64>,
}

pub(super) fn encoder(mut sink: Sink, header: Header) -> Result<Box<dyn Encoder>, EncodeError> {
    let row_bytes = header.width * header.channels() * header.depth.bits() / 8;
    let metadata = [
        &header.metadata.icc,
        &header.metadata.exif,
        &header.metadata.xmp,
        &header.metadata.photoshop,
        &header.metadata.photoshop,
    ];
    let metadata: usize = metadata.into_iter().flatten().map(Vec::len).sum();
    let big = row_bytes as u64 * header.height as u64 + metadata as u64 > CLASSIC_BYTES;
    let signature: &[u8] = if big {
        b"II+\0\x08\0\0\0\0\0\0\0\0\0\0\0"
    } else {
        b"II*\0\0\0\0\0"
    };
    let exif = header.metadata.exif.as_deref();
    let exif = exif.and_then(Directories::from_exif).unwrap_or_default();
    let mut start = signature.to_vec();
    if let Some(note) = &exif.note {
        // A maker's note must keep its offset, which is near the beginning.
        start.resize(note.at as usize, 0);
        start.extend(&note.bytes);
        start.resize(note.end() as usize, 0);
    }
    sink.write_all(&start)?;
    let rows_per_strip = (STRIP_BYTES / row_bytes).clamp(1, header.height);
    Ok(Box::new(TiffEncoder {
        sink,
        header,
        exif,
        big,
        rows_per_strip,
        strip: Vec::with_capacity(rows_per_strip * row_bytes),
        at: start.len() as u64,
        offsets: Vec::new(),
        lengths: Vec::new(),
    }))
}

impl Encoder for TiffEncoder {
    fn write_rows(&mut self, rows: &[f32]) -> Result<(), EncodeError> {
        let row = self.header.width * self.header.channels();
        let full = self.rows_per_strip * row * self.header.depth.bits() / 8;
        for row in rows.chunks_exact(row) {
            match self.header.depth {
                Depth::Eight => self.strip.extend(quantise::eight(row)),
                Depth::Sixteen => self
                    .strip
                    .extend(quantise::sixteen(row).flat_map(u16::to_le_bytes)),
            }
            if self.strip.len() == full {
                self.write_strip()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), EncodeError> {
        if !self.strip.is_empty() {
            self.write_strip()?;
        }
        // The directory begins on a word.
        if self.at % 2 == 1 {
            self.sink.write_all(&[0])?;
            self.at += 1;
        }
        let directory = self.directories().encode(self.at, self.big);
        self.sink.write_all(&directory)?;
        let (place, bytes) = if self.big { (8, 8) } else { (4, 4) };
        self.sink.seek(SeekFrom::Start(place))?;
        self.sink.write_all(&self.at.to_le_bytes()[..bytes])?;
        Ok(())
    }
}

impl TiffEncoder {
    fn write_strip(&mut self) -> Result<(), EncodeError> {
        let channels = self.header.channels();
        let row_bytes = self.header.width * channels * self.header.depth.bits() / 8;
        for row in self.strip.chunks_exact_mut(row_bytes) {
            match self.header.depth {
                Depth::Eight => difference_eight(row, channels),
                Depth::Sixteen => difference_sixteen(row, channels),
            }
        }
        let mut deflated = ZlibEncoder::new(
            Vec::with_capacity(self.strip.len() / 2),
            Compression::fast(),
        );
        deflated.write_all(&self.strip)?;
        let deflated = deflated.finish()?;
        self.sink.write_all(&deflated)?;
        self.offsets.push(self.at);
        self.lengths.push(deflated.len() as u64);
        self.at += deflated.len() as u64;
        self.strip.clear();
        Ok(())
    }

    fn directories(&self) -> Directories {
        let Header {
            width,
            height,
            colour,
            depth,
            alpha,
            metadata,
            ..
        } = &self.header;
        let channels = self.header.channels();
        let mut directories = self.exif.clone();
        if !directories.has_resolution() {
            // Readers expect a resolution; without one, pixels are square and of unknown size.
            directories.set_resolution(metadata.resolution.unwrap_or(Resolution {
                x: 1.0,
                y: 1.0,
                unit: Unit::Ratio,
            }));
        }
        let main = &mut directories.main;
        let photometric = match colour {
            Colour::Grey => 1,
            Colour::Rgb => 2,
        };
        main.extend([
            Field::longs(0x0100, &[*width as u32]),
            Field::longs(0x0101, &[*height as u32]),
            Field::shorts(0x0102, &vec![depth.bits() as u16; channels]),
            Field::shorts(0x0103, &[DEFLATE]),
            Field::shorts(0x0106, &[photometric]),
            Field::offsets(0x0111, &self.offsets, self.big),
            Field::shorts(0x0115, &[channels as u16]),
            Field::longs(0x0116, &[self.rows_per_strip as u32]),
            Field::offsets(0x0117, &self.lengths, self.big),
            Field::shorts(0x013d, &[HORIZONTAL_DIFFERENCES]),
        ]);
        if *alpha {
            main.push(Field::shorts(0x0152, &[UNASSOCIATED_ALPHA]));
        }
        if let Some(xmp) = &metadata.xmp {
            main.push(Field::bytes(0x02bc, BYTE, xmp.clone()));
        }
        if let Some(block) = &metadata.photoshop {
            if let Some(records) = photoshop::iptc(block) {
                main.push(Field::bytes(0x83bb, UNDEFINED, records.to_vec()));
            }
            if !photoshop::is_only_iptc(block) {
                main.push(Field::bytes(0x8649, BYTE, block.clone()));
            }
        }
        if let Some(icc) = &metadata.icc {
            main.push(Field::bytes(0x8773, UNDEFINED, icc.clone()));
        }
        directories
    }
}

/// Every sample but a row's first pixel becomes its difference from the one to the left.
fn difference_eight(row: &mut [u8], channels: usize) {
    for at in (channels..row.len()).rev() {
        row[at] = row[at].wrapping_sub(row[at - channels]);
    }
}

fn difference_sixteen(row: &mut [u8], channels: usize) {
    let sample = |row: &[u8], at: usize| u16::from_le_bytes([row[2 * at], row[2 * at + 1]]);
    for at in (channels..row.len() / 2).rev() {
        let difference = sample(row, at).wrapping_sub(sample(row, at - channels));
        row[2 * at..2 * at + 2].copy_from_slice(&difference.to_le_bytes());
    }
}
