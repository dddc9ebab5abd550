//! Reduces a header to what a format holds; what is left out is returned as losses.

use super::{Header, Options};
use crate::exif::{self, directories::Directories};
use crate::metadata::{Metadata, Resolution, ResolutionChange, Text, Unit};
use crate::xmp::{self, mark};
use crate::{Colour, Depth, Format, Loss, photoshop};

/// What begins an APP1 segment of a JPEG that holds XMP.
pub(super) const XMP_NAMESPACE: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// The longest content of a JPEG's segment.
pub(super) const SEGMENT: usize = 65_533;

/// A JPEG segment's longest content, less the `Exif\0\0` and the namespace that begin it (EXIF
/// 2.32, XMP part 3).
const JPEG_EXIF: usize = SEGMENT - 6;
const JPEG_XMP: usize = SEGMENT - XMP_NAMESPACE.len();
/// 254 segments of a profile's part each (ICC.1:2022, B.4).
const JPEG_PROFILE: usize = 254 * 65_519;

/// The keyword of a PNG's text that corresponds to a JPEG's comment.
const COMMENT: &str = "Comment";

/// Reduces a header to what a format holds, and sets the size and the resolution in its metadata.
pub(super) fn fit(mut header: Header, format: Format, options: Options) -> (Header, Vec<Loss>) {
    let mut losses = Vec::new();
    if header.depth == Depth::Sixteen && !options.holds_sixteen(format) {
        header.depth = Depth::Eight;
        losses.push(Loss::Depth);
    }
    // What the files hold that the result consists of.
    let format = options.file(format);
    let size = (header.width, header.height);
    let factors = header.from.map(|from| {
        let factor = |to: usize, from: f64| to as f64 / from.max(f64::MIN_POSITIVE);
        (factor(size.0, from.0), factor(size.1, from.1))
    });
    let colour = if format == Format::WebP {
        // WebP stores grey as RGB.
        Colour::Rgb
    } else {
        header.colour
    };
    let metadata = &mut header.metadata;
    if options.strip {
        strip(metadata);
    }
    metadata.photoshop = metadata.photoshop.take().filter(|block| !block.is_empty());
    if let (ResolutionChange::Scale, Some(factors)) = (options.resolution, factors) {
        scale_resolution(metadata, factors);
    }
    profile(metadata, format, colour, &mut losses);
    exif(metadata, format, size, &mut losses);
    if let Some(mark) = &header.mark
        && !mark::add(&mut metadata.xmp, mark)
    {
        losses.push(Loss::Mark);
    }
    packet(metadata, format, size, &mut losses);
    descriptions(metadata, format, &mut losses);
    resolution(metadata, format, &mut losses);
    (header, losses)
}

/// Leaves out all that describes the image.
fn strip(metadata: &mut Metadata) {
    let in_exif = metadata.exif.as_deref().and_then(exif::resolution);
    *metadata = Metadata {
        icc: metadata.icc.take(),
        colour_chunks: std::mem::take(&mut metadata.colour_chunks),
        resolution: metadata.resolution.or(in_exif),
        ..Metadata::default()
    };
}

fn scale_resolution(metadata: &mut Metadata, factors: (f64, f64)) {
    metadata.resolution = metadata
        .resolution
        .map(|resolution| resolution.scaled(factors));
    if let Some(exif) = &mut metadata.exif {
        exif::scale_resolution(exif, factors);
    }
    if let Some(xmp) = &mut metadata.xmp {
        xmp::scale_resolution(xmp, factors);
    }
    if let Some(block) = &mut metadata.photoshop {
        photoshop::scale_resolution(block, factors);
    }
}

/// The ICC profile and PNG's other chunks about colours.
fn profile(metadata: &mut Metadata, format: Format, colour: Colour, losses: &mut Vec<Loss>) {
    let fits = |icc: &Vec<u8>| {
        let short = format != Format::Jpeg || icc.len() <= JPEG_PROFILE;
        // A profile for grey images does not define red, green and blue.
        short && (colour == Colour::Grey || icc.get(16..20) != Some(b"GRAY"))
    };
    if metadata.icc.as_ref().is_some_and(|icc| !fits(icc)) {
        metadata.icc = None;
        losses.push(Loss::Profile);
    }
    if format != Format::Png {
        // Code points take precedence over a profile, and a profile over the other chunks.
        let counts = |name: &[u8; 4]| match name {
            b"cICP" => true,
            b"gAMA" | b"cHRM" => {
                metadata.icc.is_none()
                    && !metadata
                        .colour_chunks
                        .iter()
                        .any(|chunk| chunk.name == *b"sRGB")
            }
            _ => false,
        };
        let mut chunks = metadata.colour_chunks.iter();
        if chunks.any(|chunk| counts(&chunk.name) && !chunk.means_srgb()) {
            losses.push(Loss::ColourChunks);
        }
        metadata.colour_chunks.clear();
    }
}

