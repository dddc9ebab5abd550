//! What is written comes back: every format, depth, colour and alpha.
#![cfg(feature = "formats")]

mod common;

use casr_codec::{Colour, Depth, Format, Header, Limits, Loss, Options, Writer, probe};
use common::{FORMATS, folder, header, interleaved, read_default, sample, samples, write};

/// Every kind of header a format takes, with an odd size that fills no block or strip.
fn headers(format: Format) -> Vec<Header> {
    let mut headers = Vec::new();
    for colour in [Colour::Grey, Colour::Rgb] {
        for depth in [Depth::Eight, Depth::Sixteen] {
            for alpha in [false, true] {
                if format.holds_alpha() || !alpha {
                    headers.push(header(37, 29, colour, depth, alpha));
                }
            }
        }
    }
    headers
}

#[test]
fn lossless_formats_return_every_sample() {
    let folder = folder();
    for format in [Format::Png, Format::Tiff, Format::WebP] {
        for header in headers(format) {
            let path = folder.path().join(format!(
                "{:?}-{:?}-{}.{format}",
                header.colour, header.depth, header.alpha
            ));
            let written = samples(&header);
            write(&path, format, &header, &written).unwrap();
            let picture = read_default(&path).unwrap();
            let depth = if format.holds_sixteen() {
                header.depth
            } else {
                Depth::Eight
            };
            assert_eq!(
                (picture.width, picture.height, picture.depth),
                (37, 29, depth),
                "{}",
                path.display()
            );
            assert_eq!(picture.alpha.is_some(), header.alpha, "{}", path.display());
            let mut read = interleaved(&picture);
            if format == Format::WebP && header.colour == Colour::Grey {
                // WebP has no grey; it comes back as equal red, green and blue.
                let channels = 3 + usize::from(header.alpha);
                assert!(
                    read.chunks_exact(channels)
                        .all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2])
                );
                read = read
                    .chunks_exact(channels)
                    .flat_map(|pixel| pixel[2..].to_vec())
                    .collect();
            } else {
                assert_eq!(picture.colour, header.colour, "{}", path.display());
            }
            let step = if depth == Depth::Eight {
                1.0 / 255.0
            } else {
                1.0 / 65535.0
            };
            let tolerance = if depth == header.depth {
                0.0
            } else {
                0.5 * step + 1e-6
            };
            let worst = read
                .iter()
                .zip(&written)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(
                read.len() == written.len() && worst <= tolerance,
                "{}: off by {worst}",
                path.display()
            );
        }
    }
}

#[test]
fn jpeg_returns_nearly_every_sample() {
    let folder = folder();
    for header in headers(Format::Jpeg) {
        let path = folder
            .path()
            .join(format!("{:?}-{:?}.jpg", header.colour, header.depth));
        // Slopes without the noise, which no JPEG keeps.
        let (row, channels) = (header.width * header.channels(), header.channels());
        let written: Vec<f32> = (0..row * header.height)
            .map(|at| ((at % row / channels) as f32 / 40.0 + (at / row) as f32 / 80.0) / 1.5)
            .collect();
        write(&path, Format::Jpeg, &header, &written).unwrap();
        let picture = read_default(&path).unwrap();
        assert_eq!(
            (picture.width, picture.height, picture.colour),
            (37, 29, header.colour)
        );
        assert_eq!(
            (picture.depth, picture.alpha.is_some()),
            (Depth::Eight, false)
        );
        let worst = picture
            .pixels
            .iter()
            .zip(&written)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(worst < 4.0 / 255.0, "{}: off by {worst}", path.display());
    }
}

