//! `casr-lab eval`: sets, scales, methods, the report, the cache, what fails, and the literature's
//! figures.

#[path = "../../casr/tests/support/mod.rs"]
mod support;

use serde_json::Value;
use std::fs;
use std::path::Path;
use support::{Run, benchmark, casr, folder, names, piece_of, write};

/// Two folders with an image or two each.
fn sets(folder: &Path) {
    for (set, sides) in [
        ("First", &[(40, 32), (33, 47)][..]),
        ("Second", &[(36, 36)]),
    ] {
        fs::create_dir(folder.join(set)).unwrap();
        for (width, height) in sides {
            write(
                &folder.join(set),
                &format!("{width}.png"),
                &piece_of("flowers.png", *width, *height),
            );
        }
    }
}

/// Runs `casr-lab eval` with metrics that need no weights.
fn eval(folder: &Path, arguments: &[&str]) -> Run {
    let metrics = "psnr_y,ssim_y,drift";
    casr(
        folder,
        &[&["eval", "--metrics", metrics, "-q"][..], arguments].concat(),
    )
}

/// The words of each line, empty lines left out.
fn words(table: &str) -> Vec<Vec<&str>> {
    let lines = table.lines().map(|line| line.split_whitespace().collect());
    lines
        .filter(|words: &Vec<&str>| !words.is_empty())
        .collect()
}

/// The report of a run, as JSON.
fn report(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("report.json")).unwrap()).unwrap()
}

#[test]
fn sets_scales_and_methods() {
    let folder = folder();
    sets(folder.path());
    let run = eval(
        folder.path(),
        &[
            ".",
            "--scales",
            "2,2.5",
            "--methods",
            "bicubic,lanczos,truth,casr",
        ],
    )
    .succeeds();
    let lines = words(&run.output);
    let heads: Vec<&str> = lines.iter().map(|line| line[0]).collect();
    let table = ["First", "method", "bicubic", "lanczos", "truth", "casr"];
    let second = ["Second", "method", "bicubic", "lanczos", "truth", "casr"];
    assert_eq!(heads, [table, table, second, second].concat());
    assert_eq!(lines[0], ["First", "×2,", "2", "images"]);
    assert_eq!(
        lines[1],
        ["method", "PSNR-Y", "SSIM-Y", "drift", "s/MP", "MB"]
    );
    let psnr = |line: usize| lines[line][1].parse::<f64>().unwrap();
    assert!(psnr(5) > psnr(2), "{}", run.output);
    // The truth is equal to itself.
    assert_eq!(lines[4][1..3], ["–", "1.0000"], "{}", run.output);
}

