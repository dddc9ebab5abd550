//! What cameras and programs have added to a file, beside profile and EXIF: kept where the new
//! format has a place for it, and remarked where it has none.
#![cfg(feature = "formats")]

mod common;

use std::fs;

use casr_codec::{
    Colour, ColourChunk, Depth, Format, Header, Loss, Metadata, Options, Picture, Resolution,
    ResolutionChange, Text, Unit, Writer,
};
use common::carry::{carried, jpeg_with, kept, picture};
use common::{FORMATS, Noise, chunk, encoded, exif, folder, header, read_bytes, read_default};

/// Resources of Photoshop: 300 pixels per inch, and IPTC with a caption.
fn resources() -> Vec<u8> {
    let resolution = [
        &b"8BIM\x03\xed\0\0\0\0\0\x10"[..],
        &[1, 44, 0, 0, 0, 1, 0, 1, 1, 44, 0, 0, 0, 1, 0, 1],
    ]
    .concat();
    [
        &resolution[..],
        b"8BIM\x04\x04\0\0\0\0\0\x0b\x1c\x02\x78\0\x06Asters\0",
    ]
    .concat()
}

#[test]
fn iptc_and_photoshop_are_kept_by_jpeg_and_tiff() {
    let metadata = Metadata {
        photoshop: Some(resources()),
        ..Metadata::default()
    };
    for format in FORMATS {
        let (kept, losses) = kept(metadata.clone(), format);
        if matches!(format, Format::Jpeg | Format::Tiff) {
            assert_eq!(
                (kept.photoshop, losses),
                (Some(resources()), vec![]),
                "{format}"
            );
        } else {
            assert_eq!(
                (kept.photoshop, losses),
                (None, vec![Loss::Photoshop]),
                "{format}"
            );
        }
    }
    // More than a segment holds is put together again.
    let mut noise = Noise(5);
    let large = Metadata {
        photoshop: Some((0..200_000).map(|_| noise.below(256) as u8).collect()),
        ..Metadata::default()
    };
    assert_eq!(
        kept(large.clone(), Format::Jpeg).0.photoshop,
        large.photoshop
    );
}

#[test]
fn comments_and_texts_find_each_other() {
    let text = |keyword: &str, text: &str| Text {
        keyword: keyword.into(),
        text: text.into(),
        ..Text::default()
    };
    let parameters = Text {
        compressed: true,
        ..text("parameters", &"a castle, ".repeat(50))
    };
    let title = Text {
        international: true,
        language: "de".into(),
        translated_keyword: "Titel".into(),
        ..text("Title", "Schloß 城")
    };
    let metadata = Metadata {
        comments: vec![b"hello".to_vec(), "Zürich".as_bytes().to_vec()],
        texts: vec![
            text("Comment", "from a PNG"),
            parameters.clone(),
            title.clone(),
        ],
        ..Metadata::default()
    };
    let (png, losses) = kept(metadata.clone(), Format::Png);
    assert_eq!(losses, []);
    for wanted in [
        text("Comment", "hello"),
        text("Comment", "Zürich"),
        text("Comment", "from a PNG"),
        parameters,
        title,
    ] {
        assert!(png.texts.contains(&wanted), "{wanted:?}");
    }
    assert_eq!(png.texts.len(), 5);
    let (jpeg, losses) = kept(metadata.clone(), Format::Jpeg);
    assert_eq!(
        jpeg.comments,
        [&b"hello"[..], "Zürich".as_bytes(), b"from a PNG"]
    );
    assert_eq!(losses, [Loss::Texts]);
    for format in [Format::Tiff, Format::WebP] {
        assert_eq!(
            kept(metadata.clone(), format).1,
            [Loss::Comments, Loss::Texts],
            "{format}"
        );
    }
}

#[test]
fn a_pngs_colours_are_kept_by_png() {
    let chunk = |name: &[u8; 4], content: &[u8]| ColourChunk {
        name: *name,
        content: content.to_vec(),
    };
    let srgb = chunk(b"sRGB", &[1]);
    let wide = chunk(b"cICP", &[9, 16, 0, 1]);
    let mastering: Vec<u8> = (1..=24).collect();
    let all = vec![
        wide.clone(),
        chunk(b"mDCV", &mastering),
        chunk(b"cLLI", &[0, 1, 2, 3, 4, 5, 6, 7]),
        srgb.clone(),
    ];
    for (colour_chunks, loss) in [(vec![srgb], false), (all, true)] {
        let metadata = Metadata {
            colour_chunks,
            ..Metadata::default()
        };
        for format in FORMATS {
            let (kept, losses) = kept(metadata.clone(), format);
            if format == Format::Png {
                assert_eq!((kept, losses), (metadata.clone(), vec![]));
            } else {
                assert_eq!(losses.contains(&Loss::ColourChunks), loss, "{format}");
            }
        }
    }
}

