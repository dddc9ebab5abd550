//! What is no image, or more than an image should be: a clear message with the file's name and the
//! remedy.
#![cfg(feature = "formats")]

mod common;

use std::fs;
use std::path::Path;

use casr_codec::{
    CodecError, Colour, Depth, FolderContents, Format, Limits, contents_of, images_in, probe, read,
    shown,
};
use common::{chunk, encoded, folder, header, read_bytes, read_default, sample};

/// The error's message, which must name the file and hold all `parts`.
fn message(path: &Path, error: CodecError, parts: &[&str]) {
    let message = error.to_string();
    assert!(
        message.starts_with(&format!("{}: ", path.display())),
        "{message}"
    );
    for part in parts {
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
}

#[test]
fn what_is_not_there_or_no_file() {
    let folder = folder();
    let missing = folder.path().join("missing.png");
    message(
        &missing,
        read_default(&missing).unwrap_err(),
        &["no such file", "check the name"],
    );
    message(
        &missing,
        probe(&missing, &Limits::default()).unwrap_err(),
        &["no such file"],
    );
    message(
        folder.path(),
        read_default(folder.path()).unwrap_err(),
        &["folder"],
    );
    if cfg!(unix) {
        let device = Path::new("/dev/null");
        message(
            device,
            read_default(device).unwrap_err(),
            &["a pipe or a device"],
        );
    }
}

#[test]
fn what_is_no_image_whatever_its_name() {
    let folder = folder();
    let path = folder.path().join("letter.png");
    for (content, parts) in [
        (
            &b"Dear Sir or Madam, this is no picture."[..],
            &["not an image CASR reads", "PNG, JPEG", "right file"][..],
        ),
        (b"B", &["not an image CASR reads"]),
        (
            b"BMW are cars, and their header is no bitmap's",
            &["not an image CASR reads"],
        ),
        (
            b"\0\0\0\x20ftypheic\0\0\0\0mif1heic",
            &["HEIC", "export it as JPEG or PNG"],
        ),
        (b"%PDF-1.7 ...", &["PDF"]),
        (b"\xff\x0a\xfa\x07", &["JPEG XL"]),
    ] {
        fs::write(&path, content).unwrap();
        message(&path, read_default(&path).unwrap_err(), parts);
        message(&path, probe(&path, &Limits::default()).unwrap_err(), parts);
    }
    fs::write(&path, b"").unwrap();
    message(&path, read_default(&path).unwrap_err(), &["empty", "again"]);
}

#[test]
fn the_name_does_not_matter_but_the_content() {
    let folder = folder();
    let path = folder.path().join("city.gif");
    fs::copy(sample("city.png"), &path).unwrap();
    let picture = read_default(&path).unwrap();
    assert_eq!(picture, read_default(&sample("city.png")).unwrap());
}

/// A file of each format whose header claims `width × height` and whose content holds next to
/// nothing.
fn claims(width: u16, height: u16) -> Vec<(&'static str, Vec<u8>)> {
    let (wide, high) = (u32::from(width), u32::from(height));
    let header = [
        &wide.to_be_bytes()[..],
        &high.to_be_bytes(),
        &[8, 2, 0, 0, 0],
    ]
    .concat();
    let png = [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &header),
        chunk(b"IDAT", &[]),
        chunk(b"IEND", &[]),
    ];
    let mut jpeg = encoded(
        Format::Jpeg,
        &common::header(8, 8, Colour::Rgb, Depth::Eight, false),
    );
    let frame = jpeg
        .windows(2)
        .position(|window| window == [0xff, 0xc0])
        .unwrap();
    jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    let mut tiff = encoded(
        Format::Tiff,
        &common::header(8, 8, Colour::Rgb, Depth::Eight, false),
    );
    for (tag, value) in [(0x0100u16, wide), (0x0101, high), (0x0116, high)] {
        let entry = [&tag.to_le_bytes()[..], &[4, 0, 1, 0, 0, 0, 8]].concat();
        let at = tiff
            .windows(entry.len())
            .position(|window| window == entry)
            .unwrap();
        tiff[at + 8..at + 12].copy_from_slice(&value.to_le_bytes());
    }
    let mut bmp = [&b"BM"[..], &[0; 8], &[54, 0, 0, 0, 40, 0, 0, 0]].concat();
    bmp.extend(
        [
            &wide.to_le_bytes()[..],
            &high.to_le_bytes(),
            &[1, 0, 24, 0],
            &[0; 24],
        ]
        .concat(),
    );
    let frame = [
        0x2c,
        0,
        0,
        0,
        0,
        width.to_le_bytes()[0],
        width.to_le_bytes()[1],
        1,
        0,
        0,
        2,
        2,
        0x44,
        1,
        0,
        0x3b,
    ];
    let gif = [
        &b"GIF89a"[..],
        &width.to_le_bytes(),
        &height.to_le_bytes(),
        &[0x80, 0, 0, 0, 0, 0, 255, 255, 255],
        &frame,
    ];
    vec![
        ("PNG", png.concat()),
        ("JPEG", jpeg),
        ("TIFF", tiff),
        ("BMP", bmp),
        ("GIF", gif.concat()),
    ]
}

#[test]
fn bombs_are_refused_by_their_header() {
    let folder = folder();
    for (format, file) in claims(60_000, 50_000) {
        let path = folder.path().join(format);
        fs::write(&path, &file).unwrap();
        for error in [
            read_default(&path).unwrap_err(),
            probe(&path, &Limits::default()).unwrap_err(),
        ] {
            message(
                &path,
                error,
                &["60000×50000", "268435456 allowed", "raise the limit"],
            );
        }
    }
}

