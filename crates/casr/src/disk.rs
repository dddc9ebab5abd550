//! What a result takes of the disk.

use crate::keep;
use casr_codec::{Depth, Format, Header, Options, TiffCompression, TileFormat};

/// What a result of photographs takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// The result itself, in bytes.
    pub result: u64,
    /// The tiles that are kept until it is whole, if they are, in bytes.
    pub kept: u64,
}

/// Bytes of an 8-bit sample in PNG, and in the other ways to store it: means of photographs
/// enlarged by 2, 4 and 8, most of which lie within a third of it, and all within a half but for
/// JPEG's finest textures. Noise takes more, drawings take less.
const PNG: f64 = 0.53;
const DEFLATE: f64 = 0.59;
const LZW: f64 = 0.56;
const JPEG: f64 = 0.14;
const WEBP: f64 = 0.43;

/// How much more a 16-bit sample takes where nothing is lost: its lower byte looks like noise, and
/// hides patterns of the upper one.
const LOWER_BYTE: f64 = 1.15;

/// An image with all its overviews, in multiples of the image.
const OVERVIEWS: f64 = 4.0 / 3.0;

/// What the result of a header takes: in its format, and as kept tiles where it is large enough for
/// these. Metadata, which are small beside it, do not count.
pub fn foretell(header: &Header, format: Format, writing: &Options) -> Disk {
    let samples = header.width as f64 * header.height as f64 * header.channels() as f64;
    let deep = header.depth == Depth::Sixteen && writing.holds_sixteen(format);
    let lossless = |bytes: f64| if deep { bytes + LOWER_BYTE } else { bytes };
    let of_tiff = || {
        let bytes = match writing.tiff.compression {
            TiffCompression::None => return if deep { 2.0 } else { 1.0 },
            TiffCompression::Deflate | TiffCompression::Zstd => DEFLATE,
            TiffCompression::Lzw => LZW,
            TiffCompression::Jpeg => return JPEG,
        };
        lossless(bytes)
    };
    let of_tiles = match writing.tile_format {
        TileFormat::Png => lossless(PNG),
        TileFormat::Jpeg => JPEG,
    };
    let bytes = match format {
        Format::Png => lossless(PNG),
        Format::Jpeg => JPEG,
        Format::WebP => writing.webp_quality.map_or(WEBP, |_| JPEG),
        Format::Tiff if writing.tiff.pyramid => OVERVIEWS * of_tiff(),
        Format::Tiff => of_tiff(),
        Format::DeepZoom | Format::Iiif => OVERVIEWS * of_tiles,
    };
    let size = casr_zoom::Size {
        width: header.width,
        height: header.height,
    };
    Disk {
        result: (samples * bytes) as u64,
        kept: if keep::is_large(size) {
            (samples * lossless(PNG)) as u64
        } else {
            0
        },
    }
}
