//! BMP: 1 to 32 bits per pixel, palettes, bit fields and run lengths (Microsoft's BITMAPINFOHEADER
//! and its variants).

use std::io::Read;

use super::decoded::{Decoded, apart, with_room, zeros};
use super::{Decoder, Fault, Header, Input};
use crate::orientation::Orientation;
use crate::{Colour, Depth, Limits, Metadata, Resolution, Unit};

const FILE_HEADER: usize = 14;
const CORE_HEADER: usize = 12;
const INFO_HEADER: usize = 40;
const V5_HEADER: usize = 124;
/// `bV5CSType` of an embedded ICC profile: "MBED".
const EMBEDDED_PROFILE: u32 = 0x4d42_4544;

/// How the pixels are written.
#[derive(Clone, Copy)]
enum Coding {
    /// Indices of 1, 2, 4 or 8 bits.
    Indices(usize),
    /// Indices of 4 or 8 bits in runs.
    Runs(usize),
    /// Two, three or four bytes a pixel with masks for red, green, blue and alpha.
    Masks(usize, [u32; 4]),
}

struct Bmp {
    file: Vec<u8>,
    header: Header,
    coding: Coding,
    palette: Vec<[u8; 3]>,
    pixels_at: usize,
    top_down: bool,
}

pub(super) fn open(
    mut reader: Input<'_>,
    length: u64,
    limits: &Limits,
) -> Result<Box<dyn Decoder>, Fault> {
    let mut file = with_room(usize::try_from(length).unwrap_or(usize::MAX))?;
    reader.read_to_end(&mut file)?;
    let short = |at: usize| Ok::<_, Fault>(u16::from_le_bytes(bytes(&file, at)?));
    let long = |at: usize| Ok::<_, Fault>(u32::from_le_bytes(bytes(&file, at)?));
    let pixels_at = long(10)? as usize;
    let header_bytes = long(FILE_HEADER)? as usize;
    let core = header_bytes == CORE_HEADER;
    let (width, height) = if core {
        (i64::from(short(18)?), i64::from(short(20)?))
    } else {
        (i64::from(long(18)? as i32), i64::from(long(22)? as i32))
    };
    let width = u64::try_from(width).map_err(|_| Fault::damaged("its width is negative"))?;
    let top_down = height < 0;
    limits.check(width, height.unsigned_abs())?;
    let bits = usize::from(if core { short(24)? } else { short(28)? });
    let compression = if core { 0 } else { long(30)? };
    let coding = match (compression, bits) {
        (0, 1 | 2 | 4 | 8) => Coding::Indices(bits),
        (1, 8) | (2, 4) => Coding::Runs(bits),
        (0, 16) => Coding::Masks(2, [0x7c00, 0x03e0, 0x001f, 0]),
        (0, 24) => Coding::Masks(3, [0x00ff_0000, 0x0000_ff00, 0x0000_00ff, 0]),
        // Without masks the fourth byte has no meaning, whatever some writers leave in it.
        (0, 32) => Coding::Masks(4, [0x00ff_0000, 0x0000_ff00, 0x0000_00ff, 0]),
        (3 | 6, 16 | 32) => {
            let masks_at = FILE_HEADER + INFO_HEADER;
            let alpha = if header_bytes > 52 || compression == 6 {
                long(masks_at + 12)?
            } else {
                0
            };
            let masks = [
                long(masks_at)?,
                long(masks_at + 4)?,
                long(masks_at + 8)?,
                alpha,
            ];
            if masks.iter().any(|mask| {
                mask.checked_shr(mask.trailing_zeros())
                    .unwrap_or(0)
                    .trailing_ones()
                    != mask.count_ones()
            }) {
                return Err(Fault::damaged("its colour masks have holes"));
            }
            Coding::Masks(bits / 8, masks)
        }
        _ => {
            return Err(Fault::unsupported(format!(
                "compression {compression} with {bits} bits per pixel"
            )));
        }
    };
    let palette = match coding {
        Coding::Indices(bits) | Coding::Runs(bits) => {
            palette(&file, header_bytes, core, bits, pixels_at)?
        }
        Coding::Masks(..) => Vec::new(),
    };
    let header = Header {
        width: width as usize,
        height: height.unsigned_abs() as usize,
        colour: Colour::Rgb,
        alpha: matches!(coding, Coding::Masks(_, [.., alpha]) if alpha != 0),
        depth: Depth::Eight,
        orientation: Orientation::UPRIGHT,
    };
    Ok(Box::new(Bmp {
        file,
        header,
        coding,
        palette,
        pixels_at,
        top_down,
    }))
}

