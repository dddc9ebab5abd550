//! Ctrl-C during work: nothing is left behind, and the exit code says so.

#![cfg(unix)]

mod support;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::{folder, names, program, sample};

/// A file, tiles in a folder, and a film.
const OUTPUTS: [&str; 3] = ["out.tif", "out.dzi", "out.y4m"];

/// Starts a long work in `folder`, and waits until it has begun to write.
fn at_work(folder: &Path, output: &str) -> Child {
    let work = match output {
        "out.y4m" => ["zoom", "--at=0.5,0.5", "--to=64"],
        _ => ["upscale", "-s", "8"],
    };
    let mut child = program(folder)
        .args(work)
        .arg(sample("city.png"))
        .args(["-o", output, "--threads", "1"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let start = Instant::now();
    while names(folder).is_empty() {
        assert!(
            child.try_wait().expect("a child").is_none(),
            "ended before it began to write"
        );
        assert!(start.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

/// Each signal with each kind of output.
fn signals<'a>(signals: &'a [&str]) -> impl Iterator<Item = (&'a str, &'static str)> {
    let each = |&signal| OUTPUTS.iter().map(move |&output| (signal, output));
    signals.iter().flat_map(each)
}

fn send(signal: &str, child: &Child) {
    let kill = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(kill.expect("kill is there").success());
}

#[test]
fn the_second_signal_ends_the_program_at_once_without_its_files() {
    for (signal, output) in signals(&["-INT", "-TERM", "-QUIT"]) {
        let folder = folder();
        let child = at_work(folder.path(), output);
        send(signal, &child);
        std::thread::sleep(Duration::from_millis(3));
        send(signal, &child);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(130), "{output:?}");
        assert!(
            names(folder.path()).is_empty(),
            "{:?}",
            names(folder.path())
        );
    }
}

#[test]
fn interrupt_cleans_up() {
    for (signal, output) in signals(&["-INT", "-TERM", "-QUIT", "-HUP"]) {
        let folder = folder();
        let child = at_work(folder.path(), output);
        send(signal, &child);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(130), "{output:?}");
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "casr: interrupted\n"
        );
        assert!(
            names(folder.path()).is_empty(),
            "{:?}",
            names(folder.path())
        );
    }
}
