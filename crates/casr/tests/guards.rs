//! What results keep, whatever the look: flat colours, grey, and the image itself.

mod support;

use casr_codec::Colour;
use std::fs;
use std::path::Path;
use support::{casr, folder, picture, read, write};

/// Grey levels with texture, row by row.
fn greys(width: usize, height: usize) -> Vec<u8> {
    let level = |index: usize| {
        let (row, column) = (index / width, index % width);
        if (row / 5 + column / 7).is_multiple_of(2) {
            200
        } else {
            (row * 37 + column * 91) % 160
        }
    };
    (0..width * height)
        .map(|index| level(index) as u8)
        .collect()
}

/// The same as a PNG of a palette whose colours are grey.
fn write_palette(path: &Path, (width, height): (usize, usize), greys: &[u8]) {
    let mut encoder =
        png::Encoder::new(fs::File::create(path).unwrap(), width as u32, height as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(
        (0..=255)
            .flat_map(|level: u8| [level; 3])
            .collect::<Vec<u8>>(),
    );
    encoder
        .write_header()
        .unwrap()
        .write_image_data(greys)
        .unwrap();
}

/// The same as a bitmap of 24 bits a pixel.
fn write_bitmap(path: &Path, (width, height): (usize, usize), greys: &[u8]) {
    let line = (3 * width).next_multiple_of(4);
    let mut bytes = b"BM".to_vec();
    let size = 54 + line * height;
    for field in [size as u32, 0, 54, 40, width as u32, height as u32] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 24]);
    for row in greys.chunks(width).rev() {
        let mut pixels: Vec<u8> = row.iter().flat_map(|level| [*level; 3]).collect();
        pixels.resize(line, 0);
        bytes.extend(pixels);
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn neutral_images_stay_neutral_whatever_the_file() {
    let folder = folder();
    let size = (31, 23);
    let greys = greys(size.0, size.1);
    write_palette(&folder.path().join("palette.png"), size, &greys);
    write_bitmap(&folder.path().join("bitmap.bmp"), size, &greys);
    let rgb: Vec<f32> = greys
        .iter()
        .flat_map(|level| [f32::from(*level) / 255.0; 3])
        .collect();
    let rgb = picture(size.0, size.1, Colour::Rgb, rgb, None);
    write(folder.path(), "rgb.png", &rgb);
    write(folder.path(), "rgb.webp", &rgb);
    write(folder.path(), "rgb.tif", &rgb);
    for name in [
        "palette.png",
        "bitmap.bmp",
        "rgb.png",
        "rgb.webp",
        "rgb.tif",
    ] {
        for (factor, look) in [("2", "faithful"), ("3.3", "vivid"), ("9", "vivid")] {
            #[rustfmt::skip]
            let arguments = ["upscale", name, "-s", factor, "--look", look, "-o", "out.png", "--overwrite", "-q"];
            casr(folder.path(), &arguments).succeeds();
            let result = read(&folder.path().join("out.png"));
            if result.colour == Colour::Rgb {
                let pixels = result.pixels.to_f32();
                let mut pixels = pixels.chunks_exact(3);
                assert!(
                    pixels.all(|p| p[0] == p[1] && p[1] == p[2]),
                    "{name} ×{factor} {look}"
                );
            }
        }
    }
}

#[test]
fn saturated_flat_colours_stay_exact() {
    let folder = folder();
    let colours = [
        [1.0, 0.0, 0.0],
        [0.0, 1.0, 0.0],
        [0.0, 0.0, 1.0],
        [1.0, 1.0, 0.0],
        [0.2, 0.6, 0.8],
    ];
    for (index, colour) in colours.into_iter().enumerate() {
        let flat = picture(9, 7, Colour::Rgb, colour.repeat(9 * 7), None);
        let name = format!("flat-{index}.png");
        let path = write(folder.path(), &name, &flat);
        let colour = read(&path).pixels.to_f32()[..3].to_vec();
        for factor in ["2", "3.3", "16", "64"] {
            #[rustfmt::skip]
            let arguments = ["upscale", &name, "-s", factor, "--look", "vivid", "-o", "out.png", "--overwrite", "-q"];
            casr(folder.path(), &arguments).succeeds();
            let result = read(&folder.path().join("out.png"));
            let pixels = result.pixels.to_f32();
            let mut pixels = pixels.chunks_exact(3);
            assert!(pixels.all(|pixel| pixel == colour), "{colour:?} ×{factor}");
        }
    }
}
