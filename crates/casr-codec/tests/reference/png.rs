//! PNG: what pnmtopng makes is read as pngtopnm reads it, and what this crate writes passes
//! pngcheck.

use std::fs;

use casr_codec::{Colour, Depth, Format, Metadata};

use super::common::{encoded, header, read_bytes, read_default, samples, write};
use super::described;
use super::programs::{Netpbm, folder, installed, output, run, text, words};

const PROGRAMS: [&str; 3] = ["pnmtopng", "pngtopnm", "pngcheck"];

/// The opaque colours, and the alpha channel as an image of its own.
fn pngtopnm(file: &[u8]) -> [Netpbm; 2] {
    [&["-quiet"][..], &["-quiet", "-alpha"]]
        .map(|arguments| Netpbm::of(&output("pngtopnm", arguments, file)))
}

fn check(what: &str, file: &[u8]) {
    let picture = read_bytes(file).unwrap_or_else(|error| panic!("{what}: {error}"));
    let [colours, alpha] = pngtopnm(file);
    assert!(colours.equals(&picture), "{what}");
    let most = alpha.most as f32;
    let seen = picture
        .alpha
        .unwrap_or_else(|| vec![1.0; alpha.samples.len()].into());
    let seen = seen.iter().map(|sample| (sample * most).round() as u32);
    assert!(seen.eq(alpha.samples.iter().copied()), "{what}: alpha");
}

#[test]
fn every_kind_that_pnmtopng_makes() {
    if !installed(&PROGRAMS) {
        return;
    }
    let folder = folder();
    let [alpha, alpha_deep] = [255, 65_535].map(|most| {
        let path = folder.path().join(format!("{most}.pgm"));
        fs::write(&path, Netpbm::drawn(37, 29, 1, most).file()).unwrap();
        path
    });
    let alpha_of = |deep: bool| text(if deep { &alpha_deep } else { &alpha }).to_owned();
    let mut count = 0;
    for channels in [1, 3] {
        for most in [1, 3, 15, 31, 100, 255, 4095, 65_535] {
            let image = Netpbm::drawn(37, 29, channels, most);
            // Few colours become a palette.
            let mut few = Netpbm::drawn(37, 29, channels, most);
            for sample in &mut few.samples {
                *sample = *sample * 4 / (most + 1) * most / 4;
            }
            for image in [&image, &few] {
                let first: Vec<String> = image.samples[..channels]
                    .iter()
                    .map(u32::to_string)
                    .collect();
                let colour = format!("rgbi:{}/{}/{}", 0, 0, 0);
                let alpha = alpha_of(most > 255);
                for options in [
                    vec![],
                    vec!["-interlace"],
                    vec!["-alpha", &alpha],
                    vec!["-alpha", &alpha, "-interlace"],
                    vec!["-transparent", &colour],
                    vec!["-background", &colour, "-interlace"],
                    vec!["-gamma", "0.7"],
                    vec!["-nofilter", "-compression", "1"],
                    vec!["-paeth", "-size", "3000 2000 1", "-force"],
                ] {
                    let arguments = [&["-quiet"], &options[..]].concat();
                    let file = output("pnmtopng", &arguments, &image.file());
                    check(
                        &format!("{channels} channels up to {most} {first:?} {options:?}"),
                        &file,
                    );
                    count += 1;
                }
            }
        }
    }
    println!("{count} files");
}

#[test]
fn pngcheck_finds_no_fault_in_what_is_written() {
    if !installed(&PROGRAMS) {
        return;
    }
    let folder = folder();
    let path = folder.path().join("ours.png");
    let mut count = 0;
    for colour in [Colour::Grey, Colour::Rgb] {
        for depth in [Depth::Eight, Depth::Sixteen] {
            for alpha in [false, true] {
                for (width, height) in [(1, 1), (37, 21), (700, 500)] {
                    for metadata in [Metadata::default(), described()] {
                        let mut header = header(width, height, colour, depth, alpha);
                        header.metadata = metadata;
                        // pngcheck is older than this chunk.
                        header
                            .metadata
                            .colour_chunks
                            .retain(|chunk| chunk.name != *b"cICP");
                        let samples = samples(&header);
                        write(&path, Format::Png, &header, &samples).unwrap();
                        let what = format!("{colour:?} {depth:?} {alpha} {width}");
                        let judged = run("pngcheck", &["-q", text(&path)], b"");
                        assert_eq!(
                            (words(&judged.stdout), words(&judged.stderr)),
                            (String::new(), String::new()),
                            "{what}"
                        );
                        assert!(judged.status.success(), "{what}");
                        let file = fs::read(&path).unwrap();
                        let [colours, _] = pngtopnm(&file);
                        assert!(colours.equals(&read_default(&path).unwrap()), "{what}");
                        fs::remove_file(&path).unwrap();
                        count += 1;
                    }
                }
            }
        }
    }
    println!("{count} files");
    // It does find faults.
    let mut file = encoded(Format::Png, &header(9, 9, Colour::Rgb, Depth::Eight, false));
    let middle = file.len() / 2;
    file[middle] ^= 1;
    fs::write(&path, file).unwrap();
    assert!(!run("pngcheck", &["-q", text(&path)], b"").status.success());
}
