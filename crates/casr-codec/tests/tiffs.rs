//! TIFF in its many ways, from bytes written by hand and files that `tiffs/make.py` makes.
#![cfg(feature = "formats")]

mod common;

use std::fs;
use std::path::Path;

use casr_codec::{CodecError, Colour, Depth, Loss, Picture, Samples};
use common::tiff_bytes::Values::{Bytes, Longs, Shorts};
use common::tiff_bytes::{Tiff, directory, tiff};
use common::{read_bytes, read_default};

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

fn values(alpha: &Option<Samples>) -> Option<Vec<f32>> {
    alpha.as_ref().map(Samples::to_f32)
}

#[test]
fn black_and_white_either_way() {
    for (photometric, expected) in [(1, [0, 255, 255, 255]), (0, [255, 0, 0, 0])] {
        let picture = tiff((2, 2), photometric, &[1], &[&[0b0100_0000, 0b1100_0000]]).read();
        assert_eq!(
            (picture.colour, picture.depth, steps(&picture)),
            (Colour::Grey, Depth::Eight, expected.to_vec())
        );
    }
    assert_eq!(
        steps(&tiff((3, 1), 1, &[4], &[&[0x0f, 0x80]]).read()),
        [0, 255, 136]
    );
}

#[test]
fn sixteen_bits_in_either_byte_order() {
    for big_endian in [false, true] {
        let pixels: Vec<u8> = [1u16, 300, 65535]
            .iter()
            .flat_map(|value| {
                if big_endian {
                    value.to_be_bytes()
                } else {
                    value.to_le_bytes()
                }
            })
            .collect();
        let picture = Tiff {
            big_endian,
            ..tiff((3, 1), 1, &[16], &[&pixels])
        }
        .read();
        assert_eq!(
            (picture.depth, steps(&picture)),
            (Depth::Sixteen, vec![1, 300, 65535])
        );
    }
}

#[test]
fn palettes_become_rgb() {
    let map: Vec<u16> = (0..48).map(|value| (value * 5) << 8).collect();
    for big_endian in [false, true] {
        let more = vec![(320, Shorts(&map))];
        let picture = Tiff {
            big_endian,
            more,
            ..tiff((3, 1), 3, &[4], &[&[0x0f, 0x30]])
        }
        .read();
        assert_eq!((picture.colour, picture.depth), (Colour::Rgb, Depth::Eight));
        assert_eq!(steps(&picture), [0, 80, 160, 75, 155, 235, 15, 95, 175]);
    }
    // A map that is missing makes black, not a panic.
    assert_eq!(steps(&tiff((1, 1), 3, &[8], &[&[9]]).read()), [0, 0, 0]);
}

#[test]
fn cmyk_becomes_rgb_and_loses_its_profile() {
    let more = vec![(34675, Bytes(b"a profile for inks"))];
    let picture = Tiff {
        more,
        ..tiff((2, 1), 5, &[8; 4], &[&[0, 255, 51, 0, 0, 0, 0, 204]])
    }
    .read();
    assert_eq!(steps(&picture), [255, 0, 204, 51, 51, 51]);
    assert_eq!(
        (picture.metadata.icc, &picture.losses[..]),
        (None, &[Loss::CmykProfile][..])
    );
    let bare = tiff((1, 1), 5, &[8; 4], &[&[0, 255, 51, 0]]).read();
    assert_eq!(bare.losses, [Loss::Cmyk]);
}

#[test]
fn alpha_is_what_the_extra_sample_says() {
    let rgba = |extra: &[u16]| {
        Tiff {
            more: vec![(338, Shorts(extra))],
            ..tiff((1, 1), 2, &[8; 4], &[&[50, 100, 0, 102]])
        }
        .read()
    };
    let plain = rgba(&[2]);
    assert_eq!(
        (steps(&plain), values(&plain.alpha)),
        (vec![50, 100, 0], Some(vec![0.4]))
    );
    // Premultiplied colours are divided by alpha.
    let premultiplied = rgba(&[1]);
    assert_eq!(
        (steps(&premultiplied), values(&premultiplied.alpha)),
        (vec![125, 250, 0], Some(vec![0.4]))
    );
    // A sample of unknown meaning is none.
    let unknown = rgba(&[0]);
    assert_eq!((steps(&unknown), unknown.alpha), (vec![50, 100, 0], None));
    let grey = Tiff {
        more: vec![(338, Shorts(&[2]))],
        ..tiff((1, 1), 1, &[8; 2], &[&[50, 102]])
    }
    .read();
    assert_eq!(
        (grey.colour, steps(&grey), values(&grey.alpha)),
        (Colour::Grey, vec![50], Some(vec![0.4]))
    );
}

#[test]
fn planes_are_interleaved() {
    let more = vec![(284, Shorts(&[2]))];
    let picture = Tiff {
        more,
        ..tiff((2, 1), 2, &[8; 3], &[&[1, 2], &[3, 4], &[5, 6]])
    }
    .read();
    assert_eq!(steps(&picture), [1, 3, 5, 2, 4, 6]);
}

#[test]
fn tiles_are_put_together() {
    // 17 columns in tiles of 16×16: the second has one column that counts.
    let (first, second) = ([7; 256], [9; 256]);
    let more = vec![(322, Longs(&[16])), (323, Longs(&[16]))];
    let picture = Tiff {
        more,
        ..tiff((17, 2), 1, &[8], &[&first, &second])
    }
    .read();
    let row = [[7; 16].to_vec(), vec![9]].concat();
    assert_eq!(steps(&picture), [row.clone(), row].concat());
}

