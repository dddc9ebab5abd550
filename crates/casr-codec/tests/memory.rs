//! Too little memory is an error that names the file, not the end of the program.
#![cfg(feature = "formats")]
#![cfg(target_os = "linux")]

mod common;

use std::path::Path;

use casr_codec::{CodecError, Colour, Depth, Format, Options, Writer, read};
use common::{FORMATS, folder, header, limited};

/// Seconds of a processor's time that each amount of memory may take.
const SECONDS: usize = 120;
/// Sides of the images: 28 MB of samples.
const SIDE: usize = 3_072;

#[test]
fn too_little_memory() {
    if let Some(folder) = limited::folder() {
        return little(&folder);
    }
    let folder = folder();
    for format in FORMATS {
        let header = header(SIDE, SIDE, Colour::Rgb, Depth::Eight, false);
        let path = folder.path().join(format.extension());
        let mut writer = Writer::create(&path, format, header, Options::default()).unwrap();
        let row: Vec<f32> = (0..SIDE * 3).map(|at| (at % 256) as f32 / 255.0).collect();
        (0..SIDE).for_each(|_| writer.write_rows(&row).unwrap());
        writer.finish().unwrap();
    }
    // Some of these are too little for anything, some enough for all.
    let mut outcomes = std::collections::BTreeSet::new();
    for megabytes in [30, 40, 60, 80, 100, 150, 200, 300, 400, 500, 600] {
        let (success, said) = limited::run("too_little_memory", folder.path(), megabytes, SECONDS);
        assert!(success, "{megabytes} MB: {said}");
        outcomes.extend(
            said.lines()
                .filter(|line| line.starts_with('='))
                .map(str::to_owned),
        );
    }
    for format in FORMATS {
        for outcome in ["enough", "too little"] {
            assert!(
                outcomes.contains(&format!("= read {format}: {outcome}")),
                "{outcomes:?}"
            );
        }
    }
    assert!(
        outcomes.contains("= written WebP: too little")
            && outcomes.contains("= written WebP: enough")
    );
}

fn little(folder: &Path) {
    for format in FORMATS {
        let path = folder.join(format.extension());
        match read(&path, &Default::default()) {
            Ok(picture) => {
                assert_eq!(picture.width, SIDE);
                println!("= read {format}: enough");
            }
            Err(error @ CodecError::OutOfMemory { .. }) => {
                assert!(
                    error.to_string().starts_with(path.to_str().unwrap()),
                    "{error}"
                );
                println!("= read {format}: too little");
            }
            Err(error) => panic!("{error}"),
        }
    }
    let path = folder.join("out.webp");
    let header = header(SIDE, SIDE, Colour::Rgb, Depth::Eight, false);
    let written =
        Writer::create(&path, Format::WebP, header, Options::default()).and_then(|mut writer| {
            let row = vec![0.5; SIDE * 3];
            (0..SIDE).try_for_each(|_| writer.write_rows(&row))?;
            writer.finish()
        });
    match written {
        Ok(()) => {
            std::fs::remove_file(path).unwrap();
            println!("= written WebP: enough");
        }
        Err(error @ CodecError::Exhausted { .. }) => {
            assert!(
                error.to_string().contains("memory")
                    && error.to_string().starts_with(path.to_str().unwrap())
            );
            println!("= written WebP: too little");
        }
        Err(error) => panic!("{error}"),
    }
}
