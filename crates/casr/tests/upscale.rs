//! `casr upscale`: sizes, names, formats, and what a result keeps of its image.

mod support;

use casr_codec::{Colour, Depth, SourceFormat};
use std::fs;
use support::{casr, folder, names, photograph, picture, read, sample, write};

#[test]
fn sizes() {
    let folder = folder();
    write(folder.path(), "photo.png", &photograph(24, 16));
    for (arguments, width, height) in [
        (&[][..], 48, 32),
        (&["-s", "1"], 24, 16),
        (&["-s", "2.6"], 62, 42),
        (&["--scale", "6.5"], 156, 104),
        (&["-s", "3x"], 72, 48),
        (&["-s", "x3"], 72, 48),
        (&["-s", "250%"], 60, 40),
        (&["--size", "25x49"], 25, 49),
        (&["--width", "60"], 60, 40),
        (&["--height", "40"], 60, 40),
        (&["-s", "4", "--max-step", "2"], 96, 64),
    ] {
        casr(
            folder.path(),
            &[
                &["upscale", "photo.png", "-o", "out.png", "--overwrite"],
                arguments,
            ]
            .concat(),
        )
        .succeeds();
        let result = read(&folder.path().join("out.png"));
        assert_eq!(
            (result.width, result.height),
            (width, height),
            "{arguments:?}"
        );
    }
}

#[test]
fn result_shows_the_photograph() {
    let folder = folder();
    let photo = photograph(48, 48);
    write(folder.path(), "photo.png", &photo);
    casr(
        folder.path(),
        &["upscale", "photo.png", "-o", "out.png", "-s", "3"],
    )
    .succeeds();
    let result = read(&folder.path().join("out.png"));
    // Every 3×3 block of the result has the colour of its pixel, but for what sharpening adds.
    let difference: f32 = (0..48 * 48 * 3)
        .map(|index| {
            let (row, column, channel) = (index / (48 * 3), index / 3 % 48, index % 3);
            let block = (0..9).map(|k| {
                let at = ((3 * row + k / 3) * 144 + 3 * column + k % 3) * 3 + channel;
                result.pixels.at(at)
            });
            (block.sum::<f32>() / 9.0 - photo.pixels.at(index)).abs()
        })
        .sum();
    assert!(difference / (48.0 * 48.0 * 3.0) < 0.02, "{difference}");
}

#[test]
fn threads_do_not_change_the_result() {
    let folder = folder();
    write(folder.path(), "photo.png", &photograph(40, 30));
    casr(
        folder.path(),
        &["upscale", "photo.png", "-o", "one.png", "--threads", "1"],
    )
    .succeeds();
    casr(
        folder.path(),
        &["upscale", "photo.png", "-o", "three.png", "--threads", "3"],
    )
    .succeeds();
    assert_eq!(
        fs::read(folder.path().join("one.png")).unwrap(),
        fs::read(folder.path().join("three.png")).unwrap()
    );
}

#[test]
fn every_format() {
    let folder = folder();
    let photo = photograph(20, 20);
    for input in ["photo.png", "photo.jpg", "photo.webp", "photo.tif"] {
        write(folder.path(), input, &photo);
        for (output, format) in [
            ("out.png", SourceFormat::Png),
            ("out.JPEG", SourceFormat::Jpeg),
            ("out.webp", SourceFormat::WebP),
            ("out.tiff", SourceFormat::Tiff),
        ] {
            casr(
                folder.path(),
                &["upscale", input, "-o", output, "--overwrite"],
            )
            .succeeds();
            let result = read(&folder.path().join(output));
            assert_eq!(
                (result.format, result.width, result.depth),
                (format, 40, Depth::Eight)
            );
        }
    }
}

