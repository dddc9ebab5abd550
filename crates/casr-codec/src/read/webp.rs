//! WebP: lossy and lossless, and the first frame of an animation.

use std::io::Read;

use image_webp::{DecodingError, WebPDecoder};

use super::chunks::{self, Chunks};
use super::decoded::{Decoded, Samples, probe_memory, zeros};
use super::{Decoder, Fault, Header, Input};
use crate::exif;
use crate::limits::METADATA_BYTES;
use crate::{Colour, Depth, Limits, Loss, Metadata};

struct Webp {
    inner: WebPDecoder<Input>,
    header: Header,
    metadata: Metadata,
    chunks: Chunks,
}

pub(super) fn open(
    mut file: Input,
    bytes: u64,
    limits: &Limits,
) -> Result<Box<dyn Decoder>, Fault> {
    let mut head = [0; 8];
    file.read_exact(&mut head)?;
    let announced = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
    if announced + 8 > bytes {
        return Err(Fault::Truncated);
    }
    let chunks = chunks::of_webp(&mut file)?;
    let mut inner = WebPDecoder::new(file)?;
    let (width, height) = inner.dimensions();
    limits.check(width.into(), height.into())?;
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

impl Decoder for Webp {
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
        Ok(Decoded {
            width,
            height,
            colour,
            alpha,
            premultiplied: false,
            samples: Samples::Eight(buffer),
            orientation,
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
            error => Self::damaged(error),
        }
    }
}
