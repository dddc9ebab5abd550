//! JPEG: what cjpeg and jpegtran make is read as djpeg reads it, bit for bit, and what djpeg warns
//! of is never silent.

use std::fs;
use std::path::Path;

use casr_codec::Loss;

use super::common::{Noise, read_bytes};
use super::programs::{Netpbm, folder, installed, output, run, text, words};

const PROGRAMS: [&str; 3] = ["cjpeg", "djpeg", "jpegtran"];

const SAMPLINGS: [&str; 14] = [
    "1x1",
    "2x1",
    "1x2",
    "2x2",
    "4x1",
    "1x4",
    "3x1",
    "1x3",
    "4x2",
    "2x4",
    "1x1,2x2,2x2",
    "1x1,2x1,1x2",
    "2x2,2x1,1x2",
    "1x2,2x1,1x1",
];
const SIZES: [(usize, usize); 6] = [(1, 1), (2, 3), (15, 1), (16, 16), (33, 18), (50, 31)];
/// Scans: all components in one, one for each, progressive by cjpeg's script, and by two scripts of
/// our own.
const SCRIPTS: [(&str, Option<&str>); 5] = [
    ("one scan", None),
    ("a scan each", Some("2;\n0;\n1;\n")),
    ("progressive", None),
    (
        "slices",
        Some("0,1,2:0-0,0,0;\n0:1-5,0,0;\n2:1-63,0,0;\n1:1-63,0,0;\n0:6-63,0,0;\n"),
    ),
    (
        "refinements",
        Some(
            "0:0-0,0,2;\n1,2:0-0,0,1;\n0:1-63,0,3;\n2:1-63,0,1;\n0:1-63,3,2;\n0:1-63,2,1;\n1:1-20,0,0;\n\
             1:21-63,0,0;\n0:0-0,2,1;\n0,1,2:0-0,1,0;\n0:1-63,1,0;\n2:1-63,1,0;\n",
        ),
    ),
];
const RESTARTS: [&[&str]; 3] = [&[], &["-restart", "1"], &["-restart", "3B"]];
const QUALITIES: [&[&str]; 5] = [
    &["-quality", "88"],
    &["-quality", "1"],
    &["-quality", "30", "-baseline"],
    &["-quality", "100", "-optimize"],
    &["-quality", "75", "-dct", "float"],
];

/// Where djpeg reads a file without a word: its pixels.
fn djpeg(file: &[u8]) -> Result<Netpbm, String> {
    // Pixels are equal by the accurate integer transform and the smooth upsampling, both of them
    // the default.
    let read = run("djpeg", &["-dct", "int"], file);
    if read.status.success() && read.stderr.is_empty() {
        Ok(Netpbm::of(&read.stdout))
    } else {
        Err(words(&read.stderr))
    }
}

/// Checks a valid file.
fn check(what: &str, file: &[u8]) {
    let reference = djpeg(file).unwrap_or_else(|warning| panic!("{what}: {warning}"));
    let picture = read_bytes(file).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(reference.equals(&picture), "{what}: other pixels");
    assert!(
        picture.losses.iter().all(|loss| *loss == Loss::Cmyk),
        "{what}: {:?}",
        picture.losses
    );
}

/// A script's arguments, in a file of a folder.
fn scans(folder: &Path, (name, script): (&str, Option<&str>)) -> Vec<String> {
    let Some(script) = script else {
        return (name == "progressive")
            .then(|| "-progressive".to_owned())
            .into_iter()
            .collect();
    };
    let path = folder.join(name);
    fs::write(&path, script).unwrap();
    vec!["-scans".into(), text(&path).into()]
}

fn cjpeg(arguments: &[&[&str]], scans: &[String], image: &Netpbm) -> Vec<u8> {
    let scans: Vec<&str> = scans.iter().map(String::as_str).collect();
    output(
        "cjpeg",
        &[&arguments.concat()[..], &scans].concat(),
        &image.file(),
    )
}

#[test]
fn every_sampling_in_every_order_of_scans() {
    if !installed(&PROGRAMS) {
        return;
    }
    let folder = folder();
    let mut count = 0;
    for (at, sampling) in SAMPLINGS.iter().enumerate() {
        for (by, script) in SCRIPTS.iter().enumerate() {
            let scans = scans(folder.path(), *script);
            for (to, size) in SIZES.iter().enumerate() {
                // Restarts and qualities take turns.
                let (restart, quality) = (
                    RESTARTS[(at + by + to) % 3],
                    QUALITIES[(at + 2 * by + to) % 5],
                );
                let image = Netpbm::drawn(size.0, size.1, 3, 255);
                let file = cjpeg(&[quality, &["-sample", sampling], restart], &scans, &image);
                check(
                    &format!("{sampling} {} {size:?} {restart:?} {quality:?}", script.0),
                    &file,
                );
                count += 1;
            }
        }
    }
    println!("{count} files");
}

