//! TIFF and BigTIFF: grey, palette, RGB, CMYK and JPEG's YCbCr; integers and floating-point
//! numbers; strips, tiles and planes; one page.

mod colour;
mod lzw;
mod outline;
mod source;
mod streams;

use std::io::{BufReader, Seek};
use std::ops::Range;

use tiff::decoder::{Decoder as Inner, DecodingResult, IfdDecoder, Limits as InnerLimits};
use tiff::tags::{
    ByteOrder, CompressionMethod, ExtraSamples, IfdPointer, SampleFormat, Tag, Type, ValueBuffer,
};
use tiff::{ColorType, TiffError, TiffFormatError};

use super::decoded::{Decoded, probe_memory, with_room};
use super::source::Content;
use super::{Decoder, Fault, Header, Input};
use crate::exif::directories::{Directories, Field, element_bytes, is_private, kept_in_main};
use crate::limits::METADATA_BYTES;
use crate::orientation::Orientation;
use crate::photoshop;
use crate::{Depth, Limits, Loss, Metadata};

use colour::{Layout, Meaning, Raw};
use outline::{Directory, Outline};
use source::Patched;

/// The most samples per pixel that are read.
const MAX_SAMPLES: usize = 8;

const XMP: Tag = Tag::Unknown(700);
const IPTC: Tag = Tag::Unknown(33_723);
const PHOTOSHOP: Tag = Tag::Unknown(34_377);
const MAKER_NOTE: u16 = 37_500;
const INTEROPERABILITY: Tag = Tag::Unknown(40_965);
const BLACK_IS_ZERO: u64 = 1;

type Source<'a> = BufReader<Patched<Content<'a>>>;

struct TiffDecoder<'a> {
    inner: Inner<Source<'a>>,
    header: Header,
    layout: Layout,
    metadata: Metadata,
    losses: Vec<Loss>,
    /// Where the JPEG streams of its strips or tiles lie, if that is what they are.
    streams: Option<Vec<Range<u64>>>,
    /// Where its strips or tiles lie, if they are coded by LZW.
    packed: Vec<Range<u64>>,
    /// How many rows are presented to the decoder, if they are more than the image has.
    whole_tiles: Option<usize>,
}

/// How many pages a file has.
pub(super) fn pages(mut file: Input<'_>) -> Result<usize, Fault> {
    Ok(Outline::of(&mut file)?.pages.len())
}

