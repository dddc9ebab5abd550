//! `casr zoom`: films as streams and as files, what is said of them, and what is left of those that
//! end early.

mod support;

use casr_codec::{Colour, Limits, y4m::FrameReader};
use std::fs;
use std::path::Path;
use support::{casr, folder, names, photograph, picture, piped, read, write};

/// What all films here have in common: few and small frames.
const SMALL: [&str; 6] = ["--size", "45x31", "--seconds", "1", "--fps", "8"];

/// A film's arguments.
fn zoom<'a>(input: &'a str, output: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let first = ["zoom", input, "--at", "0.6,0.4", "-o", output];
    [&first, &SMALL[..], more].concat()
}

/// All frames of a stream, which is as the format wants it.
fn frames(stream: &[u8]) -> Vec<Vec<f32>> {
    let mut reader = FrameReader::new(stream, Path::new("a film"), &Limits::default()).unwrap();
    let header = reader.header().clone();
    assert_eq!(
        (header.width, header.height, header.channels()),
        (45, 31, 3)
    );
    let first = stream.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let mut frames = Vec::new();
    while let Some(frame) = reader.next_frame().unwrap() {
        frames.push(frame);
    }
    let bytes = header.frame_bytes() as usize;
    assert_eq!(stream.len(), first + frames.len() * bytes);
    frames
}

/// The largest difference of two frames, in code values.
fn difference(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    let pairs = one.iter().zip(other);
    255.0 * pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn a_file_a_pipe_and_pictures_are_one_film() {
    let folder = folder();
    let path = folder.path();
    write(path, "photo.png", &photograph(48, 40));
    casr(path, &zoom("photo.png", "film.y4m", &["--to", "6", "-q"])).succeeds();
    let file = fs::read(path.join("film.y4m")).unwrap();
    assert!(file.starts_with(b"YUV4MPEG2 W45 H31 F8:1 Ip A1:1 C444\n"));
    let film = frames(&file);
    assert_eq!(film.len(), 8);

    let image = fs::read(path.join("photo.png")).unwrap();
    let run = piped(path, &zoom("-", "-", &["--to", "6", "-q"]), &image);
    assert_eq!((run.status.code(), &run.stderr[..]), (Some(0), &b""[..]));
    assert!(run.stdout == file, "the same bytes through pipes");

    casr(path, &zoom("photo.png", "out/frames", &["--to", "6", "-q"])).succeeds();
    let pictures = names(&path.join("out/frames"));
    assert_eq!(pictures.len(), 8);
    assert_eq!(
        (&*pictures[0], &*pictures[7]),
        ("frame-00001.png", "frame-00008.png")
    );
    for (name, frame) in pictures.iter().zip(&film) {
        let picture = read(&path.join("out/frames").join(name));
        assert_eq!((picture.width, picture.height), (45, 31));
        // Y'CbCr of 8 bits is coarser than RGB.
        let off = difference(&picture.pixels.into_f32(), frame);
        assert!(off < 3.0, "{name}: {off}");
    }
    assert_eq!(names(path), ["film.y4m", "out", "photo.png"]);
}

/// The first frame shows what fills it, and the last one what `casr upscale` makes of that place.
#[test]
fn the_ends_are_what_was_asked_for() {
    let folder = folder();
    let path = folder.path();
    write(path, "photo.png", &photograph(90, 62));
    let zoom = [
        "zoom",
        "photo.png",
        "--at",
        "45,31",
        "--to",
        "8",
        "-o",
        "film",
        "--size",
        "90x62",
    ];
    let treated = ["--look", "0.5", "--restore", "0", "-q"];
    let length = ["--seconds", "0.5", "--fps", "10"];
    casr(path, &[&zoom[..], &treated, &length].concat()).succeeds();
    let shown = |name: &str| read(&path.join(name)).pixels.into_f32();
    assert_eq!(
        difference(&shown("film/frame-00001.png"), &shown("photo.png")),
        0.0
    );

    // The middle of the pixel 45,31 is 364,252 in eight times as large an image.
    let window = ["--region", "319,221,90,62", "--max-step", "2", "-s", "8"];
    let upscale = ["upscale", "photo.png", "-o", "part.png"];
    casr(path, &[&upscale[..], &window, &treated].concat()).succeeds();
    let off = difference(&shown("film/frame-00005.png"), &shown("part.png"));
    assert!(off <= 1.0, "{off}");
}

#[test]
fn greys_stay_grey_and_transparent_parts_are_white() {
    let folder = folder();
    let path = folder.path();
    let greys: Vec<f32> = (0..40 * 40).map(|at| (at % 40) as f32 / 39.0).collect();
    write(
        path,
        "grey.png",
        &picture(40, 40, Colour::Grey, greys.clone(), None),
    );
    casr(path, &zoom("grey.png", "grey", &["--to", "5", "-q"])).succeeds();
    let frame = read(&path.join("grey/frame-00008.png"));
    assert_eq!(frame.colour, Colour::Grey);
    casr(path, &zoom("grey.png", "grey.y4m", &["--to", "5", "-q"])).succeeds();
    for frame in frames(&fs::read(path.join("grey.y4m")).unwrap()) {
        let near = |one: f32, other: f32| (one - other).abs() < 1e-5;
        let is_grey = |pixel: &[f32]| near(pixel[0], pixel[1]) && near(pixel[1], pixel[2]);
        assert!(frame.chunks(3).all(is_grey));
    }

    let clear = vec![0.0; 40 * 40];
    write(
        path,
        "clear.png",
        &picture(40, 40, Colour::Grey, greys, Some(clear)),
    );
    let run = casr(path, &zoom("clear.png", "clear", &["--to", "5"]));
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.errors.contains("on white"), "{run:?}");
    let frame = read(&path.join("clear/frame-00008.png"));
    assert!(frame.pixels.iter().all(|value| value == 1.0) && frame.alpha.is_none());
}

