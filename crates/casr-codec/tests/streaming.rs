//! Memory while writing does not grow with the image. One test a file: the peak it reads is the
//! whole process's.
#![cfg(feature = "formats")]

mod common;

use std::fs;

use casr_codec::{Colour, Depth, Format, Limits, Options, Writer, probe};
use common::{folder, header};

/// The most memory this process ever held, in bytes, on systems that report it.
fn peak() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? * 1024)
}

/// Writes grey bands whose brightness changes by column and band.
fn write_bands(format: Format, width: usize, height: usize, limits: &Limits) -> Vec<u8> {
    let folder = folder();
    let path = folder.path().join("large");
    let header = header(width, height, Colour::Grey, Depth::Eight, false);
    let mut writer = Writer::create(&path, format, header, Options::default()).unwrap();
    for first in (0..height).step_by(50) {
        let rows = 50.min(height - first);
        let band: Vec<f32> = (0..rows * width)
            .map(|at| ((at % width / 64 + first) % 256) as f32 / 255.0)
            .collect();
        writer.write_rows(&band).unwrap();
    }
    writer.finish().unwrap();
    let info = probe(&path, limits).unwrap();
    assert_eq!((info.width, info.height), (width, height));
    use std::io::Read;
    let mut head = vec![0; 4];
    fs::File::open(path).unwrap().read_exact(&mut head).unwrap();
    head
}

#[test]
fn memory_does_not_grow_with_the_image() {
    let Some(before) = peak() else {
        println!("skipped: this system does not tell a process's peak memory");
        return;
    };
    for format in [Format::Png, Format::Tiff, Format::Jpeg] {
        // 80 megapixels; the bands of 50 rows are 1.6 MB as floats.
        write_bands(format, 8_000, 10_000, &Limits::default());
        let grown = (peak().unwrap() - before) >> 20;
        assert!(grown < 30, "{format}: {grown} MiB for an 80 MB image");
    }
}

#[test]
#[ignore = "writes 4 GB of samples, which takes half a minute"]
fn a_tiff_of_more_than_4_gigabytes_is_a_bigtiff() {
    let limits = Limits {
        max_pixels: u64::MAX,
    };
    assert_eq!(write_bands(Format::Tiff, 64_000, 64_000, &limits), b"II+\0");
    assert_eq!(write_bands(Format::Tiff, 64, 64, &limits), b"II*\0");
}
