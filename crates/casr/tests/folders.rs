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

#[test]
fn images_of_one_name_do_not_collide() {
    let folder = folder();
    fs::create_dir(folder.path().join("scans")).unwrap();
    for name in ["a.png", "a.jpg", "a.tif", "b.jpg"] {
        write(&folder.path().join("scans"), name, &photograph(8, 8));
    }
    let arguments = ["upscale", "scans", "-o", "out", "--format", "png"];
    let run = casr(folder.path(), &arguments).succeeds();
    assert_eq!(run.output, "4 enlarged\n");
    let out = folder.path().join("out");
    assert_eq!(names(&out), ["a.jpg.png", "a.png", "a.tif.png", "b.png"]);
}

#[test]
fn results_stand_beside_their_images() {
    let folder = folder();
    phone(folder.path());
    let arguments = ["upscale", "phone", "--suffix", "-large", "--recursive"];
    let run = casr(folder.path(), &arguments);
    assert!(run.output.starts_with("3 enlarged"), "{run:?}");
    let phone = folder.path().join("phone");
    let large = ["a-large.png", "sub/b-large.png", "sub/deep/a-large.png"];
    for name in large {
        assert!(phone.join(name).exists(), "no {name}");
    }
    // A second run enlarges no results.
    let run = casr(folder.path(), &[&arguments[..], &["--overwrite"]].concat());
    assert!(run.output.starts_with("3 enlarged"), "{run:?}");
    assert!(
        run.errors
            .contains("and 2 more: passed over, results of an earlier run"),
        "{run:?}"
    );
    assert!(!phone.join("a-large-large.png").exists());
    // A file is named, and its result too.
    casr(
        folder.path(),
        &["upscale", "phone/a.png", "--suffix", " (2)", "-q"],
    )
    .succeeds();
    assert!(phone.join("a (2).png").exists());
    casr(
        folder.path(),
        &["upscale", "phone/a.png", "--suffix=.x", "-o", "out/", "-q"],
    )
    .succeeds();
    assert_eq!(names(&folder.path().join("out")), ["a.x.png"]);
    for wrong in [
        &["upscale", "phone/a.png"][..],
        &["upscale", "phone/a.png", "--suffix", ""],
        &["upscale", "phone/a.png", "--suffix", "a/b"],
        &["upscale", "phone/a.png", "--suffix", "-x", "-o", "b.png"],
    ] {
        assert_eq!(casr(folder.path(), wrong).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn all_pages_become_files() {
    let folder = folder();
    fs::create_dir(folder.path().join("fax")).unwrap();
    fs::write(
        folder.path().join("fax/three.tif"),
        support::pages(&[(5, 3), (4, 6), (2, 2)]),
    )
    .unwrap();
    write(&folder.path().join("fax"), "one.tif", &photograph(8, 8));
    let arguments = [
        "upscale", "fax", "--page", "all", "-o", "out", "--format", "png",
    ];
    let run = casr(folder.path(), &arguments).succeeds();
    assert_eq!(run.output, "4 enlarged\n");
    let out = folder.path().join("out");
    assert_eq!(
        names(&out),
        ["one.png", "three-1.png", "three-2.png", "three-3.png"]
    );
    let size = |name: &str| {
        let picture = support::read(&out.join(name));
        (picture.width, picture.height)
    };
    assert_eq!(
        ["three-1.png", "three-2.png", "three-3.png"].map(size),
        [(10, 6), (8, 12), (4, 4)]
    );
    // Beside a name that is given.
    let arguments = ["upscale", "fax/three.tif", "--page", "all", "-o", "big.png"];
    let run = casr(folder.path(), &arguments).succeeds();
    assert_eq!(run.output, "3 enlarged\n");
    assert_eq!(
        names(folder.path()),
        ["big-1.png", "big-2.png", "big-3.png", "fax", "out"]
    );
    let run = casr(
        folder.path(),
        &["upscale", "fax/three.tif", "--page", "0", "-o", "c.png"],
    );
    assert_eq!(run.code, Some(2), "{run:?}");
}
