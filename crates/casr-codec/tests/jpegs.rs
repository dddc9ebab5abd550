//! JPEG files of every kind against what libjpeg-turbo makes of them, and what must not come out
//! with success.
//!
//! `jpegs/make.py` makes the files and writes down the checksums of djpeg's pixels.
#![cfg(feature = "formats")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use casr_codec::{CodecError, Colour, Limits, Loss, Picture, probe, read};
use common::{crc, read_bytes};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/jpegs")
        .join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(file(name)).unwrap()
}

fn steps(picture: &Picture) -> Vec<u8> {
    let step = |sample: f32| (sample * 255.0).round() as u8;
    picture.pixels.iter().map(step).collect()
}

/// A file's markers up to the first scan: code and the range of the whole segment.
fn segments(file: &[u8]) -> Vec<(u8, std::ops::Range<usize>)> {
    let (mut at, mut segments) = (2, Vec::new());
    loop {
        let marker = file[at + 1];
        let end = at + 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        segments.push((marker, at..end));
        at = end;
        if marker == 0xda {
            return segments;
        }
    }
}

#[test]
fn pixels_equal_those_of_libjpeg_turbo() {
    let references = fs::read_to_string(file("references.txt")).unwrap();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for line in references.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let picture = read(&file(fields[0]), &Limits::default()).unwrap();
        assert_eq!(
            picture
                .losses
                .iter()
                .filter(|loss| **loss != Loss::Cmyk)
                .count(),
            0,
            "{line}"
        );
        let channels = picture.colour.channels();
        assert_eq!(
            [picture.width, picture.height, channels],
            [1, 2, 3].map(|at| fields[at].parse::<usize>().unwrap()),
            "{line}"
        );
        let info = probe(&file(fields[0]), &Limits::default()).unwrap();
        assert_eq!(
            (info.width, info.height, info.colour),
            (picture.width, picture.height, picture.colour)
        );
        if format!("{:08x}", crc(&steps(&picture))) != fields[4] {
            wrong.push(fields[0].to_owned());
        }
        seen += 1;
    }
    assert!(seen > 100, "only {seen} files");
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn what_is_not_read_is_said_by_name() {
    for (name, reason) in [
        ("refused-arithmetic.jpg", "arithmetic"),
        ("refused-twelve.jpg", "12 bits"),
        ("refused-lossless.jpg", "lossless"),
    ] {
        let error = read(&file(name), &Limits::default()).unwrap_err();
        assert!(matches!(error, CodecError::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
    // A frame header changed to one of another kind.
    let mut other = bytes("sample-2x2-single.jpg");
    let frame = segments(&other)
        .iter()
        .find(|segment| segment.0 == 0xc0)
        .unwrap()
        .1
        .start;
    for (marker, reason) in [
        (0xc5, "hierarchical"),
        (0xca, "arithmetic"),
        (0xcb, "lossless"),
        (0xf7, "JPEG-LS"),
    ] {
        other[frame + 1] = marker;
        let error = read_bytes(&other).unwrap_err().to_string();
        assert!(
            error.contains("does not read this kind") && error.contains(reason),
            "{error}"
        );
    }
    other[frame + 1] = 0xc0;
    (other[frame + 11], other[frame + 14]) = (0x31, 0x21);
    let error = read_bytes(&other).unwrap_err().to_string();
    assert!(error.contains("sampled"), "{error}");
}

#[test]
fn data_that_end_early_are_refused_whatever_follows() {
    for name in [
        "sample-2x2-single.jpg",
        "sample-1x1-each.jpg",
        "script-single-restart.jpg",
        "script-progressive.jpg",
        "script-refined.jpg",
        "grey-single.jpg",
    ] {
        let whole = bytes(name);
        let expected = read_bytes(&whole).unwrap();
        // From the first scan's data on; what lies before them is truncated in other tests.
        let data = segments(&whole).last().unwrap().1.end;
        let cuts = (data..whole.len() - 2).filter(|cut| cut % 5 == 0 || cut + 12 > whole.len());
        for cut in cuts {
            for end in [&b""[..], b"\xff\xd9", b"\xff\xd9trailer"] {
                match read_bytes(&[&whole[..cut], end].concat()) {
                    // Nothing but padding may be missing.
                    Ok(picture) => {
                        assert!(
                            cut + 4 >= whole.len(),
                            "{name}: {cut} of {} bytes, {end:?}",
                            whole.len()
                        );
                        assert_eq!(steps(&picture), steps(&expected));
                        assert!(!picture.losses.is_empty() || !end.is_empty());
                    }
                    Err(CodecError::Truncated { .. } | CodecError::Damaged { .. }) => {}
                    Err(error) => panic!("{name}: {cut}: {error}"),
                }
            }
        }
        let half = [&whole[..whole.len() * 2 / 3], b"\xff\xd9"].concat();
        let error = read_bytes(&half).unwrap_err();
        assert!(
            matches!(error, CodecError::Truncated { .. })
                || name.starts_with("script-")
                || name.contains("each"),
            "{name}: {error}"
        );
    }
}

#[test]
fn what_viewers_tolerate_is_completed_with_a_remark() {
    for name in [
        "sample-2x2-single.jpg",
        "script-each.jpg",
        "script-progressive-restart.jpg",
    ] {
        let whole = bytes(name);
        let expected = steps(&read_bytes(&whole).unwrap());
        let end = whole.len() - 2;
        let frame = segments(&whole)
            .iter()
            .find(|segment| matches!(segment.0, 0xc0 | 0xc2))
            .unwrap()
            .1
            .start;
        let between = [&whole[..frame], b"stray \0\xff\0 bytes", &whole[frame..]].concat();
        let behind = [&whole[..end], b"stray", &whole[end..]].concat();
        for (changed, loss) in [
            (whole[..end].to_vec(), Loss::NoEnd),
            (between, Loss::StrayBytes),
            (behind, Loss::StrayBytes),
        ] {
            let picture = read_bytes(&changed).unwrap();
            assert_eq!(picture.losses, [loss], "{name}");
            assert_eq!(steps(&picture), expected, "{name}");
        }
        // Fill bytes before a marker belong there.
        let fill = [&whole[..frame], b"\xff\xff\xff", &whole[frame..]].concat();
        assert_eq!(read_bytes(&fill).unwrap().losses, []);
    }
}

#[test]
fn what_other_programs_refuse_is_refused() {
    let whole = bytes("sample-2x2-single.jpg");
    let start = |code: u8| {
        let mut all = segments(&whole).into_iter();
        all.find(|segment| segment.0 == code).unwrap().1.start
    };
    let (tables, frame, scan) = (start(0xc4), start(0xc0), start(0xda));
    let refused = |file: &[u8], reason: &str| {
        let error = read_bytes(file).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    };
    // The first table is one of first coefficients, whose symbols are numbers of bits; its last
    // code becomes all ones.
    let mut changed = whole.clone();
    changed[tables + 21] = 16;
    refused(&changed, "impossible symbols");
    let mut changed = whole.clone();
    changed[tables + 5..tables + 8].copy_from_slice(&[2, 0, 4]);
    refused(&changed, "too many codes");
    // Segments that are longer than their content.
    for at in [frame, scan] {
        let mut changed = whole.clone();
        let end = at + 2 + usize::from(whole[at + 3]);
        changed[at + 3] += 1;
        changed.insert(end, 0);
        refused(&changed, "wrong length");
    }
    let interval = b"\xff\xdd\0\x05\0\0\0";
    refused(
        &[&whole[..scan], interval, &whole[scan..]].concat(),
        "wrong length",
    );
    let reserved = b"\xff\x44\0\x04\0\0";
    refused(
        &[&whole[..scan], reserved, &whole[scan..]].concat(),
        "without meaning",
    );
    // What a sequential scan says of its coefficients is wrong in some files, and counts in none.
    let mut changed = whole.clone();
    changed[scan + 12] = 0;
    let picture = read_bytes(&changed).unwrap();
    assert_eq!(picture.losses, [Loss::StrayBytes]);
    assert_eq!(picture.pixels, read_bytes(&whole).unwrap().pixels);
}

#[test]
fn a_progressive_scan_holds_no_more_than_it_says() {
    // A last coefficient that the band of the scan does not hold.
    let whole = bytes("script-spectral.jpg");
    let band = whole
        .windows(4)
        .position(|bytes| bytes[0] == 0 && bytes[1..] == [1, 5, 0])
        .unwrap();
    let mut changed = whole.clone();
    changed[band + 2] = 4;
    let error = read_bytes(&changed).unwrap_err();
    assert!(matches!(error, CodecError::Damaged { .. }), "{error}");
}

#[test]
fn a_height_behind_the_scan_counts() {
    let whole = bytes("sample-2x2-single.jpg");
    let expected = read_bytes(&whole).unwrap();
    let frame = segments(&whole)
        .iter()
        .find(|segment| segment.0 == 0xc0)
        .unwrap()
        .1
        .start;
    let mut late = whole.clone();
    late[frame + 5..frame + 7].fill(0);
    let error = read_bytes(&late).unwrap_err();
    assert!(matches!(error, CodecError::NoPixels { .. }), "{error}");
    let end = late.len() - 2;
    let lines = [&b"\xff\xdc\0\x04"[..], &whole[frame + 5..frame + 7]].concat();
    late.splice(end..end, lines);
    let picture = read_bytes(&late).unwrap();
    assert_eq!((picture.height, picture.losses.len()), (expected.height, 0));
    assert_eq!(picture.pixels, expected.pixels);
}

#[test]
fn a_restart_out_of_order_is_damage() {
    let mut file = bytes("script-single-restart.jpg");
    let scan = segments(&file).last().unwrap().1.end;
    let at = scan
        + file[scan..]
            .windows(2)
            .position(|pair| pair == b"\xff\xd1")
            .unwrap();
    file[at + 1] = 0xd5;
    let error = read_bytes(&file).unwrap_err();
    assert!(error.to_string().contains("restart marker"), "{error}");
}

#[test]
fn inks_without_a_profile_are_remarked() {
    for name in ["cmyk.jpg", "ycck.jpg"] {
        let picture = read(&file(name), &Limits::default()).unwrap();
        assert_eq!(
            (picture.colour, &picture.losses[..]),
            (Colour::Rgb, &[Loss::Cmyk][..])
        );
    }
}

#[test]
fn a_large_progressive_file_of_empty_scans_is_refused_soon() {
    let whole = bytes("script-progressive.jpg");
    let all = segments(&whole);
    let scan = whole[all.last().unwrap().1.clone()].to_vec();
    let bomb = [&whole[..all.last().unwrap().1.start], &scan.repeat(10_000)].concat();
    assert!(read_bytes(&bomb).is_err());
}