#[test]
fn the_resolution_is_kept_or_scaled() {
    let of = |x: f64, y: f64, unit| Resolution { x, y, unit };
    for (resolution, per_inch) in [
        (of(300.0, 150.0, Unit::Inch), (300.0, 150.0)),
        (of(11_811.0, 5_906.0, Unit::Metre), (300.0, 150.0)),
        (of(120.0, 60.0, Unit::Centimetre), (304.8, 152.4)),
    ] {
        let picture = picture(Metadata {
            resolution: Some(resolution),
            ..Metadata::default()
        });
        for (change, factor) in [
            (ResolutionChange::Keep, 1.0),
            (ResolutionChange::Scale, 3.0),
        ] {
            for format in FORMATS {
                let (read, losses) = carried(&picture, format, change);
                assert_eq!(losses, [], "{format}");
                // Formats without a place of their own hold it in the EXIF.
                let told = match format {
                    Format::Png | Format::Jpeg => read.metadata.resolution.unwrap(),
                    _ => in_exif(&read.metadata.exif.unwrap()),
                };
                let inches = |value: f64| match told.unit {
                    Unit::Inch => value,
                    Unit::Centimetre => value * 2.54,
                    Unit::Metre => value * 0.0254,
                    Unit::Ratio => panic!("{format} lost the unit"),
                };
                let near = |value: f64, wanted: f64| (inches(value) - factor * wanted).abs() < 0.5;
                assert!(
                    near(told.x, per_inch.0) && near(told.y, per_inch.1),
                    "{format} {told}"
                );
            }
        }
    }
    // Where there is none, none is invented.
    for format in FORMATS {
        let (read, _) = carried(
            &picture(Metadata::default()),
            format,
            ResolutionChange::Scale,
        );
        assert_eq!(read.metadata.resolution, None, "{format}");
        if let Some(exif) = read.metadata.exif {
            let told = in_exif(&exif);
            assert_eq!(
                (told.unit, told.x, told.y),
                (Unit::Ratio, 1.0, 1.0),
                "{format}"
            );
        }
    }
    // A resolution that is no number of 16 bits.
    let picture = picture(Metadata {
        resolution: Some(of(70_000.0, 70_000.0, Unit::Inch)),
        ..Metadata::default()
    });
    assert_eq!(
        carried(&picture, Format::Jpeg, ResolutionChange::Keep).1,
        [Loss::Resolution]
    );
}

/// The resolution in a little-endian EXIF block.
fn in_exif(exif: &[u8]) -> Resolution {
    let long = |at: usize| u32::from_le_bytes(exif[at..at + 4].try_into().unwrap());
    let main = long(4) as usize;
    let entries = usize::from(exif[main]);
    let find = |tag: u8| {
        let mut entries = (0..entries).map(|index| main + 2 + 12 * index);
        entries.find(|&at| exif[at..at + 2] == [tag, 1]).unwrap()
    };
    let value = |tag| {
        let at = long(find(tag) + 8) as usize;
        f64::from(long(at)) / f64::from(long(at + 4))
    };
    Resolution {
        x: value(0x1a),
        y: value(0x1b),
        unit: match exif[find(0x28) + 8] {
            1 => Unit::Ratio,
            2 => Unit::Inch,
            _ => Unit::Centimetre,
        },
    }
}

#[test]
fn bitmaps_and_turned_files_tell_their_resolution() {
    let bmp = [
        &b"BM\0\0\0\0\0\0\0\0\x36\0\0\0"[..],
        &[
            40, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 24, 0, 0, 0, 0, 0, 4, 0, 0, 0,
        ],
        &2835u32.to_le_bytes(),
        &5669u32.to_le_bytes(),
        &[0; 8],
        &[1, 2, 3, 0],
    ]
    .concat();
    let told = read_bytes(&bmp).unwrap().metadata.resolution.unwrap();
    assert_eq!((told.x, told.y, told.unit), (2835.0, 5669.0, Unit::Metre));
    // Turned by a quarter, what was across is down.
    let mut header = header(3, 2, Colour::Rgb, Depth::Eight, false);
    header.metadata.exif = Some(common::exif(6, true));
    let mut file = encoded(Format::Png, &header);
    let dimensions = [&100u32.to_be_bytes()[..], &200u32.to_be_bytes(), &[1]].concat();
    file.splice(33..33, chunk(b"pHYs", &dimensions));
    let told = read_bytes(&file).unwrap().metadata.resolution.unwrap();
    assert_eq!((told.x, told.y), (200.0, 100.0));
}

