//! The file formats: their names, how they are recognised, how large their images may be.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;

use crate::CodecError;

/// A format CASR reads, if its cargo feature is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceFormat {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP, lossy or lossless.
    WebP,
    /// TIFF and BigTIFF.
    Tiff,
    /// Windows bitmap.
    Bmp,
    /// GIF, its first frame.
    Gif,
}

impl SourceFormat {
    /// All formats, whether or not this build reads them.
    pub const ALL: [Self; 6] = [
        Self::Png,
        Self::Jpeg,
        Self::WebP,
        Self::Tiff,
        Self::Bmp,
        Self::Gif,
    ];

    /// How many of a file's first bytes [`SourceFormat::from_content`] needs.
    pub(crate) const CONTENT_BYTES: usize = 32;

    /// The format that a file's first bytes belong to.
    pub(crate) fn from_content(head: &[u8]) -> Option<Self> {
        // A bitmap's own signature is two letters, too few to trust: its header must also have one
        // of the known sizes.
        let bitmap_header = matches!(head.get(14), Some(12 | 40 | 52 | 56 | 64 | 108 | 124));
        match head {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::WebP),
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Self::Tiff),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'B', b'M', ..] if bitmap_header => Some(Self::Bmp),
            _ => None,
        }
    }

    /// The format that a file's name ends in, in upper or lower case.
    pub fn from_extension(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "png" => Some(Self::Png),
            "jpg" | "jpeg" | "jpe" | "jfif" => Some(Self::Jpeg),
            "webp" => Some(Self::WebP),
            "tif" | "tiff" => Some(Self::Tiff),
            "bmp" | "dib" => Some(Self::Bmp),
            "gif" => Some(Self::Gif),
            _ => None,
        }
    }

    /// The default format for the enlargement of such a file: the same, or PNG.
    pub fn output(self) -> Format {
        match self {
            Self::Png | Self::Bmp | Self::Gif => Format::Png,
            Self::Jpeg => Format::Jpeg,
            Self::WebP => Format::WebP,
            Self::Tiff => Format::Tiff,
        }
    }
}

impl fmt::Display for SourceFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
            Self::Gif => "GIF",
        })
    }
}

/// A format CASR writes, if its cargo feature is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// 8 or 16 bits, grey or RGB, alpha; streamed.
    Png,
    /// 8 bits, grey or RGB, lossy; streamed.
    Jpeg,
    /// 8 bits, RGB, alpha, lossless unless a quality is given; the image is held in memory at 3 or
    /// 4 bytes per pixel.
    WebP,
    /// 8 or 16 bits, grey or RGB, alpha; streamed, as BigTIFF where it may exceed 4 GB.
    Tiff,
    /// Deep Zoom: a folder of small JPEG or PNG files for viewers on the web, beside a file that
    /// describes them. 8 bits, grey or RGB, alpha with PNG; streamed.
    DeepZoom,
    /// The same in the layout of the IIIF Image API 3.0, level 0, a folder of its own.
    Iiif,
}

impl Format {
    /// All formats, whether or not this build writes them.
    pub const ALL: [Self; 6] = [
        Self::Png,
        Self::Jpeg,
        Self::WebP,
        Self::Tiff,
        Self::DeepZoom,
        Self::Iiif,
    ];

    /// The format that an output's name ends in; that of IIIF, a folder, has no end.
    ///
    /// # Errors
    ///
    /// [`CodecError::UnknownFormat`] if the name ends in nothing CASR writes.
    pub fn from_path(path: &Path) -> Result<Self, CodecError> {
        match SourceFormat::from_extension(path) {
            Some(SourceFormat::Png) => Ok(Self::Png),
            Some(SourceFormat::Jpeg) => Ok(Self::Jpeg),
            Some(SourceFormat::WebP) => Ok(Self::WebP),
            Some(SourceFormat::Tiff) => Ok(Self::Tiff),
            None if has_extension(path, Self::DeepZoom.extension()) => Ok(Self::DeepZoom),
            Some(SourceFormat::Bmp | SourceFormat::Gif) | None => Err(CodecError::UnknownFormat {
                path: path.to_owned(),
            }),
        }
    }

    /// Whether a result is not one file but a folder of many.
    pub const fn is_tiles(self) -> bool {
        matches!(self, Self::DeepZoom | Self::Iiif)
    }

