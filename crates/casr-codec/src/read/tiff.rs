//! TIFF and BigTIFF: grey, palette, RGB, CMYK and JPEG's YCbCr; strips, tiles and planes; the first page.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};

use tiff::decoder::{Decoder as Inner, DecodingResult, IfdDecoder, Limits as InnerLimits};
use tiff::tags::{ByteOrder, CompressionMethod, ExtraSamples, IfdPointer, Tag, Type, ValueBuffer};
use tiff::{ColorType, TiffError, TiffFormatError};

use super::decoded::Decoded;
use super::tiff_colour::{Layout, Meaning, Raw};
use super::{Decoder, Fault, Header};
use crate::exif::directories::{Directories, Field, element_bytes, kept_in_main};
use crate::limits::METADATA_BYTES;
use crate::orientation::Orientation;
use crate::{Depth, Limits, Loss, Metadata};

/// Samples per pixel above which a file is no photograph.
const MAX_SAMPLES: usize = 8;

const XMP: Tag = Tag::Unknown(700);
const BLACK_IS_ZERO: u16 = 1;
const PALETTE: u16 = 3;

trait Source: Read + Seek {}
impl<T: Read + Seek> Source for T {}

struct TiffDecoder {
    inner: Inner<Box<dyn Source>>,
    header: Header,
    layout: Layout,
    metadata: Metadata,
}

pub(super) fn open(
    file: BufReader<File>,
    bytes: u64,
    limits: &Limits,
) -> Result<Box<dyn Decoder>, Fault> {
    let mut inner = Inner::new(Box::new(file) as Box<dyn Source>)?;
    let palette = match inner.find_tag_unsigned(Tag::PhotometricInterpretation)? {
        Some(PALETTE) => Some(
            inner
                .find_tag_unsigned_vec::<u16>(Tag::ColorMap)?
                .unwrap_or_default(),
        ),
        _ => None,
    };
    let (width, height) = inner.dimensions()?;
    limits.check(width.into(), height.into())?;
    if palette.is_some() {
        inner = as_grey(inner)?;
    }
    // The decoder's limit on pixels also bounds what a tag may claim.
    inner = inner.with_limits(bounded(METADATA_BYTES));
    let layout = layout(&mut inner, palette)?;
    let orientation = inner
        .find_tag(Tag::Orientation)?
        .and_then(|value| value.into_u32().ok())
        .unwrap_or(1);
    // No value is longer than the file.
    let mut room = bytes.min(METADATA_BYTES as u64);
    let metadata = Metadata {
        icc: value(&mut inner.image_ifd(), Tag::IccProfile, &mut room).map(|(_, profile)| profile),
        exif: exif(&mut inner, &mut room),
        xmp: value(&mut inner.image_ifd(), XMP, &mut room).map(|(_, packet)| packet),
    };
    let header = Header {
        width: width as usize,
        height: height as usize,
        colour: layout.meaning.colour(),
        alpha: layout.alpha.is_some(),
        depth: if layout.bits == 16 {
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
    }))
}

fn bounded(bytes: usize) -> InnerLimits {
    let mut limits = InnerLimits::unlimited();
    limits.decoding_buffer_size = bytes;
    limits
}

/// Opens a palette file anew as if its indices were greys, which the decoder does read: the one entry that says
/// otherwise is changed in memory.
fn as_grey(mut palette: Inner<Box<dyn Source>>) -> Result<Inner<Box<dyn Source>>, Fault> {
    let directory = palette
        .ifd_pointer()
        .map_or(0, |pointer| pointer.0 as usize);
    let little = palette.byte_order() == ByteOrder::LittleEndian;
    let mut bytes = Vec::new();
    palette.inner().rewind()?;
    palette.inner().read_to_end(&mut bytes)?;
    let big = bytes.get(2..4).is_some_and(|version| version.contains(&43));
    // Bytes before the first entry, per entry, and from an entry to its value.
    let (before, step, value) = if big { (8, 20, 12) } else { (2, 12, 8) };
    let short = |number: u16| {
        if little {
            number.to_le_bytes()
        } else {
            number.to_be_bytes()
        }
    };
    let tag = short(Tag::PhotometricInterpretation.to_u16());
    let mut entry = directory + before;
    while bytes.get(entry..entry + 2).ok_or(Fault::Truncated)? != tag {
        entry += step;
    }
    let place = bytes
        .get_mut(entry + value..entry + value + 2)
        .ok_or(Fault::Truncated)?;
    place.copy_from_slice(&short(BLACK_IS_ZERO));
    Ok(Inner::new(Box::new(Cursor::new(bytes)) as Box<dyn Source>)?)
}

