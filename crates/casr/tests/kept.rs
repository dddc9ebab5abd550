//! Work that is kept: gone on with after any end, refused where it is of something else, and shared
//! out.

mod support;

use casr_codec::{Colour, Picture};
use casr_net::{NetworkConfig, Provenance, WeightsFile};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;
use support::{casr, folder, names, picture, program, write};

/// The tiles of the enlargement.
const TILES: usize = 20;

/// Writes a small network, which is fast, and the image `photo.png`, whose enlargement twice over
/// has twenty tiles.
fn prepare(folder: &Path) {
    let config = NetworkConfig {
        channels: 8,
        blocks: 1,
        frequencies: 4,
        alignment: false,
        similarity: false,
    };
    let file = WeightsFile {
        config,
        provenance: Provenance::default(),
        parameters: config.initial_parameters(3),
        vivid: Some(config.initial_parameters(4)),
    };
    fs::write(folder.join("small.safetensors"), file.to_bytes()).unwrap();
    write(folder, "photo.png", &noise(2300, 1900));
}

fn noise(width: usize, height: usize) -> Picture {
    let value = |i: usize| (i.wrapping_mul(2_654_435_761) >> 7 & 255) as f32 / 255.0;
    let pixels = (0..width * height * 3).map(value).collect();
    picture(width, height, Colour::Rgb, pixels, None)
}

/// The arguments of an enlargement, and some more.
fn arguments<'a>(output: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let all = [
        "upscale",
        "photo.png",
        "--weights",
        "small.safetensors",
        "-s",
        "2",
        "--restore",
        "0",
        "--look",
        "0.5",
    ];
    [&all[..], &["-o", output], more].concat()
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_with_the_same_bytes() {
    let folder = folder();
    let path = folder.path();
    prepare(path);
    casr(path, &arguments("whole.png", &[])).succeeds();
    let whole = fs::read(path.join("whole.png")).unwrap();
    let (mut kills, mut went_on) = (0, 0);
    let mut state = 12_345_u64;
    let mut below = |end: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % end
    };
    while kills < 20 {
        let before = tiles(path);
        went_on += usize::from(before > 0);
        let mut child = program(path)
            .args(arguments("out.png", &["--resume"]))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // After some more tiles and some time, be it while the result is put together.
        let wanted = (before + below(4) as usize).min(TILES);
        while tiles(path) < wanted && child.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(2));
        }
        sleep(Duration::from_millis(below(60)));
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        } else {
            // It was finished by those before it.
            assert!(fs::read(path.join("out.png")).unwrap() == whole);
            fs::remove_file(path.join("out.png")).unwrap();
        }
    }
    assert!(went_on >= 5, "{went_on} runs had something to go on with");
    let run = casr(path, &arguments("out.png", &["--resume", "--overwrite"]));
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(fs::read(path.join("out.png")).unwrap() == whole);
    let files = ["out.png", "photo.png", "small.safetensors", "whole.png"];
    assert_eq!(names(path), files, "nothing else is left");
}

/// How many tiles are kept.
fn tiles(path: &Path) -> usize {
    let there = fs::read_dir(path.join("out.png.casr"));
    let names = there.into_iter().flatten().flatten();
    let names = names.map(|entry| entry.file_name());
    let tiles = names.filter(|name| name.to_string_lossy().starts_with("00"));
    tiles.count()
}

