//! Writing: takes rows from top to bottom; the file appears once all of them are written.

#[cfg(any(feature = "tiff", feature = "tiles"))]
mod band;
mod fit;
#[cfg(feature = "jpeg")]
mod jpeg;
mod layout;
mod output;
#[cfg(feature = "png")]
mod png;
#[cfg(any(feature = "tiff", feature = "tiles"))]
mod pyramid;
pub mod quantise;
mod stale;
#[cfg(feature = "tiff")]
mod tiff;
#[cfg(feature = "tiles")]
mod tiles;
#[cfg(feature = "webp")]
mod webp;
mod whole;

use std::collections::TryReserveError;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::Cause;
use crate::{CodecError, Colour, Depth, Format, Loss, Mark, Metadata, Picture, ResolutionChange};

pub use layout::{TiffCompression, TiffLayout, TileFormat};
use output::{Output, Sink};
pub use stale::{remove_partial, remove_stale};
#[cfg(feature = "tiles")]
pub use tiles::{deep_zoom, is_tile_set};
pub use whole::{WholeFile, write_whole};

/// What an output file will hold.
#[derive(Clone, Debug)]
pub struct Header {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Grey or RGB.
    pub colour: Colour,
    /// The bit depth; 8 bits are written where the format holds no more.
    pub depth: Depth,
    /// Whether every pixel has one more sample: its alpha, 0 clear and 1 opaque, colours not
    /// multiplied by it.
    pub alpha: bool,
    /// ICC profile, EXIF, XMP and the rest of what travels along.
    pub metadata: Metadata,
    /// Added to the XMP, if there is one.
    pub mark: Option<Mark>,
    /// Columns and rows of the image, or of the part of it, that this one is an enlargement of, for
    /// its resolution; `None` if it is not one. A part may begin and end within pixels.
    pub from: Option<(f64, f64)>,
}

impl Header {
    /// The header of a picture's enlargement to `width × height`: as the picture is, but that an
    /// alpha channel which hides nothing is left out where the format has no place for one.
    pub fn of(picture: &Picture, width: usize, height: usize, format: Format) -> Self {
        Self::of_written(picture, width, height, format, &Options::default())
    }

    /// [`Header::of`] for a file that is written by these options.
    pub fn of_written(
        picture: &Picture,
        width: usize,
        height: usize,
        format: Format,
        options: &Options,
    ) -> Self {
        let holds_alpha = options.holds_alpha(format);
        Self {
            width,
            height,
            colour: picture.colour,
            depth: picture.depth,
            alpha: picture.alpha.is_some() && (holds_alpha || !picture.is_opaque()),
            metadata: picture.metadata.clone(),
            mark: None,
            from: Some((picture.width as f64, picture.height as f64)),
        }
    }

    /// The header of an opaque RGB image with 8 bits and without metadata.
    pub fn rgb(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            colour: Colour::Rgb,
            depth: Depth::Eight,
            alpha: false,
            metadata: Metadata::default(),
            mark: None,
            from: None,
        }
    }

    /// Samples per pixel, alpha included.
    pub fn channels(&self) -> usize {
        self.colour.channels() + usize::from(self.alpha)
    }
}

/// How an output file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether an existing file is replaced; it stays as it is until the new one is whole.
    pub overwrite: bool,
    /// JPEG quality from 1 to 100, 95 by default; also of JPEG within other formats. The colours
    /// are never subsampled.
    pub quality: u8,
    /// WebP quality from 1 to 100; `None`, the default, for lossless.
    pub webp_quality: Option<u8>,
    /// Whether the resolution in the metadata grows with the image.
    pub resolution: ResolutionChange,
    /// Whether all that describes the image is left out: EXIF with its camera, time and place, XMP,
    /// IPTC, comments and texts. What says how it looks stays, its colours' meaning and its
    /// resolution.
    pub strip: bool,
    /// How the pixels of a TIFF are stored.
    pub tiff: TiffLayout,
    /// What the tiles of Deep Zoom and IIIF are.
    pub tile_format: TileFormat,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            overwrite: false,
            quality: 95,
            webp_quality: None,
            resolution: ResolutionChange::Keep,
            strip: false,
            tiff: TiffLayout::default(),
            tile_format: TileFormat::default(),
        }
    }
}