#[test]
fn tiles_of_lzw_and_of_separate_planes_stand_out_of_the_image() {
    let read = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tiffs");
        let picture = read_default(&folder.join(name)).unwrap();
        assert_eq!((picture.width, picture.height), (37, 21), "{name}");
        steps(&picture)
    };
    let places = (0..37 * 21).map(|at| (at % 37, at / 37));
    let grey: Vec<u32> = places.clone().map(|(x, y)| (x * 9 + y * 5) % 256).collect();
    assert_eq!(read("tiles-lzw.tif"), grey);
    let colours =
        places.flat_map(|(x, y)| [x * 9 + y * 5, x * 5 + y * 9, x + y].map(|value| value % 256));
    assert_eq!(read("tiles-planes.tif"), colours.collect::<Vec<u32>>());
}

#[test]
fn lzw_that_ends_early_is_not_completed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tiffs/grey-lzw-msb.tif");
    let whole = fs::read(path).unwrap();
    read_bytes(&whole).unwrap();
    // The lengths of the strips, as shorts in the directory's entry or elsewhere.
    let directory = u32::from_le_bytes(whole[4..8].try_into().unwrap()) as usize;
    let entries = usize::from(whole[directory]);
    let entry = (0..entries)
        .map(|index| directory + 2 + 12 * index)
        .find(|&at| whole[at..at + 2] == [23, 1])
        .unwrap();
    let place = u32::from_le_bytes(whole[entry + 8..entry + 12].try_into().unwrap()) as usize;
    let length = u16::from_le_bytes([whole[place], whole[place + 1]]);
    for less in 3..length.min(40) {
        let mut short = whole.clone();
        short[place..place + 2].copy_from_slice(&(length - less).to_le_bytes());
        let error = read_bytes(&short).unwrap_err();
        assert!(error.to_string().contains("again"), "{less}: {error}");
    }
}

#[test]
fn of_several_pages_the_first_is_read() {
    let mut file = b"II*\0\0\0\0\0\x0b\x16".to_vec();
    let page = |at| {
        vec![
            (256, vec![1]),
            (257, vec![1]),
            (258, vec![8]),
            (262, vec![1]),
            (273, vec![at]),
            (279, vec![1]),
        ]
    };
    let mut link = 4;
    for at in [8, 9] {
        let tags = page(at);
        let tags: Vec<_> = tags
            .iter()
            .map(|(tag, value)| (*tag, Longs(value)))
            .collect();
        link = directory(&mut file, link, false, &tags);
    }
    let picture = read_bytes(&file).unwrap();
    assert_eq!(
        (steps(&picture), &picture.losses[..]),
        (vec![11], &[Loss::LaterFrames][..])
    );
}

#[test]
fn signed_numbers_and_odd_bits_are_unsupported_and_say_so() {
    let signed = Tiff {
        more: vec![(339, Shorts(&[2]))],
        ..tiff((1, 1), 1, &[16], &[&[0; 2]])
    };
    let whole = Tiff {
        more: vec![(339, Shorts(&[1]))],
        ..tiff((1, 1), 1, &[32], &[&[0; 4]])
    };
    for file in [
        signed.file(),
        whole.file(),
        tiff((1, 1), 1, &[12], &[&[0; 2]]).file(),
        tiff((1, 1), 8, &[8; 3], &[&[0; 3]]).file(),
    ] {
        let error = read_bytes(&file).unwrap_err();
        assert!(matches!(error, CodecError::Unsupported { .. }), "{error}");
        assert!(
            error.to_string().contains("save it as an RGB PNG"),
            "{error}"
        );
    }
}

#[test]
fn floats_are_read_and_cut_off_at_0_and_1() {
    let numbers = |values: &[f32]| -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    };
    let float = |values: &[f32]| {
        Tiff {
            more: vec![(339, Shorts(&[3]))],
            ..tiff((values.len() as u32, 1), 1, &[32], &[&numbers(values)])
        }
        .read()
    };
    let within = float(&[0.0, 0.25, 1.0]);
    assert_eq!(
        (within.depth, &within.losses[..]),
        (Depth::Sixteen, &[][..])
    );
    assert_eq!(within.pixels.into_f32(), [0.0, 0.25, 1.0]);
    let beyond = float(&[-0.5, 7.0, f32::NAN, 0.5]);
    assert_eq!(beyond.losses, [Loss::Range]);
    assert_eq!(beyond.pixels.into_f32(), [0.0, 1.0, 0.0, 0.5]);
    // Indices cannot be fractions.
    let palette = Tiff {
        more: vec![(339, Shorts(&[3]))],
        ..tiff((1, 1), 3, &[32], &[&[0; 4]])
    };
    assert!(matches!(
        read_bytes(&palette.file()),
        Err(CodecError::Unsupported { .. })
    ));
}

#[test]
fn a_colour_map_of_eight_bits_is_spread() {
    let map: Vec<u16> = (0..48).map(|value| value * 5).collect();
    let more = vec![(320, Shorts(&map))];
    let picture = Tiff {
        more,
        ..tiff((3, 1), 3, &[4], &[&[0x0f, 0x30]])
    }
    .read();
    assert_eq!(steps(&picture), [0, 80, 160, 75, 155, 235, 15, 95, 175]);
}
