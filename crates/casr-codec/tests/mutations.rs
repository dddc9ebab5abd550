//! No file, however broken, makes a decoder panic, hang or take more memory than its pixels are
//! worth: ten thousand deterministic mutations for each format.
#![cfg(feature = "formats")]

mod common;

use std::fs;
use std::panic;
use std::path::Path;
use std::time::Duration;

use casr_codec::{
    CodecError, Colour, Depth, Format, Header, Limits, Metadata, Options, Picture, Resolution,
    ResolutionChange, Text, Unit, Writer, pages, probe, read, read_page,
};
use common::{FORMATS, Noise, encoded, exif, folder, header, limited, panics};

/// Mutated files of each format.
const FILES: usize = 10_000;

/// A megapixel holds every seed and keeps what mutated sizes cost small.
const LIMITS: Limits = Limits {
    max_pixels: 1 << 20,
};

/// What the whole process may have: these pixels at the worst, 24 bytes each as [`Limits`] says,
/// four times the 64 MiB that metadata may be, for they are inflated, joined and handed on; and the
/// program with its threads.
const MEGABYTES: usize = 25 + 4 * 67 + 27;

/// What one file may take of a processor's time, all that is done with it together.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Seconds of a processor's time for all files of a format: far more than they need, but a hang has
/// an end.
const SECONDS: usize = 600;

/// Small files of a format in several kinds.
fn seeds(format: Format) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (colour, depth, alpha) in [
        (Colour::Rgb, Depth::Eight, false),
        (Colour::Grey, Depth::Sixteen, false),
        (Colour::Rgb, Depth::Sixteen, format.holds_alpha()),
    ] {
        let mut header = header(19, 11, colour, depth, alpha);
        header.metadata.exif = Some(exif(6, alpha));
        header.metadata.icc = Some(vec![5; 40]);
        seeds.push(encoded(format, &header));
    }
    seeds.push(encoded(format, &described()));
    seeds
}

/// A header with metadata of every kind.
fn described() -> Header {
    let mut header = header(9, 7, Colour::Rgb, Depth::Eight, false);
    let packet = r#"<x:xmpmeta><rdf:RDF xmlns:rdf="urn:rdf"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
        tiff:ImageWidth='9' xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"><tiff:ImageLength>7
        </tiff:ImageLength><hdrgm:a><hdrgm:b/></hdrgm:a></rdf:Description></rdf:RDF></x:xmpmeta>"#;
    let text = |international, compressed| Text {
        keyword: "Title".into(),
        text: "words, words, words".into(),
        compressed,
        international,
        ..Text::default()
    };
    header.metadata = Metadata {
        exif: Some(exif(6, false)),
        xmp: Some(packet.into()),
        photoshop: Some(b"8BIM\x04\x04\0\0\0\0\0\x0b\x1c\x02\x78\0\x06Asters\0".to_vec()),
        comments: vec![b"hello".to_vec()],
        texts: vec![text(false, false), text(false, true), text(true, true)],
        resolution: Some(Resolution {
            x: 300.0,
            y: 200.0,
            unit: Unit::Inch,
        }),
        ..Metadata::default()
    };
    header
}

/// Changes a file in one of the ways files get broken.
fn mutate(file: &[u8], noise: &mut Noise) -> Vec<u8> {
    let mut mutated = file.to_vec();
    // The first bytes identify the format; after them a third of the changes goes to the headers.
    let place = |noise: &mut Noise| {
        let reach = if noise.below(3) == 0 {
            mutated.len().min(120)
        } else {
            mutated.len()
        };
        noise.below(reach)
    };
    match noise.below(5) {
        0 => mutated.truncate(place(noise)),
        1 => {
            let (start, length) = (place(noise), noise.below(40));
            mutated.splice(start..(start + length).min(file.len()), []);
        }
        2 => {
            let (start, length) = (place(noise), noise.below(40));
            let bytes: Vec<u8> = (0..length).map(|_| noise.below(256) as u8).collect();
            mutated.splice(start..start, bytes);
        }
        kind => {
            for _ in 0..=noise.below(6) {
                let at = noise.below(mutated.len());
                let values = [0, 1, 0x7f, 0x80, 0xff, noise.below(256) as u8];
                mutated[at] = if kind == 3 {
                    mutated[at] ^ 1 << noise.below(8)
                } else {
                    values[noise.below(6)]
                };
            }
        }
    }
    mutated
}