/// Encodes rows as they come.
trait Encoder: Send {
    /// Whole rows, samples of any value; those outside `[0, 1]` are clipped.
    fn write_rows(&mut self, rows: &[f32]) -> Result<(), EncodeError>;
    /// Writes what remains, once all rows have come.
    fn finish(self: Box<Self>) -> Result<(), EncodeError>;
}

/// An encoder's error. Where writing to the file was what failed, the [`Sink`] holds the exact
/// error.
type EncodeError = Cause;

/// Begins an image of this kind in a [`Sink`].
type BeginFile = fn(Sink, Header, &Options) -> Result<Box<dyn Encoder>, EncodeError>;

/// How an image of this kind is begun.
enum Begin {
    /// In a file.
    File(BeginFile),
    /// In a folder.
    #[cfg(feature = "tiles")]
    Tiles,
}

/// Where a result goes.
enum Target<'a> {
    Path,
    Stream(Box<dyn Write + Send + 'a>),
    Early(Box<dyn Write + Send>),
}

/// Whether a format's encoder writes from front to back, while rows come.
fn is_sequential(format: Format) -> bool {
    matches!(format, Format::Png | Format::Jpeg)
}

/// How a format's files are begun; `None` where this build does not write it.
fn beginner(format: Format) -> Option<Begin> {
    match format {
        #[cfg(feature = "png")]
        Format::Png => Some(Begin::File(|sink, header, _| png::encoder(sink, header))),
        #[cfg(feature = "jpeg")]
        Format::Jpeg => Some(Begin::File(|sink, header, options| {
            jpeg::encoder(sink, header, options.quality)
        })),
        #[cfg(feature = "webp")]
        Format::WebP => Some(Begin::File(|sink, header, options| {
            webp::encoder(sink, header, options.webp_quality)
        })),
        #[cfg(feature = "tiff")]
        Format::Tiff => Some(Begin::File(tiff::encoder)),
        #[cfg(feature = "tiles")]
        Format::DeepZoom | Format::Iiif => Some(Begin::Tiles),
        // Not reached where every format is built in.
        #[allow(unreachable_patterns)]
        _ => None,
    }
}

impl Format {
    /// Whether this build writes the format: its cargo feature is on.
    pub fn can_write(self) -> bool {
        beginner(self).is_some()
    }
}

/// An image file in the making.
///
/// It is written beside its destination under a temporary name and moved there by
/// [`Writer::finish`]; a writer that is dropped before leaves nothing behind. What a killed program
/// has left behind is removed by the next one that writes into the folder, see [`remove_stale`].
/// PNG, TIFF and JPEG hold a few rows in memory, TIFF in tiles and the formats of tiles those of a
/// row of tiles, WebP the image at 8 bits: [`Writer::held_bytes`].
///
/// `'a` is the lifetime of the stream that gets the result; of a writer that makes a file it is
/// `'static`.
pub struct Writer<'a> {
    // Dropped before the output, which removes the file that the encoder still writes to.
    encoder: Box<dyn Encoder>,
    /// The file, if it is one.
    sink: Option<Sink>,
    output: Output<'a>,
    path: PathBuf,
    /// Columns, rows and colour of the image.
    kind: (usize, usize, Colour),
    alpha: bool,
    /// Samples of a row.
    row: usize,
    /// Samples still to come.
    missing: usize,
    losses: Vec<Loss>,
}

impl Writer<'static> {
    /// Begins a file. All that can be known to fail is found here, before any work is done for the
    /// rows.
    ///
    /// # Errors
    ///
    /// The size or the transparency does not fit the format, the quality is out of range, the
    /// output exists and is not to be overwritten, or its folder is missing or not writable.
    pub fn create(
        path: &Path,
        format: Format,
        header: Header,
        options: Options,
    ) -> Result<Self, CodecError> {
        Self::begin(path, format, header, options, Target::Path)
    }
}

