//! TIFF in strips, in tiles and with overviews, by every compression: the same samples and the
//! same metadata as in the plain file.
#![cfg(feature = "formats")]

mod common;

use std::fs;
use std::path::Path;

use casr_codec::{
    CodecError, Colour, Depth, ErrorKind, Format, Header, Limits, Loss, Options, Picture,
    TiffCompression, TiffLayout, Writer, pages, read_page,
};
use common::{described, folder, header, interleaved, read_default, samples};

const LOSSLESS: [TiffCompression; 4] = [
    TiffCompression::None,
    TiffCompression::Deflate,
    TiffCompression::Lzw,
    TiffCompression::Zstd,
];

/// What this build writes without loss.
fn lossless() -> impl Iterator<Item = TiffCompression> {
    let built =
        |method: &TiffCompression| cfg!(feature = "zstd") || *method != TiffCompression::Zstd;
    LOSSLESS.into_iter().filter(built)
}

fn layouts(compression: TiffCompression) -> [TiffLayout; 5] {
    let layout = |tile, pyramid| TiffLayout {
        compression,
        tile,
        pyramid,
    };
    [
        layout(None, false),
        layout(Some(16), false),
        layout(Some(256), false),
        layout(Some(32), true),
        layout(None, true),
    ]
}

fn write(
    path: &Path,
    header: &Header,
    tiff: TiffLayout,
    samples: &[f32],
) -> Result<(), CodecError> {
    let options = Options {
        overwrite: true,
        tiff,
        ..Options::default()
    };
    let mut writer = Writer::create(path, Format::Tiff, header.clone(), options)?;
    let band = 7 * header.width * header.channels();
    samples
        .chunks(band)
        .try_for_each(|rows| writer.write_rows(rows))?;
    writer.finish()
}

const SIZES: [(usize, usize); 5] = [(1, 1), (255, 257), (700, 3), (2, 300), (64, 32)];

#[test]
fn every_layout_holds_the_same_samples() {
    let folder = folder();
    let path = folder.path().join("out.tif");
    for compression in lossless() {
        for tiff in layouts(compression) {
            for colour in [Colour::Grey, Colour::Rgb] {
                for (depth, alpha) in [
                    (Depth::Eight, false),
                    (Depth::Eight, true),
                    (Depth::Sixteen, false),
                    (Depth::Sixteen, true),
                ] {
                    for (width, height) in SIZES {
                        let header = header(width, height, colour, depth, alpha);
                        let samples = samples(&header);
                        write(&path, &header, tiff, &samples).unwrap();
                        let what =
                            format!("{tiff:?} {colour:?} {depth:?} {alpha} {width}×{height}");
                        let picture =
                            read_default(&path).unwrap_or_else(|error| panic!("{what}: {error}"));
                        assert!(interleaved(&picture) == samples, "{what}");
                        assert_eq!((picture.losses, picture.depth), (vec![], depth), "{what}");
                        // Overviews are no pages.
                        assert_eq!(pages(&path).unwrap(), 1, "{what}");
                        assert!(matches!(
                            read_page(&path, &Limits::default(), 2),
                            Err(CodecError::NoSuchPage { pages: 1, .. })
                        ));
                    }
                }
            }
        }
    }
}

/// The largest and the mean difference of a picture from samples, in steps of 8 bits.
fn difference(picture: &Picture, samples: &[f32]) -> (f32, f32) {
    let pairs = picture.pixels.iter().zip(samples);
    let differences: Vec<f32> = pairs.map(|(a, b)| 255.0 * (a - b).abs()).collect();
    let most = differences
        .iter()
        .fold(0.0, |most: f32, &one| most.max(one));
    (
        most,
        differences.iter().sum::<f32>() / differences.len() as f32,
    )
}

