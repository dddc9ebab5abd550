//! `casr plan`: what it says, and that it does nothing.

mod support;

use support::{casr, folder, names, photograph, piece_of, write};

#[test]
fn levels_and_sizes() {
    let folder = folder();
    write(folder.path(), "photo.png", &photograph(24, 16));
    let run = casr(
        folder.path(),
        &["plan", "photo.png", "-s", "9", "--max-step", "3"],
    )
    .succeeds();
    for text in ["photo.png", "24×16", "72×48", "216×144", "time", "memory"] {
        assert!(run.output.contains(text), "no {text:?} in {}", run.output);
    }
    assert_eq!(names(folder.path()), ["photo.png"]);
}

#[test]
fn failures() {
    let folder = folder();
    write(folder.path(), "photo.png", &photograph(24, 16));
    let run = casr(folder.path(), &["plan", "none.png", "photo.png"]);
    assert!(run.output.contains("48×32"), "{run:?}");
    run.fails_on(std::path::Path::new("none.png"), &["no such file"]);
    let run = casr(folder.path(), &["plan", "photo.png", "--width", "12"]);
    run.fails_on(std::path::Path::new("photo.png"), &["24"]);
    let run = casr(folder.path(), &["plan", "photo.png", "-s", "0.5"]);
    assert_eq!(run.code, Some(2), "{run:?}");
}

/// The megabytes that a plan foretells on the disk.
fn on_the_disk(output: &str) -> f64 {
    let line = output.lines().find(|line| line.contains("disk")).unwrap();
    let number = line.split_whitespace().find_map(|word| word.parse().ok());
    number.unwrap_or_else(|| panic!("no number in {line:?}"))
}

#[test]
fn bytes_on_the_disk_are_foretold() {
    let folder = folder();
    let path = folder.path();
    write(path, "photo.png", &piece_of("dog.png", 160, 150));
    // Made once, and written in every way.
    casr(
        path,
        &["upscale", "photo.png", "-s", "4", "-o", "large.png"],
    )
    .succeeds();
    for (format, extension, options) in [
        ("png", "png", &[][..]),
        ("jpeg", "jpg", &[]),
        ("webp", "webp", &[]),
        ("tiff", "tif", &[]),
        ("tiff", "tif", &["--tiff-pyramid"]),
        ("tiff", "tif", &["--tiff-compression", "lzw"]),
        ("tiff", "tif", &["--tiff-compression", "none"]),
    ] {
        let plan = ["plan", "photo.png", "-s", "4", "--format", format];
        let run = casr(path, &[&plan[..], options].concat()).succeeds();
        assert!(!run.output.contains("kept"), "{run:?}");
        let name = format!("out.{extension}");
        let upscale = [
            "upscale",
            "large.png",
            "-s",
            "1",
            "-o",
            &name,
            "--overwrite",
        ];
        casr(path, &[&upscale[..], options].concat()).succeeds();
        let bytes = path.join(&name).metadata().unwrap().len() as f64;
        let (foretold, measured) = (on_the_disk(&run.output), bytes / 1e6);
        println!("{format} {options:?}: {measured:.2} MB, {foretold} MB foretold");
        assert!(
            (measured - foretold).abs() <= foretold / 2.0,
            "{format} {options:?}: {measured} MB, {foretold} MB foretold"
        );
    }
}

#[test]
fn tiles_of_large_results_are_foretold() {
    let folder = folder();
    write(folder.path(), "photo.png", &photograph(128, 128));
    let run = casr(folder.path(), &["plan", "photo.png", "-s", "64"]).succeeds();
    assert!(run.output.contains("78 MB of kept tiles"), "{run:?}");
    let run = casr(folder.path(), &["plan", "photo.png", "--tiff-pyramid"]);
    assert_eq!(run.code, Some(2), "{run:?}");
}
