//! ICC profile, EXIF and XMP, from every format into every format.
#![cfg(feature = "formats")]

mod common;

use std::fs;

use casr_codec::{Colour, Depth, Format, Header, Loss, Metadata, Options, Writer};
use common::{FORMATS, Noise, chunk, exif, folder, header, read_default, samples, write};

fn metadata() -> Metadata {
    let mut noise = Noise(3);
    // Longer than a JPEG segment, incompressible, and of the RGB kind.
    let mut icc: Vec<u8> = (0..150_000).map(|_| noise.below(256) as u8).collect();
    icc[16..20].copy_from_slice(b"RGB ");
    let xmp = "<x:xmpmeta xmlns:x='adobe:ns:meta/'>Zürich 日本</x:xmpmeta>".repeat(40);
    Metadata {
        icc: Some(icc),
        exif: Some(exif(1, true)),
        xmp: Some(xmp.into_bytes()),
        ..Metadata::default()
    }
}

fn tagged() -> Header {
    Header {
        metadata: metadata(),
        ..header(640, 480, Colour::Rgb, Depth::Eight, false)
    }
}

#[test]
fn every_format_keeps_every_kind() {
    let folder = folder();
    let header = tagged();
    for format in FORMATS {
        let path = folder.path().join(format.extension());
        write(&path, format, &header, &samples(&header)).unwrap();
        let read = read_default(&path).unwrap();
        assert_eq!(read.losses, []);
        assert_eq!(read.metadata.icc, header.metadata.icc, "{format}");
        assert_eq!(read.metadata.xmp, header.metadata.xmp, "{format}");
        let exif_read = read.metadata.exif.unwrap();
        if format == Format::Tiff {
            // A TIFF has no block of EXIF but directories; the texts and numbers are the same.
            assert!(exif_read.windows(6).any(|window| window == b"Maker\0"));
        } else {
            // 640×480 is what the block says already, but as longs.
            let mut expected = exif(1, true);
            for (at, size) in [(52, 640u32), (64, 480)] {
                expected[at + 3] = 4;
                expected[at + 8..at + 12].copy_from_slice(&size.to_be_bytes());
            }
            assert_eq!(exif_read, expected, "{format}");
        }
    }
}

#[test]
fn exif_without_a_size_stays_byte_for_byte() {
    let folder = folder();
    // A make and nothing else.
    let block = b"II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x06\0\0\0\x1a\0\0\0\0\0\0\0Maker\0".to_vec();
    for format in [Format::Png, Format::Jpeg, Format::WebP] {
        let path = folder.path().join(format.extension());
        let mut header = header(8, 8, Colour::Rgb, Depth::Eight, false);
        header.metadata.exif = Some(block.clone());
        write(&path, format, &header, &samples(&header)).unwrap();
        assert_eq!(
            read_default(&path).unwrap().metadata.exif.unwrap(),
            block,
            "{format}"
        );
    }
}

