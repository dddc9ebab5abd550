//! Tests that run again in a process of their own, which the system lets have only so much memory and time.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder that the process with little memory works in.
const FOLDER: &str = "CASR_TEST_LIMITED";

/// The folder of this process, if it is one with little memory.
pub fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// Runs one test of this program again, in a process that may have so much memory, the program itself included, and so
/// much of a processor's time; tells whether it went well, and what it said. Only Unix can.
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
