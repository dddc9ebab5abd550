//! WebP: what cwebp makes is read as dwebp reads it, and what this crate writes is sound to
//! webpinfo and equal to dwebp.

use std::fs;

use casr_codec::{Colour, Depth, Format, Header, Options, Writer};

use super::common::{header, interleaved, read_default, samples, write};
use super::described;
use super::programs::{Netpbm, folder, installed, output, run, text, words};

const PROGRAMS: [&str; 3] = ["cwebp", "dwebp", "webpinfo"];

/// libwebp's reading, as interleaved RGBA.
fn dwebp(path: &str) -> Netpbm {
    Netpbm::of(&output(
        "dwebp",
        &["-quiet", "-nodither", "-pam", path, "-o", "-"],
        b"",
    ))
}

/// This crate's, the same way.
fn ours(path: &std::path::Path) -> Vec<u32> {
    let picture = read_default(path).unwrap();
    let channels = picture.colour.channels() + usize::from(picture.alpha.is_some());
    let rgba = interleaved(&picture);
    let steps = |sample: &f32| (sample * 255.0).round() as u32;
    rgba.chunks_exact(channels)
        .flat_map(|pixel| {
            let colour = |at: usize| steps(&pixel[at.min(picture.colour.channels() - 1)]);
            [
                colour(0),
                colour(1),
                colour(2),
                if picture.alpha.is_some() {
                    steps(&pixel[channels - 1])
                } else {
                    255
                },
            ]
        })
        .collect()
}

#[test]
fn every_kind_that_cwebp_makes() {
    if !installed(&PROGRAMS) {
        return;
    }
    let folder = folder();
    let [source, path] = ["source.png", "made.webp"].map(|name| folder.path().join(name));
    let mut count = 0;
    for size in [(1, 1), (7, 5), (16, 16), (53, 41), (130, 67)] {
        for alpha in [false, true] {
            let header = header(size.0, size.1, Colour::Rgb, Depth::Eight, alpha);
            let _ = fs::remove_file(&source);
            write(&source, Format::Png, &header, &samples(&header)).unwrap();
            for options in [
                &["-lossless"][..],
                &["-lossless", "-exact", "-z", "9"],
                &["-near_lossless", "40"],
                &["-q", "10"],
                &["-q", "75", "-segments", "1", "-f", "0"],
                &["-q", "90", "-sharp_yuv", "-alpha_q", "50"],
                &[
                    "-q",
                    "60",
                    "-f",
                    "100",
                    "-strong",
                    "-sns",
                    "90",
                    "-alpha_filter",
                    "best",
                ],
                &[
                    "-q",
                    "50",
                    "-nostrong",
                    "-partition_limit",
                    "0",
                    "-alpha_method",
                    "0",
                ],
            ] {
                let arguments = [options, &["-quiet", text(&source), "-o", text(&path)]].concat();
                output("cwebp", &arguments, b"");
                let reference = dwebp(text(&path));
                assert_eq!(
                    (reference.width, reference.height, reference.channels),
                    (size.0, size.1, 4)
                );
                assert!(
                    ours(&path) == reference.samples,
                    "{size:?} {alpha} {options:?}"
                );
                count += 1;
            }
        }
    }
    println!("{count} files");
}

#[test]
fn libwebp_reads_what_is_written() {
    if !installed(&PROGRAMS) {
        return;
    }
    let folder = folder();
    let path = folder.path().join("ours.webp");
    let mut count = 0;
    for colour in [Colour::Grey, Colour::Rgb] {
        for alpha in [false, true] {
            for size in [(1, 1), (37, 21), (300, 200)] {
                for quality in [None, Some(80)] {
                    for described_too in [false, true] {
                        let mut header = header(size.0, size.1, colour, Depth::Eight, alpha);
                        if described_too {
                            header.metadata = described();
                            header.metadata.icc = Some([&[0; 16][..], b"RGB ", &[0; 109]].concat());
                        }
                        create(&path, &header, quality);
                        let what =
                            format!("{colour:?} {alpha} {size:?} {quality:?} {described_too}");
                        let judged = run("webpinfo", &[text(&path)], b"");
                        let said = words(&judged.stdout);
                        assert!(
                            judged.status.success() && said.contains("No error detected."),
                            "{what}: {said}"
                        );
                        assert!(!said.contains("Warning"), "{what}: {said}");
                        assert_eq!(words(&judged.stderr), "", "{what}");
                        if quality.is_none() {
                            assert_eq!(dwebp(text(&path)).samples, ours(&path), "{what}");
                        }
                        fs::remove_file(&path).unwrap();
                        count += 1;
                    }
                }
            }
        }
    }
    println!("{count} files");
}

fn create(path: &std::path::Path, header: &Header, webp_quality: Option<u8>) {
    let options = Options {
        webp_quality,
        ..Options::default()
    };
    let mut writer = Writer::create(path, Format::WebP, header.clone(), options).unwrap();
    writer.write_rows(&samples(header)).unwrap();
    writer.finish().unwrap();
}
