//! BMP in its many ways, from bytes written by hand.
#![cfg(feature = "formats")]

mod common;

use casr_codec::{CodecError, Colour, Depth, Picture, SourceFormat};
use common::read_bytes;

/// A bitmap with the given info header fields, what follows the header (masks, palette) and the
/// pixels.
fn bitmap(
    (width, height): (i32, i32),
    bits: u16,
    compression: u32,
    between: &[u8],
    pixels: &[u8],
) -> Vec<u8> {
    let start = 54 + between.len() as u32;
    [
        b"BM",
        &(start + pixels.len() as u32).to_le_bytes()[..],
        &[0; 4],
        &start.to_le_bytes(),
        &40u32.to_le_bytes(),
        &width.to_le_bytes(),
        &height.to_le_bytes(),
        &1u16.to_le_bytes(),
        &bits.to_le_bytes(),
        &compression.to_le_bytes(),
        &[0; 20],
        between,
        pixels,
    ]
    .concat()
}

fn steps(file: &[u8]) -> Vec<u8> {
    let picture = read_bytes(file).unwrap();
    assert_eq!(
        (picture.format, picture.colour, picture.depth),
        (SourceFormat::Bmp, Colour::Rgb, Depth::Eight)
    );
    picture
        .pixels
        .iter()
        .map(|sample| (sample * 255.0).round() as u8)
        .collect()
}

/// Blue, green, red and nothing for every colour: 0 is red, 1 green, 2 blue, 3 grey.
const PALETTE: [u8; 16] = [0, 0, 200, 0, 0, 210, 0, 0, 220, 0, 0, 0, 99, 99, 99, 0];
const COLOURS: [[u8; 3]; 4] = [[200, 0, 0], [0, 210, 0], [0, 0, 220], [99, 99, 99]];

fn colours(indices: &[usize]) -> Vec<u8> {
    indices.iter().flat_map(|&index| COLOURS[index]).collect()
}

#[test]
fn rows_stand_on_their_head_unless_the_height_is_negative() {
    let pixels = [1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12, 0, 0];
    assert_eq!(
        steps(&bitmap((2, 2), 24, 0, &[], &pixels)),
        [9, 8, 7, 12, 11, 10, 3, 2, 1, 6, 5, 4]
    );
    assert_eq!(
        steps(&bitmap((2, -2), 24, 0, &[], &pixels)),
        [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]
    );
    // Of three rows the middle one stays where it is.
    let pixels = [1, 1, 1, 0, 2, 2, 2, 0, 3, 3, 3, 0];
    assert_eq!(
        steps(&bitmap((1, 3), 24, 0, &[], &pixels)),
        [3, 3, 3, 2, 2, 2, 1, 1, 1]
    );
}

#[test]
fn indices_of_every_width() {
    assert_eq!(
        steps(&bitmap(
            (9, 1),
            1,
            0,
            &PALETTE[..8],
            &[0b0100_0001, 0b1000_0000, 0, 0]
        )),
        colours(&[0, 1, 0, 0, 0, 0, 0, 1, 1])
    );
    assert_eq!(
        steps(&bitmap((3, 1), 4, 0, &PALETTE, &[0x21, 0x30, 0, 0])),
        colours(&[2, 1, 3])
    );
    assert_eq!(
        steps(&bitmap((3, 1), 8, 0, &PALETTE, &[3, 0, 2, 0])),
        colours(&[3, 0, 2])
    );
    // Beyond the palette lies black.
    assert_eq!(
        steps(&bitmap((1, 1), 8, 0, &PALETTE, &[77, 0, 0, 0])),
        [0, 0, 0]
    );
}

