//! Deep Zoom, IIIF and pyramidal TIFF from the command line.

mod support;

use casr_codec::{Colour, Limits, pages, probe};
use std::fs;
use std::path::Path;
use support::{casr, folder, names, photograph, picture, read, write};

#[test]
fn deep_zoom_beside_its_description() {
    let folder = folder();
    let path = folder.path();
    write(path, "a.png", &photograph(150, 40));
    let arguments = ["upscale", "a.png", "-o", "big.dzi"];
    casr(path, &arguments).succeeds();
    assert_eq!(names(path), ["a.png", "big.dzi", "big_files"]);
    // 300×80: levels 0 to 9, in two tiles.
    let tiles = path.join("big_files");
    assert_eq!(names(&tiles).len(), 10);
    assert_eq!(names(&tiles.join("9")), ["0_0.jpg", "1_0.jpg"]);
    let whole = read(&tiles.join("8/0_0.jpg"));
    assert_eq!((whole.width, whole.height), (150, 40));
    let packet = String::from_utf8(whole.metadata.xmp.unwrap()).unwrap();
    assert!(packet.contains("CASR"), "{packet}");

    let run = casr(path, &arguments);
    run.fails_on(Path::new("big.dzi"), &["exists", "(--overwrite)"]);
    fs::remove_file(path.join("big.dzi")).unwrap();
    let run = casr(path, &arguments);
    run.fails_on(Path::new("big_files"), &["exists", "(--overwrite)"]);
    let png = ["--overwrite", "--tile-format", "png"];
    casr(path, &[&arguments[..], &png].concat()).succeeds();
    assert_eq!(names(path), ["a.png", "big.dzi", "big_files"]);
    assert_eq!(names(&tiles.join("9")), ["0_0.png", "1_0.png"]);
}

#[test]
fn iiif_is_a_folder() {
    let folder = folder();
    let path = folder.path();
    write(path, "a.png", &photograph(20, 30));
    let arguments = ["upscale", "a.png", "--format", "iiif", "-o"];
    let to = |output| [&arguments[..], &[output]].concat();
    casr(path, &to("tiles")).succeeds();
    assert_eq!(
        names(&path.join("tiles")),
        ["0,0,40,60", "full", "info.json"]
    );
    // That folder is a result, and others are places for results.
    let run = casr(path, &to("tiles"));
    run.fails_on(Path::new("tiles"), &["exists", "(--overwrite)"]);
    casr(path, &[&to("tiles")[..], &["--overwrite"]].concat()).succeeds();
    casr(path, &to("all/")).succeeds();
    assert_eq!(names(&path.join("all")), ["a"]);
    assert!(path.join("all/a/info.json").is_file());
    // A folder of something else is never replaced.
    fs::create_dir_all(path.join("mine/a")).unwrap();
    fs::write(path.join("mine/a/photo.jpg"), "precious").unwrap();
    let run = casr(path, &[&to("mine")[..], &["--overwrite"]].concat());
    run.fails_on(Path::new("mine/a"), &["left alone"]);
}

#[test]
fn folders_of_images_to_tiles() {
    let folder = folder();
    let path = folder.path();
    fs::create_dir(path.join("in")).unwrap();
    write(&path.join("in"), "a.png", &photograph(12, 10));
    write(&path.join("in"), "b.png", &photograph(12, 10));
    let run = casr(path, &["upscale", "in", "--format", "dzi", "-o", "out"]);
    assert_eq!(run.output, "2 enlarged\n", "{run:?}");
    let all = ["a.dzi", "a_files", "b.dzi", "b_files"];
    assert_eq!(names(&path.join("out")), all);
    // Beside the images, where tiles are no images to enlarge.
    let arguments = [
        "upscale",
        "in",
        "--recursive",
        "--suffix",
        "-big",
        "--format",
    ];
    for format in ["dzi", "iiif"] {
        let run = casr(path, &[&arguments[..], &[format]].concat());
        assert_eq!(
            (run.code, &*run.output),
            (Some(0), "2 enlarged\n"),
            "{run:?}"
        );
    }
    let run = casr(
        path,
        &[&arguments[..], &["dzi", "--skip-existing"]].concat(),
    );
    assert_eq!(
        (run.code, &*run.output),
        (Some(0), "0 enlarged, 2 skipped, as they were there\n")
    );
    let several = casr(path, &["upscale", "in", "-o", "out.dzi"]);
    assert_eq!(several.code, Some(2), "{several:?}");
}