impl<'a> Writer<'a> {
    /// Begins an image that goes to `stream`: a pipe, a connection, a `&mut Vec<u8>`.
    /// [`Writer::finish`] writes all of it at once; a writer that is dropped before has written
    /// nothing. Until then the bytes lie in a temporary file without a name, for two reasons: a
    /// TIFF is not written from front to back, and a stream cannot take back a part of an image
    /// that fails later. `name` is what messages call the stream.
    ///
    /// # Errors
    ///
    /// As [`Writer::create`]; or no temporary file can be created.
    pub fn to_stream(
        stream: impl Write + Send + 'a,
        name: &Path,
        format: Format,
        header: Header,
        options: Options,
    ) -> Result<Self, CodecError> {
        let target = Target::Stream(Box::new(stream));
        Self::begin(name, format, header, options, target)
    }

    /// As [`Writer::to_stream`], but `stream` gets what is written from front to back, PNG and
    /// JPEG, as soon as it is encoded. Whoever reads the stream must be able to tell a part from
    /// the whole: a writer that fails or is dropped has written some of it.
    ///
    /// # Errors
    ///
    /// As [`Writer::to_stream`].
    pub fn to_stream_early(
        stream: impl Write + Send + 'static,
        name: &Path,
        format: Format,
        header: Header,
        options: Options,
    ) -> Result<Self, CodecError> {
        let stream = Box::new(stream);
        let target = match is_sequential(format) {
            true => Target::Early(stream),
            false => Target::Stream(stream),
        };
        Self::begin(name, format, header, options, target)
    }

    /// The most bytes that a writer of such an image holds, beside the rows that are handed to it
    /// and a few megabytes of buffers.
    pub fn held_bytes(format: Format, header: &Header, options: &Options) -> u64 {
        let (header, _) = fit::fit(header.clone(), format, *options);
        let pixels = header.width as u64 * header.height as u64;
        match format {
            // The pixels, and what they are coded into.
            Format::WebP => 6 * pixels,
            #[cfg(feature = "tiff")]
            Format::Tiff => tiff::held_bytes(&header, &options.tiff),
            #[cfg(feature = "tiles")]
            Format::DeepZoom | Format::Iiif => tiles::held_bytes(&header, format),
            _ => 0,
        }
    }

    fn begin(
        path: &Path,
        format: Format,
        header: Header,
        options: Options,
        target: Target<'a>,
    ) -> Result<Self, CodecError> {
        let Some(begin) = beginner(format) else {
            return Err(CodecError::NotWrittenInThisBuild {
                path: path.to_owned(),
                format,
            });
        };
        format.check_size(header.width, header.height, path)?;
        if header.alpha && !options.holds_alpha(format) {
            return Err(CodecError::AlphaNotHeld {
                path: path.to_owned(),
                format,
            });
        }
        options.check(format, path)?;
        let (header, losses) = fit::fit(header, format, options);
        let (row, missing) = (
            header.width * header.channels(),
            header.width * header.channels() * header.height,
        );
        let kind = (header.width, header.height, header.colour);
        let alpha = header.alpha;
        let (encoder, sink, output) = match begin {
            Begin::File(begin) => {
                let (output, sink) = match target {
                    Target::Path => Output::create(path, options.overwrite)?,
                    Target::Stream(stream) => Output::stream(stream, path)?,
                    Target::Early(stream) => Output::early(stream),
                };
                let encoder = begin(sink.clone(), header, &options)
                    .map_err(|error| failed(path, Some(&sink), error))?;
                (encoder, Some(sink), output)
            }
            #[cfg(feature = "tiles")]
            Begin::Tiles => {
                if !matches!(target, Target::Path) {
                    return Err(CodecError::NotOneFile {
                        path: path.to_owned(),
                        format,
                    });
                }
                let text = tiles::description(path, format, options.tile_format, &header);
                let folder = tiles::Folder::create(path, format, options.overwrite, text)?;
                let encoder = tiles::encoder(&folder.tiles(), format, header, &options)
                    .map_err(|error| failed(path, None, error))?;
                (encoder, None, Output::Tiles(folder))
            }
        };
        let path = path.to_owned();
        Ok(Self {
            encoder,
            sink,
            output,
            path,
            kind,
            alpha,
            row,
            missing,
            losses,
        })
    }

