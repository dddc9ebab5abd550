//! PNG: every colour type and depth, and the first image of an animated one.

use std::fs::File;
use std::io::{BufRead, BufReader};

use png::{BitDepth, ColorType, DecodingError, Transformations};

use super::decoded::{Decoded, Samples, zeros};
use super::{Decoder, Fault, Header};
use crate::exif;
use crate::limits::METADATA_BYTES;
use crate::{Colour, Depth, Limits, Loss, Metadata};

/// The keyword under which XMP travels in an iTXt chunk.
const XMP_KEYWORD: &str = "XML:com.adobe.xmp";

/// What encoders write into gAMA for sRGB; anything near it says nothing that would be missed.
const SRGB_GAMMA: f32 = 0.45455;

struct PngDecoder {
    reader: png::Reader<BufReader<File>>,
    header: Header,
}

pub(super) fn open(mut file: BufReader<File>, limits: &Limits) -> Result<Box<dyn Decoder>, Fault> {
    // The size, which opens the first chunk, is judged before the decoder makes room for even one row.
    let size = file
        .fill_buf()?
        .get(16..24)
        .and_then(|size| size.first_chunk::<8>())
        .ok_or(Fault::Truncated)?;
    let [width, height] =
        [0, 4].map(|at| u32::from_be_bytes([size[at], size[at + 1], size[at + 2], size[at + 3]]));
    limits.check(width.into(), height.into())?;
    let mut decoder = png::Decoder::new_with_limits(
        file,
        png::Limits {
            bytes: METADATA_BYTES,
        },
    );
    decoder.set_transformations(Transformations::EXPAND);
    let reader = decoder.read_info()?;
    let (width, height) = (width as usize, height as usize);
    let (colour_type, depth) = reader.output_color_type();
    let (colour, alpha) = match colour_type {
        ColorType::Grayscale => (Colour::Grey, false),
        ColorType::GrayscaleAlpha => (Colour::Grey, true),
        ColorType::Rgb => (Colour::Rgb, false),
        ColorType::Rgba => (Colour::Rgb, true),
        ColorType::Indexed => return Err(Fault::damaged("it has no palette")),
    };
    let depth = match depth {
        BitDepth::Sixteen => Depth::Sixteen,
        _ => Depth::Eight,
    };
    let orientation = exif::orientation(reader.info().exif_metadata.as_deref());
    let header = Header {
        width,
        height,
        colour,
        alpha,
        depth,
        orientation,
    };
    Ok(Box::new(PngDecoder { reader, header }))
}

impl Decoder for PngDecoder {
    fn header(&self) -> Header {
        self.header
    }

    fn decode(mut self: Box<Self>) -> Result<Decoded, Fault> {
        let bytes = self
            .reader
            .output_buffer_size()
            .ok_or(Fault::OutOfMemory { bytes: usize::MAX })?;
        let mut buffer = zeros::<u8>(bytes)?;
        self.reader.next_frame(&mut buffer)?;
        // Metadata may follow the pixels, and a file that ends before its IEND was cut off.
        self.reader.finish()?;
        let samples = match self.header.depth {
            Depth::Eight => Samples::Eight(buffer),
            Depth::Sixteen => Samples::Sixteen(
                buffer
                    .chunks_exact(2)
                    .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                    .collect(),
            ),
        };
        let metadata = metadata(self.reader.info())?;
        let Header {
            width,
            height,
            colour,
            alpha,
            ..
        } = self.header;
        Ok(Decoded {
            width,
            height,
            colour,
            alpha,
            premultiplied: false,
            samples,
            orientation: exif::orientation(metadata.exif.as_deref()),
            metadata,
            losses: losses(self.reader.info()),
        })
    }
}

fn metadata(info: &png::Info<'_>) -> Result<Metadata, Fault> {
    let xmp = match info
        .utf8_text
        .iter()
        .find(|chunk| chunk.keyword == XMP_KEYWORD)
    {
        Some(chunk) => Some(chunk.get_text()?.into_bytes()),
        None => None,
    };
    Ok(Metadata {
        icc: info.icc_profile.as_ref().map(|profile| profile.to_vec()),
        exif: info.exif_metadata.as_ref().map(|exif| exif.to_vec()),
        xmp,
    })
}

fn losses(info: &png::Info<'_>) -> Vec<Loss> {
    let mut losses = Vec::new();
    if info
        .animation_control
        .is_some_and(|animation| animation.num_frames > 1)
    {
        losses.push(Loss::LaterFrames);
    }
    // The profile or the sRGB chunk, where there is one, overrides gAMA and cHRM.
    let described = info.icc_profile.is_some() || info.srgb.is_some();
    let own_gamma = info
        .gama_chunk
        .is_some_and(|gamma| (gamma.into_value() - SRGB_GAMMA).abs() > 0.001);
    let own_primaries = info
        .chrm_chunk
        .is_some_and(|primaries| (primaries.red.0.into_value() - 0.64).abs() > 0.001);
    if info.coding_independent_code_points.is_some() || (!described && (own_gamma || own_primaries))
    {
        losses.push(Loss::ColourChunks);
    }
    losses
}

impl From<DecodingError> for Fault {
    fn from(error: DecodingError) -> Self {
        match error {
            DecodingError::IoError(error) => error.into(),
            DecodingError::LimitsExceeded => Self::damaged("its metadata is larger than 64 MiB"),
            error => Self::damaged(error),
        }
    }
}