#[test]
fn a_pyramidal_tiff() {
    let folder = folder();
    let path = folder.path();
    write(path, "a.png", &photograph(150, 40));
    let arguments = ["upscale", "a.png", "-o"];
    casr(path, &[&arguments[..], &["plain.tif"]].concat()).succeeds();
    let options = [
        "pyramid.tif",
        "--tiff-pyramid",
        "--tiff-tiles=64",
        "--tiff-compression",
        "lzw",
    ];
    casr(path, &[&arguments[..], &options].concat()).succeeds();
    let [plain, pyramid] = ["plain.tif", "pyramid.tif"].map(|name| path.join(name));
    assert_eq!(read(&plain).pixels, read(&pyramid).pixels);
    assert_eq!(pages(&pyramid).unwrap(), 1);
    let lossy = ["jpeg.tif", "--tiff-compression", "jpeg", "--quality", "50"];
    casr(path, &[&arguments[..], &lossy].concat()).succeeds();
    let info = probe(&path.join("jpeg.tif"), &Limits::default()).unwrap();
    assert_eq!((info.width, info.height), (300, 80));
}

#[test]
fn options_for_other_formats_are_refused_before_the_work() {
    let folder = folder();
    let path = folder.path();
    write(path, "a.png", &photograph(12, 10));
    for (option, words) in [
        (
            &["-o", "b.png", "--tiff-pyramid"][..],
            "--tiff-pyramid is for TIFF",
        ),
        (
            &["-o", "b.dzi", "--tiff-compression", "lzw"],
            "--tiff-compression is for TIFF",
        ),
        (&["-o", "out/", "--tiff-tiles"], "--tiff-tiles is for TIFF"),
        (
            &["-o", "b.tif", "--tile-format", "png"],
            "--tile-format is for Deep Zoom",
        ),
        (
            &["-o", "b.tif", "--tiff-tiles=100"],
            "write a multiple of 16",
        ),
        (
            &["-o", "-", "--format", "dzi"],
            "standard output: Deep Zoom is a folder",
        ),
        (
            &["-o", "-", "--format", "iiif"],
            "standard output: IIIF is a folder",
        ),
    ] {
        let run = casr(path, &[&["upscale", "a.png"], option].concat());
        assert_eq!((run.code, &*run.output), (Some(2), ""), "{run:?}");
        assert!(run.errors.contains(words), "{run:?}");
        assert_eq!(names(path), ["a.png"]);
    }
}

#[test]
fn transparency_names_the_option() {
    let folder = folder();
    let path = folder.path();
    let alpha = (0..16).map(|at| at as f32 / 15.0).collect();
    let clear = picture(4, 4, Colour::Grey, vec![0.5; 16], Some(alpha));
    write(path, "clear.png", &clear);
    for (options, remedy) in [
        (&["-o", "b.dzi"][..], "(--tile-format png)"),
        (
            &["-o", "b.tif", "--tiff-compression", "jpeg"],
            "(--tiff-compression deflate)",
        ),
    ] {
        let run = casr(path, &[&["upscale", "clear.png"], options].concat());
        run.fails_on(Path::new(options[1]), &["transparency", remedy]);
    }
    let options = ["-o", "b.dzi", "--tile-format", "png"];
    casr(path, &[&["upscale", "clear.png"], &options[..]].concat()).succeeds();
}