#[test]
fn masks_of_every_width() {
    // 5-5-5 without masks, 5-6-5 with.
    assert_eq!(
        steps(&bitmap((2, 1), 16, 0, &[], &[0xff, 0x7f, 0x00, 0x40])),
        [255, 255, 255, 132, 0, 0]
    );
    let masks: Vec<u8> = [0xf800u32, 0x07e0, 0x001f]
        .iter()
        .flat_map(|mask| mask.to_le_bytes())
        .collect();
    assert_eq!(
        steps(&bitmap((2, 1), 16, 3, &masks, &[0xe0, 0x07, 0x1f, 0x80])),
        [0, 255, 0, 132, 0, 255]
    );
    // The fourth byte of 32 bits means nothing.
    assert_eq!(steps(&bitmap((1, 1), 32, 0, &[], &[1, 2, 3, 4])), [3, 2, 1]);
    // Unless a mask says it is alpha.
    let masks: Vec<u8> = [0xffu32, 0xff00, 0xff_0000, 0xff00_0000]
        .iter()
        .flat_map(|mask| mask.to_le_bytes())
        .collect();
    let picture = read_bytes(&bitmap((1, 1), 32, 6, &masks, &[1, 2, 3, 51])).unwrap();
    assert_eq!(
        (picture.pixels, picture.alpha),
        (vec![1_u8, 2, 3].into(), Some(vec![51_u8].into()))
    );
}

#[test]
fn masks_with_holes_are_damage() {
    let masks: Vec<u8> = [0xf0f0u32, 0x07e0, 0x001f]
        .iter()
        .flat_map(|mask| mask.to_le_bytes())
        .collect();
    assert!(matches!(
        read_bytes(&bitmap((1, 1), 16, 3, &masks, &[0; 4])),
        Err(CodecError::Damaged { .. })
    ));
}

#[test]
fn runs_of_eight_bits() {
    // Two of 3; end of row; literal 1, 2, 0 and padding; end of file. The bottom row comes first.
    let coded = [2, 3, 1, 0, 0, 0, 0, 3, 1, 2, 0, 0, 0, 1];
    assert_eq!(
        steps(&bitmap((3, 2), 8, 1, &PALETTE, &coded)),
        colours(&[1, 2, 0, 3, 3, 0])
    );
    // A jump of one right and one up leaves the palette's first colour behind.
    let coded = [1, 1, 0, 2, 1, 1, 1, 2, 0, 1];
    assert_eq!(
        steps(&bitmap((3, 2), 8, 1, &PALETTE, &coded)),
        colours(&[0, 0, 2, 1, 0, 0])
    );
}

#[test]
fn runs_of_four_bits() {
    // Three of 1 and 2 by turns, then a literal of 3, 0, 3 and padding to a word.
    let coded = [3, 0x12, 0, 3, 0x30, 0x30, 0, 1];
    assert_eq!(
        steps(&bitmap((6, 1), 4, 2, &PALETTE, &coded)),
        colours(&[1, 2, 1, 3, 0, 3])
    );
}

#[test]
fn the_first_windows_had_a_shorter_header() {
    let file = [
        b"BM",
        &[0; 8][..],
        &32u32.to_le_bytes(),
        &12u32.to_le_bytes(),
        &2u16.to_le_bytes(),
        &1u16.to_le_bytes(),
        &1u16.to_le_bytes(),
        &1u16.to_le_bytes(),
        &[0, 0, 200, 0, 210, 0],
        &[0b0100_0000, 0, 0, 0],
    ]
    .concat();
    assert_eq!(steps(&file), colours(&[0, 1]));
}

#[test]
fn version_five_holds_a_profile() {
    let mut header = vec![0; 124];
    header[..4].copy_from_slice(&124u32.to_le_bytes());
    header[4..12].copy_from_slice(&[1, 0, 0, 0, 1, 0, 0, 0]);
    header[12..16].copy_from_slice(&[1, 0, 24, 0]);
    header[56..60].copy_from_slice(b"DEBM");
    header[112..116].copy_from_slice(&128u32.to_le_bytes());
    header[116..120].copy_from_slice(&7u32.to_le_bytes());
    let file = [
        b"BM",
        &[0; 8][..],
        &138u32.to_le_bytes(),
        &header,
        &[1, 2, 3, 0],
        b"profile",
    ]
    .concat();
    let picture: Picture = read_bytes(&file).unwrap();
    assert_eq!(picture.metadata.icc.unwrap(), b"profile");
}

#[test]
fn a_last_row_without_padding_is_whole() {
    assert_eq!(
        steps(&bitmap((1, 2), 24, 0, &[], &[1, 2, 3, 0, 4, 5, 6])),
        [6, 5, 4, 3, 2, 1]
    );
    let short = bitmap((1, 2), 24, 0, &[], &[1, 2, 3, 0, 4, 5]);
    assert!(matches!(
        read_bytes(&short),
        Err(CodecError::Truncated { .. })
    ));
}
