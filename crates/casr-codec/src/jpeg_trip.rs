//! Pixels through a JPEG file that is never written: what saving as JPEG does to an image.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// 8-bit RGB pixels `[height, width, 3]` as they come back from a baseline JPEG of this quality, 1
/// to 100, its colours halved along both axes (4:2:0) where `subsampled`.
///
/// None for an image without pixels, with a side over 65,535, or not of this size.
pub fn jpeg_round_trip(
    (width, height): (usize, usize),
    pixels: &[u8],
    quality: u8,
    subsampled: bool,
) -> Option<Vec<u8>> {
    let sides = (u16::try_from(width).ok()?, u16::try_from(height).ok()?);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, quality);
    encoder.set_sampling_factor(if subsampled {
        SamplingFactor::R_4_2_0
    } else {
        SamplingFactor::R_4_4_4
    });
    encoder
        .encode(pixels, sides.0, sides.1, ColorType::Rgb)
        .ok()?;
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
    let decoded = JpegDecoder::new_with_options(ZCursor::new(file), options)
        .decode()
        .ok()?;
    (decoded.len() == pixels.len()).then_some(decoded)
}
