//! Self-similarity of an image: local autocorrelation, and matches between the image and a smaller
//! copy.

mod autocorrelation;
mod matching;

pub use autocorrelation::{AUTOCORRELATION_REACH, LAGS, NOISE, WINDOW, autocorrelation, lags};
pub use matching::{
    FLOOR, MATCHES_REACH, MAX_CANDIDATES, MatchShape, PATCH, SEARCH, STRIDE, matches,
};

/// The first `LENGTH` elements of a slice.
#[inline(always)]
fn start<T, const LENGTH: usize>(values: &[T]) -> &[T; LENGTH] {
    let (chunks, _) = values[..LENGTH].as_chunks();
    &chunks[0]
}
