//! The compression of strips and tiles.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use jpeg_encoder::{ColorType, SamplingFactor};
use weezl::BitOrder;

use super::super::EncodeError;
use super::super::layout::TiffCompression;
use crate::{Colour, Depth};

/// Zstandard's own default: photographs hardly gain by higher levels.
#[cfg(feature = "zstd")]
const ZSTD_LEVEL: i32 = 3;

/// Compresses one strip or tile after the other.
pub(super) struct Coder {
    method: Method,
    depth: Depth,
    channels: usize,
}

enum Method {
    None,
    Deflate,
    Lzw(Box<weezl::encode::Encoder>),
    #[cfg(feature = "zstd")]
    Zstd(zstd::bulk::Compressor<'static>),
    Jpeg {
        quality: u8,
        colour: Colour,
        /// The tables that all streams share, once there is one.
        tables: Vec<u8>,
    },
}

impl Coder {
    pub(super) fn new(
        compression: TiffCompression,
        quality: u8,
        colour: Colour,
        depth: Depth,
        channels: usize,
    ) -> Result<Self, EncodeError> {
        let method = match compression {
            TiffCompression::None => Method::None,
            TiffCompression::Deflate => Method::Deflate,
            TiffCompression::Lzw => {
                let encoder = weezl::encode::Encoder::with_tiff_size_switch(BitOrder::Msb, 8);
                Method::Lzw(Box::new(encoder))
            }
            #[cfg(feature = "zstd")]
            TiffCompression::Zstd => Method::Zstd(zstd::bulk::Compressor::new(ZSTD_LEVEL)?),
            #[cfg(not(feature = "zstd"))]
            TiffCompression::Zstd => return Err("this build has no Zstandard".into()),
            TiffCompression::Jpeg => Method::Jpeg {
                quality,
                colour,
                tables: Vec::new(),
            },
        };
        Ok(Self {
            method,
            depth,
            channels,
        })
    }

    /// The value of TIFF's field.
    pub(super) fn number(&self) -> u16 {
        match self.method {
            Method::None => 1,
            Method::Lzw(_) => 5,
            Method::Jpeg { .. } => 7,
            Method::Deflate => 8,
            #[cfg(feature = "zstd")]
            Method::Zstd(_) => 50_000,
        }
    }

    /// Whether samples become their differences from those to the left before they are compressed.
    pub(super) fn differences(&self) -> bool {
        !matches!(self.method, Method::None | Method::Jpeg { .. })
    }

    /// The tables that the JPEG streams so far share; empty where there are none.
    pub(super) fn tables(&self) -> &[u8] {
        match &self.method {
            Method::Jpeg { tables, .. } => tables,
            _ => &[],
        }
    }

    /// Compresses a strip or tile of little-endian samples, which are changed on the way.
    pub(super) fn code(
        &mut self,
        samples: &mut Vec<u8>,
        (width, height): (usize, usize),
    ) -> Result<Vec<u8>, EncodeError> {
        if self.differences() {
            let row_bytes = width * self.channels * self.depth.bits() / 8;
            for row in samples.chunks_exact_mut(row_bytes) {
                match self.depth {
                    Depth::Eight => difference_eight(row, self.channels),
                    Depth::Sixteen => difference_sixteen(row, self.channels),
                }
            }
        }
        Ok(match &mut self.method {
            Method::None => std::mem::take(samples),
            Method::Deflate => {
                let room = Vec::with_capacity(samples.len() / 2);
                let mut deflated = ZlibEncoder::new(room, Compression::fast());
                deflated.write_all(samples)?;
                deflated.finish()?
            }
            Method::Lzw(encoder) => {
                encoder.reset();
                encoder.encode(samples)?
            }
            #[cfg(feature = "zstd")]
            Method::Zstd(compressor) => compressor.compress(samples)?,
            Method::Jpeg {
                quality,
                colour,
                tables,
            } => {
                let mut stream = Vec::new();
                let mut encoder = jpeg_encoder::Encoder::new(&mut stream, *quality);
                encoder.set_sampling_factor(SamplingFactor::R_4_4_4);
                let colours = match colour {
                    Colour::Grey => ColorType::Luma,
                    Colour::Rgb => ColorType::Rgb,
                };
                let (width, height) = (u16::try_from(width)?, u16::try_from(height)?);
                encoder.encode(samples, width, height, colours)?;
                let (shared, own) = parted(&stream).ok_or("the JPEG encoder has failed")?;
                *tables = shared;
                own
            }
        })
    }
}

/// The tables of a JPEG stream as a stream of their own, and the stream without them and without
/// its JFIF segment, as TIFF wants it (TIFF Technical Note 2). The encoder's tables depend on
/// nothing but the quality.
fn parted(stream: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    const START: [u8; 2] = [0xff, 0xd8];
    const END: [u8; 2] = [0xff, 0xd9];
    const TABLES: [u8; 2] = [0xdb, 0xc4];
    const JFIF: u8 = 0xe0;
    const SCAN: u8 = 0xda;
    let mut rest = stream.strip_prefix(&START)?;
    let (mut tables, mut own) = (START.to_vec(), START.to_vec());
    loop {
        let &[0xff, marker, high, low, ..] = rest else {
            return None;
        };
        if marker == SCAN {
            own.extend(rest);
            tables.extend(END);
            return Some((tables, own));
        }
        let segment = rest.split_at_checked(2 + usize::from(u16::from_be_bytes([high, low])))?;
        match marker {
            _ if TABLES.contains(&marker) => tables.extend(segment.0),
            JFIF => {}
            _ => own.extend(segment.0),
        }
        rest = segment.1;
    }
}

/// Every sample but a row's first pixel becomes its difference from the one to the left.
fn difference_eight(row: &mut [u8], channels: usize) {
    for at in (channels..row.len()).rev() {
        row[at] = row[at].wrapping_sub(row[at - channels]);
    }
}

fn difference_sixteen(row: &mut [u8], channels: usize) {
    let sample = |row: &[u8], at: usize| u16::from_le_bytes([row[2 * at], row[2 * at + 1]]);
    for at in (channels..row.len() / 2).rev() {
        let difference = sample(row, at).wrapping_sub(sample(row, at - channels));
        row[2 * at..2 * at + 2].copy_from_slice(&difference.to_le_bytes());
    }
}