/// Begins files of every format with what was read, which edits all metadata; the pixels are left
/// out.
fn carry_on(picture: &Picture, path: &Path) {
    let options = Options {
        resolution: ResolutionChange::Scale,
        ..Options::default()
    };
    for format in FORMATS {
        let mut header = Header::of(picture, picture.width * 2, picture.height * 3, format);
        header.alpha &= format.holds_alpha();
        let _ = Writer::create(path, format, header, options);
    }
}

/// Reads a file in every way. One that needs more memory than there is counts as a failure: a few
/// pixels do not need it.
fn use_up(path: &Path, carried: &Path) -> Result<Picture, CodecError> {
    let _ = (
        probe(path, &LIMITS),
        pages(path),
        read_page(path, &LIMITS, 2),
    );
    let outcome = read(path, &LIMITS);
    match &outcome {
        Ok(picture) => carry_on(picture, carried),
        Err(error) => assert!(!matches!(error, CodecError::OutOfMemory { .. }), "{error}"),
    }
    outcome
}

/// Runs [`mutated`] in a process with little memory, where the system can limit it.
fn attack(format: &str, seeds: impl Fn() -> Vec<Vec<u8>>, mend: impl Fn(&mut [u8])) {
    let done = format!("{FILES} mutated files");
    if let Some(folder) = limited::folder() {
        mutated(&seeds(), mend, &folder);
        println!("{done}");
        return;
    }
    let folder = folder();
    if cfg!(target_os = "linux") {
        let (success, said) = limited::run(format, folder.path(), MEGABYTES, SECONDS);
        // The file that was at work when the process ended is still there.
        let left = fs::read_dir(folder.path()).unwrap().flatten().next();
        let left = left.map(|file| fs::read(file.path()).unwrap_or_default());
        assert!(success, "{said}\nat work: {left:02x?}");
        assert!(said.contains(&done), "{said}");
        println!("{said}");
    } else {
        mutated(&seeds(), mend, folder.path());
    }
}

