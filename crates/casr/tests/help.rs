//! Help, version and completions.

mod support;

use support::{casr, folder};

#[test]
fn every_command_has_examples() {
    let folder = folder();
    for command in [
        "upscale",
        "plan",
        "zoom",
        "serve",
        "devices",
        "export",
        "completions",
    ] {
        let run = casr(folder.path(), &[command, "--help"]).succeeds();
        assert!(run.output.contains("Examples:"), "{}", run.output);
        assert!(
            run.output.contains(&format!("  casr {command}")),
            "{}",
            run.output
        );
    }
}

#[test]
fn version() {
    let run = casr(folder().path(), &["--version"]).succeeds();
    let version = format!("casr {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run.output, version);
    let run = casr(folder().path(), &["upscale", "--version"]).succeeds();
    assert_eq!(run.output, version);
}

#[test]
fn completions_know_the_options() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = casr(folder().path(), &["completions", shell]).succeeds();
        assert!(run.output.contains("max-step"), "{shell}");
    }
}
