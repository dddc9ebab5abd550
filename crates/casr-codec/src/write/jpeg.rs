//! JPEG, streamed: the encoder fetches its rows by itself, so it runs on a thread of its own that
//! waits for them.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

#[cfg(feature = "tiles")]
use jpeg_encoder::ColorType;
use jpeg_encoder::{
    EncodingError, ImageBuffer, JpegColorType, PixelDensity, PixelDensityUnit, SamplingFactor,
    rgb_to_ycbcr,
};

use super::fit::{SEGMENT, XMP_NAMESPACE};
use super::output::Sink;
use super::{EncodeError, Encoder, Header, fit, quantise};
use crate::{Colour, Metadata, xmp};

/// What begins an APP1 segment that holds a part of an XMP packet's extension (XMP part 3,
/// 1.1.3.1).
const XMP_EXTENSION: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";

/// Bytes of the start of image and the JFIF segment, which come first.
const HEADER_BYTES: usize = 2 + 18;

/// Bands that may wait for the encoder.
const WAITING_BANDS: usize = 2;

struct JpegEncoder {
    rows: Option<SyncSender<Vec<u8>>>,
    thread: Option<JoinHandle<Result<(), EncodingError>>>,
}

pub(super) fn encoder(
    sink: Sink,
    header: Header,
    quality: u8,
) -> Result<Box<dyn Encoder>, EncodeError> {
    let (width, height) = (u16::try_from(header.width)?, u16::try_from(header.height)?);
    let into = Inserting {
        sink: sink.clone(),
        before: HEADER_BYTES,
        segments: segments(&header.metadata),
    };
    let mut inner = jpeg_encoder::Encoder::new(into, quality);
    configure(&mut inner, &header.metadata);
    let (rows, bands) = sync_channel(WAITING_BANDS);
    let row_bytes = header.width * header.channels();
    let band = RefCell::new(Band {
        bytes: Vec::new(),
        first_row: 0,
    });
    let image = Rows {
        width,
        height,
        colour: header.colour,
        row_bytes,
        bands,
        sink,
        band,
    };
    let thread = thread::Builder::new()
        .name("jpeg".into())
        .spawn(move || inner.encode_image(image))?;
    Ok(Box::new(JpegEncoder {
        rows: Some(rows),
        thread: Some(thread),
    }))
}

/// A whole small file of 8-bit samples, with the header's size, colour and metadata.
#[cfg(feature = "tiles")]
pub(super) fn whole(header: &Header, quality: u8, samples: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let (width, height) = (u16::try_from(header.width)?, u16::try_from(header.height)?);
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, quality);
    configure(&mut encoder, &header.metadata);
    let colour = match header.colour {
        Colour::Grey => ColorType::Luma,
        Colour::Rgb => ColorType::Rgb,
    };
    encoder.encode(samples, width, height, colour)?;
    file.splice(HEADER_BYTES..HEADER_BYTES, segments(&header.metadata));
    Ok(file)
}

/// What all files have in common.
fn configure<W: jpeg_encoder::JfifWrite>(
    encoder: &mut jpeg_encoder::Encoder<W>,
    metadata: &Metadata,
) {
    encoder.set_sampling_factor(SamplingFactor::R_4_4_4);
    if let Some((unit, x, y)) = metadata.resolution.and_then(fit::density) {
        encoder.set_density(PixelDensity {
            density: (x, y),
            unit: match unit {
                1 => PixelDensityUnit::Inches,
                2 => PixelDensityUnit::Centimeters,
                _ => PixelDensityUnit::PixelAspectRatio,
            },
        });
    }
}

impl Encoder for JpegEncoder {
    fn write_rows(&mut self, rows: &[f32]) -> Result<(), EncodeError> {
        let Some(encoder) = self.rows.as_ref().filter(|_| !rows.is_empty()) else {
            return Ok(());
        };
        match encoder.send(quantise::eight(rows).collect()) {
            Ok(()) => Ok(()),
            // The receiving end is dropped only when the encoder has failed.
            Err(_) => joined(self.thread.take()),
        }
    }

    fn finish(mut self: Box<Self>) -> Result<(), EncodeError> {
        joined(self.thread.take())
    }
}

impl Drop for JpegEncoder {
    fn drop(&mut self) {
        // Without the sender the encoder stops. The temporary file is removed once the thread has
        // ended.
        self.rows = None;
        let _ = joined(self.thread.take());
    }
}

