//! Reading: recognise the format by the content, run its decoder within the limits, turn the
//! picture upright.

#[cfg(feature = "bmp")]
mod bmp;
#[cfg(any(feature = "png", feature = "webp"))]
mod chunks;
mod decoded;
mod fault;
#[cfg(feature = "gif")]
mod gif;
#[cfg(any(feature = "jpeg", feature = "tiff"))]
mod jpeg;
#[cfg(feature = "png")]
mod png;
mod source;
#[cfg(feature = "tiff")]
mod tiff;
#[cfg(feature = "webp")]
mod webp;

use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::orientation::Orientation;
use crate::{CodecError, Colour, Depth, Info, Limits, Picture, SourceFormat};

use decoded::Decoded;
pub(crate) use fault::Fault;
use source::Input;
pub use source::{ReadSeek, Source};

/// What a header says, before any pixel is decoded.
#[derive(Clone, Copy, Debug)]
struct Header {
    /// Columns as stored, not turned yet.
    width: usize,
    /// Rows as stored, not turned yet.
    height: usize,
    colour: Colour,
    alpha: bool,
    depth: Depth,
    orientation: Orientation,
}

impl Header {
    fn pixels(&self) -> u64 {
        self.width as u64 * self.height as u64
    }

    /// Bytes of so many samples of every pixel.
    fn bytes_of(&self, samples: usize) -> u64 {
        self.pixels() * (samples * self.depth.bits() / 8) as u64
    }

    /// Bytes of all samples of alpha.
    fn alpha_bytes(&self) -> u64 {
        self.bytes_of(usize::from(self.alpha))
    }

    /// Bytes of all samples.
    fn sample_bytes(&self) -> u64 {
        self.bytes_of(self.colour.channels() + usize::from(self.alpha))
    }
}

/// A file whose header was read and found within the limits.
trait Decoder {
    fn header(&self) -> Header;

    /// The most bytes that the picture's samples take: colours stay in the memory of all samples
    /// where alpha is taken out of their midst, and grow where they are divided by it.
    fn held_bytes(&self) -> u64 {
        let header = self.header();
        header.sample_bytes() + header.alpha_bytes()
    }

    /// The most bytes that [`Decoder::decode`] takes, samples included.
    fn reading_bytes(&self) -> u64;

    fn decode(self: Box<Self>) -> Result<Decoded, Fault>;
}

/// Opens a file whose format is known: the file from its start on, its length, the limits, and the
/// page, counted from 0, if one was chosen.
type Open =
    for<'a> fn(Input<'a>, u64, &Limits, Option<usize>) -> Result<Box<dyn Decoder + 'a>, Fault>;

/// How a format's files are opened; `None` where this build does not read it.
fn opener(format: SourceFormat) -> Option<Open> {
    match format {
        #[cfg(feature = "png")]
        SourceFormat::Png => Some(|file, _, limits, _| png::open(file, limits)),
        #[cfg(feature = "jpeg")]
        SourceFormat::Jpeg => Some(|file, length, limits, _| jpeg::open(file, length, limits)),
        #[cfg(feature = "webp")]
        SourceFormat::WebP => Some(|file, length, limits, _| webp::open(file, length, limits)),
        #[cfg(feature = "tiff")]
        SourceFormat::Tiff => Some(tiff::open),
        #[cfg(feature = "bmp")]
        SourceFormat::Bmp => Some(|file, length, limits, _| bmp::open(file, length, limits)),
        #[cfg(feature = "gif")]
        SourceFormat::Gif => Some(|file, _, limits, _| gif::open(file, limits)),
        // Not reached where every format is built in.
        #[allow(unreachable_patterns)]
        _ => None,
    }
}

impl SourceFormat {
    /// Whether this build reads the format: its cargo feature is on.
    pub fn can_read(self) -> bool {
        opener(self).is_some()
    }
}

/// Reads an image file. The format is recognised by the content; of an animation or a document, the
/// first frame is read; the EXIF orientation is applied to the pixels. JPEG and lossy WebP are 8
/// bits deep; BMP and GIF become RGB.
///
/// # Errors
///
/// A [`CodecError`] that names the file: it is missing, a folder, empty, no image, cut off,
/// damaged, of an unsupported kind or a format that this build does not read, or claims more pixels
/// than `limits` allow.
pub fn read<'a>(source: impl Into<Source<'a>>, limits: &Limits) -> Result<Picture, CodecError> {
    decode(source.into(), limits, None)
}

/// Reads one page of a file, counted from 1 to what [`pages`] returns. The one page of a file that
/// is no TIFF is its image, or its first frame.
///
/// # Errors
///
/// As [`read`], and [`CodecError::NoSuchPage`].
pub fn read_page<'a>(
    source: impl Into<Source<'a>>,
    limits: &Limits,
    page: usize,
) -> Result<Picture, CodecError> {
    let source = source.into();
    match page.checked_sub(1) {
        Some(index) => decode(source, limits, Some(index)),
        None => Err(no_page_zero(source)),
    }
}

/// What to say to a page 0: pages are counted from 1.
fn no_page_zero(source: Source<'_>) -> CodecError {
    let path = source.name().to_owned();
    match pages(source) {
        Ok(pages) => CodecError::NoSuchPage { path, pages },
        Err(error) => error,
    }
}

