//! `casr-lab inspect`: pictures of what the modules see.

#[path = "../../casr/tests/support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;
use support::{casr, folder, piece_of, read, write};

#[test]
fn superpixels_are_outlined() {
    let folder = folder();
    write(folder.path(), "a.png", &piece_of("flowers.png", 41, 30));
    let arguments = ["inspect", "superpixels", "a.png", "-o", "b.png"];
    casr(folder.path(), &arguments).succeeds();
    let (image, picture) = (
        read(&folder.path().join("a.png")),
        read(&folder.path().join("b.png")),
    );
    assert_eq!((picture.width, picture.height), (4 * 41, 4 * 30));
    let yellow = |pixel: &[f32]| pixel[0] > 0.99 && pixel[1] > 0.85 && pixel[2] < 0.01;
    let pixels = picture.pixels.to_f32();
    let lines = pixels.chunks(3).filter(|pixel| yellow(pixel)).count();
    // Superpixels of about 16 pixels have borders everywhere, but these are thin.
    let all = picture.width * picture.height;
    assert!((all / 20..all / 3).contains(&lines), "{lines} of {all}");
    let at = |picture: &casr_codec::Picture, x: usize, y: usize| {
        let start = (y * picture.width + x) * 3;
        [0, 1, 2].map(|channel| picture.pixels.at(start + channel))
    };
    assert_eq!(at(&picture, 4 * 20 + 2, 4 * 11 + 2), at(&image, 20, 11));
}

#[test]
fn stripes_are_seen_in_autocorrelation() {
    let folder = folder();
    // Vertical stripes, four pixels from one to the next.
    let mut image = piece_of("flowers.png", 48, 36);
    let stripes =
        (0..image.pixels.len()).map(|index| [51_u8, 204][usize::from(index / 3 % 48 % 4 >= 2)]);
    image.pixels = stripes.collect::<Vec<_>>().into();
    write(folder.path(), "a.png", &image);
    let arguments = ["inspect", "autocorrelation", "a.png", "-o", "b.png"];
    casr(folder.path(), &arguments).succeeds();
    let picture = read(&folder.path().join("b.png"));
    assert_eq!((picture.width, picture.height), (4 * 18, 3 * 18));
    // The flower in the second row and column, its middle at 8.
    let dot = |right: i32, down: i32| {
        let (x, y) = ((18 + 8 + right) as usize, (18 + 8 + down) as usize);
        let start = (y * picture.width + x) * 3;
        [0, 1, 2].map(|channel| picture.pixels.at(start + channel))
    };
    for (right, down) in [(4, 0), (-4, 0), (8, 0), (0, 3), (0, -8)] {
        let dot = dot(right, down);
        assert!(dot[0] > 0.9, "{right} {down}: {dot:?}");
    }
    let against = dot(2, 0);
    assert!(against[0] < 0.01 && against[2] > 0.8, "{against:?}");
}

#[test]
fn what_cannot_be_done_is_said() {
    let folder = folder();
    write(folder.path(), "a.png", &piece_of("flowers.png", 20, 20));
    fs::write(folder.path().join("old.png"), "old").unwrap();
    let view = |input, output| {
        let arguments = ["inspect", "superpixels", input, "-o", output];
        casr(folder.path(), &arguments)
    };
    view("a.png", "old.png").fails_on(Path::new("old.png"), &["--overwrite"]);
    assert_eq!(fs::read(folder.path().join("old.png")).unwrap(), b"old");
    view("a.png", "b.jpg").fails_on(Path::new("b.jpg"), &["PNG"]);
    view("none.png", "b.png").fails_on(Path::new("none.png"), &["no such file"]);
    assert!(!folder.path().join("b.png").exists());
}