#[test]
fn names_in_a_folder() {
    let folder = folder();
    let images = folder.path().join("images");
    fs::create_dir(&images).unwrap();
    for name in ["a.png", "b.JPG", "c.webp", "d.tiff"] {
        write(&images, name, &photograph(16, 16));
    }
    fs::write(images.join("notes.txt"), "no image, and not named like one").unwrap();
    fs::write(images.join("e.gif"), GIF).unwrap();

    let run = casr(folder.path(), &["upscale", "images", "-o", "kept"]);
    assert_eq!(
        (run.code, &*run.output),
        (Some(0), "5 enlarged\n"),
        "{run:?}"
    );
    assert!(run.errors.contains("notes.txt: passed over"), "{run:?}");
    assert_eq!(run.errors.lines().count(), 1, "{run:?}");
    assert_eq!(
        names(&folder.path().join("kept")),
        ["a.png", "b.JPG", "c.webp", "d.tiff", "e.png"]
    );
    assert_eq!(
        read(&folder.path().join("kept/b.JPG")).format,
        SourceFormat::Jpeg
    );

    casr(
        folder.path(),
        &[
            "upscale",
            "images",
            "-o",
            "new/jpeg/",
            "--format",
            "jpeg",
            "-q",
        ],
    )
    .succeeds();
    assert_eq!(
        names(&folder.path().join("new/jpeg")),
        ["a.jpg", "b.JPG", "c.jpg", "d.jpg", "e.jpg"]
    );

    casr(
        folder.path(),
        &["upscale", "images/a.png", "-o", "kept", "--format", "webp"],
    )
    .succeeds();
    assert!(folder.path().join("kept/a.webp").exists());
}

/// A GIF of 2×1 pixels, red and blue.
const GIF: &[u8] = &[
    b'G', b'I', b'F', b'8', b'9', b'a', 2, 0, 1, 0, 0x80, 0, 0, 255, 0, 0, 0, 0, 255, 0x2c, 0, 0,
    0, 0, 2, 0, 1, 0, 0, 2, 2, 0x44, 0x0a, 0, 0x3b,
];

#[test]
fn two_images_with_one_result() {
    let folder = folder();
    for name in ["one", "two"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        write(&folder.path().join(name), "photo.png", &photograph(16, 16));
    }
    let run = casr(folder.path(), &["upscale", "one", "two", "-o", "out"]);
    run.fails_on(
        std::path::Path::new("two/photo.png"),
        &["one/photo.png", "different folders"],
    );
    assert_eq!(names(&folder.path().join("out")), ["photo.png"]);
}

#[test]
fn grey_and_depth_stay() {
    let folder = folder();
    let ramp = (0..20 * 20)
        .map(|i| (i % 20) as f32 / 40.0 + (i / 20) as f32 / 41.0)
        .collect();
    let mut grey = picture(20, 20, Colour::Grey, ramp, None);
    grey.depth = Depth::Sixteen;
    write(folder.path(), "grey.png", &grey);
    for (output, depth) in [("out.png", Depth::Sixteen), ("out.tif", Depth::Sixteen)] {
        casr(folder.path(), &["upscale", "grey.png", "-o", output]).succeeds();
        let result = read(&folder.path().join(output));
        assert_eq!((result.colour, result.depth), (Colour::Grey, depth));
    }
    let run = casr(folder.path(), &["upscale", "grey.png", "-o", "out.jpg"]);
    assert_eq!(run.code, Some(0));
    assert!(
        run.errors
            .starts_with("casr: out.jpg: 16-bit samples were rounded"),
        "{run:?}"
    );
    let quiet = casr(
        folder.path(),
        &["upscale", "grey.png", "-o", "quiet.jpg", "--quiet"],
    )
    .succeeds();
    assert_eq!(quiet.output, "");
    assert_eq!(read(&folder.path().join("out.jpg")).colour, Colour::Grey);
}

#[test]
fn colour_profile_stays() {
    let folder = folder();
    let mut photo = photograph(16, 16);
    let profile: Vec<u8> = std::iter::repeat_n(*b"not a real profile, but nobody looks ", 9)
        .flatten()
        .collect();
    photo.metadata.icc = Some(profile.clone());
    write(folder.path(), "photo.png", &photo);
    for output in ["out.png", "out.jpg", "out.webp", "out.tif"] {
        casr(folder.path(), &["upscale", "photo.png", "-o", output]).succeeds();
        assert_eq!(
            read(&folder.path().join(output)).metadata.icc.as_ref(),
            Some(&profile),
            "{output}"
        );
    }
}

