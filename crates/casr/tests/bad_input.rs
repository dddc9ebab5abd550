//! Everything a user can get wrong: a clear line with the file's name and the remedy, a failing
//! exit code, and nothing left behind.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use support::{Run, casr, folder, names, photograph, program, write};
use tempfile::TempDir;

/// A folder with a small `photo.png` and a small `photo.jpg`.
fn photos() -> TempDir {
    let folder = folder();
    write(folder.path(), "photo.png", &photograph(24, 24));
    write(folder.path(), "photo.jpg", &photograph(24, 24));
    folder
}

/// Runs `casr upscale` in `folder` and asserts that it leaves no new file there.
#[track_caller]
fn upscale(folder: &Path, arguments: &[&str]) -> Run {
    let before = names(folder);
    let run = casr(folder, &[&["upscale"], arguments].concat());
    assert_eq!(names(folder), before, "{run:?}");
    run
}

#[track_caller]
fn fails(folder: &Path, arguments: &[&str], file: &str, words: &[&str]) {
    upscale(folder, arguments).fails_on(Path::new(file), words);
}

/// The bytes of a PNG header that claims a size, with the right checksum.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    let mut chunk = b"IHDR".to_vec();
    chunk.extend(width.to_be_bytes());
    chunk.extend(height.to_be_bytes());
    chunk.extend([8, 2, 0, 0, 0]);
    let mut register = u32::MAX;
    for byte in &chunk {
        register ^= u32::from(*byte);
        for _ in 0..8 {
            register = if register & 1 == 1 {
                register >> 1 ^ 0xedb8_8320
            } else {
                register >> 1
            };
        }
    }
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    file.extend(chunk);
    file.extend((!register).to_be_bytes());
    file.extend([0; 64]);
    file
}

#[test]
fn missing_file() {
    let folder = photos();
    fails(
        folder.path(),
        &["none.png", "-o", "out.png"],
        "none.png",
        &["no such file", "check the name"],
    );
}

#[test]
fn folder_without_images() {
    let folder = photos();
    fs::create_dir(folder.path().join("empty")).unwrap();
    fails(
        folder.path(),
        &["empty", "-o", "out"],
        "empty",
        &["no image in this folder", "*.png"],
    );
}

#[test]
fn text_renamed_png() {
    let folder = photos();
    fs::write(
        folder.path().join("text.png"),
        "I am no image, whatever my name says.",
    )
    .unwrap();
    fails(
        folder.path(),
        &["text.png", "-o", "out.png"],
        "text.png",
        &["not an image CASR reads", "JPEG"],
    );
}

#[test]
fn empty_file() {
    let folder = photos();
    fs::write(folder.path().join("empty.jpg"), "").unwrap();
    fails(
        folder.path(),
        &["empty.jpg", "-o", "out.png"],
        "empty.jpg",
        &["empty", "download it again"],
    );
}

#[test]
fn truncated_files() {
    let folder = photos();
    for name in ["photo.png", "photo.jpg"] {
        let bytes = fs::read(folder.path().join(name)).unwrap();
        let cut = format!("cut-{name}");
        fs::write(folder.path().join(&cut), &bytes[..bytes.len() * 2 / 3]).unwrap();
        fails(
            folder.path(),
            &[&cut, "-o", "out.png"],
            &cut,
            &["cut off", "download it again"],
        );
    }
}

#[test]
fn image_without_pixels() {
    let folder = photos();
    fs::write(folder.path().join("flat.png"), claiming(0, 7)).unwrap();
    fails(
        folder.path(),
        &["flat.png", "-o", "out.png"],
        "flat.png",
        &["0×7", "export it again"],
    );
}

#[test]
fn decompression_bomb() {
    let folder = photos();
    fs::write(folder.path().join("bomb.png"), claiming(100_000, 100_000)).unwrap();
    let words = ["100000×100000", "--max-pixels 10000000000"];
    fails(
        folder.path(),
        &["bomb.png", "-o", "out.png"],
        "bomb.png",
        &words,
    );
    let words = ["24×24", "--max-pixels 576"];
    fails(
        folder.path(),
        &["photo.png", "-o", "out.png", "--max-pixels", "575"],
        "photo.png",
        &words,
    );
}

