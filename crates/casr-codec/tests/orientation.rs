//! The eight EXIF orientations, against what the standard says of where the stored first row and
//! column show.
#![cfg(feature = "formats")]

mod common;

use casr_codec::{Colour, Depth, Format, Limits, Writer, probe};
use common::{exif, folder, header, read_default};

/// How the stored rows `abc` and `def` look upright (EXIF 2.32, tag 0x0112; TIFF 6.0, page 36).
const UPRIGHT: [(u16, &[&str]); 8] = [
    (1, &["abc", "def"]),
    (2, &["cba", "fed"]),
    (3, &["fed", "cba"]),
    (4, &["def", "abc"]),
    (5, &["ad", "be", "cf"]),
    (6, &["da", "eb", "fc"]),
    (7, &["fc", "eb", "da"]),
    (8, &["cf", "be", "ad"]),
];

/// A letter's pixel: a colour of its own and an alpha of its own.
fn pixel(letter: u8) -> [f32; 4] {
    let step = letter - b'a';
    [step * 40, 255 - step * 30, step * 20, (step + 1) * 25].map(|sample| f32::from(sample) / 255.0)
}

fn check(path: &std::path::Path, orientation: u16, rows: &[&str], block: usize, tolerance: f32) {
    let picture = read_default(path).unwrap();
    let (width, height) = (rows[0].len() * block, rows.len() * block);
    assert_eq!(
        (picture.width, picture.height),
        (width, height),
        "orientation {orientation}"
    );
    let info = probe(path, &Limits::default()).unwrap();
    assert_eq!(
        (info.width, info.height),
        (width, height),
        "orientation {orientation}"
    );
    for (at, samples) in picture.pixels.to_f32().chunks_exact(3).enumerate() {
        let (row, column) = (at / width, at % width);
        let expected = pixel(rows[row / block].as_bytes()[column / block]);
        let near = |a: f32, b: f32| (a - b).abs() <= tolerance;
        assert!(
            samples.iter().zip(expected).all(|(&a, b)| near(a, b)),
            "orientation {orientation}: {column}, {row}"
        );
        if let Some(alpha) = &picture.alpha {
            assert!(
                near(alpha.at(at), expected[3]),
                "orientation {orientation}: alpha of {column}, {row}"
            );
        }
    }
    // The pixels are upright now, and the EXIF must not turn them once more.
    if let Some(read) = &picture.metadata.exif {
        let mut expected = exif(1, orientation.is_multiple_of(2));
        if orientation != 1 {
            // The thumbnail, which was not turned, is unlinked.
            expected[46..50].fill(0);
        }
        assert_eq!(read, &expected, "orientation {orientation}");
    }
}

#[test]
fn exif_turns_png_and_webp() {
    let folder = folder();
    for (orientation, rows) in UPRIGHT {
        for format in [Format::Png, Format::WebP] {
            let path = folder
                .path()
                .join(format!("{orientation}.{}", format.extension()));
            write_stored(&path, format, orientation, 1, true);
            // The writer has set the size; the block that a test compares with has its own.
            restore_size(&path, orientation.is_multiple_of(2), 3, 2);
            check(&path, orientation, rows, 1, 0.0);
        }
    }
}

#[test]
fn exif_turns_jpeg() {
    let folder = folder();
    for (orientation, rows) in UPRIGHT {
        let path = folder.path().join(format!("{orientation}.jpg"));
        write_stored(&path, Format::Jpeg, orientation, 8, false);
        restore_size(&path, orientation.is_multiple_of(2), 24, 16);
        check(&path, orientation, rows, 8, 3.0 / 255.0);
    }
}

#[test]
fn the_orientation_tag_turns_tiff() {
    let folder = folder();
    for (orientation, rows) in UPRIGHT {
        let path = folder.path().join(format!("{orientation}.tif"));
        write_stored(&path, Format::Tiff, 1, 1, true);
        // The writer leaves the tag out; its place in the sorted directory is taken from the
        // resolution unit.
        let mut file = std::fs::read(&path).unwrap();
        let (from, to) = (
            [0x28, 0x01, 3, 0, 1, 0, 0, 0, 1, 0],
            [0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation as u8, 0],
        );
        let at = file.windows(10).position(|window| window == from).unwrap();
        file[at..at + 10].copy_from_slice(&to);
        std::fs::write(&path, file).unwrap();
        let picture = read_default(&path).unwrap();
        assert!(
            picture
                .metadata
                .exif
                .is_some_and(|exif| exif.windows(5).any(|window| window == b"Maker"))
        );
        check_pixels_only(&path, orientation, rows);
    }
}

