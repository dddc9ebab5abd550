//! WebP: lossy and lossless, and the first frame of an animation.

use std::io::{Read, Seek, SeekFrom};

use image_webp::{DecodingError, WebPDecoder};

use super::chunks::{self, Chunks};
use super::decoded::{Decoded, apart, probe_memory, zeros};
use super::{Decoder, Fault, Header, Input};
use crate::exif;
use crate::limits::METADATA_BYTES;
use crate::{Colour, Depth, Limits, Loss, Metadata};

struct Webp<'a> {
    inner: WebPDecoder<Input<'a>>,
    header: Header,
    metadata: Metadata,
    chunks: Chunks,
}

pub(super) fn open<'a>(
    mut file: Input<'a>,
    bytes: u64,
    limits: &Limits,
) -> Result<Box<dyn Decoder + 'a>, Fault> {
    let mut head = [0; 8];
    file.read_exact(&mut head)?;
    let announced = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
    if announced + 8 > bytes {
        return Err(Fault::Truncated);
    }
    let chunks = chunks::of_webp(&mut file)?;
    let frame = chunks.frame_at.map(|at| lossy_frame_fits(&mut file, at));
    let lossy = chunks.lossy_at.map(|at| lossy_size(&mut file, at));
    file.rewind()?;
    let mut inner = WebPDecoder::new(file)?;
    let (width, height) = inner.dimensions();
    limits.check(width.into(), height.into())?;
    // The decoder allocates an image of any size before it compares that with the file's.
    let fits = if inner.is_animated() {
        frame.transpose()?.is_none_or(|fits| fits)
    } else {
        lossy
            .transpose()?
            .is_none_or(|size| size == (width, height))
    };
    if !fits {
        return Err(Fault::damaged(
            "its image has another size than the file tells",
        ));
    }
    inner.set_memory_limit(METADATA_BYTES);
    let metadata = Metadata {
        icc: inner.icc_profile()?,
        exif: inner.exif_metadata()?.map(exif::without_prefix),
        xmp: inner.xmp_metadata()?,
        ..Metadata::default()
    };
    let header = Header {
        width: width as usize,
        height: height as usize,
        colour: Colour::Rgb,
        alpha: inner.has_alpha(),
        depth: Depth::Eight,
        orientation: exif::orientation(metadata.exif.as_deref()),
    };
    Ok(Box::new(Webp {
        inner,
        header,
        metadata,
        chunks,
    }))
}

/// The size in the header of lossy data that begin at this offset (RFC 6386, 9.1).
fn lossy_size(file: &mut Input<'_>, at: u64) -> Result<(u32, u32), Fault> {
    file.seek(SeekFrom::Start(at))?;
    let mut head = [0; 10];
    file.read_exact(&mut head)?;
    // The highest two bits say how to enlarge the image.
    let side = |at: usize| u32::from(u16::from_le_bytes([head[at], head[at + 1]]) & 0x3fff);
    Ok((side(6), side(8)))
}

/// Whether the image in a frame has the frame's size, if it is a lossy one; `at` is where the
/// frame's content begins (RFC 9649, 2.7.1.1).
fn lossy_frame_fits(file: &mut Input<'_>, at: u64) -> Result<bool, Fault> {
    const FRAME_HEAD: u64 = 16;
    const CHUNK_HEAD: u64 = 8;
    let mut head = [0; (FRAME_HEAD + CHUNK_HEAD) as usize];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut head)?;
    let side = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], 0]) + 1;
    let data_at = at + FRAME_HEAD + CHUNK_HEAD;
    let data_at = match &head[16..20] {
        b"VP8 " => data_at,
        b"ALPH" => {
            let alpha = u32::from_le_bytes([head[20], head[21], head[22], head[23]]);
            data_at + u64::from(alpha).next_multiple_of(2) + CHUNK_HEAD
        }
        _ => return Ok(true),
    };
    Ok(lossy_size(file, data_at)? == (side(6), side(9)))
}

impl Decoder for Webp<'_> {
    fn header(&self) -> Header {
        self.header
    }

    fn reading_bytes(&self) -> u64 {
        let pixels = self.header.pixels();
        let alpha = self.header.alpha_bytes();
        let beside = if self.inner.is_animated() {
            // The canvas and a frame, each with alpha.
            8 * pixels
        } else if self.chunks.lossy_at.is_some() {
            // Planes with a quarter of the chroma.
            3 * pixels / 2 + alpha
        } else if self.header.alpha {
            alpha
        } else {
            // Decoded with an alpha that is dropped.
            4 * pixels
        };
        self.header.sample_bytes() + beside
    }

    fn decode(mut self: Box<Self>) -> Result<Decoded, Fault> {
        let Header {
            width,
            height,
            colour,
            alpha,
            ..
        } = self.header;
        let mut losses = Vec::new();
        if self.inner.num_frames() > 1 {
            losses.push(Loss::LaterFrames);
        }
        if self.chunks.unknown {
            losses.push(Loss::ApplicationData);
        }
        let mut buffer = zeros::<u8>(width * height * (colour.channels() + usize::from(alpha)))?;
        // Planes of a lossy image, or the pixels of a lossless one with their alpha.
        probe_memory(width * height * 4)?;
        self.inner.set_memory_limit(usize::MAX);
        self.inner.read_image(&mut buffer)?;
        let (colours, alpha) = apart(buffer, &self.header)?;
        Ok(Decoded {
            header: self.header,
            premultiplied: false,
            colours,
            alpha,
            metadata: self.metadata,
            losses,
        })
    }
}

impl From<DecodingError> for Fault {
    fn from(error: DecodingError) -> Self {
        match error {
            DecodingError::IoError(error) => error.into(),
            DecodingError::MemoryLimitExceeded => {
                Self::damaged("its metadata is larger than 64 MiB")
            }
            DecodingError::UnsupportedFeature(feature) => Self::unsupported(feature),
            error => Self::damaged_by(error),
        }
    }
}
