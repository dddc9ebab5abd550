//! Pyramids: libvips makes the same of the same pixels, and libtiff and Pillow read ours.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use casr_codec::{
    Colour, Depth, Format, Header, Options, TiffCompression, TiffLayout, TileFormat, Writer, probe,
};

use super::common::{header, samples, write};
use super::described;
use super::programs::{folder, installed, output, run, text, words};

/// Sizes with odd sides, flat ones, and such that end exactly on a tile.
const SIZES: [(usize, usize); 7] = [
    (1, 1),
    (255, 257),
    (1300, 700),
    (3000, 2),
    (1, 600),
    (508, 1016),
    (1024, 512),
];

fn create(path: &Path, format: Format, header: &Header, options: Options) {
    let mut writer = Writer::create(path, format, header.clone(), options).unwrap();
    writer.write_rows(&samples(header)).unwrap();
    writer.finish().unwrap();
}

/// The images below a folder, by their names, and their sizes.
fn tiles(folder: &Path) -> BTreeMap<String, (usize, usize)> {
    let mut tiles = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            let below = self::tiles(&entry.path());
            tiles.extend((below.into_iter()).map(|(tile, size)| (format!("{name}/{tile}"), size)));
        } else if !matches!(&name[..], "info.json" | "vips-properties.xml") {
            let info = probe(&entry.path(), &Default::default()).unwrap();
            tiles.insert(name, (info.width, info.height));
        }
    }
    tiles
}

/// What follows a name and an equals sign, by the name.
fn attributes(description: &str) -> BTreeMap<String, String> {
    let words = description.split_whitespace();
    let pairs = words.filter_map(|word| word.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.trim_end_matches('>').to_owned()))
        .collect()
}

#[test]
fn deep_zoom_is_that_of_libvips() {
    if !installed(&["vips"]) {
        return;
    }
    for (width, height) in SIZES {
        for (tile_format, suffix) in [(TileFormat::Jpeg, ".jpg"), (TileFormat::Png, ".png")] {
            let folder = folder();
            let [source, ours, theirs] =
                ["source.png", "ours.dzi", "theirs"].map(|name| folder.path().join(name));
            let header = header(width, height, Colour::Rgb, Depth::Eight, false);
            write(&source, Format::Png, &header, &samples(&header)).unwrap();
            let options = Options {
                tile_format,
                ..Options::default()
            };
            create(&ours, Format::DeepZoom, &header, options);
            let arguments = ["dzsave", text(&source), text(&theirs), "--suffix", suffix];
            output("vips", &arguments, b"");
            let what = format!("{width}×{height}{suffix}");
            assert_eq!(
                tiles(&folder.path().join("ours_files")),
                tiles(&folder.path().join("theirs_files")),
                "{what}"
            );
            let [ours, theirs] = ["ours.dzi", "theirs.dzi"]
                .map(|name| fs::read_to_string(folder.path().join(name)).unwrap());
            assert_eq!(attributes(&ours), attributes(&theirs), "{what}");
        }
    }
}

#[test]
fn iiif_is_that_of_libvips_and_the_whole_image() {
    if !installed(&["vips"]) {
        return;
    }
    for (width, height) in SIZES {
        let folder = folder();
        let [source, ours, theirs] =
            ["source.png", "ours", "theirs"].map(|name| folder.path().join(name));
        let header = header(width, height, Colour::Rgb, Depth::Eight, false);
        write(&source, Format::Png, &header, &samples(&header)).unwrap();
        create(&ours, Format::Iiif, &header, Options::default());
        let layout = ["--layout", "iiif3", "--suffix", ".jpg"];
        let arguments = ["dzsave", text(&source), text(&theirs)];
        output("vips", &[&arguments[..], &layout].concat(), b"");
        let mut tiles_of_ours = tiles(&ours);
        let whole = tiles_of_ours.keys().filter(|name| name.starts_with("full"));
        assert!(whole.count() > 0);
        tiles_of_ours.retain(|name, _| !name.starts_with("full"));
        assert_eq!(tiles_of_ours, tiles(&theirs), "{width}×{height}");
    }
}