/// Opens a page, counted from 0. Without a page it opens the first one, and others are a loss.
pub(super) fn open<'a>(
    mut file: Input<'a>,
    bytes: u64,
    limits: &Limits,
    page: Option<usize>,
) -> Result<Box<dyn Decoder + 'a>, Fault> {
    let outline = Outline::of(&mut file)?;
    if outline.camera_raw {
        return Err(Fault::CameraRaw);
    }
    let mut losses = Vec::new();
    if page.is_none() && outline.pages.len() > 1 {
        losses.push(Loss::LaterFrames);
    }
    let directory = match (outline.pages.get(page.unwrap_or(0)), page) {
        (None, Some(_)) => {
            return Err(Fault::NoSuchPage {
                pages: outline.pages.len(),
            });
        }
        (directory, _) => directory,
    };
    if directory.is_some_and(|directory| directory.is_longer_than(bytes)) {
        return Err(Fault::Truncated);
    }
    let mut patched = Patched::new(file.into_inner(), bytes);
    let streams = directory
        .filter(|directory| directory.is_jpeg())
        .map(|directory| outline.chunks(directory, &mut patched));
    let mut packed = Vec::new();
    if let Some(directory) = directory {
        let reversed = outline.reversed(directory, &mut patched);
        if directory.is_lzw() {
            packed = lzw::lengthen(&outline, directory, &mut patched);
        }
        patched.reverse_bits(reversed);
        let (at, link) = outline.first_link(directory);
        patched.replace(at, link);
    }
    let place = directory.and_then(Directory::palette_at);
    if let Some(place) = place {
        // The decoder reads greys, but no indices, so indices are presented as greys.
        patched.replace(place, outline.bytes(BLACK_IS_ZERO, 2));
    }
    let rows = directory.and_then(Directory::rows_within_tiles);
    if let Some((_, (place, bytes, whole))) = rows {
        patched.replace(place, outline.bytes(whole, bytes));
    }
    patched.rewind()?;
    let mut inner = Inner::new(BufReader::new(patched))?;
    let (width, height) = inner.dimensions()?;
    limits.check(width.into(), height.into())?;
    let whole_tiles = rows.map(|_| height as usize);
    let height = rows.map_or(height, |(rows, _)| rows as u32);
    let palette = match place {
        Some(_) => Some(colour_map(&mut inner)?),
        None => None,
    };
    // The decoder's limit on pixels also bounds what a tag may claim.
    inner = inner.with_limits(bounded(METADATA_BYTES));
    let layout = layout(&mut inner, palette)?;
    let orientation = inner
        .find_tag(Tag::Orientation)?
        .and_then(|value| value.into_u32().ok())
        .unwrap_or(1);
    // No value is longer than the file.
    let mut room = bytes.min(METADATA_BYTES as u64);
    let (exif, note_lost) = exif(&mut inner, &outline, &mut room);
    if note_lost {
        losses.push(Loss::MakerNote);
    }
    if inner
        .image_ifd()
        .directory()
        .iter()
        .any(|(tag, _)| is_private(tag.to_u16()))
    {
        losses.push(Loss::ApplicationData);
    }
    let mut of = |tag| value(&mut inner.image_ifd(), tag, &mut room);
    let mut photoshop = of(PHOTOSHOP).map(|(_, bytes)| bytes);
    if let Some((kind, mut records)) = of(IPTC) {
        // Some writers store the records as 32-bit numbers, which reverses their bytes in fours; a
        // record begins with 0x1c.
        if let (Type::LONG, [first, _, _, 0x1c, ..]) = (kind, &records[..])
            && *first != 0x1c
        {
            records
                .as_chunks_mut::<4>()
                .0
                .iter_mut()
                .for_each(|number| number.reverse());
        }
        photoshop = Some(photoshop::with_iptc(photoshop, &records));
    }
    let metadata = Metadata {
        icc: of(Tag::IccProfile).map(|(_, bytes)| bytes),
        xmp: of(XMP).map(|(_, bytes)| bytes),
        photoshop,
        exif,
        ..Metadata::default()
    };
    let header = Header {
        width: width as usize,
        height: height as usize,
        colour: layout.meaning.colour(),
        alpha: layout.alpha.is_some(),
        depth: if layout.bits >= 16 {
            Depth::Sixteen
        } else {
            Depth::Eight
        },
        orientation: Orientation::from_exif(orientation),
    };
    Ok(Box::new(TiffDecoder {
        inner,
        header,
        layout,
        metadata,
        losses,
        streams,
        packed,
        whole_tiles,
    }))
}

fn bounded(bytes: usize) -> InnerLimits {
    let mut limits = InnerLimits::unlimited();
    limits.decoding_buffer_size = bytes;
    limits
}

/// The colours of a palette: all reds, then all greens, then all blues. Some writers fill only the
/// lower half of the 16 bits; a map without any value above 255 is taken for such a one, as libtiff
/// does.
fn colour_map(inner: &mut Inner<Source<'_>>) -> Result<Vec<u16>, Fault> {
    let mut map = inner
        .find_tag_unsigned_vec::<u16>(Tag::ColorMap)?
        .unwrap_or_default();
    if map.iter().all(|&value| value < 256) {
        map.iter_mut().for_each(|value| *value *= 257);
    }
    Ok(map)
}

