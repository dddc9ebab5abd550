//! TIFF, streamed strip by strip or tile by tile (TIFF 6.0), the directories last; BigTIFF where 4
//! GB may not suffice.
//!
//! Overviews are further directories in the file's chain, marked as reduced, and not below the
//! first one (`SubIFDs`): libvips, GDAL and OpenSlide look for them there, QuPath and Bio-Formats
//! do in both places.

mod coder;
mod directory;

use std::io::{Seek, SeekFrom, Write};

use super::band::{Band, Grid};
use super::layout::{TiffCompression, TiffLayout};
use super::output::Sink;
use super::pyramid::{self, Pyramid, Rounding};
use super::{EncodeError, Encoder, Header, Options};
use crate::exif::directories::Directories;

use coder::Coder;

/// Bytes of a strip before it is compressed, at least one row.
const STRIP_BYTES: usize = 1 << 20;

/// Bytes up to which classic TIFF's 32-bit offsets suffice, with room for what incompressible
/// strips gain, and for the directories.
const CLASSIC_BYTES: f64 = 4e9;

/// Strips of JPEG hold a multiple of so many rows, the height of its blocks.
const BLOCK: usize = 8;

struct TiffEncoder {
    header: Header,
    /// The parts of the EXIF that go into directories.
    exif: Directories,
    grid: Grid,
    tiled: bool,
    big: bool,
    pyramid: Pyramid,
    store: Store,
}

/// Where strips and tiles go.
struct Store {
    sink: Sink,
    coder: Coder,
    /// The size of whole tiles, to which those at the edges are filled up; none for strips.
    tile: Option<(usize, usize)>,
    pixel_bytes: usize,
    /// Where the next one begins in the file.
    at: u64,
    images: Vec<Image>,
    /// The one in the making.
    samples: Vec<u8>,
}

/// The image or one of its overviews: where its strips or tiles lie, and how long they are.
struct Image {
    size: (usize, usize),
    offsets: Vec<u64>,
    lengths: Vec<u64>,
}

/// How an image is cut, and whether into tiles.
fn grid(width: usize, height: usize, row_bytes: usize, layout: &TiffLayout) -> (Grid, bool) {
    let tile = layout.tile_side(width);
    let size = match tile {
        Some(side) => (side, side),
        None => {
            let rows = STRIP_BYTES / row_bytes;
            let rows = match layout.compression {
                TiffCompression::Jpeg => (rows / BLOCK * BLOCK).clamp(BLOCK, 1 << 15),
                _ => rows.max(1),
            };
            (width, rows.min(height))
        }
    };
    let grid = Grid {
        tile: size,
        overlap: 0,
    };
    (grid, tile.is_some())
}

/// The sizes of an image and, where there are to be any, of its overviews: as in libvips, down to
/// one that fits into a tile, or cannot be halved.
fn sizes(width: usize, height: usize, grid: Grid, layout: &TiffLayout) -> Vec<(usize, usize)> {
    pyramid::sizes((width, height), Rounding::Down, |size| {
        !layout.pyramid || size.0.min(size.1) == 1 || grid.count(size) == (1, 1)
    })
}

/// Bytes that the encoder holds at most.
pub(super) fn held_bytes(header: &Header, layout: &TiffLayout) -> u64 {
    let row_bytes = header.width * header.channels() * header.depth.bits() / 8;
    let (grid, _) = grid(header.width, header.height, row_bytes, layout);
    let sizes = sizes(header.width, header.height, grid, layout);
    let chunk = grid.tile.0 * grid.tile.1.min(header.height) * header.channels();
    let chunk = (chunk * header.depth.bits() / 8) as u64;
    pyramid::held_bytes(&sizes, grid, header.channels(), header.depth) + 2 * chunk
}

