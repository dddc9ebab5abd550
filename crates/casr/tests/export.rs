//! `casr export`: what it writes, and what it refuses.

mod support;

use support::{casr, folder, names, photograph, write};

#[test]
fn models_are_written() {
    let folder = folder();
    let path = folder.path();
    write(path, "photo.png", &photograph(40, 32));
    for arguments in [
        &["export", "two.onnx"][..],
        &[
            "export",
            "later.onnx",
            "--level",
            "--factor",
            "1.5",
            "--look",
            "vivid",
        ],
        &[
            "export",
            "half.onnx",
            "--precision",
            "half",
            "--input",
            "64x48",
        ],
        &[
            "export",
            "eight.onnx",
            "--precision",
            "int8",
            "--calibrate",
            "photo.png",
        ],
        &["export", "casr-x2.param"],
        &["export", "clean.onnx", "--noise", "5", "--jpeg", "80"],
    ] {
        casr(path, arguments).succeeds();
    }
    let length = |name: &str| std::fs::metadata(path.join(name)).unwrap().len();
    assert!(length("eight.onnx") < length("half.onnx"));
    assert!(length("half.onnx") < length("two.onnx"));
    let models = [
        "casr-x2.bin",
        "casr-x2.param",
        "clean.onnx",
        "eight.onnx",
        "half.onnx",
        "later.onnx",
        "photo.png",
        "two.onnx",
    ];
    assert_eq!(names(path), models);
}

#[test]
fn a_file_stays_unless_it_may_be_replaced() {
    let folder = folder();
    let path = folder.path();
    std::fs::write(path.join("step.onnx"), "mine").unwrap();
    let run = casr(path, &["export", "step.onnx"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.errors.contains("--overwrite"), "{run:?}");
    assert_eq!(std::fs::read(path.join("step.onnx")).unwrap(), b"mine");
    casr(path, &["export", "step.onnx", "--overwrite"]).succeeds();
    assert!(std::fs::metadata(path.join("step.onnx")).unwrap().len() > 1 << 20);
}

#[test]
fn what_cannot_be_exported() {
    let folder = folder();
    let path = folder.path();
    for (arguments, code, words) in [
        (
            &["export", "a.onnx", "--factor", "1.1"][..],
            1,
            "halves, thirds or quarters",
        ),
        (&["export", "a.onnx", "--factor", "5"], 1, "from 1 to 4"),
        (
            &["export", "a.onnx", "--factor", "1.5", "--input", "33x32"],
            1,
            "multiples of 2",
        ),
        (&["export", "a.onnx", "--input", "99999x32"], 1, "65,536"),
        (&["export", "a.tflite"], 2, "NAME.onnx"),
        (&["export", "a.param", "--factor", "1.5"], 1, "2, 3 or 4"),
        (
            &[
                "export",
                "a.param",
                "--precision",
                "int8",
                "--calibrate",
                "x.png",
            ],
            2,
            "int8",
        ),
        (
            &["export", "a.onnx", "--precision", "int8"],
            2,
            "--calibrate",
        ),
        (
            &["export", "a.onnx", "--calibrate", "x.png"],
            2,
            "--precision int8",
        ),
        (
            &["export", "a.onnx", "--level", "--noise", "3"],
            2,
            "--level",
        ),
        (
            &[
                "export",
                "a.onnx",
                "--precision",
                "int8",
                "--calibrate",
                "none.png",
            ],
            1,
            "none.png",
        ),
        (
            &["export", "no/such/folder/a.onnx"],
            1,
            "no/such/folder/a.onnx",
        ),
        (
            &["export", "a.onnx", "--weights", "none.safetensors"],
            1,
            "none.safetensors",
        ),
    ] {
        let run = casr(path, arguments);
        assert_eq!(run.code, Some(code), "{run:?}");
        assert!(run.errors.contains(words), "no {words:?} in {run:?}");
    }
    assert!(names(path).is_empty());
}