fn check_pixels_only(path: &std::path::Path, orientation: u16, rows: &[&str]) {
    let picture = read_default(path).unwrap();
    let letters = rows.concat();
    let expected: Vec<f32> = letters
        .bytes()
        .flat_map(|letter| pixel(letter)[..3].to_vec())
        .collect();
    assert_eq!(
        (picture.width, picture.pixels.into_f32()),
        (rows[0].len(), expected),
        "orientation {orientation}"
    );
}

#[test]
fn an_orientation_of_nonsense_is_upright() {
    let folder = folder();
    for orientation in [0, 9, 65535] {
        let path = folder.path().join(format!("{orientation}.png"));
        write_stored(&path, Format::Png, orientation, 1, true);
        check_pixels_only(&path, orientation, UPRIGHT[0].1);
    }
}

#[test]
fn xmp_is_told_too() {
    let folder = folder();
    for (text, expected) in [
        (
            r#"<a tiff:Orientation="6"/>"#,
            r#"<a tiff:Orientation="1"/>"#,
        ),
        (
            "<tiff:Orientation>8</tiff:Orientation>",
            "<tiff:Orientation>1</tiff:Orientation>",
        ),
    ] {
        let path = folder.path().join(format!("{}.png", text.len()));
        let mut header = header(3, 2, Colour::Grey, Depth::Eight, false);
        header.metadata.exif = Some(exif(6, false));
        header.metadata.xmp = Some(text.into());
        common::write(&path, Format::Png, &header, &[0.5; 6]).unwrap();
        assert_eq!(
            read_default(&path).unwrap().metadata.xmp.unwrap(),
            expected.as_bytes()
        );
    }
}

/// Writes the letters as stored, each a block of pixels, with an orientation in the EXIF.
fn write_stored(
    path: &std::path::Path,
    format: Format,
    orientation: u16,
    block: usize,
    alpha: bool,
) {
    let mut header = header(3 * block, 2 * block, Colour::Rgb, Depth::Eight, alpha);
    header.metadata.exif = Some(exif(orientation, orientation.is_multiple_of(2)));
    let mut samples = Vec::new();
    for row in 0..2 * block {
        for column in 0..3 * block {
            let letter = b"abcdef"[row / block * 3 + column / block];
            samples.extend(&pixel(letter)[..header.channels()]);
        }
    }
    let mut writer = Writer::create(path, format, header, Default::default()).unwrap();
    writer.write_rows(&samples).unwrap();
    writer.finish().unwrap();
}

/// Puts 640×480 back into the two EXIF entries that the writer set to the image's size.
fn restore_size(path: &std::path::Path, big_endian: bool, width: u32, height: u32) {
    let mut file = std::fs::read(path).unwrap();
    for (tag, written, original) in [(0xa002u16, width, 640u16), (0xa003, height, 480)] {
        let (from, to) = if big_endian {
            (
                [
                    &tag.to_be_bytes()[..],
                    &[0, 4, 0, 0, 0, 1],
                    &written.to_be_bytes(),
                ]
                .concat(),
                [
                    &tag.to_be_bytes()[..],
                    &[0, 3, 0, 0, 0, 1],
                    &original.to_be_bytes(),
                    &[0, 0],
                ]
                .concat(),
            )
        } else {
            (
                [
                    &tag.to_le_bytes()[..],
                    &[4, 0, 1, 0, 0, 0],
                    &written.to_le_bytes(),
                ]
                .concat(),
                [
                    &tag.to_le_bytes()[..],
                    &[3, 0, 1, 0, 0, 0],
                    &original.to_le_bytes(),
                    &[0, 0],
                ]
                .concat(),
            )
        };
        let at = file.windows(12).position(|window| window == from).unwrap();
        file[at..at + 12].copy_from_slice(&to);
    }
    if path.extension().is_some_and(|extension| extension == "png") {
        common::mend_checksums(&mut file);
    }
    std::fs::write(path, file).unwrap();
}
