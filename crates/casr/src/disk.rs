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

/// Bytes of an 8-bit sample of photographs that are doubled, in PNG and in the other ways to store
/// it. Noise takes more, drawings take less.
const PNG: f64 = 0.55;
const DEFLATE: f64 = 0.61;
const LZW: f64 = 0.59;
const JPEG: f64 = 0.16;
const WEBP: f64 = 0.45;

/// The larger a photograph becomes, the less there is to a pixel: by this power of the factor where
/// nothing is lost, and in JPEG. Measured up to ×64: most photographs lie within a quarter of what
/// follows, and all within a half but for JPEG's finest textures.
const THINNING: f64 = 0.1;
const JPEG_THINNING: f64 = 0.19;

/// How much more a 16-bit sample takes where nothing is lost: its lower byte looks like noise, and
/// hides patterns of the upper one.
const LOWER_BYTE: f64 = 1.15;

/// An image with all its overviews, in multiples of the image.
const OVERVIEWS: f64 = 4.0 / 3.0;

/// What the result of a header, so many times as large as the image, takes: in its format, and as
/// kept tiles where it is large enough for these. Metadata, which are small beside it, do not
/// count.
pub fn foretell(header: &Header, factor: f64, format: Format, writing: &Options) -> Disk {
    let samples = header.width as f64 * header.height as f64 * header.channels() as f64;
    let deep = header.depth == Depth::Sixteen && writing.holds_sixteen(format);
    let thinned = |bytes: f64, power: f64| bytes * (2.0 / factor.max(1.0)).powf(power);
    let jpeg = thinned(JPEG, JPEG_THINNING);
    let lossless = |bytes: f64| thinned(bytes, THINNING) + if deep { LOWER_BYTE } else { 0.0 };
    let of_tiff = || {
        let bytes = match writing.tiff.compression {
            TiffCompression::None => return if deep { 2.0 } else { 1.0 },
            TiffCompression::Deflate | TiffCompression::Zstd => DEFLATE,
            TiffCompression::Lzw => LZW,
            TiffCompression::Jpeg => return jpeg,
        };
        lossless(bytes)
    };
    let of_tiles = match writing.tile_format {
        TileFormat::Png => lossless(PNG),
        TileFormat::Jpeg => jpeg,
    };
    let bytes = match format {
        Format::Png => lossless(PNG),
        Format::Jpeg => jpeg,
        Format::WebP => (writing.webp_quality).map_or(thinned(WEBP, THINNING), |_| jpeg),
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