#[test]
fn every_colour_and_what_jpegtran_makes_of_it() {
    if !installed(&PROGRAMS) {
        return;
    }
    let stored = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/jpegs");
        fs::read(folder.join(name)).unwrap()
    };
    let image = Netpbm::drawn(45, 37, 3, 255);
    let grey = Netpbm::drawn(45, 37, 1, 255);
    let mut sources = Vec::new();
    for sampling in ["1x1", "2x1", "2x2", "4x1"] {
        let sampling: &[&str] = &["-sample", sampling];
        sources.push(cjpeg(&[sampling], &[], &image));
        sources.push(cjpeg(&[sampling, &["-rgb"]], &[], &image));
        sources.push(cjpeg(&[sampling, &["-grayscale"]], &[], &image));
        sources.push(cjpeg(&[sampling], &[], &grey));
    }
    for name in [
        "cmyk.jpg",
        "cmyk-no-adobe.jpg",
        "ycck.jpg",
        "ycck-no-adobe.jpg",
        "adobe-0.jpg",
    ] {
        sources.push(stored(name));
    }
    let mut count = 0;
    for (at, source) in sources.iter().enumerate() {
        for (by, change) in [
            &["-progressive"][..],
            &["-restart", "2B"],
            &["-optimize"],
            &["-rotate", "90"],
            &["-flip", "horizontal"],
            &["-transpose"],
            &["-crop", "19x11+0+0"],
            &["-crop", "5x3+8+16"],
            &["-copy", "none"],
        ]
        .iter()
        .enumerate()
        {
            let finish: &[&[&str]] = &[&[], &["-progressive"], &["-restart", "1"]];
            let file = output(
                "jpegtran",
                &[*change, finish[(at + by) % 3]].concat(),
                source,
            );
            check(&format!("source {at} {change:?}"), &file);
            count += 1;
        }
    }
    println!("{count} files");
}

/// What damaged files come to: they are refused, or read with a remark, or as djpeg reads them
/// without a word.
#[derive(Default)]
struct Tally {
    refused: usize,
    remarked: usize,
    equal: usize,
    beyond_range: usize,
}

impl Tally {
    fn judge(&mut self, what: &str, file: &[u8]) {
        let Ok(picture) = read_bytes(file) else {
            self.refused += 1;
            return;
        };
        if !picture.losses.is_empty() {
            self.remarked += 1;
            return;
        }
        let reference =
            djpeg(file).unwrap_or_else(|warning| panic!("{what}: silent, but djpeg: {warning}"));
        if reference.equals(&picture) {
            self.equal += 1;
            return;
        }
        // On coefficients that no image has, even djpeg's own ways of the same transform part.
        let plain = run("env", &["JSIMD_FORCENONE=1", "djpeg", "-dct", "int"], file);
        assert!(
            Netpbm::of(&plain.stdout) != reference,
            "{what}: silent, and other pixels"
        );
        self.beyond_range += 1;
    }
}

#[test]
fn what_djpeg_warns_of_is_never_silent() {
    if !installed(&PROGRAMS) {
        return;
    }
    let folder = folder();
    let image = Netpbm::drawn(41, 30, 3, 255);
    let mut noise = Noise(11);
    let (mut cuts, mut changes) = (Tally::default(), Tally::default());
    for script in SCRIPTS {
        let scans = scans(folder.path(), script);
        for restart in RESTARTS {
            let file = cjpeg(&[&["-quality", "60"], restart], &scans, &image);
            for _ in 0..8 {
                let cut = 2 + noise.below(file.len() - 2);
                cuts.judge(
                    &format!("{} {restart:?} cut at {cut}", script.0),
                    &file[..cut],
                );
                let ended = [&file[..cut], b"\xff\xd9"].concat();
                cuts.judge(&format!("{} {restart:?} ended at {cut}", script.0), &ended);
            }
            for _ in 0..24 {
                let mut changed = file.clone();
                let at = 20 + noise.below(file.len() - 20);
                changed[at] ^= 1 << noise.below(8);
                changes.judge(
                    &format!("{} {restart:?} changed at {at}", script.0),
                    &changed,
                );
            }
        }
    }
    for (name, tally) in [("cut short", cuts), ("changed", changes)] {
        let Tally {
            refused,
            remarked,
            equal,
            beyond_range,
        } = tally;
        println!(
            "{name}: {refused} refused, {remarked} remarked, {equal} equal, {beyond_range} beyond the range"
        );
    }
}
