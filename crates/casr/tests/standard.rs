//! Standard input and output, as parts of pipelines.

mod support;

use std::fs;
use support::{casr, folder, names, photograph, piped, write};

#[test]
fn the_same_bytes_as_between_files() {
    let folder = folder();
    for name in ["a.png", "a.tif", "a.jpg"] {
        let bytes = fs::read(write(folder.path(), name, &photograph(16, 12))).unwrap();
        let result = format!("large-{name}");
        casr(folder.path(), &["upscale", name, "-o", &result]).succeeds();
        let expected = fs::read(folder.path().join(&result)).unwrap();

        // The result's format is the image's, or what is asked for.
        let output = piped(folder.path(), &["upscale", "-", "-o", "-"], &bytes);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(output.stdout == expected, "{name}");
        assert!(output.stderr.is_empty(), "{output:?}");

        let output = piped(folder.path(), &["upscale", "-", "-o", "from.png"], &bytes);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        fs::remove_file(folder.path().join("from.png")).unwrap();

        let output = piped(
            folder.path(),
            &["upscale", name, "-o", "-", "--format", "png"],
            b"",
        );
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(output.stdout.starts_with(b"\x89PNG"), "{name}");
        let output = piped(folder.path(), &["plan", "-"], &bytes);
        assert!(
            String::from_utf8_lossy(&output.stdout).contains("32×24"),
            "{output:?}"
        );
    }
}

#[test]
fn failures_are_told_and_put_nothing_out() {
    let folder = folder();
    write(folder.path(), "a.png", &photograph(16, 12));
    let half = fs::read(folder.path().join("a.png")).unwrap();
    let half = &half[..half.len() / 2];
    let before = names(folder.path());
    for (arguments, bytes, code, words) in [
        (
            &["upscale", "-", "-o", "-"][..],
            half,
            1,
            "standard input: ",
        ),
        (
            &["upscale", "-", "-o", "-"],
            b"",
            1,
            "standard input: the file is empty",
        ),
        (
            &["upscale", "-", "-o", "-"],
            b"hello",
            1,
            "standard input: not an image",
        ),
        (
            &["upscale", "-", "-", "-o", "out/"],
            half,
            2,
            "standard input: ",
        ),
        (
            &["upscale", "-", "a.png", "-o", "-"],
            half,
            2,
            "standard output: it takes one image",
        ),
        (
            &["upscale", "a.png", "-o", "-", "--suffix", "x"],
            b"",
            2,
            "suffix",
        ),
    ] {
        let output = piped(folder.path(), arguments, bytes);
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {output:?}");
        assert!(output.stdout.is_empty(), "{arguments:?} {output:?}");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(errors.contains(words), "{arguments:?}: {errors}");
        assert_eq!(names(folder.path()), before);
    }
    let image = fs::read(folder.path().join("a.png")).unwrap();
    let output = piped(folder.path(), &["upscale", "-", "-o", "out/"], &image);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("gives its result no name"), "{errors}");
}
