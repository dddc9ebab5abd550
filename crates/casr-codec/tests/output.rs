//! Outputs appear whole or not at all, and what prevents them is reported before any work is done.
#![cfg(feature = "formats")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use casr_codec::{
    CodecError, Colour, Depth, Format, Header, Options, TiffCompression, TiffLayout, Writer,
};
use common::{FORMATS, folder, header, read_default, samples, write};

fn small() -> Header {
    header(9, 7, Colour::Rgb, Depth::Eight, false)
}

fn create(path: &Path, format: Format, options: Options) -> Result<Writer<'static>, CodecError> {
    Writer::create(path, format, small(), options)
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn message(error: CodecError, parts: &[&str]) {
    let message = error.to_string();
    assert!(
        parts.iter().all(|part| message.contains(part)),
        "{message:?} lacks one of {parts:?}"
    );
}

#[test]
fn nothing_appears_before_the_end() {
    let folder = folder();
    for format in FORMATS {
        let path = folder.path().join("out");
        let mut writer = create(&path, format, Options::default()).unwrap();
        writer.write_rows(&samples(&small())).unwrap();
        assert!(!path.exists(), "{format}");
        writer.finish().unwrap();
        assert_eq!(names(folder.path()), ["out"], "{format}");
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    let folder = folder();
    for format in FORMATS {
        for rows in [0, 1, 7] {
            let mut writer =
                create(&folder.path().join("out"), format, Options::default()).unwrap();
            writer.write_rows(&samples(&small())[..rows * 27]).unwrap();
            drop(writer);
            assert_eq!(names(folder.path()), [""; 0], "{format} after {rows} rows");
        }
    }
}

#[test]
fn an_existing_file_is_kept_unless_told_otherwise() {
    let folder = folder();
    let path = folder.path().join("out.png");
    fs::write(&path, b"precious").unwrap();
    message(
        create(&path, Format::Png, Options::default())
            .err()
            .unwrap(),
        &["out.png", "exists", "the file exists"],
    );
    let options = Options {
        overwrite: true,
        ..Options::default()
    };
    let mut writer = create(&path, Format::Png, options).unwrap();
    writer.write_rows(&samples(&small())).unwrap();
    // Until the new one is whole the old one stays.
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    writer.finish().unwrap();
    assert_eq!(read_default(&path).unwrap().width, 9);
}

#[test]
fn a_file_that_appears_meanwhile_is_kept() {
    let folder = folder();
    let path = folder.path().join("out.png");
    let mut writer = create(&path, Format::Png, Options::default()).unwrap();
    writer.write_rows(&samples(&small())).unwrap();
    fs::write(&path, b"precious").unwrap();
    message(writer.finish().unwrap_err(), &["exists"]);
    assert_eq!(
        (fs::read(&path).unwrap(), names(folder.path()).len()),
        (b"precious".to_vec(), 1)
    );
}

#[test]
fn folders_that_cannot_take_a_file() {
    let folder = folder();
    let missing = folder.path().join("missing/out.png");
    message(
        create(&missing, Format::Png, Options::default())
            .err()
            .unwrap(),
        &["missing", "create it first"],
    );
    message(
        create(folder.path(), Format::Png, Options::default())
            .err()
            .unwrap(),
        &["this is a folder"],
    );
    if cfg!(target_os = "linux") {
        // Not even root can make files here.
        let error = create(Path::new("/proc/out.png"), Format::Png, Options::default())
            .err()
            .unwrap();
        assert!(matches!(error, CodecError::NotWritable { .. }), "{error}");
        message(error, &["/proc/out.png", "permissions"]);
        let options = Options {
            overwrite: true,
            ..Options::default()
        };
        message(
            create(Path::new("/dev/null"), Format::Png, options)
                .err()
                .unwrap(),
            &["not a regular file"],
        );
    }
}

#[test]
fn what_the_format_cannot_hold_is_found_before_any_work() {
    let folder = folder();
    let check = |name: &str, width, height, alpha, parts: &[&str]| {
        let path = folder.path().join(name);
        let header = header(width, height, Colour::Rgb, Depth::Eight, alpha);
        let format = Format::from_path(&path).unwrap();
        message(
            Writer::create(&path, format, header, Options::default())
                .err()
                .unwrap(),
            parts,
        );
        assert_eq!(names(folder.path()), [""; 0]);
    };
    check(
        "wide.jpg",
        65_536,
        10,
        false,
        &[
            "wide.jpg",
            "65536×10",
            "65535",
            "PNG, TIFF, Deep Zoom or IIIF",
        ],
    );
    check(
        "high.webp",
        10,
        16_384,
        false,
        &[
            "high.webp",
            "10×16384",
            "16383",
            "PNG, JPEG, TIFF, Deep Zoom or IIIF",
        ],
    );
    check("wide.png", 1 << 31, 1, false, &["2147483647", "write TIFF"]);
    check("wide.dzi", 1 << 31, 1, false, &["2147483647", "write TIFF"]);
    check(
        "wide.tif",
        1 << 32,
        1,
        false,
        &["4294967295", "several files"],
    );
    check("empty.png", 0, 1, false, &["no pixels"]);
    check(
        "clear.jpeg",
        10,
        10,
        true,
        &["transparency", "PNG, WebP or TIFF"],
    );
    let edge = folder.path().join("edge.jpg");
    Format::Jpeg.check_size(65_535, 65_535, &edge).unwrap();
    Format::WebP.check_size(16_383, 16_383, &edge).unwrap();
    for quality in [0, 101] {
        let options = Options {
            quality,
            ..Options::default()
        };
        message(
            create(&edge, Format::Jpeg, options).err().unwrap(),
            &["quality", "1 to 100"],
        );
    }
}

#[test]
fn names_tell_the_format() {
    for (name, format) in [
        ("a.png", Format::Png),
        ("a.JPEG", Format::Jpeg),
        ("a.b.webp", Format::WebP),
        ("a.TIF", Format::Tiff),
    ] {
        assert_eq!(Format::from_path(Path::new(name)).unwrap(), format);
    }
    for name in ["a.gif", "a.bmp", "a", "a.heic", ".png"] {
        message(
            Format::from_path(Path::new(name)).unwrap_err(),
            &[name, ".png, .jpg, .webp, .tif or .dzi"],
        );
    }
}

#[test]
fn rows_must_be_whole_and_as_many_as_announced() {
    let folder = folder();
    for format in FORMATS {
        let mut writer = create(&folder.path().join("out"), format, Options::default()).unwrap();
        let rows = samples(&small());
        assert!(matches!(
            writer.write_rows(&rows[..26]),
            Err(CodecError::WrongRows { .. })
        ));
        writer.write_rows(&rows[..27 * 6]).unwrap();
        assert!(matches!(
            writer.write_rows(&rows[..27 * 2]),
            Err(CodecError::WrongRows { .. })
        ));
        message(writer.finish().unwrap_err(), &["27 samples, 27 a row"]);
        assert_eq!(names(folder.path()), [""; 0]);
    }
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let folder = folder();
    let (target, link) = (
        folder.path().join("target.png"),
        folder.path().join("link.png"),
    );
    fs::write(&target, b"old").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let options = Options {
        overwrite: true,
        ..Options::default()
    };
    let mut writer = create(&link, Format::Png, options).unwrap();
    writer.write_rows(&samples(&small())).unwrap();
    writer.finish().unwrap();
    assert!(link.is_symlink() && !target.is_symlink());
    assert_eq!(read_default(&target).unwrap().width, 9);
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_is_left_alone() {
    let folder = folder();
    let link = folder.path().join("link.png");
    std::os::unix::fs::symlink("missing/target.png", &link).unwrap();
    for overwrite in [false, true] {
        let options = Options {
            overwrite,
            ..Options::default()
        };
        let error = create(&link, Format::Png, options).err().unwrap();
        message(
            error,
            &["link.png", "missing/target.png", "remove the link"],
        );
        assert!(link.is_symlink());
        assert_eq!(names(folder.path()).len(), 1);
    }
}

#[cfg(unix)]
#[test]
fn a_name_that_is_too_long_is_found_before_any_work() {
    let folder = folder();
    let path = folder.path().join(format!("{}.png", "long".repeat(100)));
    let error = create(&path, Format::Png, Options::default())
        .err()
        .unwrap();
    message(error, &["too long", "shorter"]);
}

#[cfg(unix)]
#[test]
fn a_replaced_file_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = folder.path().join("out.png");
    for mode in [0o600, 0o640, 0o444] {
        fs::write(&path, b"old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let options = Options {
            overwrite: true,
            ..Options::default()
        };
        let mut writer = create(&path, Format::Png, options).unwrap();
        writer.write_rows(&samples(&small())).unwrap();
        writer.finish().unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            mode
        );
        fs::remove_file(&path).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn the_file_is_as_readable_as_any_other() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let (path, other) = (folder.path().join("out.png"), folder.path().join("other"));
    write(&path, Format::Png, &small(), &samples(&small())).unwrap();
    fs::write(&other, b"").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&path), mode(&other));
}

