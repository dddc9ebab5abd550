//! Reading: tell the format by the content, let its decoder work within the limits, set the picture upright.

mod bmp;
mod chunks;
mod decoded;
mod extensions;
mod fault;
mod gif;
mod jpeg;
mod png;
mod source;
mod tiff;
mod webp;

use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::orientation::Orientation;
use crate::{CodecError, Colour, Depth, Info, Limits, Picture, SourceFormat};

use decoded::Decoded;
pub(crate) use fault::Fault;
pub use source::Source;
use source::{Content, Input};

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

/// A file whose header was read and found within the limits.
trait Decoder {
    fn header(&self) -> Header;
    fn decode(self: Box<Self>) -> Result<Decoded, Fault>;
}

/// Reads an image file. The format is told by the content; of an animation or a document, the first frame is read; the
/// EXIF orientation is applied to the pixels. Lossy JPEG and WebP are 8 bits deep; BMP and GIF become RGB.
///
/// # Errors
///
/// A [`CodecError`] that names the file: it is missing, a folder, empty, no image, cut off, damaged, of an unsupported
/// kind, or claims more pixels than `limits` allow.
pub fn read<'a>(source: impl Into<Source<'a>>, limits: &Limits) -> Result<Picture, CodecError> {
    decode(&source.into(), limits, None)
}

/// Reads one page of a file, counted from 1. What [`pages`] tells has so many; the one page of a file that is no TIFF
/// is its image, or its first frame.
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
    let index = index_of(&source, page)?;
    decode(&source, limits, Some(index))
}

/// The index of a page that is counted from 1.
fn index_of(source: &Source<'_>, page: usize) -> Result<usize, CodecError> {
    match page.checked_sub(1) {
        Some(index) => Ok(index),
        None => Err(CodecError::NoSuchPage {
            path: source.name().to_owned(),
            pages: pages(source.clone())?,
        }),
    }
}

/// How many pages [`read_page`] can read of a file: those of a TIFF, its smaller copies and masks not counted, and 1 for
/// every other format.
///
/// # Errors
///
/// The file is missing, a folder, empty, unreadable or no image.
pub fn pages<'a>(source: impl Into<Source<'a>>) -> Result<usize, CodecError> {
    let source = source.into();
    let (format, file, _) = recognise(&source)?;
    if format != SourceFormat::Tiff {
        return Ok(1);
    }
    guarded(|| tiff::pages(file)).map_err(|fault| fault.at(source.name(), format))
}

fn decode(
    source: &Source<'_>,
    limits: &Limits,
    page: Option<usize>,
) -> Result<Picture, CodecError> {
    let (format, decoder) = open(source, limits, page)?;
    let picture = guarded(|| {
        decoder
            .decode()
            .and_then(|decoded| decoded.into_picture(format))
    });
    picture.map_err(|fault| fault.at(source.name(), format))
}

/// Reads an image file's header only: a cheap preview of what [`read`] would give.
///
/// A PNG that keeps its EXIF behind the pixels, which is allowed but rare, shows its stored orientation here.
///
/// # Errors
///
/// As [`read`], but for damage behind the header.
pub fn probe<'a>(source: impl Into<Source<'a>>, limits: &Limits) -> Result<Info, CodecError> {
    info(&source.into(), limits, None)
}

/// Reads the header of one page only, counted from 1: a cheap preview of what [`read_page`] would give.
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
    let index = index_of(&source, page)?;
    info(&source, limits, Some(index))
}

fn info(source: &Source<'_>, limits: &Limits, page: Option<usize>) -> Result<Info, CodecError> {
    let (format, decoder) = open(source, limits, page)?;
    let Header {
        width,
        height,
        colour,
        alpha,
        depth,
        orientation,
    } = decoder.header();
    let (width, height) = orientation.upright_size(width, height);
    Ok(Info {
        width,
        height,
        colour,
        alpha,
        depth,
        format,
    })
}

/// A file's format by its content, the file from its start on, and its length.
fn recognise(source: &Source<'_>) -> Result<(SourceFormat, Input, u64), CodecError> {
    let path = source.name();
    let unreadable = |source| CodecError::unreadable(path, source);
    let (mut input, bytes) = source.open()?;
    let mut head = Vec::with_capacity(SourceFormat::CONTENT_BYTES);
    input
        .by_ref()
        .take(SourceFormat::CONTENT_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(unreadable)?;
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
    input.rewind().map_err(unreadable)?;
    Ok((format, input, bytes))
}

fn open(
    source: &Source<'_>,
    limits: &Limits,
    page: Option<usize>,
) -> Result<(SourceFormat, Box<dyn Decoder>), CodecError> {
    let (format, file, bytes) = recognise(source)?;
    let decoder = guarded(|| match format {
        SourceFormat::Tiff => tiff::open(file, bytes, limits, page),
        _ if page.is_some_and(|page| page > 0) => Err(Fault::NoSuchPage { pages: 1 }),
        SourceFormat::Png => png::open(file, limits),
        SourceFormat::Jpeg => jpeg::open(file, limits),
        SourceFormat::WebP => webp::open(file, bytes, limits),
        SourceFormat::Bmp => bmp::open(file, limits),
        SourceFormat::Gif => gif::open(file, limits),
    });
    Ok((
        format,
        decoder.map_err(|fault| fault.at(source.name(), format))?,
    ))
}

/// Runs a decoder so that a fault of its own making is this file's error and not the end of a whole batch.
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