#[test]
fn what_nobody_knows_is_remarked_once() {
    let picture = read_bytes(&jpeg_with(&[
        (0xeb, b"JP c2pa"),
        (0xe5, b"more"),
        (0xec, b"Ducky\0"),
    ]))
    .unwrap();
    assert_eq!(picture.losses, [Loss::ApplicationData]);
}

#[test]
fn unknown_chunks_and_tags_are_remarked() {
    let small = header(8, 8, Colour::Rgb, Depth::Eight, false);
    let png = encoded(Format::Png, &small);
    let with = |at: usize, more: &[u8]| {
        let mut file = png.clone();
        file.splice(at..at, more.to_vec());
        read_bytes(&file).unwrap().losses
    };
    let credentials = chunk(b"caBX", b"manifest");
    assert_eq!(with(33, &credentials), [Loss::ApplicationData]);
    assert_eq!(with(png.len() - 12, &credentials), [Loss::ApplicationData]);
    assert_eq!(with(33, &chunk(b"tIME", &[7, 232, 1, 1, 0, 0, 0])), []);
    // A profile that cannot be unpacked.
    assert_eq!(
        with(33, &chunk(b"iCCP", b"name\0\0damaged")),
        [Loss::BrokenProfile]
    );
    let mut webp = encoded(
        Format::WebP,
        &Header {
            metadata: Metadata {
                icc: Some(vec![1, 2]),
                ..Metadata::default()
            },
            ..small
        },
    );
    webp.extend(b"C2PA\x04\0\0\0more");
    let length = (webp.len() as u32 - 8).to_le_bytes();
    webp[4..8].copy_from_slice(&length);
    assert_eq!(read_bytes(&webp).unwrap().losses, [Loss::ApplicationData]);
    use common::tiff_bytes::Values::Shorts;
    use common::tiff_bytes::{Tiff, tiff};
    for (tag, losses) in [(33_550, &[Loss::ApplicationData][..]), (274, &[])] {
        let file = Tiff {
            more: vec![(tag, Shorts(&[1]))],
            ..tiff((1, 1), 1, &[8], &[&[7]])
        };
        assert_eq!(file.read().losses, losses, "{tag}");
    }
}

#[test]
fn a_gifs_comments_become_texts_and_its_other_extensions_are_remarked() {
    let gif = |extensions: &[&[u8]]| {
        let head = b"GIF89a\x02\0\x01\0\x80\0\0\x01\x02\x03\xfa\xfb\xfc";
        // Two pixels, of the first and the second colour.
        let image = b"\x2c\0\0\0\0\x02\0\x01\0\0\x02\x02\x44\x0a\0";
        read_bytes(&[head, &extensions.concat()[..], image, b"\x21\xfe\x03end\0;"].concat())
            .unwrap()
    };
    let loops = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0";
    let picture = gif(&[loops, b"\x21\xfe\x02he\x03llo\0"]);
    assert_eq!(picture.losses, []);
    assert_eq!(picture.metadata.comments, [&b"hello"[..], b"end"]);
    assert_eq!(picture.pixels.at(0), 1.0 / 255.0);
    assert_eq!(picture.pixels.at(3), 250.0 / 255.0);
    let picture = gif(&[b"\x21\xff\x0bMGK8BIM0000\x02ab\0"]);
    assert_eq!(picture.losses, [Loss::ApplicationData]);
}

#[test]
fn a_profile_in_broken_parts_is_remarked() {
    let whole = jpeg_with(&[
        (0xe2, b"ICC_PROFILE\0\x02\x02cd"),
        (0xe2, b"ICC_PROFILE\0\x01\x02ab"),
    ]);
    assert_eq!(
        read_bytes(&whole).unwrap().metadata.icc,
        Some(b"abcd".to_vec())
    );
    for broken in [
        &[(0xe2, &b"ICC_PROFILE\0\x01\x02ab"[..])][..],
        &[(0xe2, b"ICC_PROFILE\0")],
    ] {
        let picture = read_bytes(&jpeg_with(broken)).unwrap();
        assert_eq!(
            (picture.metadata.icc, &picture.losses[..]),
            (None, &[Loss::BrokenProfile][..])
        );
    }
}