fn bytes<const COUNT: usize>(file: &[u8], at: usize) -> Result<[u8; COUNT], Fault> {
    file.get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .ok_or(Fault::Truncated)
}

/// The palette. It fills the space before the pixels if the header does not give the number of
/// colours.
fn palette(
    file: &[u8],
    header: usize,
    core: bool,
    bits: usize,
    pixels_at: usize,
) -> Result<Vec<[u8; 3]>, Fault> {
    let entry = if core { 3 } else { 4 };
    let start = FILE_HEADER + header;
    let used = if header >= INFO_HEADER {
        u32::from_le_bytes(bytes(file, FILE_HEADER + 32)?) as usize
    } else {
        0
    };
    let colours = if used == 0 {
        1 << bits
    } else {
        used.min(1 << bits)
    };
    let end = (start + colours * entry).min(pixels_at.max(start));
    let table = file.get(start..end).ok_or(Fault::Truncated)?;
    Ok(table
        .chunks_exact(entry)
        .map(|colour| [colour[2], colour[1], colour[0]])
        .collect())
}

impl Decoder for Bmp {
    fn header(&self) -> Header {
        self.header
    }

    fn reading_bytes(&self) -> u64 {
        self.file.len() as u64 + self.held_bytes()
    }

    fn decode(self: Box<Self>) -> Result<Decoded, Fault> {
        let Header {
            width,
            height,
            colour,
            alpha,
            ..
        } = self.header;
        let pixels = self.file.get(self.pixels_at..).ok_or(Fault::Truncated)?;
        let stride = colour.channels() + usize::from(alpha);
        let mut samples = zeros::<u8>(width * height * stride)?;
        match self.coding {
            Coding::Indices(bits) => {
                let rows = stored_rows(pixels, width * bits, height)?;
                for (row, out) in rows.zip(samples.chunks_exact_mut(width * stride)) {
                    for (column, pixel) in out.chunks_exact_mut(stride).enumerate() {
                        let bit = column * bits;
                        let index =
                            usize::from(row[bit / 8]) >> (8 - bits - bit % 8) & ((1 << bits) - 1);
                        pixel.copy_from_slice(&self.colour_of(index));
                    }
                }
            }
            Coding::Runs(bits) => self.unroll(pixels, bits, &mut samples)?,
            Coding::Masks(size, masks) => {
                let rows = stored_rows(pixels, width * size * 8, height)?;
                for (row, out) in rows.zip(samples.chunks_exact_mut(width * stride)) {
                    for (stored, pixel) in row.chunks_exact(size).zip(out.chunks_exact_mut(stride))
                    {
                        let value = stored
                            .iter()
                            .rev()
                            .fold(0, |value, &byte| value << 8 | u32::from(byte));
                        pixel
                            .iter_mut()
                            .zip(masks)
                            .for_each(|(sample, mask)| *sample = masked(value, mask));
                    }
                }
            }
        }
        if !self.top_down {
            upend(&mut samples, width * stride);
        }
        let (colours, alpha) = apart(samples, &self.header)?;
        Ok(Decoded {
            header: self.header,
            premultiplied: false,
            colours,
            alpha,
            metadata: Metadata {
                icc: self.profile(),
                resolution: self.resolution(),
                ..Metadata::default()
            },
            losses: Vec::new(),
        })
    }
}

impl Bmp {
    /// The colour of an index; black beyond the palette.
    fn colour_of(&self, index: usize) -> [u8; 3] {
        self.palette.get(index).copied().unwrap_or([0; 3])
    }

