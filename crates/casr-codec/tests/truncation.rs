//! A file that was cut off is an error wherever it was cut, also where decoders would paint over
//! the loss.
#![cfg(feature = "formats")]

mod common;

use std::io::Write;

use casr_codec::{CodecError, Colour, Depth, Format};
use common::{encoded, exif, header, read_bytes};

fn check(what: &str, file: &[u8], cuts: impl Iterator<Item = usize>) {
    read_bytes(file).unwrap();
    for cut in cuts {
        match read_bytes(&file[..cut]) {
            Ok(_) => panic!("{what}: {cut} of {} bytes were enough", file.len()),
            Err(CodecError::EmptyFile { .. }) => assert_eq!(cut, 0),
            Err(CodecError::NotAnImage { .. }) => assert!(cut < 15, "{what}: {cut}"),
            Err(error) => assert!(
                error.to_string().contains("again"),
                "{what}: {cut}: {error}"
            ),
        }
    }
}

#[test]
fn png_and_webp_need_their_last_byte_and_jpeg_all_but_its_end_marker() {
    for format in [Format::Png, Format::Jpeg, Format::WebP] {
        for (colour, depth) in [(Colour::Rgb, Depth::Eight), (Colour::Grey, Depth::Sixteen)] {
            let mut header = header(21, 13, colour, depth, false);
            header.metadata.exif = Some(exif(6, true));
            let file = encoded(format, &header);
            let end = if format == Format::Jpeg { 2 } else { 0 };
            check(&format!("{format} {colour:?}"), &file, 0..file.len() - end);
        }
    }
}

#[test]
fn tiff_needs_its_last_strip() {
    // Our own files end in the directory, which has 4 bytes of nothing at the end of the last value
    // or link.
    for depth in [Depth::Eight, Depth::Sixteen] {
        let file = encoded(Format::Tiff, &header(21, 13, Colour::Rgb, depth, true));
        check("TIFF", &file, 0..file.len() - 60);
    }
}

#[test]
fn a_jpegs_end_is_not_its_thumbnails() {
    let mut header = header(16, 16, Colour::Rgb, Depth::Eight, false);
    // A block of EXIF that holds a whole image, end marker and all.
    let thumbnail = encoded(Format::Jpeg, &header);
    header.metadata.exif = Some([exif(1, false), thumbnail].concat());
    let file = encoded(Format::Jpeg, &header);
    check("JPEG", &file, (0..file.len() - 2).step_by(7));
    // What follows the end does not matter.
    read_bytes(&[&file[..], b"trailer"].concat()).unwrap();
}

#[test]
fn gif_needs_its_first_frame() {
    let indices: Vec<u8> = (0..400u32).map(|at| (at * 7 % 3) as u8).collect();
    let mut file = Vec::new();
    let mut encoder =
        gif::Encoder::new(&mut file, 20, 20, &[0, 0, 0, 128, 128, 128, 255, 255, 255]).unwrap();
    encoder
        .write_frame(&gif::Frame::from_indexed_pixels(20, 20, indices, None))
        .unwrap();
    drop(encoder);
    check("GIF", &file, 0..file.len() - 12);
}

#[test]
fn png_rows_that_are_missing_are_missed() {
    // Checksums and chunks are right, but the pixels are half as many.
    let mut deflated = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    deflated.write_all(&[0; 9 * 4]).unwrap();
    let header = [0, 0, 0, 8, 0, 0, 0, 8, 8, 0, 0, 0, 0];
    let chunks = [
        common::chunk(b"IHDR", &header),
        common::chunk(b"IDAT", &deflated.finish().unwrap()),
        common::chunk(b"IEND", &[]),
    ];
    let file = [&b"\x89PNG\r\n\x1a\n"[..], &chunks.concat()].concat();
    assert!(read_bytes(&file).is_err());
}
