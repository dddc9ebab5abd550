//! `casr upscale` on video: streams of frames, from pipes and files.

mod support;

use std::fs;
use std::path::Path;
use support::{casr, folder, names, photograph, piped, write};

const SIZE: (usize, usize) = (24, 16);

/// A stream of pieces of a photograph, 4:4:4 in full range.
fn stream(frames: usize) -> Vec<u8> {
    let (width, height) = SIZE;
    let mut bytes =
        format!("YUV4MPEG2 W{width} H{height} F25:1 Ip C444 XCOLORRANGE=FULL\n").into_bytes();
    let pixels = photograph(width + frames, height).pixels.into_f32();
    for frame in 0..frames {
        bytes.extend_from_slice(b"FRAME\n");
        for plane in 0..3 {
            for row in pixels.chunks_exact(3 * (width + frames)) {
                let row = &row[3 * frame..][..3 * width];
                // Any planes do.
                bytes.extend(
                    row.iter()
                        .skip(plane)
                        .step_by(3)
                        .map(|value| (value * 255.0) as u8),
                );
            }
        }
    }
    bytes
}

#[test]
fn frames_go_through_a_pipe() {
    let folder = folder();
    let arguments = ["upscale", "-", "-o", "-", "-s", "2.5", "-q"];
    let run = piped(folder.path(), &arguments, &stream(3));
    assert_eq!((run.status.code(), &run.stderr[..]), (Some(0), &b""[..]));
    let output = run.stdout;
    let header = b"YUV4MPEG2 W60 H40 F25:1 Ip C444 XCOLORRANGE=FULL\n";
    assert!(output.starts_with(header));
    assert_eq!(output.len(), header.len() + 3 * (6 + 3 * 60 * 40));

    // A file of the same frames makes the same result.
    fs::write(folder.path().join("clip.y4m"), stream(3)).expect("written");
    let arguments = ["upscale", "clip.y4m", "-o", "big.y4m", "-s", "2.5", "-q"];
    casr(folder.path(), &arguments).succeeds();
    assert_eq!(
        fs::read(folder.path().join("big.y4m")).expect("read"),
        output
    );
    assert_eq!(names(folder.path()), ["big.y4m", "clip.y4m"]);
}

/// What a frame becomes depends on it and on how all are treated, not on the frames around it.
#[test]
fn equal_frames_stay_equal() {
    let folder = folder();
    let one = stream(1);
    let frame = one
        .iter()
        .position(|byte| *byte == b'\n')
        .expect("a header")
        + 1;
    let twice = [&one[..], &one[frame..]].concat();
    let arguments = ["upscale", "-", "-o", "-", "-q"];
    let run = piped(folder.path(), &arguments, &twice);
    assert_eq!(run.status.code(), Some(0));
    let output = run.stdout;
    let frames: Vec<&[u8]> = output[output.len() - 2 * (6 + 3 * 48 * 32)..]
        .chunks_exact(6 + 3 * 48 * 32)
        .collect();
    assert!(frames[0].starts_with(b"FRAME\n"));
    assert_eq!(frames[0], frames[1]);
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_left() {
    let folder = folder();
    let whole = stream(2);
    fs::write(folder.path().join("cut.y4m"), &whole[..whole.len() - 1]).expect("written");
    fs::write(folder.path().join("clip.y4m"), &whole).expect("written");
    fs::write(folder.path().join("there.y4m"), "mine").expect("written");
    write(folder.path(), "photo.png", &photograph(8, 8));
    let run = |arguments: &[&str]| casr(folder.path(), &[&["upscale"], arguments].concat());

    run(&["cut.y4m", "-o", "big.y4m", "-q"])
        .fails_on(Path::new("cut.y4m"), &["cut off within frame 2"]);
    run(&["clip.y4m", "-o", "there.y4m", "-q"]).fails_on(Path::new("there.y4m"), &["exists"]);
    run(&["none.y4m", "-o", "big.y4m", "-q"]).fails_on(Path::new("none.y4m"), &["cannot be read"]);
    for (arguments, word) in [
        (&["clip.y4m", "-o", "big.png"][..], ".y4m"),
        (&["clip.y4m", "photo.png", "-o", "out/"], "by itself"),
        (&["clip.y4m", "--suffix", "-big"], "-o"),
        (
            &["clip.y4m", "-o", "big.y4m", "--region", "0,0,4,4"],
            "--region",
        ),
        (&["clip.y4m", "-o", "big.y4m", "--shard", "1/2"], "--shard"),
    ] {
        let run = run(arguments);
        assert!(run.code == Some(2) && run.errors.contains(word), "{run:?}");
    }
    let there = fs::read(folder.path().join("there.y4m")).expect("read");
    assert_eq!(there, b"mine");
    assert_eq!(
        names(folder.path()),
        ["clip.y4m", "cut.y4m", "photo.png", "there.y4m"]
    );
    run(&["clip.y4m", "-o", "there.y4m", "-q", "--overwrite"]).succeeds();
    assert!(
        fs::read(folder.path().join("there.y4m"))
            .expect("read")
            .len()
            > 4
    );
}