fn exif(metadata: &mut Metadata, format: Format, size: (usize, usize), losses: &mut Vec<Loss>) {
    let Some(exif) = &mut metadata.exif else {
        return;
    };
    let fits = match format {
        Format::Jpeg => exif.len() <= JPEG_EXIF,
        // A TIFF holds the fields in directories of its own, so the block must be valid.
        Format::Tiff => match Directories::from_exif(exif) {
            Some(directories) => {
                if directories.note_lost {
                    losses.push(Loss::MakerNote);
                }
                if directories.private_lost {
                    losses.push(Loss::ApplicationData);
                }
                true
            }
            None => false,
        },
        _ => true,
    };
    if fits {
        exif::set_size(exif, size.0, size.1);
    } else {
        metadata.exif = None;
        losses.push(Loss::Exif);
    }
}

fn packet(metadata: &mut Metadata, format: Format, size: (usize, usize), losses: &mut Vec<Loss>) {
    let Some(xmp) = &mut metadata.xmp else {
        return;
    };
    xmp::set_size(xmp, size.0, size.1);
    if format == Format::Jpeg {
        xmp::without_companions(xmp);
    }
    let fits = match format {
        // A longer packet goes into segments of its own, if a packet that refers to it can be made.
        Format::Jpeg => xmp.len() <= JPEG_XMP || xmp::stub(xmp).is_some(),
        Format::Png => str::from_utf8(xmp).is_ok(),
        _ => true,
    };
    if !fits {
        metadata.xmp = None;
        losses.push(Loss::Xmp);
    }
}

/// IPTC, comments and texts.
fn descriptions(metadata: &mut Metadata, format: Format, losses: &mut Vec<Loss>) {
    if metadata.photoshop.is_some() && matches!(format, Format::Png | Format::WebP) {
        metadata.photoshop = None;
        losses.push(Loss::Photoshop);
    }
    let comments = std::mem::take(&mut metadata.comments);
    match format {
        Format::Png => metadata.texts.extend(comments.into_iter().map(as_text)),
        Format::Jpeg => {
            let all = comments.len();
            let mut comments: Vec<_> = comments
                .into_iter()
                .filter(|comment| comment.len() <= SEGMENT)
                .collect();
            if comments.len() < all {
                losses.push(Loss::Comments);
            }
            let texts = std::mem::take(&mut metadata.texts);
            let all = texts.len();
            let fits = texts
                .into_iter()
                .filter(|text| text.keyword == COMMENT && text.text.len() <= SEGMENT);
            let before = comments.len();
            comments.extend(fits.map(|text| text.text.into_bytes()));
            if comments.len() - before < all {
                losses.push(Loss::Texts);
            }
            metadata.comments = comments;
        }
        _ => {
            if !comments.is_empty() {
                losses.push(Loss::Comments);
            }
            if !metadata.texts.is_empty() {
                losses.push(Loss::Texts);
            }
            metadata.texts.clear();
        }
    }
}

/// A JPEG's comment as a PNG's text.
fn as_text(comment: Vec<u8>) -> Text {
    let text = match String::from_utf8(comment) {
        Ok(text) => text,
        // Latin-1 has the first 256 characters of Unicode.
        Err(error) => error.into_bytes().into_iter().map(char::from).collect(),
    };
    Text {
        keyword: COMMENT.to_owned(),
        // A text ends with its chunk and must not hold a zero.
        text: text.replace('\0', ""),
        ..Text::default()
    }
}

/// The resolution outside the EXIF, where the format has a place for it.
fn resolution(metadata: &mut Metadata, format: Format, losses: &mut Vec<Loss>) {
    let in_exif = metadata.exif.as_deref().and_then(exif::resolution);
    let Some(resolution) = metadata.resolution.or(in_exif) else {
        return;
    };
    metadata.resolution = Some(resolution);
    let fits = match format {
        Format::Jpeg => density(resolution).is_some(),
        Format::Png => dimensions(resolution).is_some(),
        Format::Tiff => resolution.x.max(resolution.y) < 4e9,
        // WebP, which has no place of its own for it.
        _ => match metadata.exif {
            Some(_) => in_exif.is_some(),
            None => {
                metadata.exif = exif::of_resolution(resolution);
                true
            }
        },
    };
    if !fits {
        metadata.resolution = None;
        if in_exif.is_none() {
            losses.push(Loss::Resolution);
        }
    }
}

/// JFIF's density: its unit (0 none, 1 inch, 2 centimetre) and numbers of 16 bits.
pub(super) fn density(resolution: Resolution) -> Option<(u8, u16, u16)> {
    let (unit, (x, y)) = match resolution.unit {
        Unit::Ratio => (0, (resolution.x, resolution.y)),
        Unit::Centimetre => (2, (resolution.x, resolution.y)),
        Unit::Inch | Unit::Metre => (1, resolution.per_inch()),
    };
    let number = |value: f64| {
        (0.5..65_535.5)
            .contains(&value)
            .then(|| value.round() as u16)
    };
    Some((unit, number(x)?, number(y)?))
}

/// PNG's pixel dimensions: whether they are per metre, and numbers of 31 bits.
pub(super) fn dimensions(resolution: Resolution) -> Option<(bool, u32, u32)> {
    let (x, y) = resolution.per_metre();
    let number = |value: f64| {
        (0.5..2_147_483_647.0)
            .contains(&value)
            .then(|| value.round() as u32)
    };
    Some((resolution.unit != Unit::Ratio, number(x)?, number(y)?))
}
