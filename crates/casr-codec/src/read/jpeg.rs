//! JPEG: baseline and progressive, grey, RGB, YCbCr and CMYK.

use std::fs::File;
use std::io::{BufReader, Read};

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::errors::DecodeErrors;

use super::decoded::{Decoded, Samples, zeros};
use super::{Decoder, Fault, Header};
use crate::exif;
use crate::{Colour, Depth, Limits, Loss, Metadata};

struct JpegDecoder {
    inner: zune_jpeg::JpegDecoder<ZCursor<Vec<u8>>>,
    header: Header,
    metadata: Metadata,
    cmyk: bool,
    complete: bool,
}

pub(super) fn open(mut file: BufReader<File>, limits: &Limits) -> Result<Box<dyn Decoder>, Fault> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let complete = reaches_its_end(&bytes);
    // The lenient mode would paint over missing data with grey.
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    let mut inner = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    inner
        .decode_headers()
        .map_err(|error| fault(error, complete))?;
    let (width, height) = inner
        .dimensions()
        .ok_or_else(|| Fault::damaged("it has no frame header"))?;
    limits.check(width as u64, height as u64)?;
    let space = inner
        .input_colorspace()
        .ok_or_else(|| Fault::damaged("it has no frame header"))?;
    let (colour, output, cmyk) = match space {
        ColorSpace::Luma => (Colour::Grey, ColorSpace::Luma, false),
        ColorSpace::RGB | ColorSpace::YCbCr => (Colour::Rgb, ColorSpace::RGB, false),
        ColorSpace::CMYK | ColorSpace::YCCK => (Colour::Rgb, ColorSpace::RGB, true),
        other => return Err(Fault::unsupported(format!("{other:?} colours"))),
    };
    inner.set_options(options.jpeg_set_out_colorspace(output));
    let metadata = Metadata {
        icc: inner.icc_profile(),
        exif: inner.exif().cloned(),
        xmp: inner.xmp().cloned(),
    };
    let orientation = exif::orientation(metadata.exif.as_deref());
    let header = Header {
        width,
        height,
        colour,
        alpha: false,
        depth: Depth::Eight,
        orientation,
    };
    Ok(Box::new(JpegDecoder {
        inner,
        header,
        metadata,
        cmyk,
        complete,
    }))
}

impl Decoder for JpegDecoder {
    fn header(&self) -> Header {
        self.header
    }

    fn decode(mut self: Box<Self>) -> Result<Decoded, Fault> {
        if !self.complete {
            return Err(Fault::Truncated);
        }
        let Header {
            width,
            height,
            colour,
            orientation,
            ..
        } = self.header;
        let mut buffer = zeros::<u8>(width * height * colour.channels())?;
        self.inner
            .decode_into(&mut buffer)
            .map_err(|error| fault(error, true))?;
        let (mut metadata, mut losses) = (self.metadata, Vec::new());
        if self.cmyk && metadata.icc.take().is_some() {
            losses.push(Loss::CmykProfile);
        }
        Ok(Decoded {
            width,
            height,
            colour,
            alpha: false,
            premultiplied: false,
            samples: Samples::Eight(buffer),
            orientation,
            metadata,
            losses,
        })
    }
}

/// Whether the markers lead to an end-of-image marker (ITU T.81, B.1.1), which a file that was cut off lacks. Bytes
/// behind it (a second image, a camera's trailer) are nobody's concern.
fn reaches_its_end(bytes: &[u8]) -> bool {
    const TEMPORARY: u8 = 0x01;
    const END_OF_IMAGE: u8 = 0xd9;
    let mut at = 2;
    while let Some(offset) = bytes
        .get(at..)
        .and_then(|rest| rest.iter().position(|&byte| byte == 0xff))
    {
        at += offset + 1;
        match bytes.get(at).copied() {
            None => return false,
            Some(END_OF_IMAGE) => return true,
            // Within a scan these are a stuffed 0xff, a restart or a start of image; 0xff is fill.
            Some(0x00 | 0xff | 0xd0..=0xd8 | TEMPORARY) => {}
            // Any other marker opens a segment that tells its length, so that no thumbnail's end is taken for the
            // image's.
            Some(_) => match bytes.get(at + 1..at + 3) {
                Some(length) => at += 1 + usize::from(u16::from_be_bytes([length[0], length[1]])),
                None => return false,
            },
        }
    }
    false
}

/// The decoder speaks of the same mishap in many ways; a file without an end was cut off, whatever it says.
fn fault(error: DecodeErrors, complete: bool) -> Fault {
    match error {
        _ if !complete => Fault::Truncated,
        DecodeErrors::Unsupported(scheme) => Fault::unsupported(format!("{scheme:?}")),
        DecodeErrors::ZeroError => Fault::NoPixels {
            width: 0,
            height: 0,
        },
        DecodeErrors::ExhaustedData => Fault::Truncated,
        error => Fault::damaged(error),
    }
}