#[test]
fn quality_of_a_jpeg() {
    let folder = folder();
    write(folder.path(), "photo.png", &photograph(48, 48));
    for quality in ["30", "98"] {
        let output = format!("{quality}.jpg");
        casr(
            folder.path(),
            &[
                "upscale",
                "photo.png",
                "-o",
                &output,
                "--quality",
                quality,
                "--no-mark",
            ],
        )
        .succeeds();
    }
    let length = |name: &str| fs::metadata(folder.path().join(name)).unwrap().len();
    assert!(2 * length("30.jpg") < length("98.jpg"));
}

#[test]
fn one_pixel() {
    let folder = folder();
    write(
        folder.path(),
        "pixel.png",
        &picture(1, 1, Colour::Rgb, vec![0.2, 0.4, 0.6], None),
    );
    casr(
        folder.path(),
        &["upscale", "pixel.png", "-o", "out.png", "--size", "37x5"],
    )
    .succeeds();
    let result = read(&folder.path().join("out.png"));
    assert_eq!((result.width, result.height), (37, 5));
}

#[test]
fn the_shipped_samples_are_read() {
    let folder = folder();
    for name in ["city.png", "dog.png", "flowers.png"] {
        let run = casr(folder.path(), &["plan", sample(name).to_str().unwrap()]).succeeds();
        assert!(
            run.output.contains("576×576") && run.output.contains("1152×1152"),
            "{run:?}"
        );
    }
}

#[test]
fn webp_of_a_quality_is_lossy() {
    let folder = folder();
    write(folder.path(), "photo.png", &photograph(40, 30));
    let size = |arguments: &[&str]| {
        let all = [
            &["upscale", "photo.png", "-o", "out.webp", "--overwrite"],
            arguments,
        ]
        .concat();
        casr(folder.path(), &all).succeeds();
        assert_eq!(read(&folder.path().join("out.webp")).width, 80);
        fs::metadata(folder.path().join("out.webp")).unwrap().len()
    };
    let (lossless, lossy, small) = (
        size(&[]),
        size(&["--quality", "90"]),
        size(&["--quality", "30"]),
    );
    assert!(
        small < lossy && lossy < lossless,
        "{small} {lossy} {lossless}"
    );
}

#[test]
fn resolution_stays_or_grows() {
    let folder = folder();
    let mut photo = photograph(12, 10);
    photo.metadata.resolution = Some(casr_codec::Resolution {
        x: 300.0,
        y: 300.0,
        unit: casr_codec::Unit::Inch,
    });
    write(folder.path(), "photo.tif", &photo);
    for (change, dots) in [("keep", 300.0), ("scale", 900.0)] {
        #[rustfmt::skip]
        let arguments = ["upscale", "photo.tif", "-s", "3", "-o", "out.png", "--dpi", change, "--overwrite"];
        casr(folder.path(), &arguments).succeeds();
        let kept = read(&folder.path().join("out.png"))
            .metadata
            .resolution
            .unwrap();
        // A PNG counts whole dots per metre.
        assert!(
            (kept.x / dots - 1.0).abs() < 1e-3 || (kept.x * 0.0254 / dots - 1.0).abs() < 1e-3,
            "{kept:?}"
        );
    }
}

#[test]
fn a_page_that_is_not_there_is_named() {
    let folder = folder();
    write(folder.path(), "photo.tif", &photograph(12, 10));
    let run = casr(
        folder.path(),
        &["upscale", "photo.tif", "--page", "1", "-o", "one.png"],
    );
    run.succeeds();
    let run = casr(
        folder.path(),
        &["upscale", "photo.tif", "--page", "2", "-o", "two.png"],
    );
    run.fails_on("photo.tif".as_ref(), &["page"]);
}
