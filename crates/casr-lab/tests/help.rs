//! Help and version.

#[path = "../../casr/tests/support/mod.rs"]
mod support;

use support::{casr, folder};

#[test]
fn every_command_has_examples() {
    let folder = folder();
    for command in ["eval", "train", "inspect"] {
        let run = casr(folder.path(), &[command, "--help"]).succeeds();
        assert!(run.output.contains("Examples:"), "{}", run.output);
        let example = format!("  casr-lab {command} ");
        assert!(run.output.contains(&example), "{}", run.output);
    }
}

#[test]
fn version() {
    let run = casr(folder().path(), &["--version"]).succeeds();
    let version = format!("casr-lab {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run.output, version);
}
