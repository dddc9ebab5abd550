//! Deep Zoom and IIIF: what the tiles hold, and that they appear whole or not at all.
#![cfg(feature = "formats")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use casr_codec::{
    CodecError, Colour, Depth, ErrorKind, Format, Header, Loss, Options, TileFormat, Writer,
    is_tile_set, probe,
};
use common::{described, folder, header, interleaved, read_default, samples};

const TILES: [Format; 2] = [Format::DeepZoom, Format::Iiif];

fn png() -> Options {
    Options {
        tile_format: TileFormat::Png,
        ..Options::default()
    }
}

fn write(
    path: &Path,
    format: Format,
    header: &Header,
    options: Options,
) -> Result<Vec<Loss>, CodecError> {
    let samples = samples(header);
    let mut writer = Writer::create(path, format, header.clone(), options)?;
    let band = 7 * header.width * header.channels();
    samples
        .chunks(band)
        .try_for_each(|rows| writer.write_rows(rows))?;
    let losses = writer.losses().to_vec();
    writer.finish()?;
    Ok(losses)
}

fn small() -> Header {
    header(9, 7, Colour::Rgb, Depth::Eight, false)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Where a result goes, and the names that appear beside it.
fn place(folder: &Path, format: Format) -> (PathBuf, BTreeSet<String>) {
    match format {
        Format::DeepZoom => {
            let names = ["out.dzi", "out_files"].map(str::to_owned);
            (folder.join("out.dzi"), names.into())
        }
        _ => (folder.join("out"), ["out".to_owned()].into()),
    }
}

/// The mean of the pixels of the whole image that a pixel of a level covers, colours weighted by
/// alpha, in steps of 8 bits; the last column and row count as often as they must.
fn mean(samples: &[f32], header: &Header, level: u32, (x, y): (usize, usize)) -> Vec<f64> {
    let (channels, side) = (header.channels(), 1 << level);
    let mut sums = vec![0.0; channels];
    let (mut weights, mut count) = (0.0, 0.0);
    for row in y * side..(y + 1) * side {
        for column in x * side..(x + 1) * side {
            let at = row.min(header.height - 1) * header.width + column.min(header.width - 1);
            let pixel = &samples[at * channels..][..channels];
            let alpha = if header.alpha {
                // Where all is clear, colours count the same.
                f64::from(pixel[channels - 1]) + 4e-7
            } else {
                1.0
            };
            let colours = channels - usize::from(header.alpha);
            (0..colours).for_each(|at| sums[at] += alpha * f64::from(pixel[at]));
            weights += alpha;
            count += 1.0;
        }
    }
    let alpha = weights / count;
    let colours = channels - usize::from(header.alpha);
    let mut mean: Vec<f64> = sums[..colours]
        .iter()
        .map(|sum| 255.0 * sum / weights)
        .collect();
    if header.alpha {
        mean.push(255.0 * alpha);
    }
    mean
}

#[test]
fn tiles_of_all_levels_hold_the_means_of_their_pixels() {
    for (colour, alpha) in [
        (Colour::Grey, false),
        (Colour::Grey, true),
        (Colour::Rgb, false),
        (Colour::Rgb, true),
    ] {
        for (width, height) in [(1, 1), (255, 257), (640, 3), (1, 300), (512, 256)] {
            let folder = folder();
            let header = header(width, height, colour, Depth::Eight, alpha);
            let samples = samples(&header);
            let path = folder.path().join("out.dzi");
            write(&path, Format::DeepZoom, &header, png()).unwrap();
            let levels = (width.max(height) as f64).log2().ceil() as u32;
            let tiles = folder.path().join("out_files");
            assert_eq!(names(&tiles).len() as u32, levels + 1);
            for level in 0..=levels {
                // The edge counts twice where a side is odd, in every level anew.
                let is_even = width % (1 << level) == 0 && height % (1 << level) == 0;
                if level > 1 && !is_even {
                    continue;
                }
                let size = [width, height].map(|side| side.div_ceil(1 << level));
                let [across, down] = size.map(|side| side.div_ceil(254));
                for (column, row) in
                    (0..down).flat_map(|row| (0..across).map(move |column| (column, row)))
                {
                    let tile = tiles.join(format!("{}/{column}_{row}.png", levels - level));
                    let picture = read_default(&tile).unwrap();
                    let start = [column, row].map(|index| (254 * index).saturating_sub(1));
                    let end =
                        [0, 1].map(|axis| (254 * ([column, row][axis] + 1) + 1).min(size[axis]));
                    assert_eq!(
                        [picture.width, picture.height],
                        [end[0] - start[0], end[1] - start[1]]
                    );
                    let pixels = interleaved(&picture);
                    for (index, pixel) in pixels.chunks_exact(header.channels()).enumerate() {
                        let place = (
                            start[0] + index % picture.width,
                            start[1] + index / picture.width,
                        );
                        let mean = mean(&samples, &header, level, place);
                        for (sample, mean) in pixel.iter().zip(mean) {
                            let off = (f64::from(sample * 255.0) - mean).abs();
                            assert!(
                                off < 0.51,
                                "{width}×{height} level {level} {place:?}: {off}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_clear_lends_nothing_to_overviews() {
    let folder = folder();
    let path = folder.path().join("out.dzi");
    let header = header(2, 2, Colour::Rgb, Depth::Eight, true);
    let mut writer = Writer::create(&path, Format::DeepZoom, header, png()).unwrap();
    let (red, clear) = ([1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0]);
    writer
        .write_rows(&[red, clear, clear, red].concat())
        .unwrap();
    writer.finish().unwrap();
    let pixel = read_default(&folder.path().join("out_files/0/0_0.png")).unwrap();
    assert_eq!(pixel.pixels.into_f32(), [1.0, 0.0, 0.0]);
    assert_eq!(pixel.alpha.unwrap().into_f32(), [128.0 / 255.0]);
}

#[test]
fn a_description_says_what_there_is() {
    let folder = folder();
    let header = header(1300, 700, Colour::Rgb, Depth::Eight, false);
    for (options, ending) in [(Options::default(), "jpg"), (png(), "png")] {
        let path = folder.path().join(format!("a b.{ending}.dzi"));
        write(&path, Format::DeepZoom, &header, options).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        for part in [
            r#"xmlns="http://schemas.microsoft.com/deepzoom/2008""#,
            &format!(r#"Format="{ending}""#),
            r#"Overlap="1""#,
            r#"TileSize="254""#,
            r#"Height="700""#,
            r#"Width="1300""#,
        ] {
            assert!(text.contains(part), "{text}");
        }
        let path = folder.path().join(format!("a \"b\" {ending}"));
        write(&path, Format::Iiif, &header, options).unwrap();
        let text = fs::read_to_string(path.join("info.json")).unwrap();
        for part in [
            &format!(r#""https://example.com/iiif/a%20%22b%22%20{ending}""#)[..],
            r#""type": "ImageService3""#,
            r#""profile": "level0""#,
            r#""width": 1300"#,
            r#""height": 700"#,
            r#"[{ "width": 325, "height": 175 }]"#,
            r#"[{ "width": 512, "scaleFactors": [1, 2, 4] }]"#,
        ] {
            assert!(text.contains(part), "{text} lacks {part}");
        }
        assert_eq!(text.contains("preferredFormats"), ending == "png");
        for name in [
            "full/325,175",
            "0,0,1300,700/325,175",
            "1024,512,276,188/276,188",
        ] {
            let tile = path.join(name).join(format!("0/default.{ending}"));
            let size = name.rsplit_once('/').unwrap().1;
            let info = probe(&tile, &Default::default()).unwrap();
            assert_eq!(format!("{},{}", info.width, info.height), size);
        }
        assert!(!path.join("full/max").exists());
    }
    // A small image is whole at its full size.
    let path = folder.path().join("small");
    write(&path, Format::Iiif, &small(), png()).unwrap();
    let files = files(&path);
    let relative: Vec<_> = files
        .iter()
        .map(|file| file.strip_prefix(&path).unwrap())
        .collect();
    assert_eq!(
        relative,
        [
            "0,0,9,7/9,7/0/default.png",
            "full/9,7/0/default.png",
            "full/max/0/default.png",
            "info.json"
        ]
        .map(Path::new)
    );
}

#[test]
fn metadata_is_in_the_file_that_shows_all() {
    let metadata = described();
    let mut header = header(700, 300, Colour::Rgb, Depth::Sixteen, false);
    header.metadata = metadata.clone();
    for format in TILES {
        for options in [Options::default(), png()] {
            let folder = folder();
            let (path, _) = place(folder.path(), format);
            let losses = write(&path, format, &header, options).unwrap();
            assert!(losses.contains(&Loss::Depth));
            let is_jpeg = options.tile_format == TileFormat::Jpeg;
            assert_eq!(losses.contains(&Loss::Photoshop), !is_jpeg);
            let mut described = Vec::new();
            for file in files(folder.path()) {
                if matches!(
                    file.extension().and_then(|end| end.to_str()),
                    Some("dzi" | "json")
                ) {
                    continue;
                }
                let picture = read_default(&file).unwrap();
                assert_eq!(picture.metadata.icc, metadata.icc, "{}", file.display());
                assert_eq!(picture.depth, Depth::Eight);
                if picture.metadata.xmp.is_some() {
                    described.push((file, picture));
                } else {
                    assert_eq!(picture.metadata.exif, None);
                }
            }
            let [(file, picture)] = &described[..] else {
                panic!("{} files have all metadata", described.len());
            };
            let size = match format {
                Format::DeepZoom => (175, 75),
                _ => (350, 150),
            };
            assert_eq!((picture.width, picture.height), size, "{}", file.display());
            let kept = &picture.metadata;
            assert_eq!(kept.xmp, metadata.xmp);
            assert!(kept.exif.is_some() && kept.resolution.is_some());
            assert_eq!(kept.photoshop.is_some(), is_jpeg);
        }
    }
}

#[test]
fn nothing_appears_before_the_end_and_nothing_stays_of_a_dropped_writer() {
    for format in TILES {
        let folder = folder();
        let (path, all) = place(folder.path(), format);
        let samples = samples(&small());
        for rows in [0, 3, 7] {
            let mut writer = Writer::create(&path, format, small(), png()).unwrap();
            writer.write_rows(&samples[..rows * 27]).unwrap();
            let [hidden] = &Vec::from_iter(names(folder.path()))[..] else {
                panic!("{:?}", names(folder.path()));
            };
            assert!(hidden.starts_with(".casr-"));
            drop(writer);
            assert_eq!(names(folder.path()), BTreeSet::new(), "{format} {rows}");
        }
        write(&path, format, &small(), png()).unwrap();
        assert_eq!(names(folder.path()), all);
    }
}

#[test]
fn an_existing_result_stays_until_the_new_one_is_whole() {
    for format in TILES {
        let folder = folder();
        let (path, all) = place(folder.path(), format);
        write(&path, format, &small(), png()).unwrap();
        let before = files(folder.path());
        let error = write(&path, format, &small(), png()).unwrap_err();
        assert!(matches!(error, CodecError::OutputExists { .. }), "{error}");
        let options = Options {
            overwrite: true,
            ..png()
        };
        let larger = header(600, 20, Colour::Grey, Depth::Eight, false);
        let mut writer = Writer::create(&path, format, larger.clone(), options).unwrap();
        writer.write_rows(&samples(&larger)).unwrap();
        assert!(before.iter().all(|file| file.exists()));
        drop(writer);
        assert_eq!(files(folder.path()), before);
        write(&path, format, &larger, options).unwrap();
        assert_eq!(names(folder.path()), all, "nothing of the old one is left");
        assert!(files(folder.path()).len() > 4 && files(folder.path()) != before);
    }
    // A folder of tiles counts even where its description is gone.
    let folder = folder();
    fs::create_dir(folder.path().join("out_files")).unwrap();
    let path = folder.path().join("out.dzi");
    let error = write(&path, Format::DeepZoom, &small(), png()).unwrap_err();
    assert!(error.to_string().contains("out_files"), "{error}");
}

#[test]
fn what_is_no_result_is_never_replaced() {
    let options = Options {
        overwrite: true,
        ..png()
    };
    for format in TILES {
        let folder = folder();
        let (path, _) = place(folder.path(), format);
        let taken = format.tiles_beside(&path).unwrap_or(path.clone());
        let photo = taken.join("photo.jpg");
        fs::create_dir(&taken).unwrap();
        fs::write(&photo, b"precious").unwrap();
        let error = write(&path, format, &small(), options).unwrap_err();
        assert!(matches!(error, CodecError::NotTiles { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&photo).unwrap(), b"precious");
        fs::remove_dir_all(&taken).unwrap();
        fs::write(&taken, b"precious").unwrap();
        write(&path, format, &small(), options).unwrap_err();
        assert_eq!(fs::read(&taken).unwrap(), b"precious");
        fs::remove_file(&taken).unwrap();
        // What comes while the tiles are made is kept, too.
        let mut writer = Writer::create(&path, format, small(), png()).unwrap();
        writer.write_rows(&samples(&small())).unwrap();
        fs::write(&path, b"precious").unwrap();
        let error = writer.finish().unwrap_err();
        assert!(matches!(error, CodecError::OutputExists { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"precious");
        assert_eq!(names(folder.path()).len(), 1);
    }
    let folder = folder();
    let path = folder.path().join("out.dzi");
    fs::create_dir(&path).unwrap();
    let error = write(&path, Format::DeepZoom, &small(), options).unwrap_err();
    assert!(matches!(error, CodecError::IsAFolder { .. }), "{error}");
    let missing = folder.path().join("missing/out.dzi");
    let error = write(&missing, Format::DeepZoom, &small(), options).unwrap_err();
    assert!(matches!(error, CodecError::FolderMissing { .. }), "{error}");
}

#[test]
fn what_tiles_cannot_be() {
    let folder = folder();
    let clear = header(3, 3, Colour::Rgb, Depth::Eight, true);
    for format in TILES {
        let (path, _) = place(folder.path(), format);
        let error = write(&path, format, &clear, Options::default()).unwrap_err();
        assert!(
            error.to_string().ends_with("choose PNG for the tiles"),
            "{error}"
        );
        write(&path, format, &clear, png()).unwrap();
        let mut stream = Vec::new();
        let error = Writer::to_stream(&mut stream, Path::new("a pipe"), format, small(), png());
        let error = error.err().unwrap();
        assert!(matches!(error, CodecError::NotOneFile { .. }), "{error}");
        assert!(error.to_string().starts_with("a pipe: "), "{error}");
    }
}

#[test]
fn results_are_told_from_folders_of_pictures() {
    let folder = folder();
    for format in TILES {
        let (path, _) = place(folder.path(), format);
        write(&path, format, &small(), png()).unwrap();
        assert!(is_tile_set(&format.tiles_beside(&path).unwrap_or(path)));
    }
    let other = folder.path().join("holiday_files");
    fs::create_dir(&other).unwrap();
    assert!(!is_tile_set(&other) && !is_tile_set(folder.path()));
    assert!(!is_tile_set(&folder.path().join("missing_files")));
    assert_eq!(
        Format::from_path(Path::new("a.DZI")).unwrap(),
        Format::DeepZoom
    );
}