#[test]
fn a_report_in_a_folder() {
    let folder = folder();
    sets(folder.path());
    #[rustfmt::skip]
    let arguments = [
        "First", "Second", "--scales", "2,8,30", "--methods", "bicubic,casr,casr:4,casr-one-step,casr-x4-lanczos", "--report",
        "report.md", "--sheets", "Second",
    ];
    eval(folder.path(), &arguments).succeeds();
    let place = folder.path().join("report");
    let files = names(&place);
    for name in ["scores.csv", "report.json", "cache"] {
        assert!(
            files.iter().any(|file| file == name),
            "no {name} in {files:?}"
        );
    }
    let found = report(&place);
    // At ×30 nothing is large enough; at ×8 all three images are, with five methods each.
    assert_eq!(found["records"].as_array().unwrap().len(), 2 * 3 * 5);
    assert_eq!(found["left_out"].as_array().unwrap().len(), 2);
    let levels = |method: &str| {
        let records = found["records"].as_array().unwrap();
        let record = records.iter().find(|record| {
            record["scale"] == 8.0 && record["method"] == method && record["set"] == "Second"
        });
        record.unwrap()["levels"].as_array().unwrap().len()
    };
    assert_eq!(levels("casr"), 3);
    assert_eq!(levels("casr:4"), 2);
    assert_eq!(levels("casr-one-step"), 1);
    assert_eq!(levels("casr-x4-lanczos"), 3);

    let text = fs::read_to_string(folder.path().join("report.md")).unwrap();
    assert!(
        text.contains("casr-lab eval --metrics psnr_y,ssim_y,drift -q First Second"),
        "{text}"
    );
    assert!(text.contains("- Parameters: casr 0."), "{text}");
    for line in text.lines().filter(|line| line.starts_with("![")) {
        let name = line.split(['(', ')']).nth(1).unwrap();
        let picture = support::read(&folder.path().join(name));
        assert!(picture.width > 100, "{name}");
    }
    assert_eq!(
        text.matches("sheet-").count(),
        2,
        "two sheets of Second: {text}"
    );
    let table = fs::read_to_string(place.join("scores.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 30);
    assert!(table.starts_with("set,image,scale,method,psnr_y,ssim_y,drift,seconds,peak_bytes\n"));
}

#[test]
fn a_second_run_computes_only_what_changed() {
    let folder = folder();
    sets(folder.path());
    let cache = folder.path().join("cache");
    let run = |methods| {
        let arguments = [
            "First",
            "--scales",
            "2",
            "--cache",
            "cache",
            "--methods",
            methods,
        ];
        eval(folder.path(), &arguments).succeeds().output
    };
    let first = run("bicubic,casr");
    assert_eq!(names(&cache).len(), 4);
    // A remembered time is the same to the digit, and a forged score shows.
    for name in names(&cache) {
        let path = cache.join(name);
        let text = fs::read_to_string(&path).unwrap();
        let mut entry: Value = serde_json::from_str(&text).unwrap();
        entry["measured"]["scores"]["psnr_y"] = 77.77.into();
        fs::write(&path, entry.to_string()).unwrap();
    }
    let second = run("bicubic,casr,lanczos");
    assert_eq!(second.matches("77.77").count(), 2, "{first}{second}");
    assert_eq!(names(&cache).len(), 6);

    write(
        &folder.path().join("First"),
        "41.png",
        &piece_of("flowers.png", 41, 41),
    );
    run("bicubic,casr,lanczos");
    assert_eq!(names(&cache).len(), 9);
    // Other metrics are measured, not remembered.
    let arguments = [
        "eval",
        "First",
        "-q",
        "--scales",
        "2",
        "--cache",
        "cache",
        "--metrics",
        "psnr_rgb",
    ];
    let run = casr(folder.path(), &arguments).succeeds();
    assert!(
        !run.output.contains("77.77") && !run.output.contains('–'),
        "{run:?}"
    );
}

#[test]
fn degraded_inputs_are_sets_of_their_own() {
    let folder = folder();
    sets(folder.path());
    let arguments = [
        "First",
        "--scales",
        "2",
        "--degrade",
        "clean,noise:20,blur:0.8+jpeg:30",
        "--methods",
        "bicubic",
        "--report",
        "report.md",
    ];
    let run = eval(folder.path(), &arguments).succeeds();
    let lines = words(&run.output);
    let psnr: Vec<f64> = (0..3)
        .map(|table| lines[3 * table + 2][1].parse().unwrap())
        .collect();
    assert_eq!(lines[3][..2], ["First", "noise:20"]);
    assert_eq!(lines[6][..2], ["First", "blur:0.8+jpeg:30"]);
    assert!(
        psnr[0] > psnr[1] + 1.0 && psnr[0] > psnr[2] + 0.5,
        "{psnr:?}"
    );
    // What an enlargement is to keep is the image, not its noise.
    let drift = |table: usize| lines[3 * table + 2][3].parse::<f64>().unwrap();
    assert!(drift(1) > drift(0), "{}", run.output);
    let run = eval(folder.path(), &["First", "--degrade", "rain"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.errors.contains("noise:SIGMA"), "{run:?}");
}

#[test]
fn networks_side_by_side() {
    let folder = folder();
    sets(folder.path());
    let train = [
        "train",
        ".",
        "-o",
        "run",
        "--steps",
        "1",
        "--batch",
        "1",
        "--patch",
        "8",
        "--channels",
        "8",
        "--blocks",
        "1",
        "--alignment",
        "--similarity",
    ];
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    for name in ["a.png", "b.png"] {
        write(&data, name, &piece_of("flowers.png", 40, 40));
    }
    assert_eq!(casr(&data, &train).code, Some(0));
    let arguments = [
        "Second",
        "--scales",
        "4",
        "--network",
        "new=data/run/weights.safetensors",
        "--network",
        "newer=data/run/weights.safetensors",
        "--methods",
        "casr,new,newer,new:4,new-one-step",
        "--restore",
        "0.5",
    ];
    let run = eval(folder.path(), &arguments).succeeds();
    let lines = words(&run.output);
    let scores = |line: usize| lines[line][1..4].to_vec();
    assert_eq!(scores(3), scores(4), "{}", run.output);
    assert_eq!(scores(5), scores(6), "{}", run.output);
    assert_ne!(scores(3), scores(5), "{}", run.output);
    assert_ne!(scores(2), scores(3), "{}", run.output);

    for (arguments, words) in [
        (["--network", "new"], "NAME=FILE"),
        (["--network", "new=none.safetensors"], "none.safetensors"),
        (["--restore", "2"], "from 0 to 1"),
        (["--look", "1.5"], "from 0 to 1"),
        (["--look", "sharp"], "faithful, balanced, vivid"),
        (["--methods", "casr@2"], "no such method"),
        (["--methods", "bicubic@1"], "no such method"),
    ] {
        let run = eval(folder.path(), &[&["Second"][..], &arguments].concat());
        assert_ne!(run.code, Some(0), "{run:?}");
        assert!(run.errors.contains(words), "{run:?}");
    }
}

/// Of the weights that ship.
#[test]
fn from_faithful_to_vivid() {
    let folder = folder();
    sets(folder.path());
    #[rustfmt::skip]
    let arguments = [
        "eval", "Second", "-q", "--scales", "2", "--metrics", "psnr_y,texture,drift_truth", "--methods",
        "truth,casr,casr@balanced,casr@0.5,casr@faithful,casr@vivid", "--restore", "0",
    ];
    let run = casr(folder.path(), &arguments).succeeds();
    let lines = words(&run.output);
    let scores = |line: usize| lines[line][1..4].to_vec();
    let score = |line: usize, column: usize| lines[line][column].parse::<f64>().unwrap();
    let [truth, default, balanced, half, faithful, vivid] = [2, 3, 4, 5, 6, 7];
    assert_eq!(scores(truth)[1..], ["1.000", "0.000"], "{}", run.output);
    assert_eq!(scores(balanced), scores(half), "{}", run.output);
    assert_eq!(scores(default), scores(half), "{}", run.output);
    for (more, less) in [(faithful, half), (half, vivid)] {
        assert!(score(more, 1) > score(less, 1), "PSNR: {}", run.output);
        assert!(score(more, 2) < score(less, 2), "texture: {}", run.output);
    }
}

#[test]
fn failures() {
    let folder = folder();
    casr(folder.path(), &["eval", "none"]).fails_on(Path::new("none"), &["no such file"]);
    casr(folder.path(), &["eval", "."]).fails_on(Path::new("."), &["no image in this folder"]);

    sets(folder.path());
    fs::write(folder.path().join("Second/bad.png"), "no image").unwrap();
    let run = eval(
        folder.path(),
        &[".", "--scales", "2", "--report", "report.md"],
    );
    assert_eq!(words(&run.output).len(), 2 * 4, "{run:?}");
    run.fails_on(Path::new("./Second/bad.png"), &["not an image"]);
    let text = fs::read_to_string(folder.path().join("report.md")).unwrap();
    assert!(
        text.contains("## Failed") && text.contains("bad.png"),
        "{text}"
    );

    let run = eval(folder.path(), &["First/40.png", "--scales", "2"]);
    run.fails_on(Path::new("First/40.png"), &["not a folder"]);
    for (arguments, words) in [
        (["--scales", "0.5"], "from 1 up"),
        (["--methods", "magic"], "there are bicubic"),
        (["--methods", "casr:5"], "at most 4"),
        (["--methods", "casr,casr"], "two methods"),
        (["--method", "nameless"], "NAME=COMMAND"),
        (["--method", "a=cp {in} /dev/null"], "{out} is missing"),
        (["--method", "a=cp '{in} {out}"], "quote"),
        (["--sheets", "Third"], "no such set"),
        (["--report", "report"], "quality.md"),
        (["--metric-weights", "none"], ""),
    ] {
        let run = eval(folder.path(), &[&["First"][..], &arguments].concat());
        let fails = i32::from(!words.is_empty());
        assert_eq!(run.code, Some(fails), "{arguments:?}: {run:?}");
        assert!(run.errors.contains(words), "{arguments:?}: {run:?}");
    }
}

#[test]
fn missing_weights_switch_a_metric_off_and_wrong_ones_are_an_error() {
    let folder = folder();
    sets(folder.path());
    let arguments = [
        "eval",
        "First",
        "--scales",
        "2",
        "--metric-weights",
        "weights",
    ];
    let run = casr(folder.path(), &arguments);
    assert_eq!(run.code, Some(0), "{run:?}");
    let remarks: Vec<&str> = run
        .errors
        .lines()
        .filter(|line| line.contains("missing"))
        .collect();
    assert_eq!(remarks.len(), 3, "{run:?}");
    assert!(
        !run.output.contains("LPIPS") && !run.output.contains("NIQE"),
        "{run:?}"
    );

    fs::create_dir(folder.path().join("weights")).unwrap();
    fs::write(folder.path().join("weights/niqe.safetensors"), "no weights").unwrap();
    let run = casr(folder.path(), &arguments);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.errors.contains("niqe.safetensors"), "{run:?}");
}

#[cfg(unix)]
mod external {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, Instant};

    /// An executable script.
    fn script(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The built example, beside the program.
    fn external() -> String {
        let folder = Path::new(env!("CARGO_BIN_EXE_casr-lab")).parent().unwrap();
        folder.join("examples/external").display().to_string()
    }

    #[test]
    fn a_program_is_measured_like_a_method() {
        let folder = folder();
        sets(folder.path());
        // Our own network from outside: the same pixels but for the rounding of its levels.
        let method = format!("other={} {{in}} {{out}} {{width}} {{height}}", external());
        #[rustfmt::skip]
        let arguments = [
            "First", "--scales", "2", "--methods", "casr", "--report", "report.md", "--method", &method,
        ];
        eval(folder.path(), &arguments).succeeds();
        let found = report(&folder.path().join("report"));
        let records = found["records"].as_array().unwrap();
        assert_eq!(records.len(), 4);
        for pair in records.chunks(2) {
            assert_eq!(pair[0]["scores"]["psnr_y"], pair[1]["scores"]["psnr_y"]);
            assert!(pair[1]["seconds"].as_f64().unwrap() > 0.0);
            if cfg!(target_os = "linux") {
                assert!(pair[1]["peak_bytes"].as_u64().unwrap() > 1 << 20);
            }
        }
    }

    #[test]
    fn levels_of_a_program_are_seen() {
        let folder = folder();
        sets(folder.path());
        let method = format!(
            "loop={} {{in}} {{out}} {{width}} {{height}} {{levels}}",
            external()
        );
        #[rustfmt::skip]
        let arguments = [
            "Second", "--scales", "4", "--methods", "casr", "--report", "report.md", "--method", &method,
        ];
        eval(folder.path(), &arguments).succeeds();
        let found = report(&folder.path().join("report"));
        for record in found["records"].as_array().unwrap() {
            assert_eq!(record["levels"].as_array().unwrap().len(), 2, "{record}");
        }
    }

    #[test]
    fn programs_that_fail_are_named_and_the_rest_is_measured() {
        let folder = folder();
        sets(folder.path());
        script(folder.path(), "small", "cp \"$1\" \"$2\"");
        script(folder.path(), "nothing", "true");
        script(folder.path(), "broken", "echo out of luck >&2; exit 3");
        script(folder.path(), "text", "echo no image > \"$2\"");
        script(folder.path(), "slow", "sleep 60 & sleep 60");
        let start = Instant::now();
        #[rustfmt::skip]
        let arguments = [
            "Second", "--scales", "2", "--methods", "bicubic", "--report", "report.md", "--method-timeout", "0.3s",
            "--method", "small=./small {in} {out}", "--method", "nothing=./nothing {in} {out}",
            "--method", "broken=./broken {in} {out}", "--method", "text=./text {in} {out}",
            "--method", "slow=./slow {in} {out}", "--method", "absent=./absent {in} {out}",
        ];
        let run = eval(folder.path(), &arguments);
        assert!(start.elapsed() < Duration::from_secs(20));
        assert_eq!(run.code, Some(1), "{run:?}");
        let lines: Vec<&str> = run.errors.lines().collect();
        assert_eq!(lines.len(), 6, "{run:?}");
        for (line, (name, words)) in lines.iter().zip([
            ("small", "gave 18×18 pixels, not 36×36"),
            ("nothing", "left no {out}"),
            ("broken", "out of luck"),
            ("text", "not an image"),
            ("slow", "did not end within"),
            ("absent", "does not start"),
        ]) {
            assert!(line.contains(name) && line.contains(words), "{line}");
        }
        let found = report(&folder.path().join("report"));
        assert_eq!(found["records"].as_array().unwrap().len(), 1);
        assert_eq!(found["failures"].as_array().unwrap().len(), 6);
    }
}

#[test]
fn bicubic_equals_the_literature() {
    let Some(set5) = benchmark("Set5") else {
        return;
    };
    let place = folder();
    let set5 = set5.to_str().unwrap();
    let arguments = [set5, "--scales", "2,3,4", "--methods", "bicubic"];
    let run = eval(place.path(), &arguments).succeeds();
    let lines = words(&run.output);
    let rows: Vec<&Vec<&str>> = lines.iter().filter(|line| line[0] == "bicubic").collect();
    assert_eq!(rows.len(), 3);
    for (row, (psnr, ssim)) in rows
        .iter()
        .zip([(33.66, 0.9299), (30.39, 0.8682), (28.42, 0.8104)])
    {
        let value = |column: usize| row[column].parse::<f64>().unwrap();
        assert!((value(1) - psnr).abs() <= 0.03, "{}", run.output);
        assert!((value(2) - ssim).abs() <= 0.001, "{}", run.output);
    }
}

#[test]
fn every_metric_of_a_photograph() {
    let Some(set5) = benchmark("Set5") else {
        return;
    };
    let weights = set5.join("../../weights");
    let folder = folder();
    fs::create_dir(folder.path().join("Dog")).unwrap();
    write(
        &folder.path().join("Dog"),
        "dog.png",
        &piece_of("dog.png", 240, 220),
    );
    #[rustfmt::skip]
    let arguments = [
        "eval", "Dog", "-q", "--scales", "3", "--methods", "bicubic,casr", "--metric-weights", weights.to_str().unwrap(), "--report", "report.md",
    ];
    let run = casr(folder.path(), &arguments).succeeds();
    assert!(!run.output.contains('–'), "{}", run.output);
    let found = report(&folder.path().join("report"));
    let score =
        |record: usize, metric: &str| found["records"][record]["scores"][metric].as_f64().unwrap();
    for metric in ["psnr_y", "ssim_y", "psnr_rgb", "ssim_rgb", "texture"] {
        assert!(
            score(1, metric) > score(0, metric),
            "{metric}: {}",
            run.output
        );
    }
    for metric in ["lpips_alex", "lpips_vgg", "sifid"] {
        assert!(
            score(1, metric) < score(0, metric),
            "{metric}: {}",
            run.output
        );
    }
}
