//! Alpha is enlarged too, and what was invisible does not darken what is visible.

mod support;

use casr_codec::{Colour, Picture, Samples};
use std::path::Path;
use support::{casr, folder, photograph, picture, read, write};

/// A bright disc, opaque, on fully transparent black.
fn disc(side: usize) -> Picture {
    let inside = |index: usize| {
        let centre = (side as f32 - 1.0) / 2.0;
        let (row, column) = (
            (index / side) as f32 - centre,
            (index % side) as f32 - centre,
        );
        row.hypot(column) < side as f32 / 3.0
    };
    let pixels = (0..side * side)
        .flat_map(|i| if inside(i) { [1.0, 0.8, 0.6] } else { [0.0; 3] })
        .collect();
    let alpha = (0..side * side)
        .map(|i| f32::from(u8::from(inside(i))))
        .collect();
    picture(side, side, Colour::Rgb, pixels, Some(alpha))
}

#[test]
fn no_dark_fringe() {
    let folder = folder();
    write(folder.path(), "disc.png", &disc(24));
    for output in ["out.png", "out.webp", "out.tif"] {
        casr(
            folder.path(),
            &["upscale", "disc.png", "-o", output, "-s", "3"],
        )
        .succeeds();
        let result = read(&folder.path().join(output));
        let alpha = result.alpha.as_ref().expect("an alpha channel");
        let centre = 36 * 72 + 36;
        assert!(alpha.at(0) < 0.05 && alpha.at(centre) > 0.95);
        let reds = result.pixels.iter().step_by(3).zip(alpha.iter());
        let visible = reds.filter(|(_, alpha)| *alpha > 0.02);
        let darkest = visible.map(|(red, _)| red).fold(1.0, f32::min);
        assert!(darkest > 0.9, "{output}: red of 1.0 became {darkest}");
        assert!(
            alpha.iter().any(|a| (0.2..0.8).contains(&a)),
            "the edge is not a staircase"
        );
    }
}

/// A white disc in a ring of hardly visible black, as sprites and cut-outs have them.
fn ringed(side: usize) -> Picture {
    let radius = |index: usize| {
        let centre = (side as f32 - 1.0) / 2.0;
        ((index / side) as f32 - centre).hypot((index % side) as f32 - centre)
    };
    let of = |index: usize| match radius(index) {
        r if r < 16.0 => (1.0, 1.0),
        r if r < 19.0 => (0.0, 2.0 / 255.0),
        _ => (0.0, 0.0),
    };
    let pixels = (0..side * side).flat_map(|i| [of(i).0; 3]).collect();
    let alpha = (0..side * side).map(|i| of(i).1).collect();
    picture(side, side, Colour::Rgb, pixels, Some(alpha))
}

#[test]
fn hardly_visible_colours_do_not_reach_the_edge() {
    let folder = folder();
    write(folder.path(), "ring.png", &ringed(48));
    let darkest = |arguments: &[&str]| {
        let all = [
            &[
                "upscale",
                "ring.png",
                "-s",
                "4",
                "-o",
                "out.png",
                "--overwrite",
            ],
            arguments,
        ]
        .concat();
        casr(folder.path(), &all).succeeds();
        let result = read(&folder.path().join("out.png"));
        let alpha = result.alpha.as_ref().unwrap();
        let reds = result.pixels.iter().step_by(3).zip(alpha.iter());
        // Over white.
        reds.map(|(red, alpha)| red * alpha + 1.0 - alpha)
            .fold(1.0, f32::min)
    };
    for look in ["faithful", "vivid"] {
        let darkest = darkest(&["--look", look]);
        assert!(darkest > 0.98, "{look}: white became {darkest}");
    }
    assert!(darkest(&["--keep-hidden"]) < 0.9);
}

#[test]
fn one_alpha_everywhere() {
    let folder = folder();
    let mut photo = photograph(16, 16);
    write(folder.path(), "plain.png", &photo);
    photo.alpha = Some(vec![128_u8; 16 * 16].into());
    write(folder.path(), "half.png", &photo);
    for name in ["plain.png", "half.png"] {
        casr(
            folder.path(),
            &["upscale", name, "-o", &format!("large-{name}")],
        )
        .succeeds();
    }
    let result = read(&folder.path().join("large-half.png"));
    assert!(
        result
            .alpha
            .expect("an alpha channel")
            .iter()
            .all(|a| (a * 255.0).round() == 128.0)
    );
    assert_eq!(
        result.pixels,
        read(&folder.path().join("large-plain.png")).pixels
    );
}

#[test]
fn nothing_visible() {
    let folder = folder();
    let mut empty = disc(12);
    empty.alpha = Some(vec![0_u8; 12 * 12].into());
    write(folder.path(), "empty.png", &empty);
    casr(folder.path(), &["upscale", "empty.png", "-o", "out.png"]).succeeds();
    assert!(
        read(&folder.path().join("out.png"))
            .alpha
            .expect("an alpha channel")
            .iter()
            .all(|a| a == 0.0)
    );
}

#[test]
fn grey_with_alpha() {
    let folder = folder();
    let disc = disc(16);
    let grey = disc.pixels.iter().skip(1).step_by(3).collect();
    let alpha = disc.alpha.map(Samples::into_f32);
    write(
        folder.path(),
        "grey.png",
        &picture(16, 16, Colour::Grey, grey, alpha),
    );
    casr(folder.path(), &["upscale", "grey.png", "-o", "out.png"]).succeeds();
    let result = read(&folder.path().join("out.png"));
    assert_eq!((result.colour, result.width), (Colour::Grey, 32));
    assert!(result.alpha.is_some());
}

#[test]
fn transparency_into_jpeg() {
    let folder = folder();
    write(folder.path(), "disc.png", &disc(16));
    let run = casr(folder.path(), &["upscale", "disc.png", "-o", "out.jpg"]);
    run.fails_on(Path::new("out.jpg"), &["transparency", "PNG, WebP or TIFF"]);
    assert!(!folder.path().join("out.jpg").exists());

    let mut photo = photograph(16, 16);
    photo.alpha = Some(vec![255_u8; 16 * 16].into());
    write(folder.path(), "opaque.png", &photo);
    casr(folder.path(), &["upscale", "opaque.png", "-o", "out.jpg"]).succeeds();
}
