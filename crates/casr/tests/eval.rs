//! `casr eval`: sets, scales, the table, the file of comma-separated values, and the literature's figures.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use support::{casr, folder, photograph, write};

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
                &photograph(*width, *height),
            );
        }
    }
}

/// The words of each line of a table.
fn words(table: &str) -> Vec<Vec<&str>> {
    table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect()
}

#[test]
fn sets_and_scales() {
    let folder = folder();
    sets(folder.path());
    let run = casr(
        folder.path(),
        &["eval", ".", "--scales", "2,2.5", "--csv", "scores.csv"],
    )
    .succeeds();
    let lines = words(&run.output);
    let heads: Vec<[&str; 3]> = lines[1..]
        .iter()
        .map(|line| [line[0], line[1], line[2]])
        .collect();
    let expected = [
        ["First", "×2", "2"],
        ["First", "×2.5", "2"],
        ["Second", "×2", "1"],
        ["Second", "×2.5", "1"],
    ];
    assert_eq!(heads, expected);

    let table = fs::read_to_string(folder.path().join("scores.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split(',').collect())
        .collect();
    assert_eq!(rows.len(), 1 + 6);
    assert_eq!(rows[1][..3], ["\"First\"", "\"33.png\"", "2"]);
    let psnr = |row: &[&str]| row[3].parse::<f64>().unwrap();
    let mean = (psnr(&rows[1]) + psnr(&rows[2])) / 2.0;
    assert!((mean - lines[1][3].parse::<f64>().unwrap()).abs() < 0.006);

    let again = casr(folder.path(), &["eval", ".", "--csv", "scores.csv"]);
    again.fails_on(Path::new("scores.csv"), &["new file"]);
}

#[test]
fn one_folder_of_images() {
    let folder = folder();
    sets(folder.path());
    let run = casr(folder.path(), &["eval", "First", "--scales", "3"]).succeeds();
    assert_eq!(words(&run.output)[1][..3], ["First", "×3", "2"]);
}

#[test]
fn failures() {
    let folder = folder();
    casr(folder.path(), &["eval", "none"]).fails_on(Path::new("none"), &["no such file"]);
    casr(folder.path(), &["eval", "."]).fails_on(Path::new("."), &["no image in this folder"]);

    sets(folder.path());
    fs::write(folder.path().join("Second/bad.png"), "no image").unwrap();
    let run = casr(folder.path(), &["eval", ".", "--scales", "2"]);
    assert_eq!(words(&run.output).len(), 3, "{run:?}");
    run.fails_on(Path::new("./Second/bad.png"), &["not an image"]);
    let run = casr(folder.path(), &["eval", "First/40.png", "--scales", "2"]);
    run.fails_on(Path::new("First/40.png"), &["not a folder"]);
    let run = casr(folder.path(), &["eval", "First", "--scales", "0.5"]);
    assert_eq!(
        (run.code, run.errors.lines().count()),
        (Some(1), 2),
        "{run:?}"
    );
}

#[test]
fn bicubic_equals_the_literature() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let set5 = std::env::var_os("CASR_DATA")
        .map_or(shared, PathBuf::from)
        .join("benchmarks/Set5");
    if !set5.is_dir() {
        println!("skipped: {} is missing", set5.display());
        return;
    }
    let run = casr(
        folder().path(),
        &["eval", set5.to_str().unwrap(), "--scales", "2,3,4"],
    )
    .succeeds();
    for (line, (psnr, ssim)) in
        words(&run.output)[1..]
            .iter()
            .zip([(33.66, 0.9299), (30.39, 0.8682), (28.42, 0.8104)])
    {
        assert!(
            (line[3].parse::<f64>().unwrap() - psnr).abs() <= 0.03,
            "{}",
            run.output
        );
        assert!(
            (line[4].parse::<f64>().unwrap() - ssim).abs() <= 0.001,
            "{}",
            run.output
        );
    }
}
