//! Pictures as folders of small files, for viewers on the web: Deep Zoom and IIIF. Every tile is a
//! JPEG or PNG file of its own, written as soon as its rows are there.
//!
//! A tile has the image's ICC profile, without which its colours would be others. The rest of the
//! metadata is in one file: the largest that shows the whole image.

pub mod deep_zoom;
mod folder;
mod names;

use std::fs;
use std::path::{Path, PathBuf};

use super::band::{Band, Grid};
use super::layout::TileFormat;
use super::pyramid::{self, Pyramid, Rounding};
use super::{EncodeError, Encoder, Header, Options, jpeg, png};
use crate::{Format, Metadata};

pub(super) use folder::Folder;
use names::Names;
pub(super) use names::description;
pub use names::is_tile_set;

/// How an image is cut, as by default in libvips.
fn grid(format: Format) -> Grid {
    let (side, overlap) = match format {
        Format::DeepZoom => (deep_zoom::TILE, deep_zoom::OVERLAP),
        _ => (512, 0),
    };
    Grid {
        tile: (side, side),
        overlap,
    }
}

/// The sizes of an image's levels, the image itself first: Deep Zoom goes on to a single pixel,
/// IIIF to a single tile.
fn sizes(width: usize, height: usize, format: Format) -> Vec<(usize, usize)> {
    let grid = grid(format);
    pyramid::sizes((width, height), Rounding::Up, |size| {
        format != Format::DeepZoom && grid.count(size) == (1, 1)
    })
}

/// Bytes that the encoder holds at most.
pub(super) fn held_bytes(header: &Header, format: Format) -> u64 {
    let grid = grid(format);
    let sizes = sizes(header.width, header.height, format);
    let tile = (grid.tile.0 * grid.tile.1 * header.channels()) as u64;
    pyramid::held_bytes(&sizes, grid, header.channels(), header.depth) + 4 * tile
}

struct TileEncoder {
    /// Samples of a row.
    row: usize,
    pyramid: Pyramid,
    store: Store,
}

/// Where tiles go.
struct Store {
    folder: PathBuf,
    names: Names,
    /// Which level is whole in a tile, and has a file with all metadata.
    whole: usize,
    tile_format: TileFormat,
    quality: u8,
    /// The image's header with the metadata that every tile has, and with all.
    plain: Header,
    described: Header,
    /// The tile in the making.
    samples: Vec<u8>,
}

/// An encoder whose tiles go into `folder`, which is empty.
pub(super) fn encoder(
    folder: &Path,
    format: Format,
    header: Header,
    options: &Options,
) -> Result<Box<dyn Encoder>, EncodeError> {
    let grid = grid(format);
    let sizes = sizes(header.width, header.height, format);
    let whole = sizes.iter().position(|&size| grid.count(size) == (1, 1));
    let names = Names::new(format, options.tile_format, grid, &sizes);
    for name in names.folders() {
        fs::create_dir(folder.join(name))?;
    }
    let pyramid = Pyramid::new(&sizes, grid, &header)?;
    let metadata = &header.metadata;
    let plain = Header {
        metadata: Metadata {
            icc: metadata.icc.clone(),
            colour_chunks: metadata.colour_chunks.clone(),
            ..Metadata::default()
        },
        ..header.clone()
    };
    Ok(Box::new(TileEncoder {
        row: header.width * header.channels(),
        pyramid,
        store: Store {
            folder: folder.to_owned(),
            names,
            whole: whole.unwrap_or(0),
            tile_format: options.tile_format,
            quality: options.quality,
            plain,
            described: header,
            samples: Vec::new(),
        },
    }))
}

impl Encoder for TileEncoder {
    fn write_rows(&mut self, rows: &[f32]) -> Result<(), EncodeError> {
        for row in rows.chunks_exact(self.row) {
            self.pyramid
                .push(row, |level, band| self.store.band(level, band))?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), EncodeError> {
        Ok(())
    }
}

impl Store {
    /// Writes a row of tiles.
    fn band(&mut self, level: usize, band: &Band) -> Result<(), EncodeError> {
        for column in 0..band.tiles() {
            let size = band.cut(column, &mut self.samples);
            let is_whole = level == self.whole;
            let further = if is_whole {
                self.names.of_whole(level, size)
            } else {
                Vec::new()
            };
            let tile = self.names.of(level, (column, band.index()), size);
            self.file(&tile, size, is_whole && further.is_empty())?;
            for name in further {
                self.file(&name, size, true)?;
            }
        }
        Ok(())
    }

    fn file(
        &self,
        name: &str,
        (width, height): (usize, usize),
        described: bool,
    ) -> Result<(), EncodeError> {
        let header = if described {
            &self.described
        } else {
            &self.plain
        };
        let header = Header {
            width,
            height,
            ..header.clone()
        };
        let bytes = match self.tile_format {
            TileFormat::Jpeg => jpeg::whole(&header, self.quality, &self.samples)?,
            TileFormat::Png => png::whole(header, &self.samples)?,
        };
        let path = self.folder.join(name);
        if let (true, Some(folder)) = (self.names.are_deep(), path.parent()) {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(path, bytes)?)
    }
}