/// The folder that stands for a full disk in the process that `a_full_disk` starts.
const FULL_DISK: &str = "CASR_TEST_FULL_DISK";

#[test]
fn a_full_disk() {
    if let Some(disk) = std::env::var_os(FULL_DISK) {
        return fill(Path::new(&disk));
    }
    let folder = folder();
    let test = std::env::current_exe().unwrap();
    let mounted = r#"mount -t tmpfs -o size=256k tmpfs "$0" || exit 99; exec "$1" --exact a_full_disk --nocapture"#;
    let status = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", mounted])
        .args([folder.path(), &test])
        .env(FULL_DISK, folder.path())
        .status();
    match status.map(|status| status.code()) {
        Ok(Some(0)) => {}
        Ok(Some(101)) => panic!("the test failed on the full disk"),
        other => println!("skipped: a small disk cannot be mounted here ({other:?})"),
    }
}

fn fill(disk: &Path) {
    let mut options = FORMATS.map(|format| (format, Options::default())).to_vec();
    for compression in [TiffCompression::None, TiffCompression::Jpeg] {
        let tiff = TiffLayout {
            compression,
            tile: Some(64),
            pyramid: true,
        };
        let tiled = Options {
            tiff,
            ..Options::default()
        };
        options.push((Format::Tiff, tiled));
    }
    options.push((Format::DeepZoom, Options::default()));
    options.push((Format::Iiif, Options::default()));
    for (format, options) in options {
        for depth in [Depth::Eight, Depth::Sixteen] {
            // Noise is larger than the disk in every format.
            let header = header(800, 600, Colour::Rgb, depth, false);
            let mut noise = common::Noise(11);
            let rows: Vec<f32> = (0..800 * 600 * 3)
                .map(|_| noise.below(65536) as f32 / 65535.0)
                .collect();
            let error = Writer::create(&disk.join("out"), format, header, options)
                .and_then(|mut writer| {
                    rows.chunks(800 * 3 * 50)
                        .try_for_each(|rows| writer.write_rows(rows))?;
                    writer.finish()
                })
                .unwrap_err();
            assert!(
                matches!(error, CodecError::DiskFull { .. }),
                "{format} {depth:?}: {error}"
            );
            message(error, &["disk is full", "nothing was left behind"]);
            assert_eq!(names(disk), [""; 0], "{format} {depth:?}");
        }
    }
    println!("filled {}", disk.display());
}
