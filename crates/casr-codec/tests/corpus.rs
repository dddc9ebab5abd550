//! The corpus of the fuzz targets (`fuzz/README.md`) goes through what they check, panics inside
//! decoders included.
#![cfg(feature = "formats")]

#[path = "../../../fuzz/src/lib.rs"]
mod checks;
mod common;

use std::fs;
use std::panic;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{limited, panics};

/// What one input may take of a processor's time.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// The inputs of a target, in order.
fn inputs(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let entries = fs::read_dir(folder.join(target)).unwrap();
    let mut inputs: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    inputs
}

#[test]
fn every_input_holds() {
    panics::watch();
    let mut faults = Vec::new();
    for (target, _) in checks::TARGETS {
        let inputs = inputs(target);
        if inputs.is_empty() {
            faults.push(format!("{target}: no inputs"));
        }
        for input in inputs {
            let bytes = fs::read(&input).unwrap();
            let begin = limited::processor_time();
            let _ = panic::catch_unwind(|| checks::check(target, &bytes));
            let elapsed = limited::processor_time() - begin;
            let panics = panics::seen().into_iter().map(|panic| panic.words);
            let slow = (elapsed > TIME_LIMIT).then(|| format!("{elapsed:?}"));
            faults.extend(
                panics
                    .chain(slow)
                    .map(|fault| format!("{}: {fault}", input.display())),
            );
        }
    }
    let _ = panic::take_hook();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