/// The samples of a page of a TIFF, as libvips reads it.
fn page(path: &Path, page: usize, raw: &Path, bits: usize) -> Vec<u32> {
    let source = format!("{}[page={page}]", text(path));
    output("vips", &["rawsave", &source, text(raw)], b"");
    let bytes = fs::read(raw).unwrap();
    if bits == 8 {
        return bytes.into_iter().map(u32::from).collect();
    }
    let pairs = bytes.as_chunks::<2>().0;
    (pairs.iter())
        .map(|pair| u16::from_ne_bytes(*pair).into())
        .collect()
}

/// A number that libvips knows of an image.
fn number(path: &str, field: &str) -> usize {
    let said = output("vipsheader", &["-f", field, path], b"");
    words(&said).parse().unwrap()
}

#[test]
fn tiff_pyramids_are_those_of_libvips() {
    if !installed(&["vips", "vipsheader"]) {
        return;
    }
    for (depth, tile) in [
        (Depth::Eight, 64),
        (Depth::Sixteen, 64),
        (Depth::Eight, 256),
    ] {
        for (width, height) in SIZES {
            if tile != 256 && (width, height) != (1300, 700) {
                continue;
            }
            let folder = folder();
            let [source, ours, theirs, raw] = ["source.png", "ours.tif", "theirs.tif", "raw"]
                .map(|name| folder.path().join(name));
            let header = header(width, height, Colour::Rgb, depth, false);
            write(&source, Format::Png, &header, &samples(&header)).unwrap();
            let options = Options {
                tiff: TiffLayout {
                    tile: Some(tile),
                    pyramid: true,
                    ..TiffLayout::default()
                },
                ..Options::default()
            };
            create(&ours, Format::Tiff, &header, options);
            let side = tile.to_string();
            let arguments = [
                "tiffsave",
                text(&source),
                text(&theirs),
                "--pyramid",
                "--tile",
            ];
            let sides = ["--tile-width", &side, "--tile-height", &side];
            output("vips", &[&arguments[..], &sides].concat(), b"");
            let what = format!("{width}×{height} {depth:?} {tile}");
            let pages = [&ours, &theirs].map(|path| number(text(path), "n-pages"));
            assert_eq!(pages[0], pages[1], "{what}");
            for at in 0..pages[0] {
                for side in ["width", "height"] {
                    let [ours, theirs] = [&ours, &theirs]
                        .map(|path| number(&format!("{}[page={at}]", text(path)), side));
                    assert_eq!(ours, theirs, "{what}: {side} of page {at}");
                }
                let [ours, theirs] =
                    [&ours, &theirs].map(|path| page(path, at, &raw, depth.bits()));
                let most = ours.iter().zip(&theirs).map(|(a, b)| a.abs_diff(*b)).max();
                // libvips rounds halves up in every overview and makes the next one of it.
                assert!(
                    most.unwrap() <= u32::from(at > 0),
                    "{what}: page {at}: {most:?}"
                );
            }
        }
    }
}

#[test]
#[ignore = "writes a gigabyte of samples, which takes half a minute"]
fn what_may_exceed_4_gigabytes_is_a_bigtiff() {
    if !installed(&["vips", "vipsheader", "tiffinfo"]) {
        return;
    }
    let folder = super::common::folder();
    let path = folder.path().join("ours.tif");
    let side = 36_000;
    for (height, signature) in [(side, b"II+\0"), (256, b"II*\0")] {
        let header = header(side, height, Colour::Grey, Depth::Eight, false);
        let options = Options {
            overwrite: true,
            tiff: TiffLayout {
                compression: TiffCompression::Jpeg,
                tile: None,
                pyramid: true,
            },
            ..Options::default()
        };
        let row: Vec<f32> = (0..side).map(|at| (at / 64 % 256) as f32 / 255.0).collect();
        let mut writer = Writer::create(&path, Format::Tiff, header, options).unwrap();
        (0..height).for_each(|_| writer.write_rows(&row).unwrap());
        writer.finish().unwrap();
        let mut head = [0; 4];
        let mut file = fs::File::open(&path).unwrap();
        std::io::Read::read_exact(&mut file, &mut head).unwrap();
        assert_eq!(&head, signature, "{height}");
        let info = run("tiffinfo", &[text(&path)], b"");
        assert_eq!(words(&info.stderr), "");
    }
    // 36,000 columns to 140, but a single row cannot be halved: 256 to 1 are nine levels.
    assert_eq!(number(text(&path), "n-pages"), 9);
}

