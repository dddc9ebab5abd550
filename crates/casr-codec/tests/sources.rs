//! Files of every other program: palettes, packed bits, interlacing, CMYK, planes, tiles, pages and
//! frames.
#![cfg(feature = "formats")]

mod common;

use casr_codec::{Colour, Depth, Loss, Picture, SourceFormat};
use common::{chunk, read_bytes};

fn steps(picture: &Picture) -> Vec<u32> {
    let full = if picture.depth == Depth::Eight {
        255.0
    } else {
        65535.0
    };
    picture
        .pixels
        .iter()
        .map(|sample| (sample * full).round() as u32)
        .collect()
}

fn alpha_steps(picture: &Picture) -> Vec<u32> {
    picture
        .alpha
        .as_ref()
        .unwrap()
        .iter()
        .map(|sample| (sample * 255.0).round() as u32)
        .collect()
}

mod png_files {
    use super::*;

    /// A PNG made by the `png` crate from packed rows.
    fn png(
        (width, height): (u32, u32),
        colour: png::ColorType,
        depth: png::BitDepth,
        rows: &[u8],
        more: impl Fn(&mut png::Encoder<'_, &mut Vec<u8>>),
    ) -> Picture {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        more(&mut encoder);
        encoder
            .write_header()
            .unwrap()
            .write_image_data(rows)
            .unwrap();
        read_bytes(&file).unwrap()
    }

    #[test]
    fn packed_greys_spread_over_the_whole_range() {
        use png::BitDepth::{Four, One, Two};
        for (depth, rows, expected) in [
            (One, &[0b0100_0000u8, 0b1000_0000][..], [0, 255, 255, 0]),
            (Two, &[0b0001_0000, 0b1011_0000], [0, 85, 170, 255]),
            (Four, &[0x05, 0xaf], [0, 85, 170, 255]),
        ] {
            let picture = png((2, 2), png::ColorType::Grayscale, depth, rows, |_| ());
            assert_eq!(
                (picture.colour, picture.depth, steps(&picture)),
                (Colour::Grey, Depth::Eight, expected.to_vec())
            );
        }
    }

    #[test]
    fn palettes_become_rgb_and_their_transparency_alpha() {
        let palette = vec![1, 2, 3, 40, 50, 60, 255, 254, 253];
        let picture = png(
            (3, 1),
            png::ColorType::Indexed,
            png::BitDepth::Two,
            &[0b1000_0100],
            |encoder| {
                encoder.set_palette(palette.clone());
            },
        );
        assert_eq!(
            (picture.colour, picture.alpha.is_some()),
            (Colour::Rgb, false)
        );
        assert_eq!(steps(&picture), [255, 254, 253, 1, 2, 3, 40, 50, 60]);
        let picture = png(
            (3, 1),
            png::ColorType::Indexed,
            png::BitDepth::Eight,
            &[0, 1, 2],
            |encoder| {
                encoder.set_palette(palette.clone());
                encoder.set_trns(vec![9, 99]);
            },
        );
        assert_eq!(alpha_steps(&picture), [9, 99, 255]);
    }

    #[test]
    fn a_transparent_grey_becomes_alpha() {
        let picture = png(
            (3, 1),
            png::ColorType::Grayscale,
            png::BitDepth::Sixteen,
            &[0, 7, 1, 0, 0, 7],
            |encoder| {
                encoder.set_trns(vec![0, 7]);
            },
        );
        assert_eq!(
            (picture.depth, steps(&picture)),
            (Depth::Sixteen, vec![7, 256, 7])
        );
        assert_eq!(alpha_steps(&picture), [0, 255, 0]);
    }

    #[test]
    fn interlaced_rows_are_put_in_order() {
        // Adam7 of a 2×2 image: the first pass holds the top left pixel, the sixth the top right,
        // the seventh the bottom row, each row behind its filter byte.
        let header = [0, 0, 0, 2, 0, 0, 0, 2, 8, 0, 0, 0, 1];
        let deflated = {
            use std::io::Write;
            let mut encoder =
                flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&[0, 10, 0, 20, 0, 30, 40]).unwrap();
            encoder.finish().unwrap()
        };
        let signature = b"\x89PNG\r\n\x1a\n".to_vec();
        let file = [
            signature,
            chunk(b"IHDR", &header),
            chunk(b"IDAT", &deflated),
            chunk(b"IEND", &[]),
        ]
        .concat();
        assert_eq!(steps(&read_bytes(&file).unwrap()), [10, 20, 30, 40]);
    }

    #[test]
    fn of_an_animation_the_first_image_is_read() {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 1, 1);
        encoder.set_animated(2, 0).unwrap();
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[11]).unwrap();
        writer.write_image_data(&[22]).unwrap();
        writer.finish().unwrap();
        let picture = read_bytes(&file).unwrap();
        assert_eq!(
            (steps(&picture), &picture.losses[..]),
            (vec![11], &[Loss::LaterFrames][..])
        );
    }
}

mod gif_files {
    use super::*;

    const PALETTE: [u8; 9] = [10, 20, 30, 40, 50, 60, 70, 80, 90];

    fn gif(size: (u16, u16), frames: Vec<gif::Frame<'_>>) -> Picture {
        let mut file = Vec::new();
        let mut encoder = gif::Encoder::new(&mut file, size.0, size.1, &PALETTE).unwrap();
        for frame in frames {
            encoder.write_frame(&frame).unwrap();
        }
        drop(encoder);
        read_bytes(&file).unwrap()
    }

