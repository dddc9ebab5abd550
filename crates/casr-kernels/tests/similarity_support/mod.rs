//! Helpers of the tests of the self-similarity.

#![allow(dead_code)]

pub mod case;

use std::ops::Range;

/// Reproducible values in [0, 1).
pub fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1 << 24) as f32
        })
        .collect()
}

pub fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// A crop of `[.., width, channels]`.
pub fn crop(
    data: &[f32],
    width: usize,
    channels: usize,
    rows: Range<usize>,
    columns: Range<usize>,
) -> Vec<f32> {
    let columns = columns.start * channels..columns.end * channels;
    rows.flat_map(|row| &data[row * width * channels..][columns.clone()])
        .copied()
        .collect()
}

/// The part of a window, counted from its start, that lies at least `reach` away from those of its
/// edges that are cuts.
pub fn inside(window: &Range<usize>, length: usize, reach: usize) -> Range<usize> {
    let first = if window.start == 0 { 0 } else { reach };
    let last = if window.end == length { 0 } else { reach };
    first..window.len() - last
}

/// Fails if pools of 1, 2 and 3 threads give different results.
pub fn assert_independent_of_threads(compute: impl Fn() -> Vec<f32> + Sync) {
    let results = [1, 2, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        bits(&pool.expect("a pool of threads").install(&compute))
    });
    assert!(results[0] == results[1] && results[0] == results[2]);
}
