//! What `casr plan` foretells of memory is what the system measures.

#![cfg(target_os = "linux")]

mod support;

use casr_codec::{Colour, Depth, Format, Header, Options, Writer};
use std::path::Path;
use std::process::Command;
use support::{Run, casr, folder, photograph, picture, program, read, sample, write};

/// The program that measures.
const TIME: &str = "/usr/bin/time";

/// Megabytes that an enlargement takes.
fn measured(folder: &Path, arguments: &[&str]) -> f64 {
    let casr = program(folder);
    let mut command = Command::new(TIME);
    command
        .current_dir(folder)
        .args(["-f", "%M"])
        .arg(casr.get_program());
    let run = Run::of(command.args(arguments));
    assert_eq!(run.code, Some(0), "{run:?}");
    let kilobytes = run.errors.lines().last().and_then(|line| line.parse().ok());
    f64::from(kilobytes.unwrap_or(0_u32)) * 1024e-6
}

/// Megabytes that the plan foretells.
fn foretold(folder: &Path, arguments: &[&str]) -> f64 {
    let output = casr(folder, arguments).succeeds().output;
    let line = output.lines().find(|line| line.contains("memory")).unwrap();
    let number = line.split_whitespace().find_map(|word| word.parse().ok());
    number.unwrap_or_else(|| panic!("no number in {line:?}"))
}

#[test]
fn memory_is_foretold() {
    if !Path::new(TIME).exists() {
        println!("skipped: {TIME} is missing");
        return;
    }
    let folder = folder();
    let path = folder.path();
    write(path, "small.png", &photograph(64, 64));
    write(path, "city.png", &read(&sample("city.png")));
    // A megapixel and a half, grey, and with alpha.
    let (width, height) = (1500, 1000);
    let greys: Vec<f32> = (0..width * height)
        .map(|i| (i % 251) as f32 / 250.0)
        .collect();
    let colours: Vec<f32> = greys
        .iter()
        .flat_map(|grey| [*grey, 0.5, 1.0 - grey])
        .collect();
    let alphas = greys.clone();
    write(
        path,
        "grey.png",
        &picture(width, height, Colour::Grey, greys, None),
    );
    write(
        path,
        "alpha.png",
        &picture(width, height, Colour::Rgb, colours, Some(alphas)),
    );
    for (name, factor) in [
        ("small.png", "1"),
        ("small.png", "2"),
        ("small.png", "8"),
        ("city.png", "1"),
        ("city.png", "1.5"),
        ("city.png", "2"),
        ("grey.png", "1"),
        ("alpha.png", "1"),
    ] {
        let foretold = foretold(path, &["plan", name, "-s", factor]);
        let arguments = [
            "upscale",
            name,
            "-s",
            factor,
            "-o",
            "out.png",
            "--overwrite",
            "-q",
        ];
        let measured = measured(path, &arguments);
        println!("{name} ×{factor}: {measured:.0} MB, foretold {foretold:.0}");
        let ratio = foretold / measured;
        assert!(
            (0.75..1.34).contains(&ratio),
            "{name} ×{factor}: {measured} MB, foretold {foretold}"
        );
    }
}

/// Of a large image that is read for a small window: its samples are most of what it takes, and in
/// some formats more is needed while they come.
#[test]
fn memory_of_large_images_is_foretold() {
    if !Path::new(TIME).exists() {
        println!("skipped: {TIME} is missing");
        return;
    }
    let folder = folder();
    let path = folder.path();
    let (width, height) = (6000, 4000);
    for (name, colour, depth, alpha) in [
        ("grey.png", Colour::Grey, Depth::Eight, false),
        ("rgb.png", Colour::Rgb, Depth::Eight, false),
        ("alpha.png", Colour::Rgb, Depth::Eight, true),
        ("rgb.jpg", Colour::Rgb, Depth::Eight, false),
        ("rgb.webp", Colour::Rgb, Depth::Eight, false),
        ("deep.tif", Colour::Rgb, Depth::Sixteen, false),
        ("deep-alpha.tif", Colour::Rgb, Depth::Sixteen, true),
    ] {
        let header = Header {
            colour,
            depth,
            alpha,
            ..Header::rgb(width, height)
        };
        let samples = width * header.channels();
        let row: Vec<f32> = (0..samples).map(|at| (at % 251) as f32 / 250.0).collect();
        let format = Format::from_path(Path::new(name)).unwrap();
        let mut writer =
            Writer::create(&path.join(name), format, header, Options::default()).unwrap();
        (0..height).for_each(|_| writer.write_rows(&row).unwrap());
        writer.finish().unwrap();
        let window = ["-s", "2", "--region", "0,0,64,64"];
        let foretold = foretold(path, &[&["plan", name], &window[..]].concat());
        let output = ["-o", "out.png", "--overwrite", "-q"];
        let arguments = [&["upscale", name], &window[..], &output].concat();
        let measured = measured(path, &arguments);
        println!("{name}: {measured:.0} MB, foretold {foretold:.0}");
        let ratio = foretold / measured;
        assert!(
            (0.75..1.34).contains(&ratio),
            "{name}: {measured} MB, foretold {foretold}"
        );
    }
}