pub(super) fn encoder(
    mut sink: Sink,
    header: Header,
    options: &Options,
) -> Result<Box<dyn Encoder>, EncodeError> {
    let layout = options.tiff;
    let pixel_bytes = header.channels() * header.depth.bits() / 8;
    let (grid, tiled) = grid(
        header.width,
        header.height,
        header.width * pixel_bytes,
        &layout,
    );
    let sizes = sizes(header.width, header.height, grid, &layout);
    let metadata = [
        &header.metadata.icc,
        &header.metadata.exif,
        &header.metadata.xmp,
        &header.metadata.photoshop,
        &header.metadata.photoshop,
    ];
    let metadata: usize = metadata.into_iter().flatten().map(Vec::len).sum();
    let samples: f64 = (sizes.iter())
        .map(|&size| {
            // Tiles at the edges are whole.
            let (across, down) = if tiled { grid.count(size) } else { (1, 1) };
            let size = if tiled { grid.tile } else { size };
            across as f64 * down as f64 * size.0 as f64 * size.1 as f64 * pixel_bytes as f64
        })
        .sum();
    let big = samples * largest_growth(layout.compression) + metadata as f64 > CLASSIC_BYTES;
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
    let coder = Coder::new(
        layout.compression,
        options.quality,
        header.colour,
        header.depth,
        header.channels(),
    )?;
    let images = sizes.iter().map(|&size| Image {
        size,
        offsets: Vec::new(),
        lengths: Vec::new(),
    });
    let store = Store {
        sink,
        coder,
        tile: tiled.then_some(grid.tile),
        pixel_bytes,
        at: start.len() as u64,
        images: images.collect(),
        samples: Vec::new(),
    };
    Ok(Box::new(TiffEncoder {
        pyramid: Pyramid::new(&sizes, grid, &header)?,
        header,
        exif,
        grid,
        tiled,
        big,
        store,
    }))
}

/// How many times longer samples get at most, beyond what [`CLASSIC_BYTES`] leaves room for. LZW
/// writes up to 12 bits for a byte; JPEG of quality 100 about 18 for a sample of the worst noise.
fn largest_growth(compression: TiffCompression) -> f64 {
    match compression {
        TiffCompression::None | TiffCompression::Deflate | TiffCompression::Zstd => 1.0,
        TiffCompression::Lzw => 1.5,
        TiffCompression::Jpeg => 2.5,
    }
}

impl Encoder for TiffEncoder {
    fn write_rows(&mut self, rows: &[f32]) -> Result<(), EncodeError> {
        for row in rows.chunks_exact(self.header.width * self.header.channels()) {
            self.pyramid
                .push(row, |level, band| self.store.band(level, band))?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), EncodeError> {
        let mut at = self.store.at;
        let sink = &mut self.store.sink;
        // The directory begins on a word.
        if at % 2 == 1 {
            sink.write_all(&[0])?;
            at += 1;
        }
        let directories = directory::encode(&self, at);
        let sink = &mut self.store.sink;
        sink.write_all(&directories)?;
        let (place, bytes) = if self.big { (8, 8) } else { (4, 4) };
        sink.seek(SeekFrom::Start(place))?;
        sink.write_all(&at.to_le_bytes()[..bytes])?;
        Ok(())
    }
}

impl Store {
    /// Writes the strips or tiles of a band.
    fn band(&mut self, level: usize, band: &Band) -> Result<(), EncodeError> {
        for column in 0..band.tiles() {
            let mut size = band.cut(column, &mut self.samples);
            if let Some(whole) = self.tile {
                fill_up(&mut self.samples, size, whole, self.pixel_bytes);
                size = whole;
            }
            let coded = self.coder.code(&mut self.samples, size)?;
            self.sink.write_all(&coded)?;
            let image = &mut self.images[level];
            image.offsets.push(self.at);
            image.lengths.push(coded.len() as u64);
            self.at += coded.len() as u64;
        }
        Ok(())
    }
}

/// Repeats the last column and row of a tile until it has the whole size: what compresses best, and
/// what keeps a JPEG's blocks from bleeding into the image.
fn fill_up(
    samples: &mut Vec<u8>,
    (width, height): (usize, usize),
    (columns, rows): (usize, usize),
    pixel_bytes: usize,
) {
    let (short, long) = (width * pixel_bytes, columns * pixel_bytes);
    if short < long {
        let mut wide = Vec::with_capacity(long * rows);
        for row in samples.chunks_exact(short) {
            wide.extend_from_slice(row);
            let last = &row[short - pixel_bytes..];
            (width..columns).for_each(|_| wide.extend_from_slice(last));
        }
        *samples = wide;
    }
    for _ in height..rows {
        samples.extend_from_within(samples.len() - long..);
    }
}