fn layout(inner: &mut Inner<Source<'_>>, palette: Option<Vec<u16>>) -> Result<Layout, Fault> {
    let kind = inner.colortype()?;
    let extra = inner
        .find_tag_unsigned_vec::<u16>(Tag::ExtraSamples)?
        .and_then(|extra| extra.first().copied());
    let extra = extra.and_then(ExtraSamples::from_u16);
    let extra_alpha = matches!(
        extra,
        Some(ExtraSamples::AssociatedAlpha | ExtraSamples::UnassociatedAlpha)
    );
    let grey = palette.map_or(Meaning::Grey, Meaning::Palette);
    let (meaning, stride, bits, alpha) = match kind {
        ColorType::Gray(bits) => (grey, 1, bits, None),
        ColorType::Multiband {
            bit_depth,
            num_samples,
        } => (
            grey,
            num_samples.into(),
            bit_depth,
            extra_alpha.then_some(1),
        ),
        ColorType::RGB(bits) => (Meaning::Rgb, 3, bits, None),
        ColorType::RGBA(bits) => (Meaning::Rgb, 4, bits, Some(3)),
        ColorType::CMYK(bits) => (Meaning::Cmyk, 4, bits, None),
        ColorType::CMYKA(bits) => (Meaning::Cmyk, 5, bits, Some(4)),
        ColorType::YCbCr(bits @ 8) if is_jpeg(inner)? => (Meaning::YCbCr, 3, bits, None),
        other => return Err(Fault::unsupported(format!("{other:?} samples"))),
    };
    let bits = usize::from(bits);
    let planes = inner.image_buffer_layout()?.planes;
    let packed_alone = stride == 1 && planes == 1;
    let format = inner
        .find_tag_unsigned_vec::<u16>(Tag::SampleFormat)?
        .and_then(|formats| formats.first().copied())
        .map_or(SampleFormat::Uint, SampleFormat::from_u16_exhaustive);
    let (real, kind) = match format {
        SampleFormat::IEEEFP => (true, "floating-point numbers"),
        SampleFormat::Uint | SampleFormat::Void => (false, "bits"),
        _ => return Err(Fault::unsupported("signed or complex samples")),
    };
    let known = match bits {
        16 | 32 | 64 if real => matches!(meaning, Meaning::Grey | Meaning::Rgb),
        8 | 16 => !real,
        1 | 2 | 4 => !real && packed_alone,
        _ => false,
    };
    if !known || stride > MAX_SAMPLES {
        return Err(Fault::unsupported(if real {
            format!("{stride} samples of {bits}-bit {kind}")
        } else {
            format!("{stride} samples of {bits} bits")
        }));
    }
    let premultiplied = alpha.is_some() && extra == Some(ExtraSamples::AssociatedAlpha);
    Ok(Layout {
        meaning,
        real,
        stride,
        bits,
        alpha,
        premultiplied,
        planes,
    })
}

fn is_jpeg(inner: &mut Inner<Source<'_>>) -> Result<bool, Fault> {
    let compression = inner.find_tag_unsigned::<u16>(Tag::Compression)?;
    Ok(compression == Some(CompressionMethod::ModernJPEG.to_u16()))
}

/// The EXIF of a TIFF, which is spread over its directories, gathered into a block of its own; and
/// whether there is a maker's note that cannot be moved there.
fn exif(
    inner: &mut Inner<Source<'_>>,
    outline: &Outline,
    room: &mut u64,
) -> (Option<Vec<u8>>, bool) {
    let mut main = inner.image_ifd();
    let tags: Vec<Tag> = main
        .directory()
        .iter()
        .map(|(tag, _)| tag)
        .filter(|tag| kept_in_main(tag.to_u16()))
        .collect();
    let main = fields(&mut main, &tags, room);
    let mut place = |tag| inner.find_tag_unsigned(tag).ok().flatten();
    let (photo, gps) = (place(Tag::ExifDirectory), place(Tag::GpsDirectory));
    let interoperability = photo.and_then(|photo| {
        let photo = inner.read_directory(IfdPointer(photo)).ok()?;
        let mut photo = inner.read_directory_tags(&photo);
        photo.find_tag_unsigned(INTEROPERABILITY).ok()?
    });
    let mut directories = Directories {
        main,
        exif: sub_directory(inner, photo, room),
        gps: sub_directory(inner, gps, room),
        interoperability: sub_directory(inner, interoperability, room),
        ..Directories::default()
    };
    let note_at =
        photo.and_then(|directory| outline.value_at(directory, MAKER_NOTE, inner.inner()));
    directories.set_note(note_at, inner.byte_order() == ByteOrder::LittleEndian);
    let lost = directories.note_lost;
    (directories.to_exif(), lost)
}

fn sub_directory(inner: &mut Inner<Source<'_>>, place: Option<u64>, room: &mut u64) -> Vec<Field> {
    let Some(directory) = place.and_then(|offset| inner.read_directory(IfdPointer(offset)).ok())
    else {
        return Vec::new();
    };
    let tags: Vec<Tag> = directory.iter().map(|(tag, _)| tag).collect();
    fields(&mut inner.read_directory_tags(&directory), &tags, room)
}

fn fields(directory: &mut IfdDecoder<'_>, tags: &[Tag], room: &mut u64) -> Vec<Field> {
    let values = tags
        .iter()
        .filter_map(|&tag| Some((tag, value(directory, tag, room)?)));
    values
        .filter_map(|(tag, (kind, bytes))| Field::new(tag.to_u16(), kind.to_u16(), bytes))
        .collect()
}