#[test]
fn jpeg_is_close() {
    let folder = folder();
    let path = folder.path().join("out.tif");
    for tiff in layouts(TiffCompression::Jpeg) {
        for colour in [Colour::Grey, Colour::Rgb] {
            for (width, height) in SIZES {
                let mut header = header(width, height, colour, Depth::Sixteen, false);
                // Slopes, which JPEG keeps.
                let channels = header.channels();
                let slopes: Vec<f32> = (0..width * height * channels)
                    .map(|at| (at / channels % width + at / channels / width) as f32 / 1024.0)
                    .collect();
                header.metadata = described();
                write(&path, &header, tiff, &slopes).unwrap();
                let what = format!("{tiff:?} {colour:?} {width}×{height}");
                let picture = read_default(&path).unwrap_or_else(|error| panic!("{what}: {error}"));
                let (most, mean) = difference(&picture, &slopes);
                assert!(most < 6.0 && mean < 1.0, "{what}: {most} {mean}");
                assert_eq!((picture.depth, pages(&path).unwrap()), (Depth::Eight, 1));
                assert_eq!(picture.metadata.icc, described().icc);
            }
        }
    }
}

#[test]
fn what_jpeg_cannot_hold() {
    let folder = folder();
    let path = folder.path().join("out.tif");
    let options = Options {
        tiff: layouts(TiffCompression::Jpeg)[3],
        ..Options::default()
    };
    assert!(!options.holds_alpha(Format::Tiff) && !options.holds_sixteen(Format::Tiff));
    assert!(options.holds_alpha(Format::Png) && options.holds_sixteen(Format::Png));
    let create = |depth, alpha| {
        let header = header(3, 3, Colour::Rgb, depth, alpha);
        Writer::create(&path, Format::Tiff, header, options)
    };
    let error = create(Depth::Eight, true).err().unwrap();
    assert!(
        error.to_string().contains(
            "JPEG in TIFF cannot hold the image's transparency; choose another compression"
        ),
        "{error}"
    );
    assert_eq!(
        create(Depth::Sixteen, false).unwrap().losses(),
        [Loss::Depth]
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn sides_of_tiles() {
    let folder = folder();
    let path = folder.path().join("out.tif");
    for (side, fits) in [
        (0, false),
        (8, false),
        (100, false),
        (16, true),
        (4096, true),
        (4112, false),
    ] {
        let options = Options {
            tiff: TiffLayout {
                tile: Some(side),
                ..TiffLayout::default()
            },
            ..Options::default()
        };
        let header = Header::rgb(9, 7);
        match Writer::create(&path, Format::Tiff, header, options) {
            Ok(_) => assert!(fits, "{side}"),
            Err(error) => {
                assert!(!fits, "{error}");
                assert_eq!(error.kind(), ErrorKind::InvalidRequest);
                assert!(
                    error.to_string().contains("a multiple of 16 up to 4096"),
                    "{error}"
                );
            }
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn metadata_is_that_of_the_plain_file() {
    let folder = folder();
    let path = folder.path().join("out.tif");
    let mut header = header(600, 400, Colour::Rgb, Depth::Eight, false);
    header.metadata = described();
    let samples = samples(&header);
    write(&path, &header, TiffLayout::default(), &samples).unwrap();
    let plain = read_default(&path).unwrap().metadata;
    assert!(plain.exif.is_some() && plain.xmp.is_some() && plain.photoshop.is_some());
    for compression in lossless().chain([TiffCompression::Jpeg]) {
        for tiff in layouts(compression) {
            write(&path, &header, tiff, &samples).unwrap();
            assert_eq!(read_default(&path).unwrap().metadata, plain, "{tiff:?}");
        }
    }
}

#[test]
fn zstandard_is_written_or_named() {
    let folder = folder();
    let path = folder.path().join("out.tif");
    let options = Options {
        tiff: layouts(TiffCompression::Zstd)[0],
        ..Options::default()
    };
    let created = Writer::create(&path, Format::Tiff, Header::rgb(9, 7), options);
    assert_eq!(created.is_ok(), cfg!(feature = "zstd"));
    if let Err(error) = created {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let remedy = "choose another compression";
        assert!(error.to_string().ends_with(remedy), "{error}");
    }
}
