//! Cross-scale matches: details of a smaller copy of an image, transferred to the places of the
//! image that look like it.
//!
//! Patches of an image often recur at a smaller scale within the same image (Glasner et al., ICCV
//! 2009; as attention: CSNLN, arXiv 2006.01424). Here every other patch of a level (the image) is a
//! query: it is compared with patches of the key image (the level shrunk) near its own position.
//! The details of the key pixels of the best matches are transferred pixel by pixel. Patches
//! overlap: a pixel takes the weighted mean over the matches of all patches that contain it.
//!
//! The key image is extended by edge replication, both its luma, which is compared, and its
//! details, which are transferred. A candidate may therefore be centred outside the key image.

mod gather;
mod keys;
mod queries;
mod scalar;
mod search;

use crate::InstructionSet;
use keys::Keys;
use queries::{Level, Match};
use rayon::prelude::*;

/// Side of the compared patches, in pixels.
pub const PATCH: usize = 5;
/// Distance between the centres of neighbouring queries, in pixels; the first is centred at pixel
/// 0.
pub const STRIDE: usize = 2;
/// Number of candidates along each axis: their patches are centred from `SEARCH / 2` pixels before
/// the key pixel of a query to `SEARCH / 2 - 1` pixels after it.
pub const SEARCH: usize = 16;
/// Upper limit of the matches kept for a query.
pub const MAX_CANDIDATES: usize = 8;
/// Minimum weight of a match, so that a pixel with only poor matches still takes their mean.
pub const FLOOR: f32 = 1e-6;
/// Distance from a cut, in pixels along an axis, within which values depend on what was cut off:
/// that of the pixels whose patches extend to pixels whose patches extend past the cut.
pub const MATCHES_REACH: usize = 2 * RADIUS;

/// Radius of a patch, in pixels.
const RADIUS: usize = PATCH / 2;
/// Number of pixels of a patch.
const PATCH_PIXELS: f32 = (PATCH * PATCH) as f32;

/// Sizes of a search for matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchShape {
    /// Height of the level, in pixels.
    pub height: usize,
    /// Width of the level, in pixels.
    pub width: usize,
    /// Height of the key image, in pixels.
    pub key_height: usize,
    /// Width of the key image, in pixels.
    pub key_width: usize,
    /// Number of values (details) of a key pixel.
    pub details: usize,
    /// Number of matches kept for a query, from 1 to [`MAX_CANDIDATES`].
    pub candidates: usize,
}

/// Finds the best matches of a level's patches and transfers the details of the matched key pixels.
/// All inputs must be finite.
///
/// - `luma` `[height, width]`: luma of the level. Patches at its borders are extended by edge
///   replication.
/// - `keys` `[key_height, key_width]`: luma of the key image. `details`
///   `[key_height, key_width, details]`: the values to transfer.
/// - `row_centres` `[height]` and `column_centres` `[width]`: the key row of each row and the key
///   column of each column; values outside the key image are clamped.
/// - `noise`, positive: the standard deviation of luma noise, which sets the scale of the weights.
/// - `output` `[height, width, details + 1]` is overwritten: the transferred details and, last, the
///   quality of the matches.
///
/// A query at row y and column x, both multiples of [`STRIDE`], compares its patch of
/// [`PATCH`]×[`PATCH`] pixels with the `SEARCH²` patches centred at (row_centres\[y\] + i,
/// column_centres\[x\] + j), with i and j from −`SEARCH / 2` on. The distance of two patches is the
/// sum of squares of their difference after its mean is removed. The `candidates` smallest
/// distances are kept (of equal ones the first in reading order), each with the weight
/// `exp(−distance / (PATCH² noise²)) + FLOOR`.
///
/// A pixel at the offset o from a query takes the details of the key pixel c + o of each match,
/// where c is the centre of the match. The result is the weighted mean over all matches of all
/// queries whose patches contain the pixel; the quality is the mean weight, from 0 to 1 +
/// [`FLOOR`].
///
/// The bits of a value depend only on the part of the level within [`MATCHES_REACH`] pixels of it
/// and on the key pixels that its queries are compared with, if a level that was cropped begins at
/// an even row and column.
///
/// # Panics
/// If the length of a slice does not match its shape, the level is not empty but the key image is,
/// the number of candidates is out of its range, or the noise is not positive or so small that its
/// square underflows.
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
        (1..=MAX_CANDIDATES).contains(&shape.candidates),
        "{} candidates, not 1 to {MAX_CANDIDATES}",
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
