//! Cross-scale matches: details of a smaller copy of an image, pasted exactly where its patches look like the image's.
//!
//! A patch of an image often comes again, smaller, in the image itself (Glasner et al., ICCV 2009; as attention: CSNLN,
//! arXiv 2006.01424). Here the patches of a level look for their likes in a key image, the level made smaller, near the
//! place that they shrink to. What belongs to the key pixels of a found patch is pasted pixel by pixel: patches overlap,
//! and a pixel takes the weighted mean of what all patches that hold it have found.
//!
//! In the key image, values beyond an edge are those of the nearest pixel: of luma, which is compared, and of details,
//! which are pasted. A candidate may so lie outside with its middle, and is then compared and pasted as any other.

mod gather;
mod keys;
mod queries;
mod scalar;
mod search;

use crate::InstructionSet;
use keys::Keys;
use queries::{Level, Match};
use rayon::prelude::*;

/// Side of the patches that are compared, in pixels.
pub const PATCH: usize = 5;
/// Patches that look for their likes have their middles at every second row and column of the level, from the first on.
pub const STRIDE: usize = 2;
/// Candidates along each axis: the middles of their patches lie from `SEARCH / 2` before the key pixel of a query to
/// `SEARCH / 2 - 1` after it.
pub const SEARCH: usize = 16;
/// The most candidates that a query keeps.
pub const MOST_CANDIDATES: usize = 8;
/// What every match weighs, however bad: a pixel with only bad matches still has their mean.
pub const FLOOR: f32 = 1e-6;
/// How far from an edge where a level was cut values may depend on the cut, in pixels along an axis: those of patches
/// that hold the pixel and reach as far again.
pub const MATCHES_REACH: usize = 2 * RADIUS;

/// Pixels of a patch to either side of its middle.
const RADIUS: usize = PATCH / 2;
/// Pixels of a patch.
const PATCH_PIXELS: f32 = (PATCH * PATCH) as f32;

/// Sizes of a search for matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchShape {
    /// Rows of the level.
    pub height: usize,
    /// Columns of the level.
    pub width: usize,
    /// Rows of the keys.
    pub key_height: usize,
    /// Columns of the keys.
    pub key_width: usize,
    /// Values that belong to a key pixel.
    pub details: usize,
    /// Best matches that a query keeps, from 1 to [`MOST_CANDIDATES`].
    pub candidates: usize,
}

/// Finds the best matches of a level's patches and pastes what belongs to them. All numbers are finite.
///
/// - `luma` `[height, width]`: the level. Patches repeat the pixels of its edges.
/// - `keys` `[key_height, key_width]`: luma of the key image. `details` `[key_height, key_width, details]`: what is
///   pasted.
/// - `row_centres` `[height]` and `column_centres` `[width]`: the key pixel of each row and column, counted from the start
///   of the keys; one outside of them counts as the nearest inside.
/// - `noise`, positive: the standard deviation of luma below which patches count as equal.
/// - `output` `[height, width, details + 1]` is overwritten: the pasted details and, last, how good the matches are.
///
/// A query at row y and column x, both multiples of [`STRIDE`], compares its patch of [`PATCH`] pixels a side with the
/// `SEARCH²` patches whose middles are (row_centres\[y\] + i, column_centres\[x\] + j), i and j from −`SEARCH / 2` on. The
/// distance of two patches is the sum of the squares of their difference, its mean removed. The `candidates` smallest are
/// kept, of equal ones the first in reading order, each with the weight
/// `exp(−distance / (PATCH² noise²)) + FLOOR`.
///
/// A pixel at the offset o from a query takes the details of the key pixel c + o of each of its matches, c being the
/// match's middle. Its values are the weighted mean over all matches of all queries whose patches hold it; the last value
/// is the mean weight, from 0 to 1 + [`FLOOR`].
///
/// A value's bits depend only on the part of the level within [`MATCHES_REACH`] pixels of it and the key pixels that its
/// queries read, as long as the level begins at an even place of what it was cut from.
///
/// # Panics
/// When the length of a slice does not fit its shape, there are no keys for a level, the number of candidates is out of
/// its range, or the noise is not positive or so small that its square is nothing.
#[expect(
    clippy::too_many_arguments,
    reason = "the operands of one search, each of its own type of tensor"
)]
pub fn matches(
    set: InstructionSet,
    shape: MatchShape,
    luma: &[f32],
    keys: &[f32],
    details: &[f32],
    row_centres: &[i32],
    column_centres: &[i32],
    noise: f32,
    output: &mut [f32],
) {
    let pixels = shape.height * shape.width;
    let key_pixels = shape.key_height * shape.key_width;
    assert_eq!(luma.len(), pixels, "luma length");
    assert_eq!(keys.len(), key_pixels, "key length");
    assert_eq!(details.len(), key_pixels * shape.details, "detail length");
    assert_eq!(row_centres.len(), shape.height, "row centre length");
    assert_eq!(column_centres.len(), shape.width, "column centre length");
    assert_eq!(output.len(), pixels * (shape.details + 1), "output length");
    assert!(
        (1..=MOST_CANDIDATES).contains(&shape.candidates),
        "{} candidates, not 1 to {MOST_CANDIDATES}",
        shape.candidates
    );
    let scale = -1.0 / (PATCH_PIXELS * noise * noise);
    assert!(
        noise > 0.0 && scale.is_finite(),
        "noise of {noise} is not positive, or too small"
    );
    if output.is_empty() {
        return;
    }
    assert!(key_pixels > 0, "a level needs keys");

    let keys = Keys::new(shape, keys, details);
    let level = Level {
        shape,
        luma,
        row_centres,
        column_centres,
        scale,
    };
    let instructions = set.level();
    let mut found = vec![Match::default(); level.query_rows() * level.found_in_row()];
    found
        .par_chunks_mut(level.found_in_row())
        .enumerate()
        .for_each(|(row, found)| match instructions {
            Some(instructions) => search::row(instructions, &level, &keys, row, found),
            None => scalar::search_row(&level, &keys, row, found),
        });
    output
        .par_chunks_mut(shape.width * (shape.details + 1))
        .enumerate()
        .for_each(|(row, output)| match instructions {
            Some(instructions) => gather::row(instructions, &level, &keys, row, &found, output),
            None => scalar::gather_row(&level, &keys, row, &found, output),
        });
}
