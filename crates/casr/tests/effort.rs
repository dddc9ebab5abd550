//! `--effort best`: what it changes, what it leaves alone, and where it is refused.

mod support;

use casr_net::{NetworkConfig, Provenance, WeightsFile};
use std::fs;
use support::{casr, folder, names, photograph, piece_of, read, write};

#[test]
fn the_best_effort_is_another_result_that_says_so() {
    let folder = folder();
    write(folder.path(), "a.png", &piece_of("dog.png", 24, 20));
    let [normal, best] = ["normal", "best"].map(|effort| {
        let name = format!("{effort}.png");
        let arguments = ["upscale", "a.png", "-s", "3", "--effort", effort];
        let output = ["-v", "-o", &name];
        let run = casr(folder.path(), &[&arguments[..], &output].concat());
        assert_eq!(run.code, Some(0), "{run:?}");
        let picture = read(&folder.path().join(name));
        let xmp = String::from_utf8(picture.metadata.xmp.clone().unwrap()).unwrap();
        for text in [xmp, run.errors] {
            let said = text.contains("; mean of 8 orientations");
            assert_eq!(said, effort == "best", "{text}");
        }
        picture.pixels
    });
    let pairs = normal.iter().zip(best.iter());
    let off = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!((0.003..0.3).contains(&off), "{off}");
    casr(
        folder.path(),
        &["upscale", "a.png", "-s", "3", "-o", "default.png"],
    )
    .succeeds();
    assert!(read(&folder.path().join("default.png")).pixels == normal);
}

#[test]
fn masks_do_without() {
    let folder = folder();
    let mut picture = photograph(60, 44);
    let alpha = (0..60 * 44).map(|index| (index * 7 % 256) as f32 / 255.0);
    picture.alpha = Some(alpha.collect::<Vec<f32>>().into());
    write(folder.path(), "a.png", &picture);
    let [normal, best] = ["normal", "best"].map(|effort| {
        let name = format!("{effort}.png");
        let arguments = ["upscale", "a.png", "--effort", effort, "-o", &name];
        casr(folder.path(), &arguments).succeeds();
        read(&folder.path().join(name))
    });
    assert!(normal.alpha.is_some() && normal.alpha == best.alpha);
    assert!(normal.pixels != best.pixels);
}

#[test]
fn a_plan_knows_the_effort() {
    let folder = folder();
    write(folder.path(), "a.png", &photograph(24, 20));
    let run = casr(folder.path(), &["plan", "a.png", "--effort", "best"]).succeeds();
    assert!(run.output.contains("48×40"), "{run:?}");
    let run = casr(folder.path(), &["plan", "a.png", "--effort", "more"]);
    assert_eq!(run.code, Some(2), "{run:?}");
}

#[test]
fn networks_with_modules_are_refused() {
    let folder = folder();
    write(folder.path(), "a.png", &photograph(24, 20));
    let config = NetworkConfig {
        channels: 8,
        blocks: 1,
        frequencies: 4,
        alignment: true,
        similarity: true,
    };
    let file = WeightsFile {
        config,
        provenance: Provenance::default(),
        parameters: config.initial_parameters(3),
        vivid: None,
    };
    fs::write(folder.path().join("modules.safetensors"), file.to_bytes()).unwrap();
    let effort = ["--weights", "modules.safetensors", "--effort", "best"];
    for command in [&["upscale", "a.png", "-o", "b.png"][..], &["plan", "a.png"]] {
        let run = casr(folder.path(), &[command, &effort].concat());
        assert_eq!((run.code, run.output.as_str()), (Some(1), ""), "{run:?}");
        assert!(run.errors.contains("(--effort normal)"), "{run:?}");
    }
    assert_eq!(names(folder.path()), ["a.png", "modules.safetensors"]);
}