    /// Decodes run-length coded indices. Pixels that the runs skip get the palette's first colour.
    fn unroll(&self, coded: &[u8], bits: usize, samples: &mut [u8]) -> Result<(), Fault> {
        let Header { width, height, .. } = self.header;
        samples
            .chunks_exact_mut(3)
            .for_each(|pixel| pixel.copy_from_slice(&self.colour_of(0)));
        let (mut column, mut row) = (0, 0);
        let mut put = |column: &mut usize, row: usize, index: u8| {
            if *column < width && row < height {
                samples[(row * width + *column) * 3..][..3]
                    .copy_from_slice(&self.colour_of(index.into()));
            }
            *column += 1;
        };
        let nibble = |byte: u8, position: usize| {
            if position.is_multiple_of(2) {
                byte >> 4
            } else {
                byte & 15
            }
        };
        let mut coded = coded.iter().copied();
        let mut next = || coded.next().ok_or(Fault::Truncated);
        while row < height {
            match (next()?, next()?) {
                (0, 0) => (column, row) = (0, row + 1),
                (0, 1) => break,
                (0, 2) => {
                    (column, row) = (column + usize::from(next()?), row + usize::from(next()?))
                }
                (0, count) => {
                    let length = (usize::from(count) * bits).div_ceil(8);
                    let literal = (0..length.next_multiple_of(2))
                        .map(|_| next())
                        .collect::<Result<Vec<_>, _>>()?;
                    for position in 0..usize::from(count) {
                        let index = if bits == 8 {
                            literal[position]
                        } else {
                            nibble(literal[position / 2], position)
                        };
                        put(&mut column, row, index);
                    }
                }
                (count, value) => {
                    for position in 0..usize::from(count) {
                        put(
                            &mut column,
                            row,
                            if bits == 8 {
                                value
                            } else {
                                nibble(value, position)
                            },
                        );
                    }
                }
            }
        }
        Ok(())
    }

    /// The pixels per metre, which all but the oldest headers hold.
    fn resolution(&self) -> Option<Resolution> {
        let header_bytes = u32::from_le_bytes(bytes(&self.file, FILE_HEADER).ok()?);
        if (header_bytes as usize) < INFO_HEADER {
            return None;
        }
        let value = |at| Some(f64::from(i32::from_le_bytes(bytes(&self.file, at).ok()?)));
        Resolution::new(
            value(FILE_HEADER + 24)?,
            value(FILE_HEADER + 28)?,
            Unit::Metre,
        )
    }

    /// The ICC profile that a version 5 header may point to.
    fn profile(&self) -> Option<Vec<u8>> {
        let header = self.file.get(FILE_HEADER..FILE_HEADER + V5_HEADER)?;
        let long = |at: usize| {
            header[at..]
                .first_chunk()
                .map(|bytes| u32::from_le_bytes(*bytes))
        };
        if long(0)? as usize != V5_HEADER || long(56)? != EMBEDDED_PROFILE {
            return None;
        }
        let start = FILE_HEADER + long(112)? as usize;
        let profile = self
            .file
            .get(start..start.checked_add(long(116)? as usize)?)?;
        (!profile.is_empty()).then(|| profile.to_vec())
    }
}

/// The rows as stored, each padded to four bytes; a file that does not hold them all was cut off.
fn stored_rows(
    pixels: &[u8],
    row_bits: usize,
    height: usize,
) -> Result<std::slice::Chunks<'_, u8>, Fault> {
    let row = row_bits.div_ceil(32) * 4;
    // Some writers leave the last row's padding out.
    let used = row * (height - 1) + row_bits.div_ceil(8);
    if pixels.len() < used {
        return Err(Fault::Truncated);
    }
    Ok(pixels.chunks(row))
}

/// The bits of `value` under `mask`, spread over 0 to 255.
fn masked(value: u32, mask: u32) -> u8 {
    if mask == 0 {
        return 0;
    }
    let full = u64::from(mask >> mask.trailing_zeros());
    let part = u64::from((value & mask) >> mask.trailing_zeros());
    ((part * 255 + full / 2) / full) as u8
}

/// Turns rows upside down.
fn upend(samples: &mut [u8], row: usize) {
    let height = samples.len() / row;
    let (upper, lower) = samples.split_at_mut(height / 2 * row);
    let lower = lower.chunks_exact_mut(row).rev();
    upper
        .chunks_exact_mut(row)
        .zip(lower)
        .for_each(|(above, below)| above.swap_with_slice(below));
}
