//! Which image of a TIFF is read, and in which order its bits come. `tiffs/make.py` makes the
//! files.
#![cfg(feature = "formats")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use casr_codec::{CodecError, Limits, Loss, Picture, pages, probe_page, read, read_page};
use common::tiff_bytes::Values::{Longs, Shorts};
use common::tiff_bytes::{Tiff, directory, tiff};
use common::{folder, read_bytes};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/tiffs")
        .join(name)
}

/// A grey page of 1 column and `rows` rows that all have the value of byte 8; `kind` is its
/// NewSubfileType.
fn page(file: &mut Vec<u8>, link: usize, kind: u32, rows: u32, more: &[(u16, u32)]) -> usize {
    let mut tags = vec![
        (254, kind),
        (256, 1),
        (257, rows),
        (258, 8),
        (262, 1),
        (273, 8),
        (279, rows),
    ];
    for &(tag, value) in more {
        tags.retain(|(other, _)| *other != tag);
        tags.push((tag, value));
    }
    tags.sort();
    let values: Vec<[u32; 1]> = tags.iter().map(|(_, value)| [*value]).collect();
    let tags: Vec<_> = tags
        .iter()
        .zip(&values)
        .map(|((tag, _), value)| (*tag, Longs(value)))
        .collect();
    directory(file, link, false, &tags)
}

fn empty() -> Vec<u8> {
    b"II*\0\0\0\0\0\x0b\x0b\x0b\x0b\x0b\x0b".to_vec()
}

#[test]
fn bits_in_either_order_make_the_same_image() {
    let mut seen = 0;
    for entry in fs::read_dir(file("")).unwrap() {
        let lowest_first = entry.unwrap().path();
        let name = lowest_first
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        if !name.ends_with("-lsb.tif") {
            continue;
        }
        let highest_first = file(&name.replace("-lsb", "-msb"));
        let outcomes = [&lowest_first, &highest_first].map(|path| read(path, &Limits::default()));
        match outcomes {
            [Ok(one), Ok(other)] => assert!(one.pixels == other.pixels, "{name}"),
            // Group 3 is not read, in neither order, and said to be so.
            [Err(one), Err(_)] => assert!(
                matches!(one, CodecError::Unsupported { .. }) && name.contains("g3"),
                "{one}"
            ),
            _ => panic!("{name} is read in one order only"),
        }
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} files");
    let grey = read(&file("grey-lzw-lsb.tif"), &Limits::default()).unwrap();
    let expected = (0..21 * 37).map(|at| ((at % 37 * 9 + at / 37 * 5) % 256) as f32 / 255.0);
    assert!(grey.pixels.iter().eq(expected));
}

#[test]
fn jpeg_streams_equal_libtiffs_and_are_whole_or_refused() {
    let references = fs::read_to_string(file("references.txt")).unwrap();
    for line in references.lines() {
        let (name, checksum) = line.split_once(' ').unwrap();
        let picture = read(&file(name), &Limits::default()).unwrap();
        assert_eq!(
            (picture.width, picture.height, picture.losses.len()),
            (53, 45, 0),
            "{name}"
        );
        let steps: Vec<u8> = picture
            .pixels
            .iter()
            .map(|sample| (sample * 255.0).round() as u8)
            .collect();
        assert_eq!(format!("{:08x}", common::crc(&steps)), checksum, "{name}");
        // An end of image in the middle of a stream.
        let mut short = fs::read(file(name)).unwrap();
        let scan = short
            .windows(3)
            .position(|marker| marker == b"\xff\xda\0")
            .unwrap();
        short[scan + 40..scan + 42].copy_from_slice(b"\xff\xd9");
        let error = read_bytes(&short).unwrap_err();
        assert!(
            matches!(
                error,
                CodecError::Truncated { .. } | CodecError::Damaged { .. }
            ),
            "{name}: {error}"
        );
    }
    assert!(references.lines().count() >= 6);
}

#[test]
fn floats_of_every_width_are_read() {
    for (bits, tolerance) in [(16, 6e-4), (32, 1e-6), (64, 1e-6)] {
        let picture = read(&file(&format!("float-{bits}.tif")), &Limits::default()).unwrap();
        assert_eq!(
            (picture.width, picture.height, picture.losses.len()),
            (37, 21, 0)
        );
        for (at, pixel) in picture.pixels.to_f32().chunks_exact(3).enumerate() {
            let (x, y) = ((at % 37) as f32, (at / 37) as f32);
            let expected = [x * 6.0 / 255.0, y * 11.0 / 255.0, (x + y) * 4.0 / 255.0];
            let near = pixel
                .iter()
                .zip(expected)
                .all(|(one, other)| (one - other).abs() < tolerance);
            assert!(near, "{bits} bits: {pixel:?} {expected:?}");
        }
    }
}

