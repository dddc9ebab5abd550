//! Tests that run again in a process of their own, which the system lets have only so much memory
//! and time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The folder that the process with little memory works in.
const FOLDER: &str = "CASR_TEST_LIMITED";

/// The folder of this process, if it is one with little memory.
pub fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// Runs one test of this program again, in a process that may have so much memory, the program
/// itself included, and so much of a processor's time; returns whether it succeeded, and its
/// output. Only Unix can.
pub fn run(test: &str, folder: &Path, megabytes: usize, seconds: usize) -> (bool, String) {
    let limited = format!(
        "ulimit -v {}; ulimit -t {seconds}; exec \"$0\" --exact {test} --nocapture",
        megabytes * 1_000
    );
    let output = Command::new("sh")
        .args(["-c", &limited])
        .arg(std::env::current_exe().unwrap())
        .env(FOLDER, folder)
        // Every thread's own share of memory would be reserved in steps of 64 MB.
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// What this process has had of the processors' time, which does not depend on what else the
/// machine does; where the system does not report it, the time since the first call.
pub fn processor_time() -> Duration {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let hundredths = || {
        // The program's name, in brackets, is the second field; times of its own and of the system
        // the 14th and 15th.
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(2);
        fields.map(|field| field.parse::<u64>().ok()).sum()
    };
    let told: Option<u64> = hundredths();
    told.map_or_else(
        || FIRST.get_or_init(Instant::now).elapsed(),
        |hundredths| Duration::from_millis(10 * hundredths),
    )
}