/// Kills a run once it has kept some tiles.
fn begun(path: &Path, more: &[&str]) {
    let mut child = program(path)
        .args(arguments("out.png", more))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while tiles(path) < 3 {
        assert!(child.try_wait().unwrap().is_none(), "ended too early");
        sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn other_work_is_refused_with_the_reason() {
    let folder = folder();
    let path = folder.path();
    prepare(path);
    begun(path, &["--resume"]);
    for (more, why) in [
        (&["-s", "2.5"][..], "levels"),
        (&["--region", "0,0,50%,50%"], "window"),
        (&["--restore", "1"], "noise removed"),
        (&["--effort", "best"], "effort"),
        (&["--weights", "other.safetensors"], "network"),
    ] {
        // The last of an option counts.
        let mut all = arguments("out.png", &["--resume"]);
        for pair in more.chunks(2) {
            match all.iter().position(|argument| *argument == pair[0]) {
                Some(place) => all[place + 1] = pair[1],
                None => all.extend(pair),
            }
        }
        if why == "network" {
            fs::write(
                path.join("other.safetensors"),
                casr_net::Model::embedded_file(),
            )
            .unwrap();
        }
        casr(path, &all).fails_on("out.png".as_ref(), &[why, "out.png.casr"]);
    }
    let run = casr(path, &arguments("out.png", &[]));
    run.fails_on("out.png".as_ref(), &["--resume", "out.png.casr"]);
    let mut image = noise(2300, 1900);
    let mut pixels = image.pixels.to_f32();
    pixels[5] = 1.0 - pixels[5];
    image.pixels = pixels.into();
    fs::remove_file(path.join("photo.png")).unwrap();
    write(path, "photo.png", &image);
    let run = casr(path, &arguments("out.png", &["--resume"]));
    run.fails_on("out.png".as_ref(), &["image"]);
    assert!(path.join("out.png.casr").is_dir(), "what is kept stays");
    let run = casr(path, &arguments("out.png", &["--overwrite"]));
    assert!(run.errors.contains("begun anew"), "{run:?}");
    assert!(!path.join("out.png.casr").exists());
}

#[cfg(unix)]
#[test]
fn interrupt_keeps_what_is_finished_and_says_how_to_go_on() {
    let folder = folder();
    let path = folder.path();
    prepare(path);
    let child = program(path)
        .args(arguments("out.png", &["--resume"]))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let work = path.join("out.png.casr/work.json");
    while !work.exists() {
        sleep(Duration::from_millis(5));
    }
    sleep(Duration::from_millis(200));
    let kill = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{errors}");
    for word in ["out.png.casr", "--resume", "%"] {
        assert!(errors.contains(word), "no {word:?} in {errors}");
    }
    let run = casr(path, &arguments("out.png", &["--resume"]));
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn a_damaged_tile_is_named() {
    let folder = folder();
    let path = folder.path();
    prepare(path);
    begun(path, &["--resume"]);
    let tile = path.join("out.png.casr/000000-000001.png");
    let bytes = fs::read(&tile).unwrap();
    fs::write(&tile, &bytes[..bytes.len() / 2]).unwrap();
    let run = casr(path, &arguments("out.png", &["--resume"]));
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.errors.contains("000000-000001.png"), "{run:?}");
    fs::remove_file(&tile).unwrap();
    let run = casr(path, &arguments("out.png", &["--resume"]));
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn shares_put_together_are_one_run() {
    let folder = folder();
    let path = folder.path();
    prepare(path);
    casr(path, &arguments("whole.tif", &[])).succeeds();
    let mut join = arguments("out.tif", &[]);
    join[0] = "join";
    casr(path, &join).fails_on("out.tif".as_ref(), &["shares"]);
    for share in ["3/3", "1/3"] {
        casr(path, &arguments("out.tif", &["--shard", share])).succeeds();
        assert!(!path.join("out.tif").exists());
    }
    casr(path, &join).fails_on("out.tif.casr".as_ref(), &["missing"]);
    casr(path, &arguments("out.tif", &["--shard", "2/3"])).succeeds();
    casr(path, &join).succeeds();
    assert!(fs::read(path.join("out.tif")).unwrap() == fs::read(path.join("whole.tif")).unwrap());
    assert!(!path.join("out.tif.casr").exists());
    for wrong in ["0/3", "4/3", "1", "a/b"] {
        let run = casr(path, &arguments("new.tif", &["--shard", wrong]));
        assert_eq!(run.code, Some(2), "{run:?}");
    }
}

#[test]
fn kept_tiles_are_no_images_to_enlarge() {
    let folder = folder();
    let path = folder.path();
    prepare(path);
    begun(path, &["--resume"]);
    let all = [
        "upscale",
        ".",
        "-r",
        "-o",
        "large",
        "--weights",
        "small.safetensors",
        "-s",
        "1",
    ];
    let run = casr(path, &all);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(names(&path.join("large")), ["photo.png"]);
}

#[test]
fn what_can_be_said_is_said_before_the_work() {
    let folder = folder();
    let path = folder.path();
    prepare(path);
    let run = casr(path, &arguments("missing/out.png", &["--resume"]));
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(!path.join("missing").exists());
    let run = casr(path, &arguments("-", &["--resume"]));
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.errors.contains("name one"), "{run:?}");
}
