//! TIFF: what tiffcp makes of a file is read like the file itself and like libtiff reads it, and
//! what this crate writes is read by libtiff without a warning.

use std::fs;
use std::path::Path;

use casr_codec::{
    CodecError, Colour, Depth, Format, Limits, Loss, Picture, Samples, pages, read_page,
};

use super::common::tiff_bytes::Values::Shorts;
use super::common::tiff_bytes::{Tiff, tiff};
use super::common::{Noise, header, interleaved, read_default, samples, write};
use super::described;
use super::programs::{Netpbm, folder, installed, output, run, text, words};

const PROGRAMS: [&str; 4] = ["tiffcp", "tiffinfo", "tiffcmp", "tifftopnm"];

const WIDTH: usize = 53;
const HEIGHT: usize = 41;

/// A kind of samples: its name, photometric interpretation, bits, extra samples and number format.
struct Kind {
    name: &'static str,
    photometric: u16,
    bits: &'static [u16],
    extra: Option<u16>,
    /// 1 unsigned, 3 floating-point.
    format: u16,
}

const fn kind(name: &'static str, photometric: u16, bits: &'static [u16]) -> Kind {
    Kind {
        name,
        photometric,
        bits,
        extra: None,
        format: 1,
    }
}

const KINDS: [Kind; 15] = [
    kind("bilevel", 1, &[1]),
    kind("bilevel, white is 0", 0, &[1]),
    kind("grey of 2 bits", 1, &[2]),
    kind("grey of 4 bits", 0, &[4]),
    kind("grey", 1, &[8]),
    kind("grey, white is 0", 0, &[8]),
    kind("grey of 16 bits", 1, &[16]),
    kind("palette of 4 bits", 3, &[4]),
    kind("palette", 3, &[8]),
    kind("RGB", 2, &[8; 3]),
    kind("RGB of 16 bits", 2, &[16; 3]),
    Kind {
        extra: Some(2),
        ..kind("RGBA", 2, &[8; 4])
    },
    Kind {
        extra: Some(1),
        ..kind("RGBA, multiplied", 2, &[8; 4])
    },
    kind("CMYK", 5, &[8; 4]),
    Kind {
        format: 3,
        ..kind("floating point", 1, &[32])
    },
];

impl Kind {
    /// An uncompressed file of runs, slopes and noise.
    fn file(&self, seed: u64) -> Vec<u8> {
        let mut noise = Noise(seed);
        let mut rows = Vec::new();
        let bits: usize = self.bits.iter().map(|&bits| usize::from(bits)).sum();
        for y in 0..HEIGHT {
            let row: Vec<u8> = match (self.format, bits) {
                (3, _) => (0..WIDTH)
                    .flat_map(|x| (((x + y) % 90) as f32 / 89.0).to_le_bytes())
                    .collect(),
                (_, 1) => (0..WIDTH.div_ceil(8))
                    .map(|x| {
                        if (x + y / 5) % 3 == 0 {
                            noise.below(256) as u8
                        } else {
                            255 * ((y / 7 % 2) as u8)
                        }
                    })
                    .collect(),
                _ => (0..(WIDTH * bits).div_ceil(8))
                    .map(|x| (x * 3 + y * 5 + if y % 4 == 0 { noise.below(30) } else { 0 }) as u8)
                    .collect(),
            };
            rows.extend(row);
        }
        let map: Vec<u16> = (0..3 << self.bits[0].min(8))
            .map(|_| (noise.below(256) * 257) as u16)
            .collect();
        let (extra, formats) = (
            [self.extra.unwrap_or(0)],
            vec![self.format; self.bits.len()],
        );
        let mut more = vec![(339, Shorts(&formats))];
        if self.photometric == 3 {
            more.push((320, Shorts(&map)));
        }
        if self.extra.is_some() {
            more.push((338, Shorts(&extra)));
        }
        Tiff {
            more,
            ..tiff(
                (WIDTH as u32, HEIGHT as u32),
                self.photometric,
                self.bits,
                &[&rows],
            )
        }
        .file()
    }

