//! EXIF blocks: the few values that must change when pixels are turned or resized are changed in
//! place, so that everything else, makers' notes included, stays where it was. A block that cannot
//! be understood is left alone.

pub(crate) mod directories;

use std::ops::Range;

use crate::metadata::{Metadata, Resolution, Unit};
use crate::orientation::Orientation;
use crate::xmp;

use directories::Directories;

const IMAGE_WIDTH: u16 = 0x0100;
const IMAGE_LENGTH: u16 = 0x0101;
const ORIENTATION: u16 = 0x0112;
const X_RESOLUTION: u16 = 0x011a;
const Y_RESOLUTION: u16 = 0x011b;
const RESOLUTION_UNIT: u16 = 0x0128;
const EXIF_DIRECTORY: u16 = 0x8769;
const PIXEL_X_DIMENSION: u16 = 0xa002;
const PIXEL_Y_DIMENSION: u16 = 0xa003;

const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;

/// A file's EXIF orientation; upright if there is none.
pub(crate) fn orientation(exif: Option<&[u8]>) -> Orientation {
    let value = exif.and_then(|exif| {
        let order = ByteOrder::of(exif)?;
        order.scalar(exif, order.find(exif, order.main(exif)?, ORIENTATION)?)
    });
    value.map_or(Orientation::UPRIGHT, Orientation::from_exif)
}

/// Sets the orientation to upright in EXIF and XMP, after the pixels were turned. The EXIF
/// thumbnail, which was not turned, is unlinked. `quarter` says whether columns have become rows.
pub(crate) fn set_upright(metadata: &mut Metadata, quarter: bool) {
    if let Some(exif) = &mut metadata.exif {
        // A block that is not valid had no orientation to begin with.
        let _ = set_exif_upright(exif);
        if quarter {
            let _ = turn_resolution(exif);
        }
    }
    if let Some(xmp) = &mut metadata.xmp {
        xmp::set_upright(xmp);
    }
    if quarter {
        metadata.resolution = metadata.resolution.map(Resolution::turned);
    }
}

fn set_exif_upright(exif: &mut [u8]) -> Option<()> {
    let order = ByteOrder::of(exif)?;
    let main = order.main(exif)?;
    if let Some(entry) = order.find(exif, main, ORIENTATION) {
        order.set_scalar(exif, entry, SHORT, 1)?;
    }
    let entries = usize::from(order.short(exif, main)?);
    order.set_long(exif, main + 2 + 12 * entries, 0)
}

/// Where a tag of the main directory holds its one rational number.
fn rational(exif: &[u8], order: ByteOrder, tag: u16) -> Option<usize> {
    let entry = order.find(exif, order.main(exif)?, tag)?;
    let one = order.short(exif, entry + 2)? == RATIONAL && order.long(exif, entry + 4)? == 1;
    let at = order.long(exif, entry + 8)? as usize;
    let apart = one && exif.len().checked_sub(at)? >= 8 && !is_structure(exif, order, at..at + 8);
    apart.then_some(at)
}

/// Whether a range overlaps the block's head or one of its two main directories. A value there is
/// damaged and must not be written to.
fn is_structure(exif: &[u8], order: ByteOrder, range: Range<usize>) -> bool {
    const HEAD: usize = 8;
    let main = order.main(exif);
    let photo = main
        .and_then(|main| order.find(exif, main, EXIF_DIRECTORY))
        .and_then(|entry| order.scalar(exif, entry))
        .map(|offset| offset as usize);
    let meets = |directory: usize| {
        let entries = usize::from(order.short(exif, directory).unwrap_or(0));
        range.start < directory + 2 + 12 * entries + 4 && directory < range.end
    };
    range.start < HEAD || [main, photo].into_iter().flatten().any(meets)
}

/// The resolution of the main directory.
pub(crate) fn resolution(exif: &[u8]) -> Option<Resolution> {
    let order = ByteOrder::of(exif)?;
    let value = |tag| {
        let at = rational(exif, order, tag)?;
        Some(f64::from(order.long(exif, at)?) / f64::from(order.long(exif, at + 4)?))
    };
    let unit = order
        .find(exif, order.main(exif)?, RESOLUTION_UNIT)
        .and_then(|entry| order.scalar(exif, entry));
    let unit = match unit {
        Some(1) => Unit::Ratio,
        Some(3) => Unit::Centimetre,
        _ => Unit::Inch,
    };
    Resolution::new(value(X_RESOLUTION)?, value(Y_RESOLUTION)?, unit)
}

/// Multiplies the resolution of the main directory, if there is one.
pub(crate) fn scale_resolution(exif: &mut [u8], (across, down): (f64, f64)) {
    let Some(order) = ByteOrder::of(exif) else {
        return;
    };
    let places = [(X_RESOLUTION, across), (Y_RESOLUTION, down)]
        .map(|(tag, factor)| rational(exif, order, tag).map(|at| (at, factor)));
    // Both tags may share their value.
    let shared = places[0].map(|place| place.0) == places[1].map(|place| place.0);
    for (at, factor) in places
        .into_iter()
        .take(if shared { 1 } else { 2 })
        .flatten()
    {
        let parts = [at, at + 4].map(|at| f64::from(order.long(exif, at).unwrap_or(0)));
        let (number, parts) = fraction(parts[0] / parts[1] * factor);
        // The place was just found within the block.
        let _ = order.set_long(exif, at, number);
        let _ = order.set_long(exif, at + 4, parts);
    }
}

