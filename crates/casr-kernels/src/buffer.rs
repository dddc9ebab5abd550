//! Buffers for results.

use rayon::prelude::*;
use std::mem::MaybeUninit;

/// Numbers that one task writes: few enough to stay in a second-level cache.
const CHUNK: usize = 1 << 16;

/// `length` zeros. A large result's memory is written by all threads, where `vec![0.0; length]` leaves it to one.
///
/// # Panics
/// If there is no memory for it, as `vec!` does.
pub fn zeros(length: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(length);
    values.spare_capacity_mut()[..length]
        .par_chunks_mut(CHUNK)
        .for_each(|chunk| chunk.fill(MaybeUninit::new(0.0)));
    // SAFETY: the first `length` numbers of the capacity have just been written.
    unsafe { values.set_len(length) };
    values
}
