//! What killed programs leave behind is removed, and what belongs to programs at work is not.
#![cfg(feature = "formats")]
#![cfg(unix)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use casr_codec::{Colour, Depth, Format, Options, Writer, remove_stale};
use common::{folder, header, samples, write};

/// The folder in which the process that a test starts writes a file until it is killed.
const FOLDER: &str = "CASR_TEST_STALE_FOLDER";

fn partial(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.to_str().unwrap().ends_with(".partial"))
        .collect()
}

/// Starts a process that has begun a file in `folder`.
fn at_work(folder: &Path) -> Child {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "partial_files_of_killed_programs_are_removed",
            "--nocapture",
        ])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while partial(folder).len() < 2 {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "no file was begun"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    // Between the file's making and its lock.
    std::thread::sleep(Duration::from_millis(100));
    child
}

#[test]
fn partial_files_of_killed_programs_are_removed() {
    let small = header(9, 7, Colour::Rgb, Depth::Eight, false);
    if let Some(folder) = std::env::var_os(FOLDER) {
        let path = Path::new(&folder).join("out.png");
        let _writer =
            Writer::create(&path, Format::Png, small.clone(), Options::default()).unwrap();
        let path = Path::new(&folder).join("out.dzi");
        let mut tiles =
            Writer::create(&path, Format::DeepZoom, small.clone(), Options::default()).unwrap();
        tiles.write_rows(&samples(&small)).unwrap();
        std::thread::sleep(Duration::from_secs(60));
        return;
    }
    for by_writer in [false, true] {
        let folder = folder();
        let others = ["photo.partial", ".casr-notes", "a.png"].map(|name| folder.path().join(name));
        others
            .iter()
            .for_each(|path| fs::write(path, b"mine").unwrap());
        let mut child = at_work(folder.path());
        let left = partial(folder.path()).len();
        assert_eq!(
            remove_stale(folder.path()),
            [""; 0].map(PathBuf::from),
            "it is at work"
        );
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(partial(folder.path()).len(), left);
        if by_writer {
            write(
                &folder.path().join("next.png"),
                Format::Png,
                &small,
                &samples(&small),
            )
            .unwrap();
        } else {
            assert_eq!(remove_stale(folder.path()).len(), 2);
        }
        assert_eq!(
            partial(folder.path()),
            [folder.path().join("photo.partial")]
        );
        others
            .iter()
            .for_each(|path| assert_eq!(fs::read(path).unwrap(), b"mine"));
    }
}

/// Old tiles that a program was about to replace when it was killed may be the only ones.
#[test]
fn tiles_that_were_being_replaced_stay() {
    let folder = folder();
    let hidden = folder.path().join(".casr-abc.partial");
    for name in ["tiles", "replaced"] {
        fs::create_dir_all(hidden.join(name)).unwrap();
    }
    fs::write(hidden.join("lock"), b"").unwrap();
    assert_eq!(remove_stale(folder.path()).len(), 0);
    fs::remove_dir(hidden.join("tiles")).unwrap();
    assert_eq!(remove_stale(folder.path()), [hidden]);
}

/// A folder that only is named like a partial result is left alone.
#[test]
fn folders_of_others_stay() {
    let folder = folder();
    let other = folder.path().join(".casr-notes.partial");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("note"), b"mine").unwrap();
    assert_eq!(remove_stale(folder.path()).len(), 0);
    assert_eq!(fs::read(other.join("note")).unwrap(), b"mine");
}

#[test]
fn files_at_work_in_the_same_program_stay() {
    let folder = folder();
    let small = header(9, 7, Colour::Rgb, Depth::Eight, false);
    let path = folder.path().join("out.png");
    let mut writer = Writer::create(&path, Format::Png, small.clone(), Options::default()).unwrap();
    assert_eq!(remove_stale(folder.path()).len(), 0);
    writer.write_rows(&samples(&small)).unwrap();
    writer.finish().unwrap();
    assert!(path.exists() && partial(folder.path()).is_empty());
    assert_eq!(remove_stale(&folder.path().join("missing")).len(), 0);
}
