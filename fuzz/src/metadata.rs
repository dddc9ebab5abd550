//! EXIF, XMP, IPTC and the rest of what travels along: any bytes are carried from format to format,
//! or their loss is reported as lost, and what came through once comes through again unchanged.

use arbitrary::{Result, Unstructured};
use casr_codec::{
    Colour, Depth, Format, Header, Loss, Mark, Metadata, Options, Picture, Resolution,
    ResolutionChange, SourceFormat, Text, Unit, read,
};

use super::{FORMATS, LIMITS, check_samples, memory};

/// Takes an input apart and carries it from a first to a second format, which is written twice.
///
/// The first byte chooses the formats and whether the resolution is scaled, the second what
/// metadata there are. They follow in the order of [`Metadata`]'s fields, each but the last behind
/// its length in 16 bits.
pub(crate) fn check(input: &[u8]) {
    // An input that is too short to say what it is says nothing.
    let _ = carry(&mut Unstructured::new(input));
}

fn carry(input: &mut Unstructured<'_>) -> Result<()> {
    let choice: u8 = input.arbitrary()?;
    let (first, second) = (
        FORMATS[usize::from(choice & 3)],
        FORMATS[usize::from(choice >> 2 & 3)],
    );
    let resolution = if choice & 16 == 0 {
        ResolutionChange::Keep
    } else {
        ResolutionChange::Scale
    };
    let picture = picture(metadata(input)?);
    let (once, losses) = carried(&picture, (4, 2), first, ResolutionChange::Keep);
    check_kept(&picture.metadata, &once.metadata, first, &losses);
    check_marked(&picture, first);
    let size = (once.width * 2, once.height * 3);
    let (enlarged, _) = carried(&once, size, second, resolution);
    let size = (enlarged.width, enlarged.height);
    let (again, losses) = carried(&enlarged, size, second, ResolutionChange::Keep);
    assert_eq!(losses, []);
    // The directories of a hostile EXIF lie upon each other, so that one change undoes another.
    let length = |metadata: &Metadata| metadata.exif.as_ref().map(Vec::len);
    assert_eq!(length(&again.metadata), length(&enlarged.metadata));
    let others = |metadata: Metadata| Metadata {
        exif: None,
        ..metadata
    };
    assert_eq!(others(again.metadata), others(enlarged.metadata));
    Ok(())
}

fn picture(metadata: Metadata) -> Picture {
    Picture {
        width: 4,
        height: 2,
        colour: Colour::Rgb,
        depth: Depth::Eight,
        format: SourceFormat::Png,
        pixels: vec![0.4; 24].into(),
        alpha: None,
        metadata,
        losses: Vec::new(),
    }
}

fn metadata(input: &mut Unstructured<'_>) -> Result<Metadata> {
    let mut left: u8 = input.arbitrary()?;
    let mut block = |bit: u8| -> Result<Option<Vec<u8>>> {
        if left & bit == 0 {
            return Ok(None);
        }
        left &= !bit;
        let length = if left == 0 {
            input.len()
        } else {
            usize::from(input.arbitrary::<u16>()?).min(input.len())
        };
        Ok(Some(input.bytes(length)?.to_vec()))
    };
    let (icc, exif, xmp, photoshop) = (block(1)?, block(2)?, block(4)?, block(8)?);
    let comments = block(16)?.into_iter().collect();
    let texts = block(32)?.map(|text| Text {
        keyword: "Title".to_owned(),
        // A zero ends a text.
        text: String::from_utf8_lossy(&text).replace('\0', ""),
        compressed: text.len() % 2 == 1,
        ..Text::default()
    });
    let resolution = block(64)?.and_then(|numbers| {
        let number = |at: usize| numbers.get(at..at + 4)?.first_chunk().copied();
        Some(Resolution {
            x: f32::from_le_bytes(number(0)?).into(),
            y: f32::from_le_bytes(number(4)?).into(),
            unit: match numbers.get(8)? % 4 {
                0 => Unit::Inch,
                1 => Unit::Centimetre,
                2 => Unit::Metre,
                _ => Unit::Ratio,
            },
        })
    });
    Ok(Metadata {
        icc,
        exif,
        xmp,
        photoshop,
        comments,
        texts: texts.into_iter().collect(),
        resolution,
        ..Metadata::default()
    })
}

