//! How an image resembles itself: each pixel's surroundings against shifted ones, and against the image made smaller.

mod autocorrelation;
mod matching;

pub use autocorrelation::{AUTOCORRELATION_REACH, LAGS, NOISE, WINDOW, autocorrelation, lags};
pub use matching::{
    FLOOR, MATCHES_REACH, MOST_CANDIDATES, MatchShape, PATCH, SEARCH, STRIDE, matches,
};

/// The first numbers of a slice, as many as the type says.
#[inline(always)]
fn start<T, const LENGTH: usize>(values: &[T]) -> &[T; LENGTH] {
    let (chunks, _) = values[..LENGTH].as_chunks();
    &chunks[0]
}