fn joined(thread: Option<JoinHandle<Result<(), EncodingError>>>) -> Result<(), EncodeError> {
    match thread.map(JoinHandle::join) {
        Some(Ok(result)) => Ok(result?),
        Some(Err(_)) | None => Err("the JPEG encoder stopped".into()),
    }
}

/// The segments of a file's metadata.
fn segments(metadata: &Metadata) -> Vec<u8> {
    let mut segments = Vec::new();
    let mut add = |marker: u8, parts: &[&[u8]]| {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        segments.extend([0xff, marker]);
        segments.extend((length as u16 + 2).to_be_bytes());
        parts.iter().for_each(|part| segments.extend(*part));
    };
    if let Some(exif) = &metadata.exif {
        add(0xe1, &[b"Exif\0\0", exif]);
    }
    if let Some(packet) = &metadata.xmp {
        match xmp::stub(packet).filter(|_| packet.len() + XMP_NAMESPACE.len() > SEGMENT) {
            None => add(0xe1, &[XMP_NAMESPACE, packet]),
            Some((stub, name)) => {
                add(0xe1, &[XMP_NAMESPACE, &stub]);
                let length = (packet.len() as u32).to_be_bytes();
                let room = SEGMENT - XMP_EXTENSION.len() - 40;
                for (index, part) in packet.chunks(room).enumerate() {
                    let at = ((index * room) as u32).to_be_bytes();
                    add(0xe1, &[XMP_EXTENSION, name.as_bytes(), &length, &at, part]);
                }
            }
        }
    }
    if let Some(icc) = &metadata.icc {
        let parts = icc.chunks(SEGMENT - 14);
        let count = parts.len() as u8;
        for (index, part) in parts.enumerate() {
            add(0xe2, &[b"ICC_PROFILE\0", &[index as u8 + 1, count], part]);
        }
    }
    if let Some(block) = &metadata.photoshop {
        for part in block.chunks(SEGMENT - 14) {
            add(0xed, &[b"Photoshop 3.0\0", part]);
        }
    }
    for comment in &metadata.comments {
        add(0xfe, &[comment]);
    }
    segments
}

/// Inserts segments after a file's first ones: the encoder cannot write all kinds of them.
struct Inserting {
    sink: Sink,
    /// Bytes still to come before them.
    before: usize,
    segments: Vec<u8>,
}

impl Write for Inserting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.before == 0 {
            return self.sink.write(bytes);
        }
        let written = self.sink.write(&bytes[..bytes.len().min(self.before)])?;
        self.before -= written;
        if self.before == 0 {
            self.sink.write_all(&std::mem::take(&mut self.segments))?;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// The image as the encoder reads it: row by row from top to bottom, the last one repeatedly.
struct Rows {
    width: u16,
    height: u16,
    colour: Colour,
    row_bytes: usize,
    bands: Receiver<Vec<u8>>,
    sink: Sink,
    band: RefCell<Band>,
}

/// The rows that came last.
struct Band {
    bytes: Vec<u8>,
    first_row: usize,
}

impl Band {
    fn rows(&self, row_bytes: usize) -> usize {
        self.bytes.len() / row_bytes
    }
}

impl ImageBuffer for Rows {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        match self.colour {
            Colour::Grey => JpegColorType::Luma,
            Colour::Rgb => JpegColorType::Ycbcr,
        }
    }

    fn width(&self) -> u16 {
        self.width
    }

    fn height(&self) -> u16 {
        self.height
    }

    fn fill_buffers(&self, row: u16, buffers: &mut [Vec<u8>; 4]) {
        let row = usize::from(row);
        let mut band = self.band.borrow_mut();
        while row >= band.first_row + band.rows(self.row_bytes) {
            let first_row = band.first_row + band.rows(self.row_bytes);
            let bytes = self.bands.recv().unwrap_or_else(|_| {
                // The rows will never come. Only a write that fails stops the encoder.
                self.sink.cancel();
                vec![0; self.row_bytes * (row + 1 - first_row)]
            });
            *band = Band { bytes, first_row };
        }
        let samples = &band.bytes[(row - band.first_row) * self.row_bytes..][..self.row_bytes];
        match self.colour {
            Colour::Grey => buffers[0].extend(samples),
            Colour::Rgb => {
                for pixel in samples.chunks_exact(3) {
                    let (luma, blue, red) = rgb_to_ycbcr(pixel[0], pixel[1], pixel[2]);
                    buffers[0].push(luma);
                    buffers[1].push(blue);
                    buffers[2].push(red);
                }
            }
        }
    }
}