#[test]
fn jpeg_colours_are_not_subsampled() {
    let folder = folder();
    let path = folder.path().join("stripes.jpg");
    let header = header(64, 16, Colour::Rgb, Depth::Eight, false);
    // Red and green columns by turns, of nearly equal brightness: subsampling would make them one
    // brown.
    let written: Vec<f32> = (0..64 * 16)
        .flat_map(|at| {
            if at % 2 == 0 {
                [0.8, 0.1, 0.2]
            } else {
                [0.1, 0.45, 0.2]
            }
        })
        .collect();
    write(&path, Format::Jpeg, &header, &written).unwrap();
    let picture = read_default(&path).unwrap();
    let worst = picture
        .pixels
        .iter()
        .zip(&written)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    assert!(worst < 0.08, "off by {worst}");
}

#[test]
fn quality_changes_the_size() {
    let folder = folder();
    let picture = read_default(&sample("dog.png")).unwrap();
    let size = |quality| {
        let path = folder.path().join(format!("{quality}.jpg"));
        let header = Header::of(&picture, picture.width, picture.height, Format::Jpeg);
        let mut writer = Writer::create(
            &path,
            Format::Jpeg,
            header,
            Options {
                quality,
                ..Options::default()
            },
        )
        .unwrap();
        writer.write_rows(&picture.pixels.to_f32()).unwrap();
        writer.finish().unwrap();
        path.metadata().unwrap().len()
    };
    assert!(size(50) * 2 < size(95));
}

#[test]
fn real_photographs_survive() {
    let folder = folder();
    for name in ["city.png", "dog.png", "flowers.png"] {
        let picture = read_default(&sample(name)).unwrap();
        assert_eq!(
            (picture.width, picture.height, picture.colour),
            (576, 576, Colour::Rgb)
        );
        for format in FORMATS {
            let path = folder.path().join(format!("{name}.{}", format.extension()));
            let header = Header::of(&picture, picture.width, picture.height, format);
            write(&path, format, &header, &picture.pixels.to_f32()).unwrap();
            let again = read_default(&path).unwrap();
            let squares = again
                .pixels
                .iter()
                .zip(picture.pixels.iter())
                .map(|(a, b)| f64::from(a - b).powi(2));
            let mean_square = squares.sum::<f64>() / picture.pixels.len() as f64;
            if format == Format::Jpeg {
                let psnr = -10.0 * mean_square.log10();
                assert!(psnr > 38.0, "{name}: {psnr} dB as JPEG");
            } else {
                assert_eq!(mean_square, 0.0, "{name} as {format}");
            }
        }
    }
}

#[test]
fn headers_agree_with_pictures() {
    let folder = folder();
    for format in FORMATS {
        for header in headers(format) {
            let path = folder.path().join("probe");
            let _ = std::fs::remove_file(&path);
            write(&path, format, &header, &samples(&header)).unwrap();
            let (info, picture) = (
                probe(&path, &Limits::default()).unwrap(),
                read_default(&path).unwrap(),
            );
            assert_eq!((info.width, info.height), (picture.width, picture.height));
            assert_eq!(
                (info.colour, info.depth, info.format),
                (picture.colour, picture.depth, picture.format)
            );
            assert_eq!(
                (info.alpha, info.format.output()),
                (picture.alpha.is_some(), format)
            );
        }
    }
}

#[test]
fn values_are_clipped_and_rounded() {
    let folder = folder();
    let path = folder.path().join("clip.png");
    let header = header(6, 1, Colour::Grey, Depth::Eight, false);
    let values = [
        -0.5,
        1.7,
        f32::NAN,
        0.499 / 255.0,
        0.501 / 255.0,
        f32::INFINITY,
    ];
    write(&path, Format::Png, &header, &values).unwrap();
    let steps: Vec<f32> = read_default(&path)
        .unwrap()
        .pixels
        .iter()
        .map(|sample| sample * 255.0)
        .collect();
    assert_eq!(steps, [0.0, 255.0, 0.0, 0.0, 1.0, 255.0]);
}

#[test]
fn a_format_of_eight_bits_says_so() {
    let folder = folder();
    for (format, losses) in [(Format::Jpeg, &[Loss::Depth][..]), (Format::Png, &[])] {
        let header = header(4, 4, Colour::Rgb, Depth::Sixteen, false);
        let writer = Writer::create(
            &folder.path().join("deep"),
            format,
            header,
            Options::default(),
        )
        .unwrap();
        assert_eq!(writer.losses(), losses);
    }
}

