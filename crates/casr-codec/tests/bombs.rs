//! Small files that ask for much: memory stays within what the pixels and the metadata may have,
//! and time within what the file's length is worth.
#![cfg(feature = "formats")]
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io::{self, Read};
use std::time::Duration;

use casr_codec::{CodecError, Colour, Depth, Format, Limits, Loss, Picture, read};
use common::tiff_bytes::Values::{Longs, Shorts};
use common::tiff_bytes::tiff;
use common::{chunk, encoded, folder, header, limited};

/// What the process may have that reads the files: metadata of 64 MiB may be there three times
/// while they are inflated and handed on.
const MEGABYTES: usize = 240;
const SECONDS: usize = 60;

/// Far more of a processor's time than any of these files takes.
const TIME_LIMIT: Duration = Duration::from_secs(5);

const LIMITS: Limits = Limits {
    max_pixels: 1 << 16,
};

/// So many equal letters, compressed.
fn letters(count: u64) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    io::copy(&mut io::repeat(b'a').take(count), &mut encoder).unwrap();
    encoder.finish().unwrap()
}

/// A PNG with chunks put before its pixels.
fn png_with(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut file = encoded(Format::Png, &header(8, 8, Colour::Rgb, Depth::Eight, false));
    // Behind the signature and the header.
    file.splice(33..33, chunks.concat());
    file
}

/// Texts and packets that a thousand times as many bytes were compressed to.
fn inflating() -> Vec<u8> {
    let letters = letters(1 << 29);
    let latin = [&b"Title\0\0"[..], &letters].concat();
    let unicode = [&b"Title\0\x01\0\0\0"[..], &letters].concat();
    let packet = [&b"XML:com.adobe.xmp\0\x01\0\0\0"[..], &letters].concat();
    png_with(&[
        chunk(b"zTXt", &latin),
        chunk(b"iTXt", &unicode),
        chunk(b"iTXt", &packet),
    ])
}

/// A TIFF whose list of strips is said to be far longer than the file.
fn listing() -> Vec<u8> {
    let mut file = tiff((2, 1), 1, &[8], &[&[1, 2]]).file();
    // The lengths of strips: one number of 32 bits, to become eight million.
    let entry = [&[0x17, 1, 4, 0][..], &[1, 0, 0, 0]].concat();
    let at = file
        .windows(8)
        .position(|bytes| bytes == entry)
        .expect("the entry");
    file[at + 4..at + 8].copy_from_slice(&8_000_000u32.to_le_bytes());
    file
}

