//! Video as uncompressed frames: in and out again.
#![cfg(feature = "y4m")]

use casr_codec::Limits;
use casr_codec::y4m::{FrameError, FrameReader, FrameWriter};
use std::io::BufReader;
use std::path::Path;

const NAME: &str = "a pipe";

/// A stream of two frames whose samples rise and fall gently, all within narrow range.
fn stream(header: &str, samples: usize, bits: u32) -> Vec<u8> {
    let mut bytes = format!("YUV4MPEG2 {header}\n").into_bytes();
    for frame in 0..2 {
        bytes.extend_from_slice(b"FRAME\n");
        for index in 0..samples {
            let wave = ((index + 40 * frame) as f32 * 0.003).sin();
            let sample = ((128.0 + 20.0 * wave) * (1 << (bits - 8)) as f32) as u16;
            let pair = sample.to_le_bytes();
            bytes.extend_from_slice(if bits > 8 { &pair } else { &pair[..1] });
        }
    }
    bytes
}

fn again(bytes: &[u8]) -> Result<Vec<u8>, FrameError> {
    let limits = Limits::default();
    let mut reader = FrameReader::new(BufReader::new(bytes), Path::new(NAME), &limits)?;
    let header = reader.header().clone();
    let mut writer = FrameWriter::new(Vec::new(), Path::new(NAME), header)?;
    while let Some(frame) = reader.next_frame()? {
        assert!(frame.iter().all(|value| (0.0..=1.0).contains(value)));
        writer.write_frame(&frame)?;
    }
    writer.finish()
}

#[test]
fn frames_come_back_as_they_were() {
    let kinds = [
        ("W38 H22 C444", 3 * 38 * 22, 8),
        (
            "W38 H22 F30000:1001 Ip C444 XCOLORRANGE=FULL",
            3 * 38 * 22,
            8,
        ),
        ("W38 H22 C444p10 XYSCSS=444P10", 3 * 38 * 22, 10),
        ("W38 H22 Cmono", 38 * 22, 8),
        ("W38 H22 Cmono16", 38 * 22, 16),
        ("W38 H22 C422", 2 * 38 * 22, 8),
        ("W39 H23 C422p10", 39 * 23 + 2 * 20 * 23, 10),
        ("W39 H23 C420jpeg", 39 * 23 + 2 * 20 * 12, 8),
        ("W38 H22 C420mpeg2", 38 * 22 * 3 / 2, 8),
        ("W38 H22 C420paldv", 38 * 22 * 3 / 2, 8),
        ("W38 H22 C420p12", 38 * 22 * 3 / 2, 12),
        ("W38 H600 C420", 38 * 600 * 3 / 2, 8),
    ];
    for (header, samples, bits) in kinds {
        let before = stream(header, samples, bits);
        let after = again(&before).expect(header);
        assert_eq!(before.len(), after.len(), "{header}");
        let first_line = before
            .iter()
            .position(|byte| *byte == b'\n')
            .expect("a line")
            + 1;
        assert_eq!(before[..first_line], after[..first_line], "{header}");
        let values = |bytes: &[u8]| -> Vec<i64> {
            let bytes = &bytes[first_line + b"FRAME\n".len()..];
            let bytes = &bytes[..samples * if bits > 8 { 2 } else { 1 }];
            if bits > 8 {
                let pairs = bytes.chunks_exact(2);
                pairs
                    .map(|pair| i64::from(u16::from_le_bytes([pair[0], pair[1]])))
                    .collect()
            } else {
                bytes.iter().map(|byte| i64::from(*byte)).collect()
            }
        };
        let off = values(&before)
            .iter()
            .zip(values(&after))
            .map(|(a, b)| (a - b).abs())
            .max();
        // Through chroma of another resolution and back, gentle waves lose little.
        let most = if header.contains("C42") {
            3 << (bits - 8)
        } else {
            1
        };
        assert!(off <= Some(most), "{header}: off by {off:?}");
    }
}

#[test]
fn damaged_streams_are_errors() {
    let whole = stream("W8 H8 C444", 3 * 64, 8);
    let message = |bytes: &[u8]| again(bytes).expect_err("damaged").to_string();
    for length in [whole.len() - 1, whole.len() - 100] {
        let text = message(&whole[..length]);
        assert!(
            text.contains("cut off within frame 2") && text.starts_with(NAME),
            "{text}"
        );
    }
    let mut other = whole.clone();
    let second = whole.len() - 3 * 64 - 6;
    other[second] = b'X';
    assert!(message(&other).contains("frame 2 of the video is damaged"));
    assert!(message(b"").contains("YUV4MPEG2"));
    assert!(message(&[b'a'; 10_000]).contains("YUV4MPEG2"));
    let small = Limits { max_pixels: 63 };
    let text = match FrameReader::new(&whole[..], Path::new(NAME), &small) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("beyond the limit"),
    };
    assert!(text.contains("8×8") && text.contains("63"), "{text}");
    // No frames at all are no error, and make none.
    assert_eq!(
        again(b"YUV4MPEG2 W8 H8\n").expect("a header"),
        b"YUV4MPEG2 W8 H8\n"
    );
}
