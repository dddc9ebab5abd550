//! The programs: whether they are there, how they are run, and what they print.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use casr_codec::Picture;
use tempfile::TempDir;

/// A folder for a test's many files, in memory where the system has a place for that: each file
/// that this crate writes is seen safely on the disk, which takes its time.
pub fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| super::common::folder())
}

/// Whether all programs are installed. Says so if not, and fails if they are required.
pub fn installed(programs: &[&str]) -> bool {
    let folders: Vec<_> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    let is_missing = |program: &&&str| !folders.iter().any(|folder| folder.join(program).is_file());
    let missing: Vec<&&str> = programs.iter().filter(is_missing).collect();
    if missing.is_empty() {
        return true;
    }
    assert!(
        std::env::var_os("CASR_REQUIRE_TOOLS").is_none(),
        "{missing:?} are not installed"
    );
    println!("skipped: {missing:?} are not installed");
    false
}

/// Runs a program on some input.
pub fn run(program: &str, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    thread::scope(|scope| {
        // A program that does not need all of its input closes it.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    })
}

/// What a program that must succeed writes to standard output.
pub fn output(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let output = run(program, arguments, input);
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        words(&output.stderr)
    );
    output.stdout
}

/// A program's words.
pub fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// An image in Netpbm's formats PBM, PGM, PPM or PAM.
#[derive(Debug, PartialEq)]
pub struct Netpbm {
    pub width: usize,
    pub height: usize,
    /// Samples a pixel.
    pub channels: usize,
    /// What a sample is at most.
    pub most: u32,
    pub samples: Vec<u32>,
}

/// The next word of a header, behind blanks and comments.
fn word<'a>(bytes: &mut &'a [u8]) -> &'a str {
    loop {
        let blanks = bytes.iter().take_while(|byte| byte.is_ascii_whitespace());
        *bytes = &bytes[blanks.count()..];
        if bytes[0] != b'#' {
            break;
        }
        let end = bytes.iter().position(|&byte| byte == b'\n').unwrap();
        *bytes = &bytes[end..];
    }
    let end = bytes.iter().position(u8::is_ascii_whitespace).unwrap();
    let (word, rest) = bytes.split_at(end);
    *bytes = rest;
    str::from_utf8(word).unwrap()
}

impl Netpbm {
    /// The image of a file.
    pub fn of(mut bytes: &[u8]) -> Self {
        let kind = word(&mut bytes).to_owned();
        let number = |bytes: &mut &[u8]| word(bytes).parse::<usize>().unwrap();
        if kind == "P7" {
            let (mut size, mut channels, mut most) = ([0; 2], 0, 0);
            loop {
                match word(&mut bytes) {
                    "ENDHDR" => break,
                    "WIDTH" => size[0] = number(&mut bytes),
                    "HEIGHT" => size[1] = number(&mut bytes),
                    "DEPTH" => channels = number(&mut bytes),
                    "MAXVAL" => most = number(&mut bytes) as u32,
                    "TUPLTYPE" => drop(word(&mut bytes)),
                    other => panic!("{other}"),
                }
            }
            return Self::with(size, channels, most, &bytes[1..]);
        }
        let size = [number(&mut bytes), number(&mut bytes)];
        match &kind[..] {
            "P4" => {
                let row_bytes = size[0].div_ceil(8);
                let rows = bytes[1..].chunks_exact(row_bytes).take(size[1]);
                // 1 is black.
                let bit = |row: &[u8], column: usize| {
                    1 - u32::from(row[column / 8] >> (7 - column % 8) & 1)
                };
                Self {
                    width: size[0],
                    height: size[1],
                    channels: 1,
                    most: 1,
                    samples: rows
                        .flat_map(|row| (0..size[0]).map(move |column| bit(row, column)))
                        .collect(),
                }
            }
            "P5" | "P6" => {
                let most = number(&mut bytes) as u32;
                Self::with(size, if kind == "P5" { 1 } else { 3 }, most, &bytes[1..])
            }
            other => panic!("{other}"),
        }
    }

    fn with([width, height]: [usize; 2], channels: usize, most: u32, bytes: &[u8]) -> Self {
        let count = width * height * channels;
        let samples: Vec<u32> = if most < 256 {
            bytes[..count].iter().map(|&sample| sample.into()).collect()
        } else {
            let pairs = bytes[..2 * count].as_chunks::<2>().0;
            pairs
                .iter()
                .map(|pair| u16::from_be_bytes(*pair).into())
                .collect()
        };
        Self {
            width,
            height,
            channels,
            most,
            samples,
        }
    }

    /// Whether a picture's colours are these, alpha aside; grey as such or as equal colours.
    pub fn equals(&self, picture: &Picture) -> bool {
        let channels = picture.colour.channels();
        let most = self.most as f32;
        let same = |pixel: &[f32], reference: &[u32]| {
            (0..3).all(|at| {
                let sample = pixel[at.min(channels - 1)];
                (sample * most).round() as u32 == reference[at.min(self.channels - 1)]
            })
        };
        let pixels = picture.pixels.to_f32();
        let pixels = pixels.chunks_exact(channels);
        (picture.width, picture.height) == (self.width, self.height)
            && pixels
                .zip(self.samples.chunks_exact(self.channels))
                .all(|(pixel, reference)| same(pixel, reference))
    }

    /// The file of an image of 1 or 3 samples a pixel.
    pub fn file(&self) -> Vec<u8> {
        let kind = if self.channels == 1 { "P5" } else { "P6" };
        let mut file =
            format!("{kind} {} {} {}\n", self.width, self.height, self.most).into_bytes();
        for &sample in &self.samples {
            let bytes = (sample as u16).to_be_bytes();
            file.extend(&bytes[usize::from(self.most < 256)..]);
        }
        file
    }

    /// Slopes, edges and noise, so that upsampling and every frequency count.
    pub fn drawn(width: usize, height: usize, channels: usize, most: u32) -> Self {
        let mut noise = super::common::Noise((width * 1000 + height) as u64 + 1);
        let mut samples = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let slopes = [x * 9 % 256, (x + y) * 5 % 256, 255 - y * 7 % 256];
                let square = (x / 6 + y / 5) % 2 * 60;
                for slope in &slopes[..channels] {
                    let value = (slope * 7 / 10 + square + noise.below(40)).saturating_sub(20);
                    samples.push(value.min(255) as u32 * most / 255);
                }
            }
        }
        Self {
            width,
            height,
            channels,
            most,
            samples,
        }
    }
}
