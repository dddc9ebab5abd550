//! External programs as methods: a command line with places for the input, the result and the size.

use super::files::{load, save};
use super::method::Made;
use anyhow::{Context, anyhow, bail};
use casr_cli::interrupt;
use casr_codec::images_in;
use casr_metrics::RgbImage;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often a running program is checked.
const INTERVAL: Duration = Duration::from_millis(5);

/// What a program says of its failure is cut to this many characters.
const SAYING: usize = 300;

/// A command line.
///
/// `{in}` is replaced by a PNG file, `{out}` by the PNG file to be written, `{width}` and
/// `{height}` by its size, `{scale}` by the factor of the width, and `{levels}`, where the program
/// loops, by a folder for the images between, named in order.
#[derive(Clone, Debug)]
pub struct External {
    words: Vec<String>,
    patience: Duration,
}

impl External {
    /// Reads a command line, quoted as for a shell; the program is given up after `patience`.
    ///
    /// # Errors
    /// A quote is not closed, or `{in}` or `{out}` is missing.
    pub fn new(command: &str, patience: Duration) -> anyhow::Result<Self> {
        let words = shlex::split(command)
            .filter(|words| !words.is_empty())
            .ok_or_else(|| anyhow!("{command}: a quote is not closed, or there is no program"))?;
        for place in ["{in}", "{out}"] {
            if !words.iter().any(|word| word.contains(place)) {
                bail!("{command}: {place} is missing; the program must know its files");
            }
        }
        Ok(Self { words, patience })
    }

    /// The command line, and when and how large the program's file was made.
    pub fn identity(&self) -> String {
        let program = find(&self.words[0]).and_then(|path| fs::metadata(path).ok());
        let stamp = program.map(|data| (data.len(), data.modified().ok()));
        format!("{:?} {stamp:?}", self.words)
    }

    /// Runs the program.
    ///
    /// # Errors
    /// It does not start, fails, takes too long, or leaves no image of `size`; or Ctrl-C came.
    pub fn enlarge(&self, input: &RgbImage, size: (usize, usize)) -> anyhow::Result<Made> {
        let folder = tempfile::tempdir().context("no temporary folder can be made")?;
        let path = |name: &str| folder.path().join(name);
        let (source, result, between) = (path("in.png"), path("out.png"), path("levels"));
        save(input, &source)?;
        fs::create_dir(&between).context("no temporary folder can be made")?;
        let places = [
            ("{in}", source.display().to_string()),
            ("{out}", result.display().to_string()),
            ("{levels}", between.display().to_string()),
            ("{width}", size.0.to_string()),
            ("{height}", size.1.to_string()),
            (
                "{scale}",
                (size.0 as f64 / input.width() as f64).to_string(),
            ),
        ];
        let words = self.words.iter().map(|word| {
            let mut word = word.clone();
            for (place, value) in &places {
                word = word.replace(place, value);
            }
            word
        });
        let words: Vec<String> = words.collect();

        let start = Instant::now();
        let (status, peak_bytes) = self.run(&words, &path("errors"))?;
        let seconds = start.elapsed().as_secs_f64();
        if !status.success() {
            let said = fs::read(path("errors")).unwrap_or_default();
            let said = String::from_utf8_lossy(&said);
            let tail: Vec<char> = said.trim().chars().rev().take(SAYING).collect();
            let tail: String = tail.into_iter().rev().collect();
            bail!("{} failed ({status}): {tail}", words[0]);
        }
        let mut levels = Vec::new();
        if self.words.iter().any(|word| word.contains("{levels}")) {
            for path in images_in(&between).unwrap_or_default() {
                levels.push(load(&path)?);
            }
        }
        if !result.is_file() {
            bail!("{} left no {{out}}", words[0]);
        }
        let last = load(&result)?;
        if last.size() != size {
            let ((width, height), (wanted_width, wanted_height)) = (last.size(), size);
            bail!(
                "{} gave {width}×{height} pixels, not {wanted_width}×{wanted_height}",
                words[0]
            );
        }
        levels.push(last);
        Ok(Made {
            levels,
            seconds,
            peak_bytes,
        })
    }

    /// Runs a command line to its end, or to the end of patience.
    fn run(&self, words: &[String], errors: &Path) -> anyhow::Result<(ExitStatus, Option<u64>)> {
        let errors = File::create(errors).context("no temporary file can be made")?;
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors);
        // A group of its own, so that what the program starts ends with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command
            .spawn()
            .with_context(|| format!("{} does not start", words[0]))
            .map_err(|error| anyhow!("{error:#}"))?;
        let (start, mut peak) = (Instant::now(), None);
        loop {
            peak = peak.max(peak_of_family(child.id()));
            if let Some(status) = child.try_wait()? {
                return Ok((status, peak));
            }
            let late = start.elapsed() > self.patience;
            if late || interrupt::requested() {
                end(&mut child);
                if late {
                    bail!(
                        "{} did not end within {} s",
                        words[0],
                        self.patience.as_secs()
                    );
                }
                bail!("interrupted");
            }
            std::thread::sleep(INTERVAL);
        }
    }
}

/// Ends a program and what it started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = rustix::process::Pid::from_raw(child.id() as i32) {
        // It may have ended by itself in between.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// The peaks of a process and its descendants together, bytes; on Linux alone.
fn peak_of_family(process: u32) -> Option<u64> {
    let children = format!("/proc/{process}/task/{process}/children");
    let children = fs::read_to_string(children).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|id| id.parse().ok());
    let own = super::memory::peak_of(&process.to_string())?;
    Some(own + children.filter_map(peak_of_family).sum::<u64>())
}

/// Where a program lies.
fn find(program: &str) -> Option<PathBuf> {
    if program.contains(std::path::is_separator) {
        return Some(PathBuf::from(program));
    }
    let folders = std::env::var_os("PATH")?;
    let mut paths = std::env::split_paths(&folders).map(|folder| folder.join(program));
    paths.find(|path| path.is_file())
}
