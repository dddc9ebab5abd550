//! What the guards hold, measured.

#[path = "../../casr/tests/support/mod.rs"]
mod support;

use support::{benchmark, casr, folder};

/// At ×4, every look: the mean LR-PSNR of Set14 is at least 45 dB.
#[test]
fn results_keep_to_their_images() {
    let Some(set14) = benchmark("Set14") else {
        return;
    };
    let folder = folder();
    #[rustfmt::skip]
    let arguments = [
        "eval", set14.to_str().unwrap(), "-q", "--scales", "4", "--metrics", "psnr_lr", "--methods",
        "casr@faithful,casr@balanced,casr@vivid",
    ];
    let run = casr(folder.path(), &arguments).succeeds();
    let rows = run.output.lines().filter(|line| line.starts_with("casr@"));
    let scores: Vec<f64> = rows
        .map(|row| row.split_whitespace().nth(1).unwrap().parse().unwrap())
        .collect();
    assert_eq!(scores.len(), 3, "{}", run.output);
    assert!(scores.iter().all(|score| *score >= 45.0), "{}", run.output);
}
