//! Image files in and out.
//!
//! A file's header, and its pixels:
//!
//! ```
//! use casr_codec::{Limits, probe, read};
//! # let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/jpegs/quality-100.jpg");
//!
//! let info = probe(file, &Limits::default())?;
//! let picture = read(file, &Limits::default())?;
//! assert_eq!(picture.pixels.len(), info.width * info.height * info.colour.channels());
//! # Ok::<(), casr_codec::CodecError>(())
//! ```
//!
//! [`read`] turns a PNG, JPEG, WebP, TIFF, BMP or GIF file into a [`Picture`]: [`Samples`] of the
//! file's own depth and encoding, turned upright, with the alpha channel and the [`Metadata`]
//! beside them. [`read_page`] reads one of a TIFF's [`pages`]. Pixels are right, or
//! the file is refused: one that is cut off or damaged is an error.
//!
//! [`Writer`] takes rows from top to bottom, or a whole picture, and makes a PNG, JPEG, WebP or
//! TIFF file of them, or the tiles of Deep Zoom or IIIF, which appears complete or not at all. What
//! a file cannot keep on the way is a [`Loss`], and what cannot be done is a [`CodecError`] that
//! names the file and the remedy.
//!
//! ```
//! use casr_codec::{Format, Header, Limits, Options, Source, Writer, read};
//! # let upload = include_bytes!("../tests/jpegs/quality-100.jpg");
//! # use std::path::Path;
//!
//! let source = Source::Bytes { name: Path::new("an upload"), bytes: upload };
//! let picture = read(source, &Limits::default())?;
//! let header = Header::of(&picture, picture.width, picture.height, Format::Png);
//! let (mut png, name, options) = (Vec::new(), Path::new("an answer"), Options::default());
//! let mut writer = Writer::to_stream(&mut png, name, Format::Png, header, options)?;
//! writer.write_picture(&picture)?;
//! writer.finish()?;
//! assert!(png.starts_with(b"\x89PNG"));
//! # Ok::<(), casr_codec::CodecError>(())
//! ```
//!
//! Both work on files, on bytes in memory and on streams ([`Source`], [`Writer::to_stream`]).
//! [`contents_of`] lists the images of a folder, and what else is there.
//!
//! # Features
//!
//! | feature | what for |
//! |---|---|
//! | `formats` | all of the following |
//! | `png`, `jpeg`, `tiff`, `webp` | reading and writing the format |
//! | `bmp`, `gif` | reading the format |
//! | `tiles` | writing Deep Zoom and IIIF, with `jpeg` and `png` |
//! | `y4m` | frames of video in and out, [`y4m`] |
//! | `lossy-webp` | writing lossy WebP as well; needs a C compiler |
//! | `zstd` | TIFF compressed by Zstandard as well; needs a C compiler, and takes long to build |
//!
//! `formats` and `lossy-webp` are on by default. A file of a format that was left out is recognised
//! all the same, and is [`CodecError::NotReadInThisBuild`]; [`SourceFormat::can_read`] and
//! [`Format::can_write`] return what a build does.

#![forbid(unsafe_code)]
// What formats share is unused in part where some of them are left out; with all of them there is
// nothing unused.
#![cfg_attr(not(feature = "formats"), allow(dead_code))]

mod error;
mod exif;
mod folder;
mod format;
#[cfg(feature = "jpeg")]
mod jpeg_trip;
mod limits;
mod loss;
mod metadata;
mod orientation;
mod photoshop;
mod picture;
mod read;
mod samples;
mod shown;
mod write;
mod xmp;
#[cfg(feature = "y4m")]
pub mod y4m;

pub use error::{CodecError, ErrorKind};
pub use folder::{FolderContents, Named, contents_of, images_in};
pub use format::{Format, SourceFormat};
#[cfg(feature = "jpeg")]
pub use jpeg_trip::jpeg_round_trip;
pub use limits::Limits;
pub use loss::Loss;
pub use metadata::{ColourChunk, Metadata, Resolution, ResolutionChange, Text, Unit};
pub use picture::{Colour, Depth, Info, Picture};
pub use read::{ReadSeek, Source, pages, probe, probe_page, read, read_page};
pub use samples::Samples;
pub use shown::{Shown, shown};
pub use write::quantise;
pub use write::{
    Header, Options, TiffCompression, TiffLayout, TileFormat, WholeFile, Writer, remove_partial,
    remove_stale, write_whole,
};
#[cfg(feature = "tiles")]
pub use write::{deep_zoom, is_tile_set};
pub use xmp::mark::Mark;
