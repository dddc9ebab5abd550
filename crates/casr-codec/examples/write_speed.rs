//! How fast each writer is, and how much memory it holds: writes an image of noise and slopes of
//! the given width and height and prints megabytes of samples a second, one line a writer. Each
//! writer has a process of its own, since allocators keep what was held for the next.
//!
//! `cargo run --release -p casr-codec --example write_speed -- 32768 8192`

use std::error::Error;
use std::fs;
use std::process::Command;
use std::time::Instant;

use casr_codec::{Format, Header, Options, TiffCompression, TiffLayout, TileFormat, Writer};

/// Rows that are handed over at once.
const BAND: usize = 64;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut side = |default| {
        let side = arguments.next().map(|side| side.parse::<usize>());
        side.unwrap_or(Ok(default))
    };
    let (width, height) = (side(32_768)?, side(2_048)?);
    let chosen = arguments.next();
    let mut kinds = vec![
        ("PNG", Format::Png, Options::default()),
        ("Deep Zoom, JPEG", Format::DeepZoom, Options::default()),
        ("Deep Zoom, PNG", Format::DeepZoom, tiles(TileFormat::Png)),
        ("IIIF, JPEG", Format::Iiif, Options::default()),
        ("TIFF strips, deflate", Format::Tiff, Options::default()),
    ];
    if width.max(height) as u64 <= Format::Jpeg.max_side() {
        kinds.push(("JPEG", Format::Jpeg, Options::default()));
    }
    for (name, compression) in [
        ("TIFF pyramid, none", TiffCompression::None),
        ("TIFF pyramid, deflate", TiffCompression::Deflate),
        ("TIFF pyramid, LZW", TiffCompression::Lzw),
        #[cfg(feature = "zstd")]
        ("TIFF pyramid, Zstandard", TiffCompression::Zstd),
        ("TIFF pyramid, JPEG", TiffCompression::Jpeg),
    ] {
        let tiff = TiffLayout {
            compression,
            tile: None,
            pyramid: true,
        };
        let options = Options {
            tiff,
            ..Options::default()
        };
        kinds.push((name, Format::Tiff, options));
    }
    let Some(chosen) = chosen else {
        for (name, ..) in kinds {
            let sides = [width.to_string(), height.to_string()];
            let mut one = Command::new(std::env::current_exe()?);
            one.args(sides).arg(name).status()?;
        }
        return Ok(());
    };
    let mut noise = 1u32;
    let band: Vec<f32> = (0..BAND * width * 3)
        .map(|at| {
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            let (row, column) = (at / (width * 3), at / 3 % width);
            let slope = ((row + column / 7) % 200) as f32 + (noise % 12) as f32;
            slope / 255.0
        })
        .collect();
    let folder = tempfile::tempdir()?;
    for (name, format, options) in kinds.into_iter().filter(|(name, ..)| *name == chosen) {
        let header = Header::rgb(width, height);
        let held = Writer::held_bytes(format, &header, &options);
        let before = peak();
        let path = folder.path().join(name);
        let start = Instant::now();
        let mut writer = Writer::create(&path, format, header, options)?;
        for first in (0..height).step_by(BAND) {
            let rows = BAND.min(height - first);
            writer.write_rows(&band[..rows * width * 3])?;
        }
        let coded = start.elapsed().as_secs_f64();
        writer.finish()?;
        let seconds = start.elapsed().as_secs_f64();
        let megabytes = (width * height * 3) as f64 / 1e6;
        println!(
            "{name:24} {:6.0} MB/s  {coded:6.2} s and {:5.2} s to the disk  held {:4} MB, foretold {:4} MB",
            megabytes / seconds,
            seconds - coded,
            peak().saturating_sub(before) / 1_000_000,
            held / 1_000_000,
        );
    }
    Ok(())
}

fn tiles(tile_format: TileFormat) -> Options {
    Options {
        tile_format,
        ..Options::default()
    }
}

/// The most memory this process held, in bytes; 0 where the system does not say.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    1024 * number.unwrap_or(0)
}
