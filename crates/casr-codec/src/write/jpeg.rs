//! JPEG, streamed: the encoder asks for its rows, so it runs on a thread of its own and is handed them as they come.

use std::cell::RefCell;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use jpeg_encoder::{EncodingError, ImageBuffer, JpegColorType, SamplingFactor, rgb_to_ycbcr};

use super::output::Sink;
use super::{EncodeError, Encoder, Header, quantise};
use crate::Colour;

/// What begins an APP1 segment that holds XMP.
pub(super) const XMP_NAMESPACE: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

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
    let mut inner = jpeg_encoder::Encoder::new(sink.clone(), quality);
    inner.set_sampling_factor(SamplingFactor::R_4_4_4);
    if let Some(exif) = &header.metadata.exif {
        inner.add_exif_metadata(exif)?;
    }
    if let Some(xmp) = &header.metadata.xmp {
        inner.add_app_segment(1, [XMP_NAMESPACE, xmp].concat())?;
    }
    if let Some(icc) = &header.metadata.icc {
        inner.add_icc_profile(icc)?;
    }
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

impl Encoder for JpegEncoder {
    fn write_rows(&mut self, rows: &[f32]) -> Result<(), EncodeError> {
        let Some(listener) = self.rows.as_ref().filter(|_| !rows.is_empty()) else {
            return Ok(());
        };
        match listener.send(quantise::eight(rows).collect()) {
            Ok(()) => Ok(()),
            // The encoder stops listening only when it has failed.
            Err(_) => joined(self.thread.take()),
        }
    }

    fn finish(mut self: Box<Self>) -> Result<(), EncodeError> {
        joined(self.thread.take())
    }
}

impl Drop for JpegEncoder {
    fn drop(&mut self) {
        // An encoder whose rows stop coming stops too; its file is removed once it has let go of it.
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

/// The image as the encoder sees it: rows asked for from top to bottom, the last one repeatedly.
struct Rows {
    width: u16,
    height: u16,
    colour: Colour,
    row_bytes: usize,
    bands: Receiver<Vec<u8>>,
    sink: Sink,
    band: RefCell<Band>,
}

/// The rows at hand.
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
                // The rows will never come. The encoder has no way to be told but a write that fails.
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