#[test]
fn the_full_size_image_is_preferred_to_its_small_copies() {
    // A preview before the photograph.
    let mut file = empty();
    let link = page(&mut file, 4, 1, 2, &[]);
    page(&mut file, link, 0, 5, &[]);
    let picture = read_bytes(&file).unwrap();
    assert_eq!((picture.height, &picture.losses[..]), (5, &[][..]));
    // Copies and a mask behind it are no pages.
    let mut file = empty();
    let link = page(&mut file, 4, 0, 5, &[]);
    let link = page(&mut file, link, 1, 2, &[]);
    page(&mut file, link, 4, 5, &[]);
    let picture = read_bytes(&file).unwrap();
    assert_eq!((picture.height, &picture.losses[..]), (5, &[][..]));
    // A preview from which the photograph hangs.
    let mut file = empty();
    page(&mut file, 4, 0, 5, &[]);
    let photograph = u32::from_le_bytes(file[4..8].try_into().unwrap());
    page(&mut file, 4, 1, 2, &[(330, photograph)]);
    assert_eq!(read_bytes(&file).unwrap().height, 5);
    // With nothing else, a preview is better than nothing.
    let mut file = empty();
    page(&mut file, 4, 1, 2, &[]);
    assert_eq!(read_bytes(&file).unwrap().height, 2);
}

#[test]
fn camera_raw_is_refused_and_said_to_be_raw() {
    let refused = |file: &[u8]| {
        let error = read_bytes(file).unwrap_err();
        assert!(matches!(error, CodecError::CameraRaw { .. }), "{error}");
        assert!(
            error.to_string().contains("camera raw") && error.to_string().contains("develop"),
            "{error}"
        );
    };
    for photometric in [32_803, 34_892] {
        // Hanging from the preview, beside it, or alone.
        let mut file = empty();
        page(&mut file, 4, 0, 5, &[(262, photometric)]);
        refused(&file);
        let sensor = u32::from_le_bytes(file[4..8].try_into().unwrap());
        page(&mut file, 4, 1, 2, &[(330, sensor)]);
        refused(&file);
        let mut file = empty();
        let link = page(&mut file, 4, 0, 2, &[]);
        page(&mut file, link, 0, 5, &[(262, photometric)]);
        refused(&file);
    }
    let mut file = empty();
    page(&mut file, 4, 0, 2, &[(50_706, 0x401)]);
    refused(&file);
    let mut canon = b"II*\0\0\0\0\0CR\x02\0\0\0".to_vec();
    page(&mut canon, 4, 0, 2, &[]);
    refused(&canon);
}

#[test]
fn every_page_can_be_read() {
    let folder = folder();
    let path = folder.path().join("pages.tif");
    let mut file = empty();
    let mut link = 4;
    for rows in [2, 3, 4] {
        link = page(&mut file, link, 0, rows, &[]);
        link = page(&mut file, link, 1, 1, &[]);
    }
    fs::write(&path, &file).unwrap();
    assert_eq!(pages(&path).unwrap(), 3);
    let limits = Limits::default();
    for number in 1..=3 {
        let picture = read_page(&path, &limits, number).unwrap();
        assert_eq!((picture.height, picture.losses.len()), (number + 1, 0));
    }
    assert_eq!(read(&path, &limits).unwrap().losses, [Loss::LaterFrames]);
    for number in [0, 4] {
        let error = read_page(&path, &limits, number).unwrap_err();
        assert!(error.to_string().contains("from 1 to 3"), "{error}");
    }
    // A loop of directories ends.
    let first = file[4..8].to_vec();
    let end = file.len();
    file[end - 4..].copy_from_slice(&first);
    fs::write(&path, &file).unwrap();
    assert_eq!(pages(&path).unwrap(), 3);
    let sample = common::sample("city.png");
    assert_eq!(pages(&sample).unwrap(), 1);
    let size = |page| {
        let info = probe_page(&path, &Limits::default(), page).unwrap();
        (info.width, info.height)
    };
    for page in 1..=3 {
        let picture = read_page(&path, &Limits::default(), page).unwrap();
        assert_eq!(size(page), (picture.width, picture.height));
    }
    for page in [0, 4] {
        let error = probe_page(&path, &Limits::default(), page).unwrap_err();
        assert!(
            matches!(error, CodecError::NoSuchPage { pages: 3, .. }),
            "{error}"
        );
    }
    assert!(read_page(&sample, &limits, 2).is_err());
}

#[test]
fn big_endian_palettes_in_the_other_order() {
    let map: Vec<u16> = (0..48).map(|value| value * 1285).collect();
    let read = |order: u16, bytes: &[u8]| -> Picture {
        let (orders, chunks) = ([order], [bytes]);
        let file = Tiff {
            big_endian: true,
            more: vec![(266, Shorts(&orders)), (320, Shorts(&map))],
            ..tiff((3, 1), 3, &[4], &chunks)
        };
        file.read()
    };
    let (highest, lowest) = (
        read(1, &[0x0f, 0x30]),
        read(2, &[0x0f_u8.reverse_bits(), 0x30_u8.reverse_bits()]),
    );
    assert_eq!(highest.pixels, lowest.pixels);
}
