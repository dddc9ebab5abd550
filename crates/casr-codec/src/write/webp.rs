//! WebP, lossless. Its encoder wants the whole image, so this is the one format that holds it, at 8 bits.

use image_webp::{ColorType, WebPEncoder};

use super::output::Sink;
use super::{EncodeError, Encoder, Header, quantise};
use crate::Colour;

/// Bytes per pixel that the encoder needs besides, its output included.
const COPY_BYTES: usize = 8;

struct Webp {
    sink: Sink,
    header: Header,
    bytes: Vec<u8>,
}

pub(super) fn encoder(sink: Sink, header: Header) -> Result<Box<dyn Encoder>, EncodeError> {
    let pixels = header.width * header.height;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(pixels * header.channels())?;
    // The encoder copies them as RGBA, and asks for that in a way that cannot be refused.
    Vec::<u8>::new().try_reserve_exact(COPY_BYTES * pixels)?;
    Ok(Box::new(Webp {
        sink,
        header,
        bytes,
    }))
}

impl Encoder for Webp {
    fn write_rows(&mut self, rows: &[f32]) -> Result<(), EncodeError> {
        self.bytes.extend(quantise::eight(rows));
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), EncodeError> {
        Vec::<u8>::new().try_reserve_exact(COPY_BYTES * self.header.width * self.header.height)?;
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
}
