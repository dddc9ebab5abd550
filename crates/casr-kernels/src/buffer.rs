//! Allocation of buffers for results.

use rayon::prelude::*;
use std::mem::MaybeUninit;

/// Elements that one parallel task writes: few enough to stay in a second-level cache.
const CHUNK: usize = 1 << 16;

/// A vector of `length` zeros. The memory of a large vector is first touched by all threads, where
/// `vec![0.0; length]` would leave that to one.
///
/// # Panics
/// If the allocation fails, as with `vec!`.
pub fn zeros(length: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(length);
    values.spare_capacity_mut()[..length]
        .par_chunks_mut(CHUNK)
        .for_each(|chunk| chunk.fill(MaybeUninit::new(0.0)));
    // SAFETY: the first `length` elements of the capacity have just been initialised.
    unsafe { values.set_len(length) };
    values
}
