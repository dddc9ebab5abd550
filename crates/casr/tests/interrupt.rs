//! Ctrl-C during work: nothing is left behind, and the exit code says so.

#![cfg(unix)]

mod support;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::{folder, names, program, sample};

#[test]
fn interrupt_cleans_up() {
    for signal in ["-INT", "-TERM"] {
        let folder = folder();
        let mut child = program(folder.path())
            .arg("upscale")
            .arg(sample("city.png"))
            .args(["-o", "out.tif", "-s", "8", "--threads", "1"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let start = Instant::now();
        // The unfinished file shows that the work has begun.
        while names(folder.path()).is_empty() {
            assert!(
                child.try_wait().expect("a child").is_none(),
                "ended before it began to write"
            );
            assert!(start.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(20));
        }
        let kill = Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status();
        assert!(kill.expect("kill is there").success());
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
