//! Arguments that the self-similarity rejects.

use casr_kernels::InstructionSet;
use casr_kernels::similarity::{LAGS, MAX_CANDIDATES, MatchShape, autocorrelation, matches};
use std::panic::catch_unwind;

/// The message of the panic of `run`; empty if it does not panic.
fn refusal(run: impl Fn() + std::panic::UnwindSafe) -> String {
    match catch_unwind(run) {
        Ok(()) => String::new(),
        Err(payload) => {
            let message = payload.downcast_ref::<String>().cloned();
            message.unwrap_or_else(|| payload.downcast_ref::<&str>().unwrap().to_string())
        }
    }
}

#[test]
fn autocorrelation_refuses_slices_of_other_lengths() {
    for (luma, output, message) in [
        (6, 6 * LAGS, ""),
        (5, 6 * LAGS, "luma length"),
        (6, 5 * LAGS, "output length"),
    ] {
        let refusal = refusal(|| {
            let (luma, mut output) = (vec![0.0; luma], vec![0.0; output]);
            autocorrelation(InstructionSet::best(), 2, 3, &luma, &mut output);
        });
        assert_eq!(refusal.is_empty(), message.is_empty());
        assert!(refusal.contains(message), "{refusal}");
    }
}

/// A search with matching slices, except one that is longer by an element or one value out of its
/// range.
fn search(longer: &str, candidates: usize, noise: f32, key_height: usize) {
    let shape = MatchShape {
        height: 4,
        width: 5,
        key_height,
        key_width: 3,
        details: 6,
        candidates,
    };
    let zeros = |name: &str, length: usize| vec![0.0; length + usize::from(name == longer)];
    let places = |name: &str, length: usize| vec![0; length + usize::from(name == longer)];
    matches(
        InstructionSet::best(),
        shape,
        &zeros("luma", 20),
        &zeros("key", key_height * 3),
        &zeros("detail", key_height * 3 * 6),
        &places("row centre", 4),
        &places("column centre", 5),
        noise,
        &mut zeros("output", 20 * 7),
    );
}

#[test]
fn matches_refuse_slices_of_other_lengths() {
    assert_eq!(refusal(|| search("", 4, 0.1, 2)), "");
    for name in [
        "luma",
        "key",
        "detail",
        "row centre",
        "column centre",
        "output",
    ] {
        let refusal = refusal(|| search(name, 4, 0.1, 2));
        assert!(
            refusal.contains(&format!("{name} length")),
            "{name}: {refusal}"
        );
    }
}

#[test]
fn matches_refuse_values_out_of_range() {
    for candidates in [0, MAX_CANDIDATES + 1] {
        assert!(refusal(|| search("", candidates, 0.1, 2)).contains("candidates"));
    }
    for noise in [0.0, -1.0, 1e-25, f32::NAN] {
        assert!(refusal(|| search("", 4, noise, 2)).contains("noise of"));
    }
    assert!(refusal(|| search("", 4, 0.1, 0)).contains("needs keys"));
}