#[test]
fn libtiff_reads_all_layouts() {
    if !installed(&["tiffinfo", "tiffcp", "vips"]) {
        return;
    }
    let folder = folder();
    let [ours, theirs, raw] =
        ["ours.tif", "theirs.tif", "raw"].map(|name| folder.path().join(name));
    for compression in [
        TiffCompression::None,
        TiffCompression::Deflate,
        TiffCompression::Lzw,
        TiffCompression::Jpeg,
        #[cfg(feature = "zstd")]
        TiffCompression::Zstd,
    ] {
        for (tile, pyramid) in [(None, false), (Some(128), false), (Some(64), true)] {
            for (colour, depth, alpha) in [
                (Colour::Grey, Depth::Eight, false),
                (Colour::Rgb, Depth::Eight, false),
                (Colour::Rgb, Depth::Sixteen, true),
            ] {
                if compression == TiffCompression::Jpeg && alpha {
                    continue;
                }
                let mut header = header(300, 200, colour, depth, alpha);
                header.metadata = described();
                let options = Options {
                    overwrite: true,
                    tiff: TiffLayout {
                        compression,
                        tile,
                        pyramid,
                    },
                    ..Options::default()
                };
                create(&ours, Format::Tiff, &header, options);
                let what = format!("{:?} {colour:?} {depth:?}", options.tiff);
                let info = run("tiffinfo", &["-D", text(&ours)], b"");
                assert_eq!(words(&info.stderr), "", "{what}");
                let copy = run("tiffcp", &["-c", "none", text(&ours), text(&theirs)], b"");
                assert_eq!(
                    (copy.status.success(), words(&copy.stderr)),
                    (true, String::new()),
                    "{what}"
                );
                let samples = samples(&header);
                let steps = ((1u32 << depth.bits()) - 1) as f32;
                let read = page(&ours, 0, &raw, depth.bits());
                let off = read
                    .iter()
                    .zip(samples)
                    .map(|(a, b)| (*a as f32 - b * steps).abs());
                let mean = off.sum::<f32>() / read.len() as f32;
                let is_jpeg = compression == TiffCompression::Jpeg;
                assert!(mean < if is_jpeg { 4.0 } else { 0.001 }, "{what}: {mean}");
            }
        }
    }
}

#[test]
fn pillow_reads_what_is_written() {
    if !installed(&["python3"]) {
        return;
    }
    let has_pillow = run("python3", &["-c", "import PIL"], b"").status.success();
    if !has_pillow {
        assert!(
            std::env::var_os("CASR_REQUIRE_TOOLS").is_none(),
            "Pillow is not installed"
        );
        println!("skipped: Pillow is not installed");
        return;
    }
    let folder = folder();
    let path = folder.path().join("ours.tif");
    let script = "import sys; from PIL import Image; im = Image.open(sys.argv[1]); im.load(); \
                  print(im.size, im.n_frames, im.mode, [im.seek(1), im.size][1] if im.n_frames > 1 else '')";
    for (compression, pyramid, expected) in [
        (
            TiffCompression::Deflate,
            true,
            "(300, 200) 3 RGB (150, 100)",
        ),
        (TiffCompression::Lzw, false, "(300, 200) 1 RGB"),
        (TiffCompression::Jpeg, true, "(300, 200) 3 RGB (150, 100)"),
    ] {
        let header = header(300, 200, Colour::Rgb, Depth::Eight, false);
        let options = Options {
            overwrite: true,
            tiff: TiffLayout {
                compression,
                tile: Some(96),
                pyramid,
            },
            ..Options::default()
        };
        create(&path, Format::Tiff, &header, options);
        let said = output("python3", &["-c", script, text(&path)], b"");
        assert_eq!(words(&said), expected, "{compression}");
    }
}