    /// The usual file name extension, without the dot; empty for IIIF, which is a folder.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::WebP => "webp",
            Self::Tiff => "tif",
            Self::DeepZoom => "dzi",
            Self::Iiif => "",
        }
    }

    /// The name that an image gives its result in this format: its own if its extension means the
    /// format, otherwise its stem with the usual extension; or its whole name with that extension
    /// if the stem is `shared`, as that of `a.bmp` beside `a.png`. `suffix` stands before the
    /// extension.
    pub fn result_name(self, image: &Path, shared: bool, suffix: &str) -> OsString {
        let stem = image.file_stem().unwrap_or_default();
        let usual = OsStr::new(self.extension());
        let (stem, extension) = match image.extension() {
            Some(own) if Self::from_path(image).ok() == Some(self) => (stem, own),
            _ if shared => (image.file_name().unwrap_or_default(), usual),
            _ => (stem, usual),
        };
        let mut name = stem.to_owned();
        name.push(suffix);
        if !extension.is_empty() {
            name.push(".");
            name.push(extension);
        }
        name
    }

    /// The largest width and height in pixels.
    pub const fn max_side(self) -> u64 {
        match self {
            // Viewers count in signed numbers.
            Self::Png | Self::DeepZoom | Self::Iiif => (1 << 31) - 1,
            Self::Jpeg => 65_535,
            Self::WebP => 16_383,
            Self::Tiff => u32::MAX as u64,
        }
    }

    /// Whether the format holds 16 bits per sample.
    pub const fn holds_sixteen(self) -> bool {
        matches!(self, Self::Png | Self::Tiff)
    }

    /// Whether the format holds an alpha channel; [`Options::holds_alpha`](crate::Options) knows
    /// also of those that hold one or not.
    pub const fn holds_alpha(self) -> bool {
        !matches!(self, Self::Jpeg)
    }

    /// Checks an output's size before any work is done for it; `path` is for the message.
    ///
    /// # Errors
    ///
    /// [`CodecError::TooLargeForFormat`] with the formats that would do, or
    /// [`CodecError::NoOutputPixels`].
    pub fn check_size(self, width: usize, height: usize, path: &Path) -> Result<(), CodecError> {
        let path = path.to_owned();
        if width == 0 || height == 0 {
            return Err(CodecError::NoOutputPixels {
                path,
                width,
                height,
            });
        }
        if width.max(height) as u64 > self.max_side() {
            return Err(CodecError::TooLargeForFormat {
                path,
                width,
                height,
                format: self,
            });
        }
        Ok(())
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
            Self::Tiff => "TIFF",
            Self::DeepZoom => "Deep Zoom",
            Self::Iiif => "IIIF",
        })
    }
}

/// Whether a name has an extension, in upper or lower case.
fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension()
        .is_some_and(|own| own.eq_ignore_ascii_case(extension))
}

/// The formats that this build reads, for a message.
pub(crate) fn readable() -> String {
    let read = SourceFormat::ALL.iter().filter(|format| format.can_read());
    listed(read.map(ToString::to_string), "")
}

/// Patterns of the names of files that this build reads, for a message.
pub(crate) fn readable_globs() -> String {
    let extension = |format: &SourceFormat| match format {
        SourceFormat::Png => "*.png",
        SourceFormat::Jpeg => "*.jpg",
        SourceFormat::WebP => "*.webp",
        SourceFormat::Tiff => "*.tif",
        SourceFormat::Bmp => "*.bmp",
        SourceFormat::Gif => "*.gif",
    };
    let read = SourceFormat::ALL.iter().filter(|format| format.can_read());
    listed(read.map(|format| extension(format).to_owned()), "")
}

/// The formats that this build writes, for a message.
pub(crate) fn writable() -> String {
    let written = Format::ALL.iter().filter(|format| format.can_write());
    listed(written.map(ToString::to_string), "and")
}

/// The ends of names of files that this build writes, for a message.
pub(crate) fn writable_extensions() -> String {
    let written = Format::ALL.iter().filter(|format| format.can_write());
    let extensions = written.map(|format| format.extension());
    let named = extensions.filter(|extension| !extension.is_empty());
    listed(named.map(|extension| format!(".{extension}")), "or")
}

/// The formats that this build writes and that hold an image of this size, for a message.
pub(crate) fn large_enough(width: usize, height: usize) -> String {
    let side = width.max(height) as u64;
    let fits = |format: &&Format| format.can_write() && format.max_side() >= side;
    let fitting = Format::ALL.iter().filter(fits);
    match listed(fitting.map(ToString::to_string), "or") {
        none if none == "none" => "several files".to_owned(),
        formats => formats,
    }
}

/// Items with commas between them and a conjunction, if there is one, before the last.
fn listed(items: impl Iterator<Item = String>, conjunction: &str) -> String {
    let items: Vec<String> = items.collect();
    match &items[..] {
        [] => "none".to_owned(),
        [before @ .., last] if !before.is_empty() && !conjunction.is_empty() => {
            format!("{} {conjunction} {last}", before.join(", "))
        }
        _ => items.join(", "),
    }
}
