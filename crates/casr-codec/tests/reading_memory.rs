//! Reading takes no more memory than the header's preview says: samples in their file's depth, and
//! no copy of them where none is needed. One test a file: the peak it reads is the whole process's.
#![cfg(feature = "formats")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use casr_codec::{
    Colour, Depth, Format, Header, Limits, Options, Samples, TiffCompression, TiffLayout, Writer,
    probe, read,
};
use common::{folder, header};

/// What a process has beside what readers hold: buffers, and what the allocator keeps.
const BESIDE: u64 = 8 << 20;
/// Sides of the images: large enough that what is freed goes back to the system.
const SIDE: usize = 4_096;

/// The most memory this process ever held, in bytes, on systems that report it.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

fn written(path: PathBuf, format: Format, header: Header, tiff: TiffLayout) -> PathBuf {
    let options = Options {
        tiff,
        ..Options::default()
    };
    let samples = SIDE * header.channels();
    let row: Vec<f32> = (0..samples).map(|at| (at % 251) as f32 / 250.0).collect();
    let mut writer = Writer::create(&path, format, header, options).unwrap();
    (0..SIDE).for_each(|_| writer.write_rows(&row).unwrap());
    writer.finish().unwrap();
    path
}

/// A photograph that comes in several scans, from coarse to fine.
fn progressive(path: PathBuf, sampling: jpeg_encoder::SamplingFactor) -> PathBuf {
    let pixels: Vec<u8> = (0..SIDE * SIDE * 3).map(|at| (at % 251) as u8).collect();
    let mut encoder = jpeg_encoder::Encoder::new_file(&path, 90).unwrap();
    encoder.set_progressive(true);
    encoder.set_sampling_factor(sampling);
    let side = SIDE as u16;
    let kind = jpeg_encoder::ColorType::Rgb;
    encoder.encode(&pixels, side, side, kind).unwrap();
    path
}

/// Bytes of all samples.
fn held(samples: &Samples) -> u64 {
    let sample = match samples {
        Samples::Eight(_) => 1,
        Samples::Sixteen(_) => 2,
        Samples::Float(_) => 4,
    };
    (samples.len() * sample) as u64
}

#[test]
fn readers_take_what_they_say() {
    if peak().is_none() {
        println!("skipped: this system does not tell a process's peak memory");
        return;
    }
    // This program writes the files in a process of its own: what it holds then is no reading.
    if let Some(folder) = std::env::var_os(FOLDER) {
        return measure(Path::new(&folder));
    }
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let uncompressed = |tile| TiffLayout {
        compression: TiffCompression::None,
        tile,
        ..TiffLayout::default()
    };
    let (strips, tiles) = (uncompressed(None), uncompressed(Some(256)));
    for (name, colour, depth, alpha, tiff) in [
        ("rgb", Colour::Rgb, Depth::Eight, false, strips),
        ("grey", Colour::Grey, Depth::Eight, false, tiles),
        ("rgba", Colour::Rgb, Depth::Eight, true, tiles),
        ("rgb-16", Colour::Rgb, Depth::Sixteen, false, tiles),
        ("rgba-16", Colour::Rgb, Depth::Sixteen, true, strips),
    ] {
        let header = header(SIDE, SIDE, colour, depth, alpha);
        for (extension, format) in [("png", Format::Png), ("tif", Format::Tiff)] {
            written(
                at(&format!("{name}.{extension}")),
                format,
                header.clone(),
                tiff,
            );
        }
    }
    let opaque = header(SIDE, SIDE, Colour::Rgb, Depth::Eight, false);
    written(at("rgb.jpg"), Format::Jpeg, opaque.clone(), strips);
    written(at("rgb.webp"), Format::WebP, opaque, strips);
    for (name, sampling) in [
        ("progressive-444.jpg", jpeg_encoder::SamplingFactor::F_1_1),
        ("progressive-420.jpg", jpeg_encoder::SamplingFactor::F_2_2),
    ] {
        progressive(at(name), sampling);
    }
    let again = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "readers_take_what_they_say", "--nocapture"])
        .env(FOLDER, folder.path())
        .status();
    assert!(again.unwrap().success());
}

/// The folder of the process that reads.
const FOLDER: &str = "CASR_TEST_READING";

fn measure(folder: &Path) {
    let limits = Limits::default();
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            (probe(&path, &limits).unwrap(), path)
        })
        .collect();
    // The allocator keeps what one has held for the next.
    files.sort_by_key(|(info, _)| info.reading_bytes);
    let before = peak().unwrap_or(0);
    for (info, path) in files {
        let picture = read(&path, &limits).unwrap();
        let samples = held(&picture.pixels) + picture.alpha.as_ref().map_or(0, held);
        assert!(samples <= info.held_bytes, "{}", path.display());
        let grown = peak().unwrap_or(0) - before;
        let megabytes = |bytes: u64| bytes / 1_000_000;
        println!(
            "{}: {} of {} MB, {} MB held",
            path.file_name().unwrap().display(),
            megabytes(grown),
            megabytes(info.reading_bytes),
            megabytes(samples)
        );
        assert!(
            grown <= info.reading_bytes + BESIDE,
            "{}: {grown} bytes, more than {}",
            path.display(),
            info.reading_bytes
        );
    }
}
