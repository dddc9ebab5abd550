//! Choices that only some formats have: how a TIFF is laid out, and what tiles are.

use std::fmt;
use std::path::Path;

use super::Options;
use crate::{CodecError, Format};

/// Sides of a TIFF's tiles are multiples of so many pixels (TIFF 6.0, section 15).
const TILE_STEP: u16 = 16;

/// How the pixels of a TIFF file are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TiffLayout {
    /// How strips or tiles are compressed.
    pub compression: TiffCompression,
    /// The side of square tiles in pixels, a multiple of 16 up to [`TiffLayout::MAX_TILE`]; `None`,
    /// the default, for strips of whole rows.
    pub tile: Option<u16>,
    /// Whether overviews follow the image, each half as large as the one before, down to one that
    /// fits into a tile: viewers open them at once at any zoom. The image is in tiles then, of
    /// [`TiffLayout::DEFAULT_TILE`] pixels where `tile` says nothing.
    pub pyramid: bool,
}

impl TiffLayout {
    /// The usual side of a tile in pixels.
    pub const DEFAULT_TILE: u16 = 256;
    /// The largest side of a tile in pixels.
    pub const MAX_TILE: u16 = 4096;

    /// The side of the tiles of an image of so many columns; `None` for strips.
    pub(crate) fn tile_side(&self, width: usize) -> Option<usize> {
        // A JPEG strip cannot be wider.
        let too_wide = self.compression == TiffCompression::Jpeg && width > usize::from(u16::MAX);
        let default = (self.pyramid || too_wide).then_some(Self::DEFAULT_TILE);
        self.tile.or(default).map(usize::from)
    }
}

/// How the strips or tiles of a TIFF are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TiffCompression {
    /// Not at all.
    None,
    /// Deflate, after horizontal differences; read by everything.
    #[default]
    Deflate,
    /// LZW, after horizontal differences: for programs of the last century.
    Lzw,
    /// Zstandard, after horizontal differences: smaller and faster than deflate, where it is read.
    /// It needs the cargo feature `zstd`.
    Zstd,
    /// JPEG of the quality for JPEG files, colours not subsampled: 8 bits, lossy, without
    /// transparency.
    Jpeg,
}

impl fmt::Display for TiffCompression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "no compression",
            Self::Deflate => "deflate",
            Self::Lzw => "LZW",
            Self::Zstd => "Zstandard",
            Self::Jpeg => "JPEG",
        })
    }
}

/// What the tiles of Deep Zoom and IIIF are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TileFormat {
    /// JPEG of the quality for JPEG files: small, without transparency.
    #[default]
    Jpeg,
    /// PNG of 8 bits: exact.
    Png,
}

impl TileFormat {
    /// How the names of tiles end, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => Format::Jpeg.extension(),
            Self::Png => Format::Png.extension(),
        }
    }
}

impl Options {
    /// Whether a file of the format holds an alpha channel if it is written by these options.
    pub fn holds_alpha(&self, format: Format) -> bool {
        self.file(format).holds_alpha() && !self.is_jpeg_tiff(format)
    }

    /// Whether a file of the format holds 16 bits per sample if it is written by these options.
    pub fn holds_sixteen(&self, format: Format) -> bool {
        format.holds_sixteen() && !self.is_jpeg_tiff(format)
    }

    fn is_jpeg_tiff(&self, format: Format) -> bool {
        format == Format::Tiff && self.tiff.compression == TiffCompression::Jpeg
    }

    /// The format of the files that a result consists of.
    pub(super) fn file(&self, format: Format) -> Format {
        match (format, self.tile_format) {
            (Format::DeepZoom | Format::Iiif, TileFormat::Jpeg) => Format::Jpeg,
            (Format::DeepZoom | Format::Iiif, TileFormat::Png) => Format::Png,
            (file, _) => file,
        }
    }

    /// Checks what these options say of a format; `path` is for the message.
    pub(super) fn check(&self, format: Format, path: &Path) -> Result<(), CodecError> {
        let path = || path.to_owned();
        let mut qualities = [Some(self.quality), self.webp_quality]
            .into_iter()
            .flatten();
        if let Some(quality) = qualities.find(|quality| !(1..=100).contains(quality)) {
            return Err(CodecError::QualityOutOfRange {
                path: path(),
                quality,
            });
        }
        let lossy_webp = format == Format::WebP && self.webp_quality.is_some();
        if cfg!(not(feature = "lossy-webp")) && lossy_webp {
            return Err(CodecError::NoLossyWebP { path: path() });
        }
        if format != Format::Tiff {
            return Ok(());
        }
        if cfg!(not(feature = "zstd")) && self.tiff.compression == TiffCompression::Zstd {
            return Err(CodecError::NoZstd { path: path() });
        }
        let fits = |side: u16| {
            side.is_multiple_of(TILE_STEP) && (TILE_STEP..=TiffLayout::MAX_TILE).contains(&side)
        };
        match self.tiff.tile.filter(|&side| !fits(side)) {
            Some(side) => Err(CodecError::TileSideOutOfRange { path: path(), side }),
            None => Ok(()),
        }
    }
}
