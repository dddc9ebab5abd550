//! A program that must end at once leaves no partial files. Alone in its process: it takes the
//! files of all writers.
#![cfg(feature = "formats")]

mod common;

use std::fs;

use casr_codec::{Colour, Depth, Format, Options, Writer, remove_partial};
use common::{folder, header, samples};

#[test]
fn partial_files_of_all_writers_are_removed_at_once() {
    let folder = folder();
    let names = || {
        let entries = fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let small = header(9, 7, Colour::Rgb, Depth::Eight, false);
    let begin = |name: &str, format| {
        let path = folder.path().join(name);
        Writer::create(&path, format, small.clone(), Options::default()).unwrap()
    };
    let mut done = begin("done.png", Format::Png);
    done.write_rows(&samples(&small)).unwrap();
    done.finish().unwrap();
    let (mut one, two) = (
        begin("one.png", Format::Png),
        begin("two.tif", Format::Tiff),
    );
    let mut three = begin("three.dzi", Format::DeepZoom);
    three.write_rows(&samples(&small)[..27]).unwrap();
    assert_eq!(names().len(), 4);
    remove_partial();
    assert_eq!(names(), ["done.png"]);
    // A writer that goes on all the same fails.
    one.write_rows(&samples(&small)).unwrap();
    one.finish().unwrap_err();
    three.write_rows(&samples(&small)[27..]).unwrap_err();
    three.finish().unwrap_err();
    drop(two);
    assert_eq!(names(), ["done.png"]);
}