#[test]
fn factors_out_of_range() {
    let folder = photos();
    // What no image can satisfy is a wrong command line.
    let wrong = |arguments: &[&str], words: &str| {
        let arguments = [&["photo.png", "-o", "out.png"], arguments].concat();
        let run = upscale(folder.path(), &arguments);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.errors.contains(words), "no {words:?} in {run:?}");
    };
    for factor in ["0", "-1", "NaN", "0.5", "inf", "-0", "50%", "x0.9"] {
        wrong(&["-s", factor], "from 1 up");
        wrong(&["--scale", factor], "from 1 up");
    }
    for side in [["--height", "0"], ["--width", "many"]] {
        wrong(&side, "whole number of pixels");
    }
    wrong(&["--size", "0x10"], "WIDTHxHEIGHT");
    for step in ["1", "5", "NaN"] {
        wrong(&["--max-step", step], "above 1 and at most 4");
    }
    // What this image cannot satisfy is its failure.
    for size in [["--size", "12x48"], ["--width", "12"]] {
        let arguments = [&["photo.png", "-o", "out.png"], size.as_slice()].concat();
        fails(folder.path(), &arguments, "photo.png", &["24"]);
    }
}

#[test]
fn arguments_that_make_no_sense() {
    let folder = photos();
    for arguments in [
        &["photo.png", "-o", "out.png", "-s", "two"][..],
        &["photo.png", "-o", "out.png", "--size", "100"],
        &["photo.png", "-o", "out.png", "--size", "-4x7"],
        &["photo.png", "-o", "out.png", "-s", "2", "--width", "100"],
        &["photo.png", "-o", "out.png", "--threads", "0"],
        &["photo.png", "-o", "out.png", "--quality", "0"],
        &["photo.png"],
        &["-o", "out.png"],
    ] {
        let run = upscale(folder.path(), arguments);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.errors.contains("--help"), "{run:?}");
    }
}

#[test]
fn size_that_the_format_cannot_hold() {
    let folder = photos();
    fails(
        folder.path(),
        &["photo.png", "-o", "out.jpg", "--size", "65536x24"],
        "out.jpg",
        &["65535", "PNG, TIFF, Deep Zoom or IIIF"],
    );
    fails(
        folder.path(),
        &["photo.png", "-o", "out.webp", "--size", "24x16384"],
        "out.webp",
        &["16383", "PNG"],
    );
}

#[test]
fn format_that_is_not_written() {
    let folder = photos();
    for name in ["out", "out.gif", "out.xyz"] {
        fails(
            folder.path(),
            &["photo.png", "-o", name],
            name,
            &["PNG, JPEG, WebP, TIFF, Deep Zoom and IIIF", ".png"],
        );
    }
}

#[test]
fn existing_output() {
    let folder = photos();
    fs::write(folder.path().join("out.png"), "precious").unwrap();
    fails(
        folder.path(),
        &["photo.png", "-o", "out.png"],
        "out.png",
        &["exists", "--overwrite"],
    );
    assert_eq!(
        fs::read(folder.path().join("out.png")).unwrap(),
        b"precious"
    );

    upscale(
        folder.path(),
        &["photo.png", "-o", "out.png", "--overwrite"],
    )
    .succeeds();
    assert_eq!(support::read(&folder.path().join("out.png")).width, 48);
}

#[test]
fn input_as_output() {
    let folder = photos();
    let before = fs::read(folder.path().join("photo.png")).unwrap();
    fails(
        folder.path(),
        &["photo.png", "-o", "./photo.png", "--overwrite"],
        "./photo.png",
        &["would replace"],
    );
    let run = upscale(
        folder.path(),
        &["photo.png", "photo.jpg", "-o", ".", "--overwrite"],
    );
    assert_eq!(
        (run.code, run.errors.lines().count()),
        (Some(1), 2),
        "{run:?}"
    );
    assert_eq!(fs::read(folder.path().join("photo.png")).unwrap(), before);
}

