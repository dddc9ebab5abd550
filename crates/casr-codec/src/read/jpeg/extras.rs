//! What programs and cameras have added to a JPEG: application segments, comments, and data after
//! the image.

use super::segments::Reader;
use crate::exif::{self, ByteOrder};
use crate::limits::METADATA_BYTES;
use crate::metadata::{Metadata, Resolution, Unit};
use crate::{Loss, xmp};

const JFIF: &[u8] = b"JFIF\0";
const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const XMP_EXTENSION: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const PROFILE: &[u8] = b"ICC_PROFILE\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
/// What begins a list of the images in a file (CIPA DC-007).
const MULTI_PICTURE: &[u8] = b"MPF\0";
/// What announces a gain map by ISO 21496-1.
const GAIN_MAP: &[u8] = b"urn:iso:std:iso:ts:21496:-1\0";

/// Segments about the file and not about the photograph, which are dropped without a remark: old
/// thumbnails, other images in the file, Adobe's colour transform and quality.
const DROPPED_SEGMENTS: [(u8, &[u8]); 6] = [
    (0xe0, b"JFXX\0"),
    (0xe0, b"AVI1"),
    (0xe2, MULTI_PICTURE),
    (0xec, b"Ducky"),
    (0xed, b"Adobe_CM"),
    (0xee, b"Adobe"),
];

/// The metadata of the segments before the image, and what of it could not be kept.
pub(super) fn of(reader: &Reader) -> (Metadata, Vec<Loss>) {
    let (mut metadata, mut losses) = (Metadata::default(), Vec::new());
    let (mut profile, mut extension) = (Vec::new(), Vec::new());
    for (marker, range) in &reader.extras {
        let content = &reader.bytes[range.clone()];
        let begins = |name| content.strip_prefix(name);
        match marker {
            0xfe => metadata.comments.push(content.to_vec()),
            0xe0 if begins(JFIF).is_some() => {
                metadata.resolution = begins(JFIF).and_then(density);
            }
            0xe1 if begins(EXIF).is_some() => {
                let exif = begins(EXIF).map(<[u8]>::to_vec);
                metadata.exif = metadata.exif.or(exif.map(exif::without_prefix));
            }
            0xe1 if begins(XMP).is_some() => {
                metadata.xmp = metadata.xmp.or(begins(XMP).map(<[u8]>::to_vec));
            }
            0xe1 if begins(XMP_EXTENSION).is_some() => extension.extend(begins(XMP_EXTENSION)),
            0xe2 if begins(PROFILE).is_some() => profile.extend(begins(PROFILE)),
            0xed if begins(PHOTOSHOP).is_some() => {
                let block = metadata.photoshop.get_or_insert_default();
                block.extend(begins(PHOTOSHOP).unwrap_or_default());
            }
            0xe2 if begins(GAIN_MAP).is_some() => {}
            0xe2 if begins(MULTI_PICTURE).is_some_and(holds_other_views) => {
                losses.push(Loss::LaterFrames);
            }
            _ if DROPPED_SEGMENTS
                .iter()
                .any(|(kind, name)| kind == marker && begins(name).is_some()) => {}
            _ => losses.push(Loss::ApplicationData),
        }
    }
    if !profile.is_empty() {
        metadata.icc = whole_profile(profile);
        if metadata.icc.is_none() {
            losses.push(Loss::BrokenProfile);
        }
    }
    if let Some(packet) = &mut metadata.xmp
        && let Some(name) = xmp::extension_name(packet)
    {
        let whole = whole_extension(&extension, name.as_bytes());
        match whole.and_then(|extension| xmp::with_extension(packet, &extension)) {
            Some(joined) => *packet = joined,
            None => {
                xmp::without_extension_name(packet);
                losses.push(Loss::ExtendedXmp);
            }
        }
    } else if !extension.is_empty() {
        losses.push(Loss::ExtendedXmp);
    }
    losses.dedup();
    (metadata, losses)
}