    fn frame(size: (u16, u16), indices: &[u8], transparent: Option<u8>) -> gif::Frame<'_> {
        gif::Frame::from_indexed_pixels(size.0, size.1, indices, transparent)
    }

    #[test]
    fn a_full_frame_is_rgb() {
        let picture = gif((2, 1), vec![frame((2, 1), &[2, 0], None)]);
        assert_eq!(
            (picture.format, picture.colour, picture.depth),
            (SourceFormat::Gif, Colour::Rgb, Depth::Eight)
        );
        assert_eq!(
            (steps(&picture), picture.alpha),
            (vec![70, 80, 90, 10, 20, 30], None)
        );
        assert_eq!(picture.losses, []);
    }

    #[test]
    fn transparent_and_bare_places_are_clear() {
        let mut part = frame((2, 1), &[1, 2], Some(2));
        (part.left, part.top) = (1, 1);
        let picture = gif((3, 3), vec![part]);
        assert_eq!(alpha_steps(&picture), [0, 0, 0, 0, 255, 0, 0, 0, 0]);
        assert_eq!(steps(&picture)[12..15], [40, 50, 60]);
    }

    #[test]
    fn a_frame_may_stick_out() {
        let mut part = frame((3, 2), &[0, 1, 2, 0, 1, 2], None);
        (part.left, part.top) = (1, 1);
        let picture = gif((2, 2), vec![part]);
        assert_eq!(alpha_steps(&picture), [0, 0, 0, 255]);
        assert_eq!(steps(&picture)[9..], [10, 20, 30]);
    }

    #[test]
    fn of_an_animation_the_first_frame_is_read() {
        let picture = gif(
            (1, 1),
            vec![frame((1, 1), &[1], None), frame((1, 1), &[2], None)],
        );
        assert_eq!(
            (steps(&picture), &picture.losses[..]),
            (vec![40, 50, 60], &[Loss::LaterFrames][..])
        );
    }
}

mod webp_files {
    use super::*;

    #[test]
    fn lossy_files_are_read() {
        // A black pixel, the smallest lossy file there is.
        let file = b"RIFF\x22\0\0\0WEBPVP8 \x16\0\0\0\x30\x01\0\x9d\x01\x2a\x01\0\x01\0\x0e\xc0\xfe\x25\xa4\0\x03p\0\0\0\0";
        let picture = read_bytes(file).unwrap();
        assert_eq!(
            (picture.width, picture.height, picture.format),
            (1, 1, SourceFormat::WebP)
        );
        assert_eq!((picture.colour, picture.alpha), (Colour::Rgb, None));
    }
}

mod jpeg_files {
    use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

    use super::*;

    /// A soft gradient as a JPEG of the given kind, and its steps.
    fn jpeg(kind: ColorType, change: impl Fn(&mut Encoder<&mut Vec<u8>>)) -> (Vec<u8>, Vec<u8>) {
        let samples = match kind {
            ColorType::Luma => 1,
            ColorType::Cmyk | ColorType::CmykAsYcck => 4,
            _ => 3,
        };
        let pixels: Vec<u8> = (0..48 * 40 * samples)
            .map(|at| (at / samples % 48 * 2 + at / samples / 48 * 3) as u8)
            .collect();
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, 98);
        change(&mut encoder);
        encoder.encode(&pixels, 48, 40, kind).unwrap();
        (file, pixels)
    }

    fn near(file: &[u8], expected: &[u8]) -> Picture {
        let picture = read_bytes(file).unwrap();
        let worst = steps(&picture)
            .iter()
            .zip(expected)
            .map(|(&a, &b)| a.abs_diff(b.into()))
            .max();
        assert!(
            picture.pixels.len() == expected.len() && worst.unwrap() <= 4,
            "off by {worst:?}"
        );
        picture
    }

    #[test]
    fn progressive_subsampled_and_restarting_scans() {
        for progressive in [false, true] {
            for sampling in [
                SamplingFactor::R_4_4_4,
                SamplingFactor::R_4_2_2,
                SamplingFactor::R_4_2_0,
            ] {
                for restart in [0, 2] {
                    let (file, pixels) = jpeg(ColorType::Rgb, |encoder| {
                        encoder.set_progressive(progressive);
                        encoder.set_sampling_factor(sampling);
                        encoder.set_restart_interval(restart);
                    });
                    assert_eq!(near(&file, &pixels).colour, Colour::Rgb);
                }
            }
            let (file, pixels) = jpeg(ColorType::Luma, |encoder| {
                encoder.set_progressive(progressive)
            });
            assert_eq!(near(&file, &pixels).colour, Colour::Grey);
        }
    }

    #[test]
    fn a_progressive_file_needs_all_but_its_end_marker() {
        let (file, _) = jpeg(ColorType::Rgb, |encoder| encoder.set_progressive(true));
        for cut in 1..file.len() - 2 {
            assert!(
                read_bytes(&file[..cut]).is_err(),
                "{cut} of {} bytes were enough",
                file.len()
            );
        }
    }

    #[test]
    fn inks_become_rgb_and_lose_their_profile() {
        for kind in [ColorType::Cmyk, ColorType::CmykAsYcck] {
            let (file, inks) = jpeg(kind, |encoder| {
                encoder.add_icc_profile(b"a profile for inks").unwrap()
            });
            let light =
                |ink: u8, black: u8| (u32::from(255 - ink) * u32::from(255 - black) + 127) / 255;
            let expected: Vec<u8> = inks
                .chunks(4)
                .flat_map(|ink| [0, 1, 2].map(|at| light(ink[at], ink[3]) as u8))
                .collect();
            let picture = near(&file, &expected);
            assert_eq!(
                (picture.metadata.icc, &picture.losses[..]),
                (None, &[Loss::CmykProfile][..])
            );
        }
    }
}