/// A WebP of one pixel around lossy data that say they are as large as can be.
fn enclosing(animated: bool) -> Vec<u8> {
    let piece = |name: &[u8], content: &[u8]| {
        let mut bytes = [name, &(content.len() as u32).to_le_bytes(), content].concat();
        bytes.resize(bytes.len().next_multiple_of(2), 0);
        bytes
    };
    let mut lossy =
        b"\x30\x01\0\x9d\x01\x2a\xff\x3f\xff\x3f\x0e\xc0\xfe\x25\xa4\0\x03p\0\0\0\0".to_vec();
    lossy.resize(64, 0);
    let lossy = piece(b"VP8 ", &lossy);
    let flags = if animated { 2 } else { 0 };
    let mut body = [
        &b"WEBP"[..],
        &piece(b"VP8X", &[flags, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ]
    .concat();
    if animated {
        body.extend(piece(b"ANIM", &[0; 6]));
        body.extend(piece(b"ANMF", &[&[0; 16][..], &lossy].concat()));
    } else {
        body.extend(lossy);
    }
    piece(b"RIFF", &body)
}

/// A PNG with hundreds of texts that become more than all of them may.
fn failing() -> Vec<u8> {
    let letters = letters(70 << 20);
    let text = chunk(b"zTXt", &[&b"Title\0\0"[..], &letters].concat());
    png_with(&vec![text; 300])
}

/// A TIFF of thousands of strips, each of them the same stream with megabytes of comments.
fn overlapping() -> Vec<u8> {
    let mut stream = encoded(
        Format::Jpeg,
        &header(8, 8, Colour::Grey, Depth::Eight, false),
    );
    let comment = [&b"\xff\xfe\xff\xff"[..], &[0; 0xfffd]].concat();
    stream.splice(2..2, comment.repeat(64));
    let rows = 4_000;
    let (offsets, lengths) = (vec![8; rows], vec![stream.len() as u32; rows]);
    let streams = [&stream[..]];
    let mut image = tiff((8, rows as u32), 1, &[8], &streams);
    image.more = vec![(259, Shorts(&[7])), (278, Longs(&[1]))];
    let mut file = image.file();
    // The one strip's place and length give way to those of all.
    for (tag, values) in [(273u16, offsets), (279, lengths)] {
        let at = file.len() as u32;
        file.extend(values.iter().flat_map(|value: &u32| value.to_le_bytes()));
        let entry = [&tag.to_le_bytes()[..], &[4, 0, 1, 0, 0, 0]].concat();
        let place = file.windows(8).rposition(|bytes| bytes == entry);
        let count = place.expect("the entry") + 4;
        file[count..count + 4].copy_from_slice(&(rows as u32).to_le_bytes());
        file[count + 4..count + 8].copy_from_slice(&at.to_le_bytes());
    }
    file
}

/// A JPEG without data, but with millions of bytes that may stand before a marker, and with codes
/// that take long numbers from what is not there.
fn filled() -> Vec<u8> {
    let file = encoded(
        Format::Jpeg,
        &header(8, 8, Colour::Rgb, Depth::Eight, false),
    );
    let scan = file.windows(2).position(|bytes| bytes == b"\xff\xda");
    let scan = scan.expect("a scan");
    let data = scan + 2 + usize::from(u16::from_be_bytes([file[scan + 2], file[scan + 3]]));
    let codes = |table: u8| {
        let mut segment = vec![0xff, 0xc4, 0, 20, table, 1];
        segment.extend([0; 15]);
        // One bit, for a number of 15 bits.
        segment.push(15);
        segment
    };
    [
        &file[..scan],
        &codes(0x10),
        &codes(0x11),
        &file[scan..data],
        &vec![0xff; 64 << 20],
        b"\xd9",
    ]
    .concat()
}

type Outcome = Result<Picture, CodecError>;

fn is_damaged(outcome: &Outcome, words: &str) -> bool {
    matches!(outcome, Err(CodecError::Damaged { reason, .. }) if reason.contains(words))
}

/// A file's name, its bytes, and whether what comes of it is right.
type Case = (&'static str, fn() -> Vec<u8>, fn(&Outcome) -> bool);

const FILES: [Case; 7] = [
    ("inflating", inflating, |outcome| {
        outcome.as_ref().is_ok_and(|picture| {
            picture.metadata.texts.is_empty()
                && picture.metadata.xmp.is_none()
                && picture.losses == [Loss::Xmp, Loss::Texts]
        })
    }),
    ("failing", failing, |outcome| {
        outcome
            .as_ref()
            .is_ok_and(|picture| picture.losses == [Loss::Texts])
    }),
    ("listing", listing, |outcome| {
        matches!(outcome, Err(CodecError::Truncated { .. }))
    }),
    ("overlapping", overlapping, |outcome| {
        is_damaged(outcome, "upon each other")
    }),
    (
        "enclosing",
        || enclosing(false),
        |outcome| is_damaged(outcome, "another size"),
    ),
    (
        "animated",
        || enclosing(true),
        |outcome| is_damaged(outcome, "another size"),
    ),
    ("filled", filled, |outcome| {
        matches!(outcome, Err(CodecError::Truncated { .. }))
    }),
];

#[test]
fn memory_and_time_are_for_what_is_there() {
    if let Some(folder) = limited::folder() {
        for (name, _, expected) in FILES {
            let begin = limited::processor_time();
            let outcome = read(&folder.join(name), &LIMITS);
            let elapsed = limited::processor_time() - begin;
            assert!(expected(&outcome), "{name}: {:?}", outcome.map(|_| ()));
            assert!(elapsed < TIME_LIMIT, "{name}: {elapsed:?}");
            println!("{name} {elapsed:?}");
        }
        println!("all read");
        return;
    }
    let folder = folder();
    for (name, file, _) in FILES {
        fs::write(folder.path().join(name), file()).unwrap();
    }
    let (success, said) = limited::run(
        "memory_and_time_are_for_what_is_there",
        folder.path(),
        MEGABYTES,
        SECONDS,
    );
    assert!(success && said.contains("all read"), "{said}");
    println!("{said}");
}