#[test]
fn the_limit_is_inclusive_and_can_be_raised() {
    let folder = folder();
    let path = folder.path().join("picture.png");
    fs::write(
        &path,
        encoded(
            Format::Png,
            &header(20, 10, Colour::Grey, Depth::Eight, false),
        ),
    )
    .unwrap();
    assert!(matches!(
        read(&path, &Limits { max_pixels: 199 }),
        Err(CodecError::TooManyPixels { limit: 199, .. })
    ));
    assert!(read(&path, &Limits { max_pixels: 200 }).is_ok());
    // The raised limit lets a bomb's header pass, and its missing pixels are found.
    for (format, file) in claims(60_000, 50_000) {
        let path = folder.path().join(format);
        fs::write(&path, &file).unwrap();
        let error = probe(
            &path,
            &Limits {
                max_pixels: 3_000_000_000,
            },
        )
        .err();
        assert!(
            !matches!(error, Some(CodecError::TooManyPixels { .. })),
            "{format}"
        );
    }
}

#[test]
fn an_image_without_pixels_says_so() {
    for (width, height) in [(0, 7), (7, 0), (0, 0)] {
        for (format, file) in claims(width, height) {
            let error = read_bytes(&file).unwrap_err();
            assert!(
                matches!(error, CodecError::NoPixels { .. }),
                "{format} {width}×{height}: {error}"
            );
        }
    }
}

#[test]
fn images_of_a_folder_in_order() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    message(
        folder.path(),
        images_in(folder.path()).unwrap_err(),
        &["no image in this folder", "*.png"],
    );
    for name in [
        "b.JPG",
        "a.png",
        "c.webp",
        "d.tiff",
        "e.bmp",
        "f.gif",
        "notes.txt",
        "._a.png",
        "png",
    ] {
        fs::write(at(name), b"content does not matter").unwrap();
    }
    fs::create_dir(at("g.png")).unwrap();
    fs::create_dir(at("sub")).unwrap();
    fs::write(at("sub/h.png"), b"").unwrap();
    let expected = ["a.png", "b.JPG", "c.webp", "d.tiff", "e.bmp", "f.gif"].map(at);
    assert_eq!(images_in(folder.path()).unwrap(), expected);
    message(
        &at("a.png"),
        images_in(&at("a.png")).unwrap_err(),
        &["not a folder"],
    );
    message(
        &at("missing"),
        images_in(&at("missing")).unwrap_err(),
        &["no such"],
    );
}

#[test]
fn what_else_a_folder_holds_is_told() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    for name in [
        "a.png",
        "IMG_1.HEIC",
        "raw.NEF",
        "notes.txt",
        ".hidden.heic",
    ] {
        fs::write(at(name), b"content does not matter").unwrap();
    }
    fs::create_dir(at("sub")).unwrap();
    let mut expected = FolderContents {
        images: vec![at("a.png")],
        foreign: vec![at("IMG_1.HEIC"), at("raw.NEF")],
        broken_links: Vec::new(),
        folders: vec![at("sub")],
        others: vec![at("notes.txt")],
    };
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", at("c.png")).unwrap();
        expected.broken_links.push(at("c.png"));
    }
    assert_eq!(contents_of(folder.path()).unwrap(), expected);
}

#[test]
fn names_cannot_command_a_terminal() {
    let path = Path::new("a\u{1b}[2J two  spaces\n\u{202e}gnp.png");
    let error = read_default(path).unwrap_err().to_string();
    assert!(
        error.starts_with("a\\u{1b}[2J two  spaces\\n\\u{202e}gnp.png: no such file"),
        "{error}"
    );
    let plain = Path::new("Zürich 日本.png");
    assert_eq!(shown(plain).to_string(), plain.display().to_string());
}

#[test]
fn decoders_words_are_plain() {
    let whole = encoded(
        Format::Png,
        &header(20, 10, Colour::Grey, Depth::Eight, false),
    );
    // The checksum of the header, and the first of the compressed bytes.
    let pixels = whole.windows(4).position(|name| name == b"IDAT").unwrap() + 4;
    for (at, words) in [(29, "IHDR"), (pixels + 2, "compressed data")] {
        let mut broken = whole.clone();
        broken[at] ^= 0xff;
        let error = read_bytes(&broken).unwrap_err().to_string();
        assert!(
            !error.contains(['{', '}']) && error.contains(words),
            "{error}"
        );
    }
    let mut apple = whole.clone();
    apple[12..16].copy_from_slice(b"CgBI");
    let error = read_bytes(&apple).unwrap_err().to_string();
    assert!(
        error.contains("CgBI") && error.contains("does not read"),
        "{error}"
    );
}

#[test]
fn camera_raw_is_recognised_by_its_beginning() {
    for head in [
        &b"IIU\0\x18\0\0\0"[..],
        b"IIRO\x08\0\0\0",
        b"FUJIFILMCCD-RAW 0201",
        b"\0\0\0\x18ftypcrx \0\0\0\x01",
    ] {
        let error = read_bytes(head).unwrap_err().to_string();
        assert!(
            error.contains("camera raw") && error.contains("develop"),
            "{error}"
        );
    }
    let phone = read_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
        .unwrap_err()
        .to_string();
    assert!(phone.contains("HEIC"), "{phone}");
}
