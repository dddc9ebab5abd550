//! Helpers of the benchmarks.

#![allow(dead_code, reason = "every benchmark uses its own part")]

pub mod conv;

use std::time::{Duration, Instant};

/// A figure is measured for this long, and at least three times.
const DURATION: Duration = Duration::from_millis(400);

/// The median time of `run`, seconds.
pub fn median(mut run: impl FnMut()) -> f64 {
    run();
    let start = Instant::now();
    let mut times = Vec::new();
    while times.len() < 3 || start.elapsed() < DURATION {
        let begin = Instant::now();
        run();
        times.push(begin.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Pseudo-random values between −½ and ½.
pub fn numbers(count: usize) -> Vec<f32> {
    let mut state = 1_u32;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.5
        })
        .collect()
}