/// A picture enlarged into a format and read again; with what the format does not hold.
fn carried(
    picture: &Picture,
    (width, height): (usize, usize),
    format: Format,
    resolution: ResolutionChange,
) -> (Picture, Vec<Loss>) {
    let header = Header::of(picture, width, height, format);
    let samples = vec![0.4; width * height * header.channels()];
    let options = Options {
        resolution,
        ..Options::default()
    };
    let (bytes, losses) = memory::written(format, header, options, &samples, height)
        .unwrap_or_else(|error| panic!("{format}: {error}"));
    let read =
        read(memory::source(&bytes), &LIMITS).unwrap_or_else(|error| panic!("{format}: {error}"));
    check_samples(&read);
    // A packet is searched for the names of gain maps wherever they stand in it.
    let told = |loss: &&Loss| **loss != Loss::GainMap;
    assert_eq!(read.losses.iter().find(told), None, "{format}");
    (read, losses)
}

/// An enlargement is marked, or the missing mark is reported as a loss.
fn check_marked(picture: &Picture, format: Format) {
    let (width, height) = (picture.width * 2, picture.height * 2);
    let mut header = Header::of(picture, width, height, format);
    header.mark = Some(Mark {
        software: "a <program> & its version".to_owned(),
        parameters: "twice".to_owned(),
    });
    let samples = vec![0.4; width * height * header.channels()];
    let (bytes, losses) = memory::written(format, header, Options::default(), &samples, height)
        .unwrap_or_else(|error| panic!("{format}: {error}"));
    let read =
        read(memory::source(&bytes), &LIMITS).unwrap_or_else(|error| panic!("{format}: {error}"));
    let packet = read.metadata.xmp.unwrap_or_default();
    let marked = String::from_utf8_lossy(&packet).contains("a &lt;program&gt; &amp; its version");
    let told = losses.contains(&Loss::Mark) || losses.contains(&Loss::Xmp);
    assert!(marked != told, "{format}: {losses:?}");
}

/// Whatever is not reported as lost is there again.
fn check_kept(given: &Metadata, read: &Metadata, format: Format, losses: &[Loss]) {
    let lost = |loss| losses.contains(&loss);
    let there = |block: &Option<Vec<u8>>| block.as_ref().is_some_and(|block| !block.is_empty());
    if there(&given.icc) && !lost(Loss::Profile) {
        assert_eq!(read.icc, given.icc, "{format}");
    }
    // A TIFF keeps an EXIF's fields, of which there may be none, and what JPEG puts before it is
    // none of its own.
    let prefixed = |exif: &Vec<u8>| exif.starts_with(b"Exif\0\0");
    let whole = format != Format::Tiff && !given.exif.as_ref().is_some_and(prefixed);
    if there(&given.exif) && !lost(Loss::Exif) && whole {
        let length = |exif: &Option<Vec<u8>>| exif.as_ref().map(Vec::len);
        assert_eq!(length(&read.exif), length(&given.exif), "{format}");
    }
    if there(&given.xmp) && !lost(Loss::Xmp) {
        assert!(read.xmp.is_some(), "{format}");
    }
    if there(&given.photoshop) && !lost(Loss::Photoshop) {
        assert!(read.photoshop.is_some(), "{format}");
    }
    if format == Format::Jpeg {
        assert_eq!(
            read.comments.is_empty(),
            given.comments.is_empty() || lost(Loss::Comments)
        );
    }
    if format == Format::Png {
        assert_eq!(read.texts.len(), given.texts.len() + given.comments.len());
    }
}
