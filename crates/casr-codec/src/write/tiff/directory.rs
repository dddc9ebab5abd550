//! The directories of a TIFF: the image's, with all metadata, and those of its overviews.

use super::{Image, TiffEncoder};
use crate::exif::directories::{Directories, Field};
use crate::write::Header;
use crate::{Colour, Resolution, Unit, photoshop};

const BYTE: u16 = 1;
const RATIONAL: u16 = 5;
const UNDEFINED: u16 = 7;

const REDUCED: u32 = 1;
const HORIZONTAL_DIFFERENCES: u16 = 2;
const UNASSOCIATED_ALPHA: u16 = 2;

/// The bytes of all directories, for offset `at` of the file.
pub(super) fn encode(encoder: &TiffEncoder, at: u64) -> Vec<u8> {
    let mut images = encoder.store.images.iter();
    let main = images.next().map(|image| main(encoder, image));
    let overviews: Vec<_> = (images)
        .map(|image| {
            let mut fields = vec![Field::longs(0x00fe, &[REDUCED])];
            fields.extend(pixels(encoder, image));
            fields
        })
        .collect();
    main.unwrap_or_default()
        .encode_with(&overviews, at, encoder.big)
}

/// How the pixels of an image are stored, and where.
fn pixels(encoder: &TiffEncoder, image: &Image) -> Vec<Field> {
    let Header {
        colour,
        depth,
        alpha,
        ..
    } = encoder.header;
    let channels = encoder.header.channels();
    let (coder, big) = (&encoder.store.coder, encoder.big);
    let tables = coder.tables();
    let is_jpeg = !tables.is_empty();
    let photometric = match colour {
        Colour::Grey => 1,
        // What JPEG makes of RGB.
        Colour::Rgb if is_jpeg => 6,
        Colour::Rgb => 2,
    };
    let mut fields = vec![
        Field::longs(0x0100, &[image.size.0 as u32]),
        Field::longs(0x0101, &[image.size.1 as u32]),
        Field::shorts(0x0102, &vec![depth.bits() as u16; channels]),
        Field::shorts(0x0103, &[coder.number()]),
        Field::shorts(0x0106, &[photometric]),
        Field::shorts(0x0115, &[channels as u16]),
    ];
    let (columns, rows) = (encoder.grid.tile.0 as u32, encoder.grid.tile.1 as u32);
    fields.extend(if encoder.tiled {
        vec![
            Field::longs(0x0142, &[columns]),
            Field::longs(0x0143, &[rows]),
            Field::offsets(0x0144, &image.offsets, big),
            Field::offsets(0x0145, &image.lengths, big),
        ]
    } else {
        vec![
            Field::offsets(0x0111, &image.offsets, big),
            Field::longs(0x0116, &[rows]),
            Field::offsets(0x0117, &image.lengths, big),
        ]
    });
    if coder.differences() {
        fields.push(Field::shorts(0x013d, &[HORIZONTAL_DIFFERENCES]));
    }
    if alpha {
        fields.push(Field::shorts(0x0152, &[UNASSOCIATED_ALPHA]));
    }
    if is_jpeg {
        fields.push(Field::bytes(0x015b, UNDEFINED, tables.to_vec()));
        if colour == Colour::Rgb {
            // Colours are not subsampled, and have the whole range of 8 bits.
            fields.push(Field::shorts(0x0212, &[1, 1]));
            let range = [0u32, 255, 128, 255, 128, 255];
            let fractions = range.iter().flat_map(|value| [*value, 1]);
            let bytes = fractions.flat_map(u32::to_le_bytes).collect();
            fields.push(Field::bytes(0x0214, RATIONAL, bytes));
        }
    }
    fields
}

/// The image's directory, and those of its EXIF.
fn main(encoder: &TiffEncoder, image: &Image) -> Directories {
    let metadata = &encoder.header.metadata;
    let mut directories = encoder.exif.clone();
    if !directories.has_resolution() {
        // Readers expect a resolution; without one, pixels are square and of unknown size.
        directories.set_resolution(metadata.resolution.unwrap_or(Resolution {
            x: 1.0,
            y: 1.0,
            unit: Unit::Ratio,
        }));
    }
    let main = &mut directories.main;
    main.extend(pixels(encoder, image));
    if let Some(xmp) = &metadata.xmp {
        main.push(Field::bytes(0x02bc, BYTE, xmp.clone()));
    }
    if let Some(block) = &metadata.photoshop {
        if let Some(records) = photoshop::iptc(block) {
            main.push(Field::bytes(0x83bb, UNDEFINED, records.to_vec()));
        }
        if !photoshop::is_only_iptc(block) {
            main.push(Field::bytes(0x8649, BYTE, block.clone()));
        }
    }
    if let Some(icc) = &metadata.icc {
        main.push(Field::bytes(0x8773, UNDEFINED, icc.clone()));
    }
    directories
}