/// A tag's type and little-endian value, if it is there, whole and within the room, which it uses
/// up. Metadata that is damaged is left out: it is no reason to refuse the pixels.
fn value(directory: &mut IfdDecoder<'_>, tag: Tag, room: &mut u64) -> Option<(Type, Vec<u8>)> {
    // The decoder allocates a value of any length, so that is checked first.
    let entry = directory.find_entry(tag)?;
    let length = entry
        .count()
        .checked_mul(element_bytes(entry.field_type().to_u16())? as u64)?;
    *room = room.checked_sub(length)?;
    let mut value = ValueBuffer::empty(Type::BYTE);
    directory.find_tag_buf(tag, &mut value).ok()??;
    value.set_byte_order(ByteOrder::LittleEndian);
    Some((value.data_type(), value.as_bytes().to_vec()))
}

impl Decoder for TiffDecoder<'_> {
    fn header(&self) -> Header {
        self.header
    }

    fn held_bytes(&self) -> u64 {
        self.layout.bytes(&self.header).1
    }

    fn reading_bytes(&self) -> u64 {
        self.layout.bytes(&self.header).0
    }

    fn decode(mut self: Box<Self>) -> Result<Decoded, Fault> {
        let Header { width, height, .. } = self.header;
        let expected = self
            .layout
            .chunk_bytes(self.inner.chunk_dimensions(), (width, height));
        lzw::check(self.inner.inner(), &self.packed, expected)?;
        let mut raw = match &self.streams {
            Some(streams) => self
                .layout
                .of_streams(&mut self.inner, streams, (width, height))?,
            None => raw(self.inner)?,
        };
        if let Some(rows) = self.whole_tiles {
            raw.drop_rows(self.layout.planes, height..rows);
        }
        let mut losses = self.losses;
        if let Raw::Real(samples) = &raw
            && !samples.iter().all(|sample| (0.0..=1.0).contains(sample))
        {
            losses.push(Loss::Range);
        }
        let (colours, alpha) = self.layout.samples(raw, &self.header)?;
        if matches!(self.layout.meaning, Meaning::Cmyk) {
            let profile = self.metadata.icc.take();
            losses.push(if profile.is_some() {
                Loss::CmykProfile
            } else {
                Loss::Cmyk
            });
        }
        Ok(Decoded {
            header: self.header,
            premultiplied: self.layout.premultiplied,
            colours,
            alpha,
            metadata: self.metadata,
            losses,
        })
    }
}

/// Decodes the pixels.
fn raw(inner: Inner<Source<'_>>) -> Result<Raw, Fault> {
    let mut result = DecodingResult::U8(Vec::new());
    let mut inner = inner.with_limits(bounded(usize::MAX));
    probe_memory(inner.image_buffer_layout()?.complete_len)?;
    let filled = inner.read_image_to_buffer(&mut result)?;
    if result.as_buffer(0).byte_len() < filled.complete_len {
        return Err(Fault::OutOfMemory {
            bytes: filled.complete_len,
        });
    }
    Ok(match result {
        DecodingResult::U8(samples) => Raw::Eight(samples),
        DecodingResult::U16(samples) => Raw::Sixteen(samples),
        DecodingResult::F16(samples) => Raw::Real(collected(&samples, |sample| sample.to_f32())?),
        DecodingResult::F32(samples) => Raw::Real(samples),
        DecodingResult::F64(samples) => Raw::Real(collected(&samples, |sample| *sample as f32)?),
        _ => return Err(Fault::unsupported("signed or 32-bit samples")),
    })
}

/// Samples as another type.
fn collected<T>(samples: &[T], convert: impl Fn(&T) -> f32) -> Result<Vec<f32>, Fault> {
    let mut converted = with_room(samples.len())?;
    converted.extend(samples.iter().map(convert));
    Ok(converted)
}

impl From<TiffError> for Fault {
    fn from(error: TiffError) -> Self {
        match error {
            TiffError::IoError(error) => error.into(),
            TiffError::UnsupportedError(error) => Self::unsupported_by(error),
            TiffError::FormatError(TiffFormatError::InvalidDimensions(width, height)) => {
                Self::NoPixels {
                    width: width.into(),
                    height: height.into(),
                }
            }
            TiffError::LimitsExceeded => {
                Self::damaged("its directory is larger than any photograph's")
            }
            error => Self::damaged_by(error),
        }
    }
}
