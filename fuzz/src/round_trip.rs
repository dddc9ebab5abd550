//! What is written is read again: the same size, depth, samples and metadata.

use arbitrary::{Result, Unstructured};
use casr_codec::{
    Colour, Depth, Format, Header, Metadata, Options, Picture, Resolution, Samples, Unit, read,
};

use super::{FORMATS, LIMITS, check_samples, memory};

/// The longest side of an image.
const MAX_SIDE: usize = 48;

/// Writes the image that an input describes and reads it again.
///
/// The first bytes choose format, kind and size, then come metadata, and what is left are the
/// samples, repeated as often as there is need.
pub(crate) fn check(input: &[u8]) {
    // An input that is too short to say what it is says nothing.
    let _ = round_trip(&mut Unstructured::new(input));
}

fn round_trip(input: &mut Unstructured<'_>) -> Result<()> {
    let format = *input.choose(&FORMATS)?;
    let kind: u8 = input.arbitrary()?;
    let header = Header {
        width: input.int_in_range(1..=MAX_SIDE)?,
        height: input.int_in_range(1..=MAX_SIDE)?,
        colour: if kind & 1 == 0 {
            Colour::Grey
        } else {
            Colour::Rgb
        },
        depth: if kind & 2 == 0 {
            Depth::Eight
        } else {
            Depth::Sixteen
        },
        alpha: kind & 4 != 0 && format.holds_alpha(),
        metadata: metadata(input, format)?,
        mark: None,
        from: None,
    };
    let quality = input.int_in_range(1..=100)?;
    let options = Options {
        quality,
        webp_quality: (kind & 8 != 0).then_some(quality),
        ..Options::default()
    };
    let band = input.int_in_range(1..=header.height)?;
    let depth = if format.holds_sixteen() {
        header.depth
    } else {
        Depth::Eight
    };
    let any = kind & 16 != 0;
    let samples = samples(input, &header, depth, any);
    let (bytes, _) = memory::written(format, header.clone(), options, &samples, band)
        .unwrap_or_else(|error| panic!("{error}"));
    let picture = read(memory::source(&bytes), &LIMITS).unwrap_or_else(|error| panic!("{error}"));
    check_samples(&picture);
    let colour = if format == Format::WebP {
        Colour::Rgb
    } else {
        header.colour
    };
    assert_eq!(
        (picture.width, picture.height, picture.colour, picture.depth),
        (header.width, header.height, colour, depth)
    );
    assert_eq!(picture.losses, []);
    check_metadata(&picture.metadata, &header.metadata);
    let lossless = match format {
        Format::Png | Format::Tiff => true,
        Format::WebP => options.webp_quality.is_none(),
        _ => false,
    };
    // Lossy WebP drops an alpha channel that hides nothing.
    if lossless {
        assert_eq!(picture.alpha.is_some(), header.alpha);
    }
    if lossless && !any {
        assert!(
            interleaved(&picture, header.colour) == samples,
            "other samples"
        );
    }
    Ok(())
}

/// Metadata that the format has a place for, sound in themselves.
fn metadata(input: &mut Unstructured<'_>, format: Format) -> Result<Metadata> {
    let kinds: u8 = input.arbitrary()?;
    let mut block = |bit: u8| -> Result<Option<Vec<u8>>> {
        let length = input.int_in_range(1..=24usize)?;
        let bytes = input.bytes(length.min(input.len()))?;
        Ok((kinds & bit != 0 && !bytes.is_empty()).then(|| bytes.to_vec()))
    };
    let icc = block(1)?.filter(|icc| icc.get(16..20) != Some(b"GRAY"));
    let packet = block(2)?.map(|words| String::from_utf8_lossy(&words).into_owned());
    let records = block(4)?;
    let comment = block(8)?;
    let holds_resources = matches!(format, Format::Jpeg | Format::Tiff);
    let mut metadata = Metadata {
        icc,
        xmp: packet.map(|words| format!("<x:xmpmeta>{words}</x:xmpmeta>").into_bytes()),
        photoshop: records.filter(|_| holds_resources).map(|records| {
            let length = (records.len() as u32).to_be_bytes();
            let mut block = [&b"8BIM\x04\x04\0\0"[..], &length, &records].concat();
            block.resize(block.len().next_multiple_of(2), 0);
            block
        }),
        comments: comment
            .filter(|_| format == Format::Jpeg)
            .into_iter()
            .collect(),
        ..Metadata::default()
    };
    if kinds & 16 != 0 && matches!(format, Format::Jpeg | Format::Png) {
        metadata.resolution = Some(Resolution {
            x: input.int_in_range(1..=65_535u16)?.into(),
            y: input.int_in_range(1..=65_535u16)?.into(),
            unit: if format == Format::Png {
                Unit::Metre
            } else {
                Unit::Inch
            },
        });
    }
    Ok(metadata)
}

fn check_metadata(read: &Metadata, written: &Metadata) {
    assert_eq!(
        (&read.icc, &read.xmp, &read.photoshop, &read.comments),
        (
            &written.icc,
            &written.xmp,
            &written.photoshop,
            &written.comments
        )
    );
    if written.resolution.is_some() {
        assert_eq!(read.resolution, written.resolution);
    }
}

/// Samples on the steps of a depth, or `any` numbers at all.
fn samples(input: &mut Unstructured<'_>, header: &Header, depth: Depth, any: bool) -> Vec<f32> {
    let count = header.width * header.height * header.channels();
    let bytes = input.bytes(input.len()).unwrap_or_default();
    let at = |index: usize| bytes.get(index % bytes.len().max(1)).copied().unwrap_or(0);
    let two = |index: usize| u16::from_le_bytes([at(index), at(index + 1)]);
    (0..count)
        .map(|index| match depth {
            _ if any => {
                f32::from_bits(u32::from(two(4 * index)) << 16 | u32::from(two(4 * index + 2)))
            }
            Depth::Eight => f32::from(at(index)) / 255.0,
            Depth::Sixteen => f32::from(two(2 * index)) / 65_535.0,
        })
        .collect()
}

/// A picture's samples as they were written: with alpha among them, and grey where they were.
fn interleaved(picture: &Picture, colour: Colour) -> Vec<f32> {
    let pixels = picture.pixels.to_f32();
    let pixels = pixels.chunks_exact(picture.colour.channels());
    let alphas = picture.alpha.iter().flat_map(Samples::iter).map(Some);
    let alphas = alphas.chain(std::iter::repeat(None));
    pixels
        .zip(alphas)
        .flat_map(|(pixel, alpha)| {
            let written = &pixel[..colour.channels()];
            assert!(written.len() == pixel.len() || pixel.iter().all(|sample| *sample == pixel[0]));
            written.iter().copied().chain(alpha)
        })
        .collect()
}