/// A film takes what is foretold where there is too little, and no more for further levels.
#[test]
fn memory_of_films_is_bounded() {
    if !Path::new(TIME).exists() {
        println!("skipped: {TIME} is missing");
        return;
    }
    let folder = folder();
    let path = folder.path();
    write(path, "photo.png", &photograph(96, 96));
    let film = ["zoom", "photo.png", "--at", "0.5,0.5", "-o", "film.y4m"];
    let frames = ["--size", "240x160", "--seconds", "1", "--fps", "6"];
    let film = [&film[..], &frames].concat();
    let refused = casr(
        path,
        &[&film[..], &["--to", "8", "--memory", "1M"]].concat(),
    );
    refused.fails_on(Path::new("photo.png"), &["--memory"]);
    let refused = casr(
        path,
        &[&film[..], &["--to", "8", "--memory", "1M"]].concat(),
    );
    let megabytes = refused.errors.split("about ").nth(1);
    let megabytes = megabytes.and_then(|text| text.split(' ').next()?.parse().ok());
    let foretold: f64 = megabytes.expect("a number");
    let measured = |to: &str| {
        let more = ["--to", to, "--overwrite", "-q"];
        measured(path, &[&film[..], &more].concat())
    };
    let (near, far) = (measured("8"), measured("128"));
    println!("×8: {near:.0} MB, ×128: {far:.0} MB, foretold {foretold:.0}");
    assert!(
        (0.75..1.34).contains(&(foretold / near)),
        "{near} MB, foretold {foretold}"
    );
    assert!(far < 1.15 * near, "{far} MB after {near}");
}

/// A system that gives too little: whatever it gives, an image is enlarged or refused in one line,
/// and the next one is done.
#[test]
fn what_the_system_does_not_give_is_told() {
    let folder = folder();
    let path = folder.path();
    write(path, "city.png", &read(&sample("city.png")));
    write(path, "small.png", &photograph(8, 8));
    let mut refused = 0;
    for kilobytes in [400_000, 700_000, 1_000_000, 4_000_000] {
        let casr = program(path);
        let mut command = Command::new("sh");
        let limited = format!("ulimit -v {kilobytes}; exec \"$@\"");
        command
            .current_dir(path)
            .args(["-c", &limited, "sh"])
            .arg(casr.get_program());
        let arguments = [
            "upscale",
            "city.png",
            "small.png",
            "-s",
            "1.5",
            "-o",
            "out",
            "--overwrite",
        ];
        let run = Run::of(command.args(arguments).args(["--threads", "2"]));
        let case = format!("{kilobytes} kB: {run:?}");
        match run.code {
            Some(0) => assert_eq!(run.output, "2 enlarged\n", "{case}"),
            Some(1) => {
                refused += 1;
                assert_eq!(run.output, "1 enlarged, 1 failed\n", "{case}");
                assert!(
                    run.errors.starts_with("casr: city.png: this takes about "),
                    "{case}"
                );
                assert_eq!(run.errors.lines().count(), 1, "{case}");
            }
            _ => panic!("{case}"),
        }
        let left: Vec<String> = support::names(&path.join("out"));
        assert!(
            left.iter().all(|name| !name.ends_with(".partial")),
            "{case} {left:?}"
        );
    }
    assert!((1..4).contains(&refused), "{refused} of 4 refused");
}