/// An EXIF block whose maker's note, at offset 62, points at itself from the block's beginning, as
/// Canon's do.
fn canon(big_endian: bool) -> Vec<u8> {
    let order = |little: &[u8]| {
        let mut bytes = little.to_vec();
        if big_endian {
            bytes.reverse();
        }
        bytes
    };
    let short = |value: u16| order(&value.to_le_bytes());
    let long = |value: u32| order(&value.to_le_bytes());
    let entry = |tag: u16, kind: u16, count: u32, at: u32| {
        [short(tag), short(kind), long(count), long(at)].concat()
    };
    let start: &[u8] = if big_endian { b"MM\0*" } else { b"II*\0" };
    [
        start,
        &long(8),
        &short(2),
        &entry(0x10f, 2, 6, 38),
        &entry(0x8769, 4, 1, 44),
        &long(0),
        b"Canon\0",
        &short(1),
        &entry(0x927c, 7, 42, 62),
        &long(0),
        &short(1),
        &entry(7, 2, 24, 80),
        &long(0),
        b"Firmware Version 1.0.0\0\0",
    ]
    .concat()
}

#[test]
fn a_makers_note_stays_where_it_was() {
    let metadata = Metadata {
        exif: Some(canon(false)),
        ..Metadata::default()
    };
    let note = canon(false)[62..].to_vec();
    let folder = folder();
    let path = folder.path().join("canon.tif");
    let source = picture(metadata.clone());
    let header = Header::of(&source, 4, 2, Format::Tiff);
    common::write(&path, Format::Tiff, &header, &source.pixels.to_f32()).unwrap();
    // The file as a whole is what offsets in a TIFF count from.
    assert_eq!(fs::read(&path).unwrap()[62..62 + note.len()], note);
    let tiff = read_default(&path).unwrap();
    assert_eq!(tiff.losses, []);
    // And back into blocks of their own, where offsets count from the block's beginning.
    for format in FORMATS {
        let (kept, losses) = kept(tiff.metadata.clone(), format);
        assert_eq!(
            (&kept.exif.unwrap()[62..62 + note.len()], losses),
            (&note[..], vec![]),
            "{format}"
        );
    }
    // A note whose numbers would stand in the wrong order cannot be kept.
    let other = Metadata {
        exif: Some(canon(true)),
        ..Metadata::default()
    };
    let (kept_exif, losses) = kept(other.clone(), Format::Tiff);
    assert_eq!(losses, [Loss::MakerNote]);
    let exif = kept_exif.exif.unwrap();
    assert!(!exif.windows(8).any(|window| window == b"Firmware"));
    assert!(exif.windows(6).any(|window| window == b"Canon\0"));
    assert_eq!(kept(other.clone(), Format::Png).0.exif, other.exif);
}

#[test]
fn a_tiffs_names_travel() {
    use common::tiff_bytes::Values::Bytes;
    use common::tiff_bytes::{Tiff, tiff};
    let mut file = Tiff {
        more: vec![
            (269, Bytes(b"Ledger of 1887\0")),
            (285, Bytes(b"Page 12\0")),
            (33_723, Bytes(b"\x1c\x02\x78\0\x06Asters")),
        ],
        ..tiff((1, 1), 2, &[8; 3], &[&[1, 2, 3]])
    }
    .file();
    // Names are text.
    for tag in [269u16, 285] {
        let entry = [&tag.to_le_bytes()[..], &[7, 0]].concat();
        let at = file.windows(4).position(|window| window == entry).unwrap();
        file[at + 2] = 2;
    }
    let picture = read_bytes(&file).unwrap();
    for format in FORMATS {
        let (kept, losses) = carried(&picture, format, ResolutionChange::Keep);
        let exif = kept.metadata.exif.unwrap();
        for name in [&b"Ledger of 1887\0"[..], b"Page 12\0"] {
            assert!(
                exif.windows(name.len()).any(|window| window == name),
                "{format}"
            );
        }
        let keeps_iptc = matches!(format, Format::Jpeg | Format::Tiff);
        assert_eq!(kept.metadata.photoshop.is_some(), keeps_iptc, "{format}");
        assert_eq!(losses.contains(&Loss::Photoshop), !keeps_iptc, "{format}");
    }
}

