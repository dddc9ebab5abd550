//! WebP, lossless or lossy. Its encoders need the whole image, so this is the one format that holds
//! it in memory, at 8 bits.

#[cfg(feature = "lossy-webp")]
use std::io::Write;

use image_webp::{ColorType, WebPEncoder};

use super::output::Sink;
use super::{EncodeError, Encoder, Header, quantise};
use crate::Colour;
#[cfg(feature = "lossy-webp")]
use crate::Metadata;

/// Bytes per pixel that the encoder needs besides, its output included.
const COPY_BYTES: usize = 8;

struct Webp {
    sink: Sink,
    header: Header,
    /// From 1 to 100; none means lossless.
    quality: Option<u8>,
    bytes: Vec<u8>,
}

/// An encoder, lossless unless there is a quality.
pub(super) fn encoder(
    sink: Sink,
    header: Header,
    quality: Option<u8>,
) -> Result<Box<dyn Encoder>, EncodeError> {
    let pixels = header.width * header.height;
    // The lossy encoder has no greys.
    let channels = if quality.is_some() {
        3 + usize::from(header.alpha)
    } else {
        header.channels()
    };
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(pixels * channels)?;
    // The encoder copies them as RGBA and aborts the program if there is no memory for that, so it
    // is tried here.
    Vec::<u8>::new().try_reserve_exact(COPY_BYTES * pixels)?;
    Ok(Box::new(Webp {
        sink,
        header,
        quality,
        bytes,
    }))
}

impl Encoder for Webp {
    fn write_rows(&mut self, rows: &[f32]) -> Result<(), EncodeError> {
        if self.quality.is_some() && self.header.colour == Colour::Grey {
            let mut samples = quantise::eight(rows);
            while let Some(grey) = samples.next() {
                self.bytes.extend([grey; 3]);
                if self.header.alpha {
                    self.bytes.extend(samples.next());
                }
            }
        } else {
            self.bytes.extend(quantise::eight(rows));
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), EncodeError> {
        Vec::<u8>::new().try_reserve_exact(COPY_BYTES * self.header.width * self.header.height)?;
        match self.quality {
            Some(quality) => self.lossy(quality),
            None => self.lossless(),
        }
    }
}

impl Webp {
    fn lossless(self) -> Result<(), EncodeError> {
        let colour = match (self.header.colour, self.header.alpha) {
            (Colour::Grey, false) => ColorType::L8,
            (Colour::Grey, true) => ColorType::La8,
            (Colour::Rgb, false) => ColorType::Rgb8,
            (Colour::Rgb, true) => ColorType::Rgba8,
        };
        let mut encoder = WebPEncoder::new(self.sink);
        let metadata = self.header.metadata;
        encoder.set_icc_profile(metadata.icc.unwrap_or_default());
        encoder.set_exif_metadata(metadata.exif.unwrap_or_default());
        encoder.set_xmp_metadata(metadata.xmp.unwrap_or_default());
        let (width, height) = (
            u32::try_from(self.header.width)?,
            u32::try_from(self.header.height)?,
        );
        Ok(encoder.encode(&self.bytes, width, height, colour)?)
    }

    #[cfg(feature = "lossy-webp")]
    fn lossy(mut self, quality: u8) -> Result<(), EncodeError> {
        let size = [self.header.width, self.header.height];
        let [width, height] = [u32::try_from(size[0])?, u32::try_from(size[1])?];
        let encoder = if self.header.alpha {
            libwebp::Encoder::from_rgba(&self.bytes, width, height)
        } else {
            libwebp::Encoder::from_rgb(&self.bytes, width, height)
        };
        let plain = encoder
            .encode_simple(false, quality.into())
            .map_err(|error| format!("libwebp: {error:?}"))?;
        self.sink
            .write_all(&with_metadata(&plain, size, &self.header.metadata))?;
        Ok(())
    }

    #[cfg(not(feature = "lossy-webp"))]
    fn lossy(self, _: u8) -> Result<(), EncodeError> {
        Err("this build writes lossless WebP only".into())
    }
}

/// A file of one image in a container with its metadata (RFC 9649, 2.7).
#[cfg(feature = "lossy-webp")]
fn with_metadata(plain: &[u8], size: [usize; 2], metadata: &Metadata) -> Vec<u8> {
    const ICC: u8 = 0x20;
    const ALPHA: u8 = 0x10;
    const EXIF: u8 = 0x08;
    const XMP: u8 = 0x04;
    let chunks = chunks(plain);
    let mut flags = 0;
    let mut content = Vec::new();
    let mut add = |name: &[u8], bytes: &[u8]| {
        content.extend(name);
        content.extend((bytes.len() as u32).to_le_bytes());
        content.extend(bytes);
        content.resize(content.len().next_multiple_of(2), 0);
    };
    if let Some(icc) = &metadata.icc {
        add(b"ICCP", icc);
        flags |= ICC;
    }
    for (name, bytes) in chunks {
        if matches!(name, b"ALPH" | b"VP8 " | b"VP8L") {
            add(name, bytes);
        }
        flags |= if name == b"ALPH" { ALPHA } else { 0 };
    }
    for (name, bytes, flag) in [
        (b"EXIF", &metadata.exif, EXIF),
        (b"XMP ", &metadata.xmp, XMP),
    ] {
        if let Some(bytes) = bytes {
            add(name, bytes);
            flags |= flag;
        }
    }
    let mut head = b"VP8X\x0a\0\0\0".to_vec();
    head.extend([flags, 0, 0, 0]);
    for side in size {
        head.extend(&(side as u32 - 1).to_le_bytes()[..3]);
    }
    let length = (4 + head.len() + content.len()) as u32;
    [
        &b"RIFF"[..],
        &length.to_le_bytes(),
        b"WEBP",
        &head,
        &content,
    ]
    .concat()
}

/// The chunks of a file: names and contents.
#[cfg(feature = "lossy-webp")]
fn chunks(file: &[u8]) -> Vec<(&[u8], &[u8])> {
    let (mut chunks, mut at) = (Vec::new(), 12);
    while let Some(head) = file.get(at..at + 8) {
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let Some(content) = file.get(at + 8..at + 8 + length) else {
            break;
        };
        chunks.push((&head[..4], content));
        at += 8 + length.next_multiple_of(2);
    }
    chunks
}
