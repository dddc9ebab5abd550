//! Folders and batches: nothing is passed over without a word, and what is there is not made twice.

mod support;

use std::fs;
use std::path::Path;
use support::{casr, folder, names, photograph, write};

/// A folder as a phone leaves it: a photograph, another in a folder, HEIC, and a link to nothing.
fn phone(folder: &Path) {
    fs::create_dir_all(folder.join("phone/sub/deep")).unwrap();
    write(&folder.join("phone"), "a.png", &photograph(12, 10));
    write(&folder.join("phone/sub"), "b.png", &photograph(12, 10));
    write(&folder.join("phone/sub/deep"), "a.png", &photograph(12, 10));
    fs::write(folder.join("phone/IMG_1.HEIC"), b"\0\0\0\x18ftypheic").unwrap();
    fs::write(folder.join("phone/notes.txt"), "notes").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", folder.join("phone/c.png")).unwrap();
}

#[test]
fn everything_passed_over_is_named_and_the_exit_code_says_so() {
    let folder = folder();
    phone(folder.path());
    let run = casr(folder.path(), &["upscale", "phone", "-o", "out"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(names(&folder.path().join("out")), ["a.png"]);
    for words in [
        "phone/IMG_1.HEIC: left, as CASR does not read such files",
        "phone/sub: left, as folders in folders are not searched",
        "phone/notes.txt: passed over",
    ] {
        assert!(run.errors.contains(words), "no {words:?} in {run:?}");
    }
    let mut left = 2;
    if cfg!(unix) {
        left += 1;
        assert!(
            run.errors
                .contains("phone/c.png: left, as it is a link to nothing"),
            "{run:?}"
        );
    }
    assert_eq!(run.output, format!("1 enlarged, {left} left\n"));
}

#[test]
fn folders_in_folders() {
    let folder = folder();
    phone(folder.path());
    let arguments = ["upscale", "phone", "-o", "phone/large", "--recursive"];
    let run = casr(folder.path(), &arguments);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.output.starts_with("3 enlarged"), "{run:?}");
    let large = folder.path().join("phone/large");
    assert_eq!(names(&large), ["a.png", "sub"]);
    assert_eq!(names(&large.join("sub")), ["b.png", "deep"]);
    assert_eq!(names(&large.join("sub/deep")), ["a.png"]);

    // Results are not enlarged again, and what is there may stay.
    let run = casr(
        folder.path(),
        &[&arguments[..], &["--skip-existing"]].concat(),
    );
    assert!(run.output.starts_with("0 enlarged, 3 skipped"), "{run:?}");
    let run = casr(folder.path(), &arguments);
    assert!(run.output.starts_with("0 enlarged, 3 failed"), "{run:?}");
}

#[test]
fn a_batch_ends_with_a_summary() {
    let folder = folder();
    write(folder.path(), "a.png", &photograph(8, 8));
    fs::write(folder.path().join("b.png"), "no image").unwrap();
    let run = casr(folder.path(), &["upscale", "a.png", "b.png", "-o", "out"]);
    assert_eq!(
        (run.code, &*run.output),
        (Some(1), "1 enlarged, 1 failed\n"),
        "{run:?}"
    );
    let arguments = ["upscale", "a.png", "b.png", "-o", "quiet", "-q"];
    assert_eq!(casr(folder.path(), &arguments).output, "");
    // One image needs none.
    assert_eq!(
        casr(folder.path(), &["upscale", "a.png", "-o", "c.png"])
            .succeeds()
            .output,
        ""
    );
}

#[cfg(unix)]
#[test]
fn names_reach_the_terminal_as_text() {
    let folder = folder();
    let run = casr(
        folder.path(),
        &["upscale", "two  spaces\x1b[31m.png", "-o", "out.png"],
    );
    assert!(run.errors.contains(r"two  spaces\u{1b}[31m.png"), "{run:?}");
}