fn layout(inner: &mut Inner<Box<dyn Source>>, palette: Option<Vec<u16>>) -> Result<Layout, Fault> {
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
    if !(matches!(bits, 8 | 16) || (matches!(bits, 1 | 2 | 4) && packed_alone))
        || stride > MAX_SAMPLES
    {
        return Err(Fault::unsupported(format!(
            "{stride} samples of {bits} bits"
        )));
    }
    let premultiplied = alpha.is_some() && extra == Some(ExtraSamples::AssociatedAlpha);
    Ok(Layout {
        meaning,
        stride,
        bits,
        alpha,
        premultiplied,
        planes,
    })
}

fn is_jpeg(inner: &mut Inner<Box<dyn Source>>) -> Result<bool, Fault> {
    let compression = inner.find_tag_unsigned::<u16>(Tag::Compression)?;
    Ok(compression == Some(CompressionMethod::ModernJPEG.to_u16()))
}

/// The EXIF of a TIFF, which is spread over its directories, gathered into a block of its own.
fn exif(inner: &mut Inner<Box<dyn Source>>, room: &mut u64) -> Option<Vec<u8>> {
    let mut main = inner.image_ifd();
    let tags: Vec<Tag> = main
        .directory()
        .iter()
        .map(|(tag, _)| tag)
        .filter(|tag| kept_in_main(tag.to_u16()))
        .collect();
    let directories = Directories {
        main: fields(&mut main, &tags, room),
        exif: sub_directory(inner, Tag::ExifDirectory, room),
        gps: sub_directory(inner, Tag::GpsDirectory, room),
    };
    directories.to_exif()
}

fn sub_directory(inner: &mut Inner<Box<dyn Source>>, pointer: Tag, room: &mut u64) -> Vec<Field> {
    let Ok(Some(offset)) = inner.find_tag_unsigned(pointer) else {
        return Vec::new();
    };
    let Ok(directory) = inner.read_directory(IfdPointer(offset)) else {
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

/// A tag's type and little-endian value, if it is there, whole and within the room, which it uses up. Metadata that is
/// damaged is left out: it is no reason to refuse the pixels.
fn value(directory: &mut IfdDecoder<'_>, tag: Tag, room: &mut u64) -> Option<(Type, Vec<u8>)> {
    // The decoder makes room for a value of any length, so that is judged first.
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

impl Decoder for TiffDecoder {
    fn header(&self) -> Header {
        self.header
    }

    fn decode(mut self: Box<Self>) -> Result<Decoded, Fault> {
        let Header {
            width,
            height,
            colour,
            alpha,
            orientation,
            ..
        } = self.header;
        let mut result = DecodingResult::U8(Vec::new());
        let mut inner = self.inner.with_limits(bounded(usize::MAX));
        let filled = inner.read_image_to_buffer(&mut result)?;
        if result.as_buffer(0).byte_len() < filled.complete_len {
            return Err(Fault::OutOfMemory {
                bytes: filled.complete_len,
            });
        }
        let raw = match result {
            DecodingResult::U8(samples) => Raw::Eight(samples),
            DecodingResult::U16(samples) => Raw::Sixteen(samples),
            _ => return Err(Fault::unsupported("signed or floating-point samples")),
        };
        let samples = self.layout.samples(raw, width, height)?;
        let mut losses = Vec::new();
        if inner.more_images() {
            losses.push(Loss::LaterFrames);
        }
        if matches!(self.layout.meaning, Meaning::Cmyk) && self.metadata.icc.take().is_some() {
            losses.push(Loss::CmykProfile);
        }
        Ok(Decoded {
            width,
            height,
            colour,
            alpha,
            premultiplied: self.layout.premultiplied,
            samples,
            orientation,
            metadata: self.metadata,
            losses,
        })
    }
}

impl From<TiffError> for Fault {
    fn from(error: TiffError) -> Self {
        match error {
            TiffError::IoError(error) => error.into(),
            TiffError::UnsupportedError(error) => Self::unsupported(error),
            TiffError::FormatError(TiffFormatError::InvalidDimensions(width, height)) => {
                Self::NoPixels {
                    width: width.into(),
                    height: height.into(),
                }
            }
            TiffError::LimitsExceeded => {
                Self::damaged("its directory is larger than any photograph's")
            }
            error => Self::damaged(error),
        }
    }
}
