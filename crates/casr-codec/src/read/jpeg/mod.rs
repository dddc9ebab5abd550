//! JPEG: sequential and progressive, 8 bits, grey, RGB, YCbCr and CMYK (ITU T.81 and T.871).
//!
//! Pixels equal those of the Independent JPEG Group's library and those compatible with it bit for
//! bit. A file's pixels are read completely or not at all: data that end early are an error,
//! whatever follows them.

mod extras;
mod frame;
mod huffman;
mod idct;
pub(super) mod planes;
mod scan;
mod segments;

use std::io::Read;

use super::decoded::{Decoded, with_room, zeros};
use super::{Decoder, Fault, Header, Input};
use crate::exif;
use crate::{Colour, Depth, Limits, Loss, Metadata};

use frame::Frame;
use planes::Space;
use scan::Scan;
use segments::Reader;

struct JpegDecoder {
    reader: Reader,
    first_scan: Scan,
    header: Header,
    metadata: Metadata,
    losses: Vec<Loss>,
    space: Space,
}

pub(super) fn open(
    mut file: Input<'_>,
    length: u64,
    limits: &Limits,
) -> Result<Box<dyn Decoder>, Fault> {
    let mut bytes = with_room(usize::try_from(length).unwrap_or(usize::MAX))?;
    file.read_to_end(&mut bytes)?;
    let mut reader = Reader::new(bytes);
    let first_scan = reader.next_scan()?.ok_or(if reader.ended {
        Fault::damaged("it holds no image")
    } else {
        Fault::Truncated
    })?;
    let frame = reader
        .frame
        .as_ref()
        .ok_or_else(|| Fault::damaged("it has no frame header"))?;
    limits.check(frame.width as u64, frame.height as u64)?;
    let space = reader.space(frame);
    let (metadata, losses) = extras::of(&reader);
    let header = Header {
        width: frame.width,
        height: frame.height,
        colour: if space == Space::Grey {
            Colour::Grey
        } else {
            Colour::Rgb
        },
        alpha: false,
        depth: Depth::Eight,
        orientation: exif::orientation(metadata.exif.as_deref()),
    };
    Ok(Box::new(JpegDecoder {
        reader,
        first_scan,
        header,
        metadata,
        losses,
        space,
    }))
}

/// A part of an image in another format: a JPEG stream that may take its tables from another one.
pub(super) struct Part {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Samples per pixel, without colour conversion.
    pub(super) channels: usize,
    pub(super) samples: Vec<u8>,
}

/// Decodes a part of at most so many columns, rows and pixels.
pub(super) fn part(
    tables: &[u8],
    stream: &[u8],
    (columns, rows, pixels): (usize, usize, usize),
) -> Result<Part, Fault> {
    // Both begin with a start of image, and the tables end with an end of it.
    let tables = tables.strip_suffix(b"\xff\xd9").unwrap_or(tables);
    let bytes = match stream.strip_prefix(b"\xff\xd8") {
        Some(stream) if !tables.is_empty() => [tables, stream].concat(),
        Some(_) => stream.to_vec(),
        None => return Err(Fault::damaged("a part of it is no JPEG stream")),
    };
    let mut reader = Reader::new(bytes);
    let first_scan = reader.next_scan()?.ok_or(Fault::Truncated)?;
    let fits = |frame: &Frame| {
        frame.width <= columns && frame.height <= rows && frame.width * frame.height <= pixels
    };
    if !reader.frame.as_ref().is_some_and(fits) {
        return Err(Fault::damaged("a part of it is larger than its place"));
    }
    let frame = decoded(&mut reader, first_scan)?;
    Ok(Part {
        width: frame.width,
        height: frame.height,
        channels: frame.components.len(),
        samples: planes::components(&frame)?,
    })
}

impl Decoder for JpegDecoder {
    fn header(&self) -> Header {
        self.header
    }

    fn reading_bytes(&self) -> u64 {
        let frame = self.reader.frame.as_ref();
        let decoding = frame.map_or(0, |frame| {
            let (planes, held) = (frame.plane_bytes(), self.held_bytes());
            if !frame.progressive {
                return planes + held;
            }
            // Pixels take the place of coefficients if they fit there; else these may still be
            // with the allocator.
            let coefficients = frame.coefficient_bytes();
            let kept = if coefficients < held { coefficients } else { 0 };
            (coefficients + frame.largest_plane()).max(planes + held + kept)
        });
        self.reader.bytes.len() as u64 + decoding
    }

    fn decode(self: Box<Self>) -> Result<Decoded, Fault> {
        let Self {
            mut reader,
            first_scan,
            header,
            mut metadata,
            mut losses,
            space,
        } = *self;
        let frame = decoded(&mut reader, first_scan)?;
        let samples = planes::interleaved(&frame, space)?;
        drop(frame);
        losses.extend(extras::behind(&reader, &mut metadata));
        if !reader.ended {
            losses.push(Loss::NoEnd);
        }
        if reader.stray {
            losses.push(Loss::StrayBytes);
        }
        if matches!(space, Space::Cmyk | Space::Ycck) {
            let profile = metadata.icc.take();
            losses.push(if profile.is_some() {
                Loss::CmykProfile
            } else {
                Loss::Cmyk
            });
        }
        Ok(Decoded {
            header,
            premultiplied: false,
            colours: samples.into(),
            alpha: None,
            metadata,
            losses,
        })
    }
}

/// The frame with the samples of all scans.
fn decoded(reader: &mut Reader, first_scan: Scan) -> Result<Frame, Fault> {
    let mut frame = reader
        .frame
        .take()
        .ok_or_else(|| Fault::damaged("it has no frame header"))?;
    frame.make_room()?;
    let mut next = Some(first_scan);
    let mut scanned = vec![false; frame.components.len()];
    while let Some(scan) = next {
        let (at, stray) = scan::decode(
            &mut frame,
            &scan,
            &reader.tables,
            reader.restart_interval,
            &reader.bytes,
        )?;
        reader.at = at;
        reader.stray |= stray;
        scan.parts
            .iter()
            .for_each(|part| scanned[part.component] = true);
        // The next scan's header refers to the frame.
        reader.frame = Some(frame);
        next = reader.next_scan()?;
        frame = reader
            .frame
            .take()
            .ok_or_else(|| Fault::damaged("it has no frame header"))?;
    }
    if !scanned.iter().all(|&scanned| scanned) {
        return Err(Fault::Truncated);
    }
    if frame.progressive {
        finish_progressive(&mut frame, reader.ended)?;
    }
    Ok(frame)
}

/// Turns the coefficients of a progressive image into samples, if all of them have come.
fn finish_progressive(frame: &mut Frame, ended: bool) -> Result<(), Fault> {
    let complete = |pending: &Option<u8>| *pending == Some(0);
    if !frame
        .components
        .iter()
        .all(|component| component.pending.iter().all(complete))
    {
        return Err(if ended {
            Fault::damaged("its scans end before the finest detail")
        } else {
            Fault::Truncated
        });
    }
    for component in &mut frame.components {
        let steps = component
            .steps
            .ok_or_else(|| Fault::damaged("a quantisation table is missing"))?;
        let coefficients = std::mem::take(&mut component.coefficients);
        component.plane = zeros(coefficients.len())?;
        let stride = 8 * component.stride;
        for (index, block) in coefficients.as_chunks::<64>().0.iter().enumerate() {
            let (row, column) = (index / component.stride, index % component.stride);
            let at = 8 * (row * stride + column);
            idct::block(block, &steps, &mut component.plane, at, stride);
        }
    }
    Ok(())
}