fn mutated(seeds: &[Vec<u8>], mend: impl Fn(&mut [u8]), folder: &Path) {
    panics::watch();
    let mut noise = Noise(0x5eed);
    let (mut tried, mut accepted, mut foreign, mut slowest) = (0, 0, 0, Duration::ZERO);
    let mut faults = Vec::new();
    for round in 0.. {
        let seed = &seeds[round % seeds.len()];
        let mut file = mutate(seed, &mut noise);
        if (round / seeds.len()).is_multiple_of(2) {
            mend(&mut file);
        }
        if file == *seed {
            continue;
        }
        // A name of its own: some file systems flush a file that replaces another.
        let path = folder.join(tried.to_string());
        fs::write(&path, &file).unwrap();
        let begin = limited::processor_time();
        let outcome = panic::catch_unwind(|| use_up(&path, &folder.join("carried")));
        let elapsed = limited::processor_time() - begin;
        fs::remove_file(&path).unwrap();
        slowest = slowest.max(elapsed);
        accepted += usize::from(matches!(outcome, Ok(Ok(_))));
        if elapsed > TIME_LIMIT {
            faults.push(format!("{elapsed:?} for {file:02x?}"));
        }
        // Panics within other crates' decoders are turned into errors; none may come through.
        for panic in panics::seen() {
            foreign += usize::from(panic.foreign);
            if outcome.is_err() || !panic.foreign {
                faults.push(format!("{} for {file:02x?}", panic.words));
            }
        }
        tried += 1;
        if tried == FILES {
            break;
        }
    }
    let _ = panic::take_hook();
    println!(
        "{accepted} still images, {foreign} panics inside other crates, the slowest file {slowest:?}, all {:?}",
        limited::processor_time()
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // Mutations that no decoder takes for an image would try nothing but its first bytes.
    assert!(accepted > FILES / 50, "only {accepted} files still images");
}

#[test]
fn png() {
    attack(
        "png",
        || seeds(Format::Png),
        |file| {
            // Half of the files have right checksums, so that decoders look further.
            if file.len() > 8 {
                mend_as_far_as_possible(file);
            }
        },
    );
}

fn mend_as_far_as_possible(file: &mut [u8]) {
    let mut end = 8;
    while let Some(length) = file.get(end..end + 4) {
        let length = u32::from_be_bytes(length.try_into().unwrap()) as usize;
        match end.checked_add(length + 12) {
            Some(next) if next <= file.len() => end = next,
            _ => break,
        }
    }
    common::mend_checksums(&mut file[..end]);
}

#[test]
fn jpeg() {
    let names = [
        "script-refined-restart",
        "script-each",
        "sample-1x1-2x2-2x2-single",
        "ycck",
        "sample-4x2-progressive",
    ];
    let others = names.map(|name| {
        fs::read(format!(
            "{}/tests/jpegs/{name}.jpg",
            env!("CARGO_MANIFEST_DIR")
        ))
        .unwrap()
    });
    attack(
        "jpeg",
        || [seeds(Format::Jpeg), others.to_vec()].concat(),
        |_| (),
    );
}

#[test]
fn webp() {
    let lossy = b"RIFF\x22\0\0\0WEBPVP8 \x16\0\0\0\x30\x01\0\x9d\x01\x2a\x01\0\x01\0\x0e\xc0\xfe\x25\xa4\0\x03p\0\0\0\0";
    attack(
        "webp",
        || [seeds(Format::WebP), vec![lossy.to_vec()]].concat(),
        |_| (),
    );
}

#[test]
fn tiff() {
    let names = [
        "bilevel-g4-lsb",
        "grey-lzw-lsb",
        "float-16",
        "float-64",
        "jpeg-ycbcr-strips",
        "jpeg-rgb-tiles",
    ];
    let others = names.map(|name| {
        fs::read(format!(
            "{}/tests/tiffs/{name}.tif",
            env!("CARGO_MANIFEST_DIR")
        ))
        .unwrap()
    });
    attack(
        "tiff",
        || [seeds(Format::Tiff), others.to_vec()].concat(),
        |_| (),
    );
}

#[test]
fn bmp() {
    let header = |bits: u8, compression: u8, pixels_at: u8| {
        let size = [
            &[9u8, 0, 0, 0, 5, 0, 0, 0][..],
            &[1, 0, bits, 0, compression, 0, 0, 0],
            &[0; 20],
        ]
        .concat();
        [
            &b"BM"[..],
            &[0; 8],
            &[pixels_at, 0, 0, 0, 40, 0, 0, 0],
            &size,
        ]
        .concat()
    };
    let palette: Vec<u8> = (0..64).collect();
    let (pixels, runs) = (
        [77; 9 * 5 * 4],
        [
            9, 0x12, 0, 0, 0, 5, 0x12, 0x31, 0x20, 0, 0, 2, 1, 1, 4, 0x33, 0, 1,
        ],
    );
    let seeds = vec![
        [header(32, 0, 54), pixels.to_vec()].concat(),
        [
            header(16, 3, 66),
            vec![0, 0xf8, 0, 0, 0xe0, 7, 0, 0, 0x1f, 0, 0, 0],
            pixels.to_vec(),
        ]
        .concat(),
        [header(4, 0, 118), palette.clone(), pixels.to_vec()].concat(),
        [header(4, 2, 118), palette, runs.to_vec()].concat(),
    ];
    attack("bmp", || seeds.clone(), |_| ());
}

#[test]
fn gif() {
    let frame = |transparent| gif::Frame::from_indexed_pixels(9, 5, vec![1; 45], transparent);
    let mut file = Vec::new();
    let mut encoder = gif::Encoder::new(&mut file, 12, 9, &[9; 12]).unwrap();
    encoder.write_frame(&frame(Some(2))).unwrap();
    encoder.write_frame(&frame(None)).unwrap();
    drop(encoder);
    attack("gif", || vec![file.clone()], |_| ());
}
