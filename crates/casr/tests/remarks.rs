//! What is told: of what was found, of what a result keeps of its making, and of images that fail.

mod support;

use casr_codec::Metadata;
use std::fs;
use support::{casr, folder, photograph, piece_of, read, write};

/// The XMP of a result.
fn xmp(path: &std::path::Path) -> String {
    let packet = read(path).metadata.xmp.unwrap_or_default();
    String::from_utf8(packet).unwrap()
}

#[test]
fn enlargements_are_marked() {
    let folder = folder();
    write(folder.path(), "a.png", &photograph(16, 12));
    for name in ["b.png", "b.jpg", "b.webp", "b.tif"] {
        let arguments = [
            "upscale", "a.png", "-s", "2.5", "--look", "0.25", "-o", name,
        ];
        casr(folder.path(), &arguments).succeeds();
        let xmp = xmp(&folder.path().join(name));
        for words in [
            "digitalsourcetype/algorithmicallyEnhanced",
            "<stEvt:softwareAgent>CASR ",
            "enlarged 2.500 times, 16×12 to 40×30; look 0.25",
        ] {
            assert!(xmp.contains(words), "no {words:?} in {xmp}");
        }
    }
    casr(
        folder.path(),
        &["upscale", "a.png", "--no-mark", "-o", "c.png"],
    )
    .succeeds();
    assert_eq!(
        read(&folder.path().join("c.png")).metadata,
        Metadata::default()
    );
    // Nothing was enlarged there.
    casr(
        folder.path(),
        &["upscale", "a.png", "-s", "1", "-o", "d.png"],
    )
    .succeeds();
    assert_eq!(
        read(&folder.path().join("d.png")).metadata,
        Metadata::default()
    );
}

#[test]
fn what_describes_an_image_can_be_left_out() {
    let folder = folder();
    let mut picture = photograph(16, 12);
    picture.metadata.xmp = Some(b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>".to_vec());
    picture.metadata.comments = vec![b"a secret place".to_vec()];
    picture.metadata.icc = Some(vec![3; 40]);
    write(folder.path(), "a.jpg", &picture);
    let arguments = [
        "upscale",
        "a.jpg",
        "--strip-metadata",
        "--no-mark",
        "-o",
        "b.jpg",
    ];
    casr(folder.path(), &arguments).succeeds();
    let kept = Metadata {
        icc: Some(vec![3; 40]),
        ..Metadata::default()
    };
    assert_eq!(read(&folder.path().join("b.jpg")).metadata, kept);
}

#[test]
fn what_was_found_is_told_when_asked_for() {
    let folder = folder();
    let picture = piece_of("dog.png", 96, 96);
    write(folder.path(), "a.png", &picture);
    let arguments = [
        "upscale",
        "a.png",
        "-s",
        "4",
        "-v",
        "--look",
        "1",
        "--restore",
        "0.5",
        "-o",
        "b.png",
    ];
    let run = casr(folder.path(), &arguments);
    assert_eq!(run.code, Some(0), "{run:?}");
    let words = "casr: b.png: removes noise 0.50 and traces of JPEG 0.50 (0 none, 1 worst); look 1.00 (0 faithful, 1 vivid); \
                 96×96 → 192×192 → 384×384\n";
    assert_eq!(run.errors, words);
    let run = casr(folder.path(), &["upscale", "a.png", "-v", "-o", "c.png"]);
    assert!(run.errors.contains("traces of JPEG 0.00"), "{run:?}");
}

#[test]
fn an_image_of_its_own_size_is_restored_when_asked_for() {
    let folder = folder();
    let path = write(folder.path(), "a.png", &piece_of("dog.png", 48, 48));
    let before = read(&path).pixels;
    let result = |arguments: &[&str]| {
        let arguments = [
            &["upscale", "a.png", "-s", "1", "-o", "b.png", "--overwrite"],
            arguments,
        ]
        .concat();
        casr(folder.path(), &arguments).succeeds();
        read(&folder.path().join("b.png"))
    };
    assert_eq!(result(&[]).pixels, before);
    assert_eq!(result(&["--restore", "0"]).pixels, before);
    let restored = result(&["--restore", "0.5"]);
    assert_eq!((restored.width, restored.height), (48, 48));
    assert_ne!(restored.pixels, before);
    assert!(xmp(&folder.path().join("b.png")).contains("restored; look"));
}

#[test]
fn remarks_of_an_image_that_fails_are_told() {
    let folder = folder();
    // Two pages, of which one is read, and a result that cannot be written.
    fs::write(
        folder.path().join("a.tif"),
        support::pages(&[(5, 3), (4, 6)]),
    )
    .unwrap();
    let run = casr(folder.path(), &["upscale", "a.tif", "-o", "missing/b.png"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.errors.contains("only the first frame or page was read"),
        "{run:?}"
    );
    assert!(run.errors.contains("does not exist"), "{run:?}");
}

#[test]
fn too_little_memory_is_told_before_the_work() {
    let folder = folder();
    write(folder.path(), "a.png", &photograph(64, 64));
    write(folder.path(), "b.png", &photograph(8, 8));
    let arguments = [
        "upscale", "a.png", "b.png", "-s", "8", "--memory", "75M", "-o", "out",
    ];
    let run = casr(folder.path(), &arguments);
    assert_eq!(
        (run.code, &*run.output),
        (Some(1), "1 enlarged, 1 failed\n"),
        "{run:?}"
    );
    let words = "a.png: this takes about ";
    assert!(run.errors.starts_with(&format!("casr: {words}")), "{run:?}");
    assert_eq!(support::names(&folder.path().join("out")), ["b.png"]);
}

#[test]
fn options_that_change_nothing_are_named() {
    let folder = folder();
    write(folder.path(), "a.png", &photograph(8, 8));
    let quality = ["upscale", "a.png", "--quality", "50", "-o"];
    let run = casr(folder.path(), &[&quality[..], &["b.png"]].concat());
    assert_eq!(
        (run.code, &*run.errors),
        (
            Some(0),
            "casr: --quality changes nothing: these results are lossless\n"
        )
    );
    casr(folder.path(), &[&quality[..], &["b.webp"]].concat()).succeeds();
}