    /// What tiffcp can compress these samples by.
    fn codings(&self) -> Vec<&'static str> {
        // Group 3 is not read, and said so.
        let mut codings = vec!["none", "lzw", "zip", "packbits"];
        match (self.format, self.bits[0]) {
            (3, _) => codings.push("zip:3"),
            (_, 1) => codings.push("g4"),
            (_, 8 | 16) => codings.extend(["lzw:2", "zip:2:p9"]),
            _ => {}
        }
        codings
    }
}

/// What libtiff makes of a file.
fn libtiff(path: &Path) -> Netpbm {
    Netpbm::of(&output("tifftopnm", &["-quiet", text(path)], b""))
}

fn tiffcp(arguments: &[&str], from: &Path, to: &Path) {
    output(
        "tiffcp",
        &[arguments, &[text(from), text(to)]].concat(),
        b"",
    );
}

/// The pixels, and the other properties by which two readings are compared.
fn content(picture: Picture) -> (usize, usize, Vec<f32>, Option<Vec<f32>>, Vec<Loss>) {
    (
        picture.width,
        picture.height,
        picture.pixels.into_f32(),
        picture.alpha.map(Samples::into_f32),
        picture.losses,
    )
}

const LAYOUTS: [&[&str]; 5] = [
    &[],
    &["-r", "1"],
    &["-r", "7"],
    &["-t", "-w", "16", "-l", "32"],
    &["-t", "-w", "64", "-l", "16"],
];
const ORDERS: [&[&str]; 4] = [&["-L"], &["-B"], &["-L", "-8"], &["-B", "-8"]];

/// Reads a file that must be readable; `what` it is, for the message.
fn readable(path: &Path, what: &str) -> Picture {
    read_default(path).unwrap_or_else(|error| panic!("{what}: {error}"))
}

#[test]
fn every_coding_of_every_kind_in_every_layout() {
    if !installed(&PROGRAMS) {
        return;
    }
    let folder = folder();
    let [source, variant] = ["source.tif", "variant.tif"].map(|name| folder.path().join(name));
    let mut count = 0;
    for kind in &KINDS {
        fs::write(&source, kind.file(5)).unwrap();
        let picture = read_default(&source).unwrap();
        // Netpbm's program is wrong about 16 bits, and has rules of its own for alpha and inks.
        if kind.bits[0] <= 8 && kind.bits.len() < 4 {
            assert!(libtiff(&source).equals(&picture), "{}", kind.name);
        }
        let expected = content(picture);
        for (at, coding) in kind.codings().into_iter().enumerate() {
            for (by, layout) in LAYOUTS.iter().enumerate() {
                for planes in ["contig", "separate"] {
                    // tiffcp knows separate planes of 8 bits only.
                    if planes == "separate" && (kind.bits.len() == 1 || kind.bits[0] != 8) {
                        continue;
                    }
                    // Orders of bits and bytes take turns.
                    let turn = at + by + usize::from(planes == "separate");
                    let fill = ["msb2lsb", "lsb2msb"][(turn + by / 2) % 2];
                    // tiffcp itself cannot read what it makes of floating-point differences the
                    // other way round.
                    let order = ORDERS[if coding == "zip:3" { 0 } else { turn % 4 }];
                    let arguments =
                        [&["-c", coding, "-p", planes, "-f", fill], *layout, order].concat();
                    tiffcp(&arguments, &source, &variant);
                    let what = format!("{} {arguments:?}", kind.name);
                    let read = readable(&variant, &what);
                    assert!(content(read) == expected, "{what}");
                    count += 1;
                }
            }
        }
    }
    println!("{count} files");
}

#[test]
fn jpeg_in_every_layout() {
    if !installed(&PROGRAMS) {
        return;
    }
    let folder = folder();
    let [source, variant] = ["source.tif", "variant.tif"].map(|name| folder.path().join(name));
    let unpacked = folder.path().join("unpacked.tif");
    let mut count = 0;
    for kind in KINDS
        .iter()
        .filter(|kind| matches!(kind.name, "grey" | "RGB"))
    {
        fs::write(&source, kind.file(5)).unwrap();
        for coding in ["jpeg:90", "jpeg:r:75", "jpeg:5"] {
            for layout in [
                &["-r", "16"][..],
                &["-r", "48"],
                &["-t", "-w", "16", "-l", "32"],
                &["-t", "-w", "64", "-l", "64"],
            ] {
                for order in ORDERS {
                    let arguments = [&["-c", coding], layout, order].concat();
                    tiffcp(&arguments, &source, &variant);
                    let what = format!("{} {arguments:?}", kind.name);
                    let read = readable(&variant, &what);
                    // As libjpeg turns the colours: Netpbm's program knows none but RGB.
                    tiffcp(&["-c", "none"], &variant, &unpacked);
                    assert!(libtiff(&unpacked).equals(&read), "{what}");
                    count += 1;
                }
            }
        }
    }
    println!("{count} files");
}