#[test]
fn folders_that_cannot_be_written() {
    let folder = photos();
    fs::write(folder.path().join("file"), "not a folder").unwrap();
    fails(
        folder.path(),
        &["photo.png", "-o", "file/out.png"],
        "file/out.png",
        &["folder"],
    );
    fails(
        folder.path(),
        &["photo.png", "photo.jpg", "-o", "file/"],
        "file/",
        &["folder"],
    );
    let run = upscale(folder.path(), &["photo.png", "photo.jpg", "-o", "file"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(
        run.errors
            .starts_with("casr: file: several images need a folder"),
        "{run:?}"
    );
    fails(
        folder.path(),
        &["photo.png", "-o", "none/out.png"],
        "none/out.png",
        &["does not exist", "create it"],
    );
    if cfg!(target_os = "linux") {
        fails(
            folder.path(),
            &["photo.png", "-o", "/proc/out.png"],
            "/proc/out.png",
            &["another folder"],
        );
    }
}

#[cfg(unix)]
#[test]
fn file_size_limit() {
    let folder = photos();
    fs::create_dir(folder.path().join("out")).unwrap();
    // Ignored signals stay ignored in the program, so that its writes fail instead of ending it.
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" upscale photo.png -s 4 -o out/big.tif";
    let program = program(folder.path()).get_program().to_owned();
    let run = Run::of(
        std::process::Command::new("sh")
            .args(["-c", script])
            .arg(program)
            .current_dir(folder.path()),
    );
    run.fails_on(Path::new("out/big.tif"), &["nothing was left behind"]);
    assert!(names(&folder.path().join("out")).is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk() {
    let folder = photos();
    fs::create_dir(folder.path().join("disk")).unwrap();
    let in_namespace = |script: &str| {
        let program = program(folder.path()).get_program().to_owned();
        let mut command = std::process::Command::new("unshare");
        Run::of(
            command
                .args(["-rm", "sh", "-c", script])
                .arg(program)
                .current_dir(folder.path()),
        )
    };
    let mount = "mount -t tmpfs -o size=8k none disk";
    if in_namespace(mount).code != Some(0) {
        println!("skipped: this machine lets nobody mount a small disk");
        return;
    }
    let work = "\"$0\" upscale photo.png -s 16 -o disk/big.tif";
    in_namespace(&format!("{mount} && {work}"))
        .fails_on(Path::new("disk/big.tif"), &["disk is full", "make room"]);
    let listing = in_namespace(&format!("{mount} && {work} 2> /dev/null; ls -A disk"));
    assert_eq!(listing.output, "");
}

#[test]
fn weights_that_are_none() {
    let folder = photos();
    let run = |name: &str| {
        upscale(
            folder.path(),
            &["photo.png", "-o", "out.png", "--weights", name],
        )
    };
    let weights = fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../casr-net/weights/casr.safetensors"),
    )
    .unwrap();
    fs::write(
        folder.path().join("cut.safetensors"),
        &weights[..weights.len() / 2],
    )
    .unwrap();
    for name in ["none.safetensors", "cut.safetensors", "photo.png"] {
        let run = run(name);
        assert_eq!(
            (run.code, run.errors.lines().count()),
            (Some(1), 1),
            "{run:?}"
        );
        assert!(
            run.errors.starts_with("casr: ") && run.errors.contains(name),
            "{run:?}"
        );
    }
    fs::write(folder.path().join("whole.safetensors"), &weights).unwrap();
    casr(
        folder.path(),
        &[
            "upscale",
            "photo.png",
            "-o",
            "out.png",
            "--weights",
            "whole.safetensors",
        ],
    )
    .succeeds();
}

#[test]
fn batch_goes_on_after_a_bad_file() {
    let folder = folder();
    let images = folder.path().join("images");
    fs::create_dir(&images).unwrap();
    write(&images, "a.png", &photograph(24, 16));
    fs::write(images.join("b.png"), "no image").unwrap();
    let whole = fs::read(write(&images, "c.jpg", &photograph(24, 16))).unwrap();
    fs::write(images.join("d.jpg"), &whole[..whole.len() * 2 / 3]).unwrap();
    write(&images, "e.webp", &photograph(24, 16));

    let run = casr(
        folder.path(),
        &["upscale", "images", "none.png", "-o", "large"],
    );
    assert_eq!(run.code, Some(1), "{run:?}");
    let mut failed: Vec<&str> = run
        .errors
        .lines()
        .filter_map(|line| line.split(": ").nth(1))
        .collect();
    failed.sort_unstable();
    let bad: Vec<PathBuf> = ["b.png", "d.jpg"]
        .iter()
        .map(|name| Path::new("images").join(name))
        .collect();
    assert_eq!(
        failed,
        [
            bad[0].to_str().unwrap(),
            bad[1].to_str().unwrap(),
            "none.png"
        ]
    );
    assert_eq!(
        names(&folder.path().join("large")),
        ["a.png", "c.jpg", "e.webp"]
    );
}