#[test]
fn what_will_be_done_is_said() {
    let folder = folder();
    let path = folder.path();
    write(path, "photo.png", &photograph(24, 24));
    let run = casr(path, &zoom("photo.png", "film.y4m", &["--to", "100", "-v"]));
    assert_eq!(run.code, Some(0), "{run:?}");
    for words in [
        "beyond ×64",
        "8 frames of 45×31, ×1.875 → ×100",
        "7 levels",
        "about",
        "look ",
    ] {
        assert!(run.errors.contains(words), "no {words:?} in {run:?}");
    }
    let run = casr(
        path,
        &zoom("photo.png", "film.y4m", &["--to", "64", "--overwrite"]),
    );
    assert_eq!(
        (run.code, &*run.errors),
        (Some(0), ""),
        "nothing to say: {run:?}"
    );
}

/// A frame says that it was enlarged, unless it is not to.
#[test]
fn pictures_are_marked() {
    let folder = folder();
    let path = folder.path();
    write(path, "photo.png", &photograph(24, 24));
    casr(path, &zoom("photo.png", "a", &["--to", "4", "-q"])).succeeds();
    casr(
        path,
        &zoom("photo.png", "b", &["--to", "4", "-q", "--no-mark"]),
    )
    .succeeds();
    let xmp = |name: &str| read(&path.join(name)).metadata.xmp;
    let marked = xmp("a/frame-00003.png").expect("a mark");
    let text = String::from_utf8(marked).unwrap();
    assert!(text.contains("algorithmicallyEnhanced") && text.contains("a frame of a zoom"));
    assert_eq!(xmp("b/frame-00003.png"), None);
}