fn turn_resolution(exif: &mut [u8]) -> Option<()> {
    let order = ByteOrder::of(exif)?;
    let (across, down) = (
        rational(exif, order, X_RESOLUTION)?,
        rational(exif, order, Y_RESOLUTION)?,
    );
    for part in [0, 4] {
        let (one, other) = (
            order.long(exif, across + part)?,
            order.long(exif, down + part)?,
        );
        order.set_long(exif, across + part, other)?;
        order.set_long(exif, down + part, one)?;
    }
    Some(())
}

/// A number as numerator and denominator, to a thousandth.
fn fraction(value: f64) -> (u32, u32) {
    if value.fract() == 0.0 || value > 4e6 {
        (value as u32, 1)
    } else {
        ((value * 1000.0).round() as u32, 1000)
    }
}

/// A block that holds a resolution only.
pub(crate) fn of_resolution(resolution: Resolution) -> Option<Vec<u8>> {
    let mut directories = Directories::default();
    directories.set_resolution(resolution);
    directories.to_exif()
}

/// Writes the image's size into the tags for it, where they exist.
pub(crate) fn set_size(exif: &mut [u8], width: usize, height: usize) {
    let (Ok(width), Ok(height)) = (u32::try_from(width), u32::try_from(height)) else {
        return;
    };
    let Some((order, main)) =
        ByteOrder::of(exif).and_then(|order| Some((order, order.main(exif)?)))
    else {
        return;
    };
    let photo = order
        .find(exif, main, EXIF_DIRECTORY)
        .and_then(|entry| order.scalar(exif, entry));
    for (directory, tag, value) in [
        (Some(main), IMAGE_WIDTH, width),
        (Some(main), IMAGE_LENGTH, height),
        (
            photo.map(|offset| offset as usize),
            PIXEL_X_DIMENSION,
            width,
        ),
        (
            photo.map(|offset| offset as usize),
            PIXEL_Y_DIMENSION,
            height,
        ),
    ] {
        if let Some(entry) = directory.and_then(|directory| order.find(exif, directory, tag)) {
            // The entry was just found, so it lies within the block.
            let _ = order.set_scalar(exif, entry, LONG, value);
        }
    }
}

/// EXIF without the `Exif\0\0` before it, which belongs to JPEG; some programs write it in other
/// formats, too, or twice.
pub(crate) fn without_prefix(mut exif: Vec<u8>) -> Vec<u8> {
    const PREFIX: &[u8] = b"Exif\0\0";
    let prefixes = exif.chunks(PREFIX.len()).take_while(|part| *part == PREFIX);
    exif.drain(..PREFIX.len() * prefixes.count());
    exif
}

/// Reads and writes numbers in an EXIF block's own byte order; `None` where the block ends before
/// them.
#[derive(Clone, Copy)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    pub(crate) fn of(exif: &[u8]) -> Option<Self> {
        match exif.get(..4)? {
            b"II*\0" => Some(Self::Little),
            b"MM\0*" => Some(Self::Big),
            _ => None,
        }
    }

    /// The offset of the main directory.
    pub(crate) fn main(self, exif: &[u8]) -> Option<usize> {
        Some(self.long(exif, 4)? as usize)
    }

    pub(crate) fn short(self, exif: &[u8], at: usize) -> Option<u16> {
        let bytes = exif.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        })
    }

    pub(crate) fn long(self, exif: &[u8], at: usize) -> Option<u32> {
        let bytes = exif.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        })
    }

    fn set_short(self, exif: &mut [u8], at: usize, value: u16) -> Option<()> {
        let bytes = match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        };
        exif.get_mut(at..at.checked_add(2)?)?
            .copy_from_slice(&bytes);
        Some(())
    }

    fn set_long(self, exif: &mut [u8], at: usize, value: u32) -> Option<()> {
        let bytes = match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        };
        exif.get_mut(at..at.checked_add(4)?)?
            .copy_from_slice(&bytes);
        Some(())
    }

    /// The offset of a tag's 12-byte entry in a directory.
    pub(crate) fn find(self, exif: &[u8], directory: usize, tag: u16) -> Option<usize> {
        let entries = usize::from(self.short(exif, directory)?);
        let mut offsets = (0..entries).map(|index| directory + 2 + 12 * index);
        offsets.find(|&entry| self.short(exif, entry) == Some(tag))
    }

    /// An entry's value, if it is one number.
    fn scalar(self, exif: &[u8], entry: usize) -> Option<u32> {
        match self.short(exif, entry + 2)? {
            SHORT => self.short(exif, entry + 8).map(u32::from),
            LONG => self.long(exif, entry + 8),
            _ => None,
        }
    }

    /// Makes an entry hold one number of the given kind.
    fn set_scalar(self, exif: &mut [u8], entry: usize, kind: u16, value: u32) -> Option<()> {
        self.set_short(exif, entry + 2, kind)?;
        self.set_long(exif, entry + 4, 1)?;
        self.set_long(exif, entry + 8, 0)?;
        match kind {
            SHORT => self.set_short(exif, entry + 8, value as u16),
            _ => self.set_long(exif, entry + 8, value),
        }
    }
}