#[test]
fn codings_that_are_not_read_are_refused_by_name() {
    if !installed(&PROGRAMS) {
        return;
    }
    let folder = folder();
    let [source, variant] = ["source.tif", "variant.tif"].map(|name| folder.path().join(name));
    for (name, coding) in [
        ("bilevel", "g3"),
        ("bilevel", "g3:2d"),
        #[cfg(not(feature = "zstd"))]
        ("RGB", "zstd"),
        ("RGB", "lzma"),
        ("RGB", "webp"),
        ("grey", "lerc"),
    ] {
        let kind = KINDS.iter().find(|kind| kind.name == name).unwrap();
        fs::write(&source, kind.file(5)).unwrap();
        // Not every libtiff is built with all of them.
        if run(
            "tiffcp",
            &["-c", coding, text(&source), text(&variant)],
            b"",
        )
        .status
        .success()
        {
            let error = read_default(&variant).unwrap_err();
            assert!(
                matches!(error, CodecError::Unsupported { .. }),
                "{coding}: {error}"
            );
        }
    }
}

#[test]
fn pages_are_those_that_were_put_together() {
    if !installed(&PROGRAMS) {
        return;
    }
    let folder = folder();
    let parts: Vec<_> = (0..4)
        .map(|at| folder.path().join(format!("{at}.tif")))
        .collect();
    let whole = folder.path().join("whole.tif");
    for (kind, part) in KINDS.iter().skip(4).zip(&parts) {
        fs::write(part, kind.file(9)).unwrap();
    }
    let parts: Vec<&str> = parts.iter().map(|part| text(part)).collect();
    for order in ORDERS {
        output(
            "tiffcp",
            &[order, &["-c", "lzw"], &parts, &[text(&whole)]].concat(),
            b"",
        );
        assert_eq!(pages(&whole).unwrap(), 4, "{order:?}");
        for (at, part) in parts.iter().enumerate() {
            let page = read_page(&whole, &Limits::default(), at + 1).unwrap();
            assert_eq!(
                content(page),
                content(read_default(Path::new(part)).unwrap()),
                "{order:?} {at}"
            );
        }
    }
}

#[test]
fn libtiff_reads_what_is_written() {
    if !installed(&PROGRAMS) {
        return;
    }
    let folder = folder();
    let [ours, theirs] = ["ours.tif", "theirs.tif"].map(|name| folder.path().join(name));
    for colour in [Colour::Grey, Colour::Rgb] {
        for depth in [Depth::Eight, Depth::Sixteen] {
            for alpha in [false, true] {
                for (width, height) in [(1, 1), (37, 21), (190, 700)] {
                    let mut header = header(width, height, colour, depth, alpha);
                    header.metadata = described();
                    let samples = samples(&header);
                    write(&ours, Format::Tiff, &header, &samples).unwrap();
                    let what = format!("{colour:?} {depth:?} {alpha} {width}");
                    // The first reads the directories and all data, the others rewrite and compare
                    // them.
                    let info = run("tiffinfo", &["-D", text(&ours)], b"");
                    assert_eq!(words(&info.stderr), "", "{what}");
                    let copy = run("tiffcp", &["-c", "none", text(&ours), text(&theirs)], b"");
                    assert_eq!(
                        (copy.status.success(), words(&copy.stderr)),
                        (true, String::new()),
                        "{what}"
                    );
                    let compare = run("tiffcmp", &["-t", text(&ours), text(&theirs)], b"");
                    assert!(
                        compare.status.success(),
                        "{what}: {}",
                        words(&compare.stdout)
                    );
                    // What libtiff has unpacked is what was to be written.
                    assert_eq!(
                        interleaved(&read_default(&theirs).unwrap()),
                        samples,
                        "{what}"
                    );
                    fs::remove_file(&ours).unwrap();
                }
            }
        }
    }
}