    /// What the format cannot hold of the header.
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Takes the next rows, any number of whole ones, `width × channels` samples each; in the
    /// file's own encoding, from 0 to 1, rounded to the nearest step the file holds.
    ///
    /// # Errors
    ///
    /// [`CodecError::WrongRows`] for half a row or one too many, [`CodecError::DiskFull`] and other
    /// failures of writing.
    pub fn write_rows(&mut self, rows: &[f32]) -> Result<(), CodecError> {
        if !rows.len().is_multiple_of(self.row) || rows.len() > self.missing {
            return Err(self.wrong_rows(rows.len()));
        }
        self.encoder
            .write_rows(rows)
            .map_err(|error| failed(&self.path, self.sink.as_ref(), error))?;
        self.missing -= rows.len();
        Ok(())
    }

    /// Takes all rows of a picture, interleaved with its alpha if the header has an alpha channel;
    /// a picture without one is opaque then.
    ///
    /// # Errors
    ///
    /// [`CodecError::WrongRows`] for a picture of another size or with other colours than the
    /// header's, or if some rows were written before; and as [`Writer::write_rows`].
    pub fn write_picture(&mut self, picture: &Picture) -> Result<(), CodecError> {
        let (channels, pixels) = (picture.colour.channels(), picture.width * picture.height);
        let is_whole = picture.pixels.len() == pixels * channels
            && (picture.alpha.as_ref()).is_none_or(|alpha| alpha.len() == pixels);
        let fits = (picture.width, picture.height, picture.colour) == self.kind
            && self.missing == self.row * picture.height;
        if !is_whole || !fits {
            return Err(self.wrong_rows(picture.pixels.len()));
        }
        let width = picture.width;
        let (mut colours, mut alpha) = (Vec::new(), Vec::new());
        let mut row = Vec::with_capacity(self.row);
        for y in 0..picture.height {
            colours.clear();
            let here = y * width..(y + 1) * width;
            let places = here.start * channels..here.end * channels;
            picture.pixels.append_to(&mut colours, places);
            if !self.alpha {
                self.write_rows(&colours)?;
                continue;
            }
            alpha.clear();
            match &picture.alpha {
                Some(values) => values.append_to(&mut alpha, here),
                None => alpha.resize(width, 1.0),
            }
            row.clear();
            for (pixel, &alpha) in colours.chunks_exact(channels).zip(&alpha) {
                row.extend_from_slice(pixel);
                row.push(alpha);
            }
            self.write_rows(&row)?;
        }
        Ok(())
    }

    /// Completes the file, flushes it to the disk and moves it to its name; or writes all bytes to
    /// the stream.
    ///
    /// # Errors
    ///
    /// [`CodecError::WrongRows`] if rows are missing, [`CodecError::OutputExists`] if another
    /// program has created the file meanwhile, and failures of writing.
    pub fn finish(self) -> Result<(), CodecError> {
        if self.missing > 0 {
            return Err(self.wrong_rows(0));
        }
        let Self {
            encoder,
            sink,
            output,
            path,
            ..
        } = self;
        encoder
            .finish()
            .map_err(|error| failed(&path, sink.as_ref(), error))?;
        sink.map_or(Ok(()), Sink::close)
            .map_err(|error| CodecError::unwritable(&path, error))?;
        output.publish(&path)
    }

    fn wrong_rows(&self, samples: usize) -> CodecError {
        CodecError::WrongRows {
            path: self.path.clone(),
            samples,
            expected: self.missing,
            row: self.row,
        }
    }
}

/// An encoder's error as this crate's, by what caused it: writing to the file, lack of memory, or
/// the encoder itself.
fn failed(path: &Path, sink: Option<&Sink>, error: EncodeError) -> CodecError {
    if let Some(source) = sink.and_then(Sink::take_error) {
        return CodecError::unwritable(path, source);
    }
    let path = path.to_owned();
    if error.is::<TryReserveError>() {
        return CodecError::Exhausted {
            path,
            source: error,
        };
    }
    match error.downcast::<io::Error>() {
        Ok(source) => CodecError::unwritable(&path, *source),
        Err(source) => CodecError::WriteFailed { path, source },
    }
}