#[test]
fn iptc_in_a_tiff_may_be_called_numbers() {
    use common::tiff_bytes::Values::Longs;
    use common::tiff_bytes::{Tiff, tiff};
    let records = b"\x1c\x02\x78\0\x07Asters!";
    let read = |big_endian, numbers: [u32; 3]| {
        let file = Tiff {
            big_endian,
            more: vec![(33_723, Longs(&numbers))],
            ..tiff((1, 1), 2, &[8; 3], &[&[1, 2, 3]])
        };
        file.read().metadata.photoshop.unwrap()
    };
    let numbers = |order: fn([u8; 4]) -> u32| {
        [0, 4, 8].map(|at| order(records[at..at + 4].try_into().unwrap()))
    };
    for (big_endian, numbers) in [
        (false, numbers(u32::from_le_bytes)),
        (true, numbers(u32::from_be_bytes)),
        (true, numbers(u32::from_le_bytes)),
    ] {
        assert!(read(big_endian, numbers).ends_with(records));
    }
}

#[test]
fn neutral_pictures_are_told_from_coloured_ones() {
    let with = |colour, pixels: Vec<f32>, alpha: Option<Vec<f32>>| Picture {
        width: 2,
        height: 1,
        colour,
        pixels: pixels.into(),
        alpha: alpha.map(Vec::into),
        ..picture(Metadata::default())
    };
    assert!(with(Colour::Grey, vec![0.1, 0.9], None).is_neutral());
    let neutral = with(Colour::Rgb, vec![0.1, 0.1, 0.1, 0.9, 0.9, 0.9], None);
    assert!(neutral.is_neutral());
    assert_eq!(neutral.greys().collect::<Vec<_>>(), [0.1, 0.9]);
    let coloured = vec![0.1, 0.1, 0.1, 0.9, 0.9, 0.8];
    assert!(!with(Colour::Rgb, coloured.clone(), None).is_neutral());
    // Hidden colours do not count.
    assert!(with(Colour::Rgb, coloured.clone(), Some(vec![1.0, 0.0])).is_neutral());
    assert!(!with(Colour::Rgb, coloured, Some(vec![0.0, 0.1])).is_neutral());
}

#[test]
fn what_describes_an_image_can_be_left_out() {
    let chunk = ColourChunk {
        name: *b"gAMA",
        content: 45_455_u32.to_be_bytes().to_vec(),
    };
    let picture = picture(Metadata {
        icc: Some(vec![7; 40]),
        exif: Some(exif(1, false)),
        xmp: Some(b"<x/>".to_vec()),
        photoshop: Some(b"8BIM\x04\x04\0\0\0\0\0\x0b\x1c\x02\x78\0\x06Asters\0".to_vec()),
        comments: vec![b"hello".to_vec()],
        texts: vec![Text {
            keyword: "Title".into(),
            text: "Asters".into(),
            ..Text::default()
        }],
        colour_chunks: vec![chunk.clone()],
        resolution: Some(Resolution {
            x: 300.0,
            y: 300.0,
            unit: Unit::Inch,
        }),
    });
    let kept = Metadata {
        icc: Some(vec![7; 40]),
        ..Metadata::default()
    };
    for format in FORMATS {
        let folder = folder();
        let path = folder.path().join("stripped");
        let options = Options {
            strip: true,
            ..Options::default()
        };
        let header = Header::of(&picture, 12, 6, format);
        let mut writer = Writer::create(&path, format, header, options).unwrap();
        assert_eq!(writer.losses(), [], "{format}");
        writer.write_rows(&[0.4; 12 * 6 * 3]).unwrap();
        writer.finish().unwrap();
        let mut read = read_default(&path).unwrap().metadata;
        let resolution = read.resolution.take();
        match format {
            Format::WebP | Format::Tiff => {
                assert!(read.exif.take().is_some(), "the place of a resolution")
            }
            _ => assert!(resolution.is_some(), "{format}"),
        }
        if format == Format::Png {
            assert_eq!(read.colour_chunks, std::slice::from_ref(&chunk));
            read.colour_chunks.clear();
        }
        assert_eq!(read, kept, "{format}");
    }
}
