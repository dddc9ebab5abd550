//! Image files in and out.
//!
//! [`read`] turns a PNG, JPEG, WebP, TIFF, BMP or GIF file into a [`Picture`]: pixels in `[0, 1]` in the file's own
//! encoding, turned upright, with the bit depth, the alpha channel and the [`Metadata`] beside them. [`read_page`] reads
//! one of a TIFF's [`pages`]. [`Writer`] takes rows from top to bottom and leaves a PNG, JPEG, WebP or TIFF file behind,
//! whole or not at all. A file's pixels come out right or not at all; what a file cannot keep on the way is told as a
//! [`Loss`], and what cannot be done as a [`CodecError`] that names the file and the remedy. [`contents_of`] tells the
//! images of a folder, and what else is there.
//!
//! ```
//! use casr_codec::{Format, Header, Limits, Options, Writer, read};
//! # let folder = tempfile::tempdir()?;
//! # let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples");
//! # let (input, output) = (std::path::Path::new(samples).join("city.png"), folder.path().join("city.jpg"));
//! let picture = read(&input, &Limits::default())?;
//! let format = Format::from_path(&output)?;
//! let header = Header::of(&picture, picture.width, picture.height, format);
//! let mut writer = Writer::create(&output, format, header, Options::default())?;
//! writer.write_rows(&picture.pixels)?;
//! writer.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
// What formats share is unused in part where some of them are left out; with all of them there is nothing unused.
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
mod shown;
mod write;
mod xmp;

pub use error::{CodecError, ErrorKind};
pub use folder::{FolderContents, contents_of, images_in};
pub use format::{Format, SourceFormat};
#[cfg(feature = "jpeg")]
pub use jpeg_trip::jpeg_round_trip;
pub use limits::Limits;
pub use loss::Loss;
pub use metadata::{ColourChunk, Metadata, Resolution, ResolutionChange, Text, Unit};
pub use picture::{Colour, Depth, Info, Picture};
pub use read::{ReadSeek, Source, pages, probe, probe_page, read, read_page};
pub use shown::{Shown, shown};
pub use write::{Header, Options, Writer, remove_partial, remove_stale};
pub use xmp::mark::Mark;