/// How many pages [`read_page`] can read of a file: those of a TIFF, its smaller copies and masks
/// not counted, and 1 for every other format.
///
/// # Errors
///
/// The file is missing, a folder, empty, unreadable or no image.
pub fn pages<'a>(source: impl Into<Source<'a>>) -> Result<usize, CodecError> {
    let file = recognise(source.into())?;
    match file.format {
        #[cfg(feature = "tiff")]
        SourceFormat::Tiff => {
            guarded(|| tiff::pages(file.content)).map_err(|fault| fault.at(file.name, file.format))
        }
        _ => Ok(1),
    }
}

fn decode(source: Source<'_>, limits: &Limits, page: Option<usize>) -> Result<Picture, CodecError> {
    let name = source.name();
    let (format, decoder) = open(source, limits, page)?;
    let picture = guarded(|| {
        decoder
            .decode()
            .and_then(|decoded| decoded.into_picture(format))
    });
    picture.map_err(|fault| fault.at(name, format))
}

/// Reads an image file's header only: a cheap preview of what [`read`] would give.
///
/// A PNG that keeps its EXIF behind the pixels, which is allowed but rare, shows its stored
/// orientation here.
///
/// # Errors
///
/// As [`read`], but for damage behind the header.
pub fn probe<'a>(source: impl Into<Source<'a>>, limits: &Limits) -> Result<Info, CodecError> {
    info(source.into(), limits, None)
}

/// Reads the header of one page only, counted from 1: a cheap preview of what [`read_page`] would
/// give.
///
/// # Errors
///
/// As [`read_page`], but for damage behind the header.
pub fn probe_page<'a>(
    source: impl Into<Source<'a>>,
    limits: &Limits,
    page: usize,
) -> Result<Info, CodecError> {
    let source = source.into();
    match page.checked_sub(1) {
        Some(index) => info(source, limits, Some(index)),
        None => Err(no_page_zero(source)),
    }
}

fn info(source: Source<'_>, limits: &Limits, page: Option<usize>) -> Result<Info, CodecError> {
    let (format, decoder) = open(source, limits, page)?;
    let Header {
        width,
        height,
        colour,
        alpha,
        depth,
        orientation,
    } = decoder.header();
    let held_bytes = decoder.held_bytes();
    // Where columns become rows, colours are copied; alpha follows them.
    let turned = if orientation.is_quarter() {
        2 * held_bytes
    } else {
        held_bytes
    };
    let reading_bytes = decoder.reading_bytes().max(turned);
    let (width, height) = orientation.upright_size(width, height);
    Ok(Info {
        width,
        height,
        colour,
        alpha,
        depth,
        format,
        held_bytes,
        reading_bytes,
    })
}

/// A file of a format that this build reads.
struct File<'a> {
    /// What messages call it.
    name: &'a Path,
    format: SourceFormat,
    opener: Open,
    /// From its start on.
    content: Input<'a>,
    /// In bytes.
    length: u64,
}

/// Recognises a file's format by its content.
fn recognise(source: Source<'_>) -> Result<File<'_>, CodecError> {
    let path = source.name();
    let failed = |source| CodecError::read_failed(path, source);
    let (mut content, length) = source.open()?;
    let mut head = Vec::with_capacity(SourceFormat::CONTENT_BYTES);
    content
        .by_ref()
        .take(SourceFormat::CONTENT_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(failed)?;
    if head.is_empty() {
        return Err(CodecError::EmptyFile {
            path: path.to_owned(),
        });
    }
    let Some(format) = SourceFormat::from_content(&head) else {
        return Err(CodecError::NotAnImage {
            path: path.to_owned(),
            remedy: remedy_for(&head),
        });
    };
    let Some(opener) = opener(format) else {
        return Err(CodecError::NotReadInThisBuild {
            path: path.to_owned(),
            format,
        });
    };
    content.rewind().map_err(failed)?;
    Ok(File {
        name: path,
        format,
        opener,
        content,
        length,
    })
}

fn open<'a>(
    source: Source<'a>,
    limits: &Limits,
    page: Option<usize>,
) -> Result<(SourceFormat, Box<dyn Decoder + 'a>), CodecError> {
    let File {
        name,
        format,
        opener,
        content,
        length,
    } = recognise(source)?;
    let decoder = guarded(|| {
        if format != SourceFormat::Tiff && page.is_some_and(|page| page > 0) {
            return Err(Fault::NoSuchPage { pages: 1 });
        }
        opener(content, length, limits, page)
    });
    Ok((format, decoder.map_err(|fault| fault.at(name, format))?))
}

/// Runs a decoder so that a fault of its own making is this file's error and not the end of a whole
/// batch.
fn guarded<T>(decode: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(Fault::damaged("its decoder failed on it")))
}

/// What to do with content that is no image CASR reads, by what it looks like.
fn remedy_for(head: &[u8]) -> &'static str {
    match head {
        [_, _, _, _, b'f', b't', b'y', b'p', b'c', b'r', b'x', ..] => {
            "it looks like a camera raw file: develop it with a raw converter and save it as TIFF or PNG"
        }
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => {
            "it looks like HEIC, AVIF or a video: export it as JPEG or PNG first"
        }
        [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => {
            "it is JPEG XL: convert it to PNG first"
        }
        [b'I', b'I', b'U' | b'R', ..]
        | [b'M', b'M', b'O', b'R', ..]
        | [b'F', b'U', b'J', b'I', ..] => {
            "it looks like a camera raw file: develop it with a raw converter and save it as TIFF or PNG"
        }
        [b'%', b'P', b'D', b'F', ..] => "it is a PDF: export the page as PNG first",
        _ => "check that this is the right file, whatever its name says",
    }
}
