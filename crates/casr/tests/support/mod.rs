//! What the tests of `casr` and of `casr-lab` share: running the program, small images, and folders
//! that are looked into afterwards.

#![allow(dead_code, reason = "every test file uses its own part")]

use casr_codec::{
    Colour, Depth, Format, Header, Limits, Metadata, Options, Picture, SourceFormat, Writer,
};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// How a run of the program ended.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub output: String,
    pub errors: String,
}

impl Run {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().expect("the program starts");
        Self {
            code: output.status.code(),
            output: String::from_utf8(output.stdout).expect("output is UTF-8"),
            errors: String::from_utf8(output.stderr).expect("errors are UTF-8"),
        }
    }

    /// Asserts success without a word.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert_eq!((self.code, self.errors.as_str()), (Some(0), ""), "{self:?}");
        self
    }

    /// Asserts exit code 1 and a single line on standard error that starts `PROGRAM: FILE: ` and
    /// holds `words`.
    #[track_caller]
    pub fn fails_on(self, file: &Path, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.errors.lines().count(), 1, "{self:?}");
        assert!(
            self.errors
                .starts_with(&format!("{}: {}: ", PROGRAM.0, file.display())),
            "{self:?}"
        );
        for word in words {
            assert!(self.errors.contains(word), "no {word:?} in {self:?}");
        }
        self
    }
}

/// Name and path of the program whose tests these are.
const PROGRAM: (&str, &str) = match (
    option_env!("CARGO_BIN_EXE_casr"),
    option_env!("CARGO_BIN_EXE_casr-lab"),
) {
    (Some(path), _) => ("casr", path),
    (None, Some(path)) => ("casr-lab", path),
    (None, None) => panic!("tests of neither program"),
};

/// The built program in `folder`.
pub fn program(folder: &Path) -> Command {
    let mut command = Command::new(PROGRAM.1);
    command.current_dir(folder);
    // Mesa's Vulkan drivers look for a display there, and complain where the variable is not set.
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        command.env("XDG_RUNTIME_DIR", std::env::temp_dir());
    }
    command
}

/// Runs the program in `folder`.
pub fn casr(folder: &Path, arguments: &[&str]) -> Run {
    Run::of(program(folder).args(arguments))
}

/// Runs the program in `folder` with `bytes` on its standard input, which it may read while it
/// writes, or not at all.
pub fn piped(folder: &Path, arguments: &[&str], bytes: &[u8]) -> Output {
    let mut child = program(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program that refuses its arguments does not read.
            let _ = input.write_all(bytes);
        });
        child.wait_with_output().expect("it ends")
    })
}

/// A folder for one test.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The names in `folder`, sorted, hidden ones too.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    names.sort();
    names
}

/// A shipped photograph.
pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../samples")
        .join(name)
}

/// A `width` × `height` piece of a shipped photograph.
pub fn photograph(width: usize, height: usize) -> Picture {
    piece_of("city.png", width, height)
}

/// A `width` × `height` piece of the shipped photograph `name`.
pub fn piece_of(name: &str, width: usize, height: usize) -> Picture {
    let mut picture = read(&sample(name));
    let (left, top) = (200, 200);
    let mut piece = Vec::new();
    for row in top..top + height {
        let first = (row * picture.width + left) * 3;
        picture
            .pixels
            .append_to(&mut piece, first..first + width * 3);
    }
    picture.pixels = piece.into();
    (picture.width, picture.height) = (width, height);
    picture
}

/// A picture of one's own.
pub fn picture(
    width: usize,
    height: usize,
    colour: Colour,
    pixels: Vec<f32>,
    alpha: Option<Vec<f32>>,
) -> Picture {
    assert_eq!(pixels.len(), width * height * colour.channels());
    Picture {
        width,
        height,
        colour,
        depth: Depth::Eight,
        format: SourceFormat::Png,
        pixels: pixels.into(),
        alpha: alpha.map(Vec::into),
        metadata: Metadata::default(),
        losses: Vec::new(),
    }
}

/// Reads an image file.
#[track_caller]
pub fn read(path: &Path) -> Picture {
    casr_codec::read(path, &Limits::default()).expect("a readable image")
}

/// Writes `picture` into `folder` under `name`, whose extension gives the format.
pub fn write(folder: &Path, name: &str, picture: &Picture) -> PathBuf {
    let path = folder.join(name);
    let format = Format::from_path(&path).expect("a known extension");
    let header = Header::of(picture, picture.width, picture.height, format);
    let mut writer =
        Writer::create(&path, format, header, Options::default()).expect("a writable folder");
    writer.write_picture(picture).expect("the rows fit");
    writer.finish().expect("the file is written");
    path
}

/// The folder of benchmark images, where it is there.
pub fn benchmark(name: &str) -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("CASR_DATA")
        .map_or(shared, PathBuf::from)
        .join("benchmarks")
        .join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} is missing", folder.display());
    None
}

/// A TIFF of grey pages of these widths and heights, uncompressed.
pub fn pages(sizes: &[(u16, u16)]) -> Vec<u8> {
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    for (index, &(width, height)) in sizes.iter().enumerate() {
        let fields = [
            (256, u32::from(width)),
            (257, u32::from(height)),
            (258, 8),
            (259, 1),
            (262, 1),
            (273, file.len() as u32 + 2 + 8 * 12 + 4),
            (278, u32::from(height)),
            (279, u32::from(width) * u32::from(height)),
        ];
        file.extend((fields.len() as u16).to_le_bytes());
        for (tag, value) in fields {
            // One number of 32 bits.
            file.extend([u16::to_le_bytes(tag), u16::to_le_bytes(4)].concat());
            file.extend([1_u32.to_le_bytes(), value.to_le_bytes()].concat());
        }
        let pixels = vec![60 * index as u8; usize::from(width) * usize::from(height)];
        let next = match index + 1 < sizes.len() {
            true => file.len() + 4 + pixels.len(),
            false => 0,
        };
        file.extend((next as u32).to_le_bytes());
        file.extend(pixels);
    }
    file
}