/// What is lost because it lies after the image, or belongs to something that does. The XMP
/// properties that announce it are removed, and comments between scans are added to the metadata.
pub(super) fn behind(reader: &Reader, metadata: &mut Metadata) -> Vec<Loss> {
    let mut losses = Vec::new();
    let comments = reader.extras.iter().filter(|(marker, _)| *marker == 0xfe);
    metadata.comments = comments
        .map(|(_, range)| reader.bytes[range.clone()].to_vec())
        .collect();
    let behind = &reader.bytes[reader.at.min(reader.bytes.len())..];
    let announced = reader.extras.iter().any(|(marker, range)| {
        *marker == 0xe2 && reader.bytes[range.clone()].starts_with(GAIN_MAP)
    });
    let packet = metadata.xmp.as_deref().unwrap_or_default();
    let names: [&[u8]; 3] = [b"ns.adobe.com/hdr-gain-map", b"hdrgainmap", b"HDRGainMap"];
    if announced
        || names
            .iter()
            .any(|name| holds(packet, name) || holds(behind, name))
    {
        losses.push(Loss::GainMap);
    }
    if xmp::announces_motion(packet) {
        losses.push(Loss::MotionPhoto);
    }
    if let Some(packet) = &mut metadata.xmp {
        if losses.contains(&Loss::GainMap) {
            xmp::without_gain_map(packet);
        }
        if losses.contains(&Loss::MotionPhoto) {
            xmp::without_motion(packet);
        }
    }
    losses
}

/// Whether a file's list of images names photographs beside the first: of a panorama, for the other
/// eye, from another angle. Previews and gain maps are none.
fn holds_other_views(list: &[u8]) -> bool {
    const ENTRIES: u16 = 0xb002;
    const ENTRY_BYTES: usize = 16;
    let of = || {
        let order = ByteOrder::of(list)?;
        let entry = order.find(list, order.main(list)?, ENTRIES)?;
        let (length, at) = (order.long(list, entry + 4)?, order.long(list, entry + 8)?);
        let kinds = (0..length as usize / ENTRY_BYTES).skip(1);
        let mut kinds =
            kinds.map_while(|index| order.long(list, at as usize + ENTRY_BYTES * index));
        Some(kinds.any(|kind| matches!(kind & 0xff_ffff, 0x02_0001..=0x02_0003)))
    };
    of().unwrap_or(false)
}

fn holds(bytes: &[u8], name: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == name[0]) {
        rest = &rest[at..];
        if rest.starts_with(name) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// JFIF's density (T.871, 10.1), from the segment's content after its name.
fn density(content: &[u8]) -> Option<Resolution> {
    let [_, _, unit, x_high, x_low, y_high, y_low, ..] = *content else {
        return None;
    };
    let unit = match unit {
        0 => Unit::Ratio,
        1 => Unit::Inch,
        2 => Unit::Centimetre,
        _ => return None,
    };
    let value = |bytes| f64::from(u16::from_be_bytes(bytes));
    Resolution::new(value([x_high, x_low]), value([y_high, y_low]), unit)
}

/// The ICC profile, joined from its numbered parts (ICC.1:2022, B.4).
fn whole_profile(mut parts: Vec<&[u8]>) -> Option<Vec<u8>> {
    parts.sort_by_key(|part| part.first().copied());
    let whole = parts.iter().enumerate().all(|(index, part)| {
        part.len() > 2 && usize::from(part[0]) == index + 1 && usize::from(part[1]) == parts.len()
    });
    whole.then(|| parts.iter().flat_map(|part| &part[2..]).copied().collect())
}

/// The XMP extension of this name, joined from its parts. Each part holds the name in 32 letters,
/// the length of the whole, and its offset in it (XMP part 3, 1.1.3.1).
fn whole_extension(parts: &[&[u8]], name: &[u8]) -> Option<Vec<u8>> {
    let number = |part: &[u8], at: usize| {
        let bytes = part.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes) as usize)
    };
    let mut parts: Vec<_> = parts
        .iter()
        .filter(|part| part.starts_with(name) && name.len() == 32)
        .filter_map(|part| Some((number(part, 36)?, number(part, 32)?, part.get(40..)?)))
        .collect();
    parts.sort_by_key(|part| part.0);
    let (_, length, _) = *parts.first()?;
    let mut whole = Vec::new();
    for (at, _, content) in parts {
        if at != whole.len() || whole.len() + content.len() > METADATA_BYTES {
            return None;
        }
        whole.extend(content);
    }
    (whole.len() == length).then_some(whole)
}
