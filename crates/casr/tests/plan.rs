//! `casr plan`: what it says, and that it does nothing.

mod support;

use support::{casr, folder, names, photograph, write};

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