#[test]
fn what_cannot_be_is_told_and_nothing_is_touched() {
    let folder = folder();
    let path = folder.path();
    write(path, "photo.png", &photograph(40, 24));
    fs::write(path.join("there.y4m"), "mine").unwrap();
    fs::create_dir(path.join("frames")).unwrap();
    fs::write(path.join("frames/frame-00002.png"), "mine").unwrap();
    let run = |more: &[&str]| casr(path, &[&["zoom", "photo.png"], more, &SMALL[..]].concat());
    let at = ["--at", "0.5,0.5", "-q"];
    let film = |output: &str, to: &str| run(&[&at[..], &["-o", output, "--to", to]].concat());
    for (at, word) in [("40,3", "--at"), ("3,24", "--at")] {
        run(&["--at", at, "--to", "4", "-o", "a.y4m"]).fails_on(Path::new("photo.png"), &[word]);
    }
    let long = ["--at", "0.5,0.5", "--to", "4", "-o", "a.y4m", "--from"];
    run(&[&long[..], &["0.5"]].concat()).fails_on(Path::new("photo.png"), &["--from", "1.29"]);
    run(&[&long[..], &["4.5"]].concat()).fails_on(Path::new("photo.png"), &["--to"]);
    film("a.y4m", "1.1").fails_on(Path::new("photo.png"), &["--to", "--size"]);
    film("a.y4m", "9e6").fails_on(Path::new("photo.png"), &["pixels"]);
    film("there.y4m", "4").fails_on(Path::new("there.y4m"), &["--overwrite"]);
    let frame = Path::new("frames").join("frame-00002.png");
    film("frames", "4").fails_on(&frame, &["--overwrite"]);
    film("none/a.y4m", "4").fails_on(Path::new("none/a.y4m"), &["folder"]);
    casr(path, &zoom("none.png", "a.y4m", &["--to", "4"])).fails_on(Path::new("none.png"), &[]);
    for (arguments, word) in [
        (
            &["--at", "1.5,0.2", "--to", "4", "-o", "a.y4m"][..],
            "shares",
        ),
        (
            &["--at", "0.5,0.2", "--to", "0.9", "-o", "a.y4m"],
            "from 1 up",
        ),
        (&["--at", "0.5,0.2", "--to", "4", "-o", "a.mp4"], "ffmpeg"),
        (
            &["--at", "0.5,0.2", "--to", "4", "-o", "a.y4m", "--from", "0"],
            "above 0",
        ),
    ] {
        let run = run(arguments);
        assert!(run.code == Some(2) && run.errors.contains(word), "{run:?}");
    }
    let size = ["--size", "99999x9"];
    let wide = [
        "zoom",
        "photo.png",
        "--at",
        "0.5,0.5",
        "--to",
        "4",
        "-o",
        "a.y4m",
    ];
    for (more, word) in [
        (&size[..], "16384"),
        (&["--fps", "0"], "240"),
        (&["--seconds", "0"], "2 to"),
        (&["--seconds", "9999h"], "2 to"),
    ] {
        let run = casr(path, &[&wide[..], more].concat());
        assert!(run.code == Some(2) && run.errors.contains(word), "{run:?}");
    }
    assert_eq!(names(path), ["frames", "photo.png", "there.y4m"]);
    assert_eq!(fs::read(path.join("there.y4m")).unwrap(), b"mine");
    assert_eq!(
        fs::read(path.join("frames/frame-00002.png")).unwrap(),
        b"mine"
    );
}

/// A film over an earlier one that was longer does not end with frames of that.
#[test]
fn a_shorter_film_replaces_a_longer_one() {
    let folder = folder();
    let path = folder.path();
    write(path, "photo.png", &photograph(24, 24));
    casr(path, &zoom("photo.png", "frames", &["--to", "3", "-q"])).succeeds();
    fs::write(path.join("frames/notes.txt"), "mine").unwrap();
    let shorter = [
        "zoom",
        "photo.png",
        "--at",
        "0.6,0.4",
        "-o",
        "frames",
        "--to",
        "3",
    ];
    let length = [
        "--size",
        "45x31",
        "--seconds",
        "0.5",
        "--fps",
        "8",
        "-q",
        "--overwrite",
    ];
    casr(path, &[&shorter[..], &length].concat()).succeeds();
    let names = names(&path.join("frames"));
    assert_eq!(names.len(), 5, "{names:?}");
    assert_eq!((&*names[3], &*names[4]), ("frame-00004.png", "notes.txt"));
}
