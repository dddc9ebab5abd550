//! Writers hold no more memory than they say, whatever the height. One test a file: the peak it
//! reads is the whole process's.
#![cfg(feature = "formats")]

mod common;

use std::fs;

use casr_codec::{Colour, Depth, Format, Options, TiffCompression, TiffLayout, TileFormat, Writer};
use common::{folder, header};

/// What a process has beside what writers hold: buffers, and what the allocator keeps.
const BESIDE: u64 = 12 << 20;

/// The most memory this process ever held, in bytes, on systems that report it.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

#[test]
fn writers_hold_what_they_say() {
    if peak().is_none() {
        println!("skipped: this system does not tell a process's peak memory");
        return;
    }
    let tiff = |compression, tile, pyramid| TiffLayout {
        compression,
        tile,
        pyramid,
    };
    let mut kinds = vec![
        (Format::Png, TiffLayout::default()),
        (Format::Jpeg, TiffLayout::default()),
        (Format::DeepZoom, TiffLayout::default()),
        (Format::Iiif, TiffLayout::default()),
    ];
    for compression in [
        TiffCompression::None,
        TiffCompression::Deflate,
        TiffCompression::Lzw,
        TiffCompression::Jpeg,
        #[cfg(feature = "zstd")]
        TiffCompression::Zstd,
    ] {
        kinds.push((Format::Tiff, tiff(compression, None, false)));
        kinds.push((Format::Tiff, tiff(compression, Some(256), true)));
    }
    let (width, height) = (20_000, 2_000);
    let header = header(width, height, Colour::Rgb, Depth::Eight, false);
    let mut writers = Vec::new();
    for (format, tiff) in kinds {
        for tile_format in [TileFormat::Jpeg, TileFormat::Png] {
            let options = Options {
                tiff,
                tile_format,
                ..Options::default()
            };
            if tile_format == TileFormat::Jpeg || format.is_tiles() {
                let said = Writer::held_bytes(format, &header, &options);
                writers.push((said, format, options));
            }
        }
    }
    // The allocator keeps what one has held for the next.
    writers.sort_by_key(|&(said, ..)| said);
    let row: Vec<f32> = (0..3 * width)
        .map(|at| (at / 48 % 256) as f32 / 255.0)
        .collect();
    let before = peak().unwrap_or(0);
    for (said, format, options) in writers {
        let folder = folder();
        let path = folder.path().join("out.dzi");
        let mut writer = Writer::create(&path, format, header.clone(), options).unwrap();
        (0..height).for_each(|_| writer.write_rows(&row).unwrap());
        writer.finish().unwrap();
        let grown = peak().unwrap_or(0).saturating_sub(before);
        let what = format!("{format} {options:?}");
        println!("{what}: {} of {} MB", grown / 1_000_000, said / 1_000_000);
        assert!(
            grown <= said + BESIDE,
            "{what}: {grown} bytes, more than {said}"
        );
        // Twice the rows of tiles of the image itself, and some rows.
        assert!(said < 2 * 512 * 3 * width as u64 + BESIDE, "{what}: {said}");
    }
}
