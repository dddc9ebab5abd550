//! A window of a result is that part of the whole, and costs no more than its part.

mod support;

use casr_codec::{Colour, Format, Samples};
use support::{casr, folder, names, photograph, picture, read, write};

#[test]
fn a_window_is_that_part_of_the_whole() {
    let folder = folder();
    let path = folder.path();
    write(path, "photo.png", &photograph(60, 40));
    let (width, height) = (50, 30);
    let ramp = |step: usize| {
        let value = move |i: usize| (i * step % 101) as f32 / 100.0;
        (0..width * height).map(value).collect::<Vec<f32>>()
    };
    let veiled = picture(width, height, Colour::Grey, ramp(7), Some(ramp(3)));
    write(path, "veiled.png", &veiled);
    for (image, output, region, window) in [
        ("photo.png", (300, 200), "100,50,120,90", (100, 50, 120, 90)),
        (
            "photo.png",
            (300, 200),
            "0,50%,100%,50%",
            (0, 100, 300, 100),
        ),
        ("veiled.png", (250, 150), "249,0,1,150", (249, 0, 1, 150)),
    ] {
        let of = |more: &[&str]| {
            let all = ["upscale", image, "-s", "5", "-o", "out.png", "--overwrite"];
            casr(path, &[&all, more].concat()).succeeds();
            read(&path.join("out.png"))
        };
        let (whole, part) = (of(&[]), of(&["--region", region]));
        assert_eq!((whole.width, whole.height), output);
        let (x, y, columns, rows) = window;
        assert_eq!((part.width, part.height), (columns, rows));
        let cut = |samples: &Samples, channels: usize| {
            let mut values = Vec::new();
            for row in y..y + rows {
                let start = (row * whole.width + x) * channels;
                samples.append_to(&mut values, start..start + columns * channels);
            }
            values
        };
        let channels = whole.colour.channels();
        assert!(
            part.pixels.to_f32() == cut(&whole.pixels, channels),
            "{region}"
        );
        let alpha = whole.alpha.as_ref().map(|alpha| cut(alpha, 1));
        assert!(part.alpha.map(Samples::into_f32) == alpha, "{region}");
    }
}

/// Of a result that is never made whole: 65,536 pixels across.
#[test]
fn a_window_far_beyond_what_fits_is_made_and_foretold() {
    let folder = folder();
    let path = folder.path();
    write(path, "photo.png", &photograph(256, 256));
    let region = ["-s", "256", "--region", "50%,50%,40,30"];
    let planned = casr(path, &[&["plan", "photo.png"], &region[..]].concat()).succeeds();
    assert!(planned.output.contains("65536×65536"), "{planned:?}");
    assert!(
        planned.output.contains("40×30 at 32768,32768"),
        "{planned:?}"
    );
    let run = casr(
        path,
        &[&["upscale", "photo.png", "-o", "part.png"], &region[..]].concat(),
    );
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.errors.contains("beyond ×64"), "{run:?}");
    let part = read(&path.join("part.png"));
    assert_eq!((part.width, part.height), (40, 30));
}

#[test]
fn a_window_of_a_format_with_limits_counts_by_itself() {
    let folder = folder();
    let path = folder.path();
    write(path, "photo.png", &photograph(400, 2));
    let image = ["upscale", "photo.png", "-s", "50", "-o", "out.webp"];
    casr(path, &image).fails_on("out.webp".as_ref(), &["WebP"]);
    let region = ["--region", "0,0,200,100"];
    casr(path, &[&image[..], &region].concat()).succeeds();
    assert_eq!(
        Format::from_path("out.webp".as_ref()).ok(),
        Some(Format::WebP)
    );
    assert_eq!(read(&path.join("out.webp")).width, 200);
}

#[test]
fn a_window_outside_is_refused_before_the_work() {
    let folder = folder();
    let path = folder.path();
    write(path, "photo.png", &photograph(60, 40));
    for region in ["100,0,21,10", "0,0,0,5", "0,81,1,1"] {
        let run = casr(
            path,
            &["upscale", "photo.png", "-o", "out.png", "--region", region],
        );
        run.fails_on("photo.png".as_ref(), &["120×80", "window"]);
    }
    let run = casr(
        path,
        &["upscale", "photo.png", "-o", "out.png", "--region", "1,2,3"],
    );
    assert_eq!(run.code, Some(2), "{run:?}");
    assert_eq!(names(path), ["photo.png"]);
}