#[test]
fn an_alpha_channel_that_hides_nothing_may_become_a_jpeg() {
    let folder = folder();
    let (opaque, clear) = (
        folder.path().join("opaque.png"),
        folder.path().join("clear.png"),
    );
    let header = header(3, 3, Colour::Grey, Depth::Eight, true);
    write(&opaque, Format::Png, &header, &[0.5, 1.0].repeat(9)).unwrap();
    write(
        &clear,
        Format::Png,
        &header,
        &[[0.5, 1.0].repeat(8), vec![0.5, 0.9]].concat(),
    )
    .unwrap();
    let (opaque, clear) = (
        read_default(&opaque).unwrap(),
        read_default(&clear).unwrap(),
    );
    assert!(opaque.is_opaque() && !clear.is_opaque());
    assert!(!Header::of(&opaque, 3, 3, Format::Jpeg).alpha);
    assert!(Header::of(&opaque, 3, 3, Format::Png).alpha);
    assert!(Header::of(&clear, 3, 3, Format::Jpeg).alpha);
}

#[cfg(feature = "lossy-webp")]
#[test]
fn lossy_webp_is_smaller_and_near() {
    let folder = folder();
    for (colour, alpha) in [
        (Colour::Rgb, false),
        (Colour::Rgb, true),
        (Colour::Grey, false),
        (Colour::Grey, true),
    ] {
        let mut header = header(203, 157, colour, Depth::Eight, alpha);
        header.metadata.icc = Some(b"a profile".to_vec());
        header.metadata.exif = Some(common::exif(1, false));
        header.metadata.xmp = Some(b"<x/>".to_vec());
        let channels = header.channels();
        let rows: Vec<f32> = (0..203 * 157 * channels)
            .map(|at| {
                let (x, y) = (at / channels % 203, at / channels / 203);
                ((x + y) as f32 / 60.0 + (at % channels) as f32 / 3.0).sin() * 0.4 + 0.5
            })
            .collect();
        let mut lengths = Vec::new();
        for webp_quality in [Some(40), Some(95), None] {
            let path = folder.path().join("picture.webp");
            let options = Options {
                webp_quality,
                overwrite: true,
                ..Options::default()
            };
            let mut writer = Writer::create(&path, Format::WebP, header.clone(), options).unwrap();
            assert_eq!(writer.losses(), []);
            writer.write_rows(&rows).unwrap();
            writer.finish().unwrap();
            lengths.push(std::fs::metadata(&path).unwrap().len());
            let picture = read_default(&path).unwrap();
            assert_eq!(
                (picture.width, picture.height, picture.alpha.is_some()),
                (203, 157, alpha)
            );
            assert_eq!(picture.metadata.icc, header.metadata.icc);
            assert_eq!(picture.metadata.xmp, header.metadata.xmp);
            assert!(picture.metadata.exif.is_some());
            let kept = picture.pixels.iter().step_by(3);
            let given = rows.chunks_exact(channels).map(|pixel| pixel[0]);
            let error: f32 = kept
                .zip(given)
                .map(|(one, other)| (one - other).abs())
                .sum::<f32>()
                / (203.0 * 157.0);
            let bound = if webp_quality.is_some() { 0.03 } else { 0.002 };
            assert!(error < bound, "{webp_quality:?} {colour:?}: {error}");
        }
        assert!(
            lengths.is_sorted() && lengths[0] < lengths[2],
            "{lengths:?}"
        );
    }
    let options = Options {
        webp_quality: Some(0),
        ..Options::default()
    };
    let header = header(3, 2, Colour::Rgb, Depth::Eight, false);
    assert!(Writer::create(&folder.path().join("a.webp"), Format::WebP, header, options).is_err());
}