#[test]
fn exif_tells_the_new_size() {
    let folder = folder();
    let path = folder.path().join("large.png");
    let mut header = header(70_000, 2, Colour::Grey, Depth::Eight, false);
    header.metadata.exif = Some(exif(1, false));
    write(&path, Format::Png, &header, &samples(&header)).unwrap();
    let exif = read_default(&path).unwrap().metadata.exif.unwrap();
    assert_eq!(
        exif[52..64],
        [0x02, 0xa0, 4, 0, 1, 0, 0, 0, 0x70, 0x11, 1, 0]
    );
    assert_eq!(exif[64..76], [0x03, 0xa0, 4, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
}

#[test]
fn tiff_carries_exif_to_tiff_and_to_jpeg() {
    let folder = folder();
    let header = tagged();
    let (first, second, third) = (
        folder.path().join("1.tif"),
        folder.path().join("2.tif"),
        folder.path().join("3.jpg"),
    );
    write(&first, Format::Tiff, &header, &samples(&header)).unwrap();
    let picture = read_default(&first).unwrap();
    for (path, format) in [(&second, Format::Tiff), (&third, Format::Jpeg)] {
        write(
            path,
            format,
            &Header::of(&picture, 640, 480, format),
            &picture.pixels.to_f32(),
        )
        .unwrap();
        assert_eq!(
            read_default(path).unwrap().metadata,
            picture.metadata,
            "{format}"
        );
    }
    // The dimensions of the photo directory came along, little-endian now.
    let exif = picture.metadata.exif.unwrap();
    assert!(
        exif.windows(12)
            .any(|window| window == [0x02, 0xa0, 4, 0, 1, 0, 0, 0, 0x80, 2, 0, 0])
    );
}

#[test]
fn a_tiff_takes_all_directories_and_says_what_it_leaves_out() {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [
            &tag.to_le_bytes()[..],
            &kind.to_le_bytes(),
            &count.to_le_bytes(),
            &value,
        ]
        .concat()
    };
    let directory =
        |entries: &[Vec<u8>]| [&[entries.len() as u8, 0][..], &entries.concat(), &[0; 4]].concat();
    // The interoperability directory belongs to the second directory; the first has a page number
    // and, perhaps, an unknown tag.
    let block = |unknown: bool| {
        let mut main = vec![
            entry(0x0129, 3, 2, [3, 0, 9, 0]),
            entry(0x8769, 4, 1, [0; 4]),
        ];
        if unknown {
            main.push(entry(0xfe01, 3, 1, [1, 0, 0, 0]));
        }
        let photo = 8 + directory(&main).len() as u32;
        main[1] = entry(0x8769, 4, 1, photo.to_le_bytes());
        let below = entry(0xa005, 4, 1, (photo + 18).to_le_bytes());
        [
            &b"II*\0\x08\0\0\0"[..],
            &directory(&main),
            &directory(&[below]),
            &directory(&[entry(1, 2, 4, *b"R98\0")]),
        ]
        .concat()
    };
    let folder = folder();
    let (first, second) = (folder.path().join("1.tif"), folder.path().join("2.tif"));
    for unknown in [false, true] {
        let mut header = header(8, 8, Colour::Rgb, Depth::Eight, false);
        header.metadata.exif = Some(block(unknown));
        let options = Options {
            overwrite: true,
            ..Options::default()
        };
        let mut writer = Writer::create(&first, Format::Tiff, header.clone(), options).unwrap();
        let expected: &[Loss] = if unknown {
            &[Loss::ApplicationData]
        } else {
            &[]
        };
        assert_eq!(writer.losses(), expected);
        writer.write_rows(&samples(&header)).unwrap();
        writer.finish().unwrap();
        // From one TIFF to the next, and from there on.
        let picture = read_default(&first).unwrap();
        header.metadata = picture.metadata;
        let _ = fs::remove_file(&second);
        write(&second, Format::Tiff, &header, &samples(&header)).unwrap();
        let exif = read_default(&second).unwrap().metadata.exif.unwrap();
        for wanted in [entry(0x0129, 3, 2, [3, 0, 9, 0]), entry(1, 2, 4, *b"R98\0")] {
            assert!(
                exif.windows(12).any(|window| window == wanted),
                "{wanted:?}"
            );
        }
    }
}

#[test]
fn what_does_not_fit_is_said() {
    let folder = folder();
    let losses = |format, change: &dyn Fn(&mut Metadata)| {
        let mut header = tagged();
        change(&mut header.metadata);
        let writer = Writer::create(
            &folder.path().join("lossy"),
            format,
            header,
            Options::default(),
        )
        .unwrap();
        writer.losses().to_vec()
    };
    let large = |size: usize| Some(vec![b'x'; size]);
    assert_eq!(losses(Format::Jpeg, &|_| ()), []);
    assert_eq!(
        losses(Format::Jpeg, &|metadata| metadata.exif = large(65_528)),
        [Loss::Exif]
    );
    assert_eq!(
        losses(Format::Jpeg, &|metadata| metadata.exif = large(65_527)),
        []
    );
    assert_eq!(
        losses(Format::Jpeg, &|metadata| metadata.xmp = large(65_505)),
        [Loss::Xmp]
    );
    assert_eq!(
        losses(Format::Jpeg, &|metadata| metadata.xmp = large(65_504)),
        []
    );
    assert_eq!(
        losses(Format::Jpeg, &|metadata| metadata.icc =
            large(254 * 65_519 + 1)),
        [Loss::Profile]
    );
    assert_eq!(
        losses(Format::Jpeg, &|metadata| metadata.icc = large(254 * 65_519)),
        []
    );
    assert_eq!(
        losses(Format::Png, &|metadata| metadata.xmp = Some(vec![0xff; 9])),
        [Loss::Xmp]
    );
    // A profile of greys fits grey pixels, in a format that has such.
    let grey =
        |metadata: &mut Metadata| metadata.icc.as_mut().unwrap()[16..20].copy_from_slice(b"GRAY");
    for format in FORMATS {
        assert_eq!(losses(format, &grey), [Loss::Profile], "{format}");
        let mut header = header(8, 8, Colour::Grey, Depth::Eight, false);
        header.metadata = metadata();
        grey(&mut header.metadata);
        let path = folder.path().join("grey");
        let writer = Writer::create(&path, format, header, Options::default()).unwrap();
        let expected: &[Loss] = if format == Format::WebP {
            &[Loss::Profile]
        } else {
            &[]
        };
        assert_eq!(writer.losses(), expected, "{format}");
    }
}

#[test]
fn the_largest_jpeg_segments_can_be_read_back() {
    let folder = folder();
    let path = folder.path().join("full.jpg");
    let mut header = header(8, 8, Colour::Rgb, Depth::Eight, false);
    header.metadata = Metadata {
        icc: Some(vec![7; 254 * 65_519]),
        exif: Some(vec![8; 65_527]),
        xmp: Some(vec![9; 65_504]),
        ..Metadata::default()
    };
    write(&path, Format::Jpeg, &header, &samples(&header)).unwrap();
    assert_eq!(read_default(&path).unwrap().metadata, header.metadata);
}

#[test]
fn metadata_behind_a_pngs_pixels_counts() {
    let folder = folder();
    let path = folder.path().join("late.png");
    let header = header(3, 2, Colour::Grey, Depth::Eight, false);
    write(&path, Format::Png, &header, &samples(&header)).unwrap();
    let mut file = fs::read(&path).unwrap();
    let end = file.len() - 12;
    file.splice(end..end, chunk(b"eXIf", &exif(6, false)));
    fs::write(&path, file).unwrap();
    let picture = read_default(&path).unwrap();
    assert_eq!((picture.width, picture.height), (2, 3));
}

#[test]
fn a_gamma_is_kept_by_png_and_said_to_be_lost_elsewhere() {
    let folder = folder();
    let header = header(3, 2, Colour::Grey, Depth::Eight, false);
    for (gamma, losses) in [(45_455u32, &[][..]), (100_000, &[Loss::ColourChunks])] {
        let path = folder.path().join(format!("{gamma}.png"));
        write(&path, Format::Png, &header, &samples(&header)).unwrap();
        let mut file = fs::read(&path).unwrap();
        file.splice(33..33, chunk(b"gAMA", &gamma.to_be_bytes()));
        fs::write(&path, file).unwrap();
        let picture = read_default(&path).unwrap();
        assert_eq!(picture.losses, []);
        for format in FORMATS {
            let other = folder
                .path()
                .join(format!("{gamma}-{}", format.extension()));
            let header = Header::of(&picture, 3, 2, format);
            let writer =
                Writer::create(&other, format, header.clone(), Options::default()).unwrap();
            assert_eq!(
                writer.losses(),
                if format == Format::Png { &[] } else { losses },
                "{format}"
            );
            drop(writer);
            if format == Format::Png {
                write(&other, format, &header, &picture.pixels.to_f32()).unwrap();
                assert_eq!(read_default(&other).unwrap().metadata, picture.metadata);
            }
        }
    }
}

#[test]
fn webp_exif_may_have_jpegs_prefix() {
    let folder = folder();
    let path = folder.path().join("prefixed.webp");
    let mut header = header(3, 2, Colour::Rgb, Depth::Eight, false);
    header.metadata.exif = Some([b"Exif\0\0".to_vec(), exif(8, true)].concat());
    write(&path, Format::WebP, &header, &samples(&header)).unwrap();
    let picture = read_default(&path).unwrap();
    assert_eq!((picture.width, picture.height), (2, 3));
    assert!(picture.metadata.exif.unwrap().starts_with(b"MM\0*"));
}
