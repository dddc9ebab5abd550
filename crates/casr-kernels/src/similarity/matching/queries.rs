//! The queries of a level and the matches kept for them.

use super::keys::Keys;
use super::{FLOOR, MAX_CANDIDATES, MatchShape, PATCH, RADIUS, STRIDE};
use crate::activation::exponential_scalar;
use std::ops::Range;

/// A match of a query.
#[derive(Clone, Copy, Default)]
pub(super) struct Match {
    /// The index in the key image at which the matched patch begins.
    pub place: u32,
    pub weight: f32,
}

/// A patch of the level that is searched for in the key image.
pub(super) struct Query {
    pub patch: [[f32; PATCH]; PATCH],
    /// The sum of the patch.
    pub sum: f32,
    /// Index of the first candidate.
    pub first: usize,
}

/// The level: the image whose patches are searched for.
pub(super) struct Level<'a> {
    pub shape: MatchShape,
    pub luma: &'a [f32],
    pub row_centres: &'a [i32],
    pub column_centres: &'a [i32],
    /// Factor from a distance to the exponent of a weight.
    pub scale: f32,
}

impl Level<'_> {
    /// Number of rows of queries.
    pub fn query_rows(&self) -> usize {
        self.shape.height.div_ceil(STRIDE)
    }

    /// Number of queries in a row.
    pub fn query_columns(&self) -> usize {
        self.shape.width.div_ceil(STRIDE)
    }

    /// Number of matches of a row of queries.
    pub fn found_in_row(&self) -> usize {
        self.query_columns() * self.shape.candidates
    }

    /// The queries of a row.
    pub fn queries(&self, keys: &Keys, row: usize) -> impl Iterator<Item = Query> {
        let strip = self.strip(row);
        let pitch = self.shape.width + 2 * RADIUS;
        let key_row = self.row_centres[row * STRIDE];
        let centres = self.column_centres.iter().step_by(STRIDE);
        centres.enumerate().map(move |(column, &key_column)| {
            let patch = std::array::from_fn(|y| {
                let line = &strip[y * pitch + column * STRIDE..][..PATCH];
                std::array::from_fn(|x| line[x])
            });
            Query {
                patch,
                sum: sum(&patch),
                first: keys.first_candidate(key_row, key_column),
            }
        })
    }

    /// The pixel rows under the patches of a row of queries, extended by edge replication,
    /// `[PATCH, width + 2 * RADIUS]`.
    fn strip(&self, row: usize) -> Vec<f32> {
        let MatchShape { height, width, .. } = self.shape;
        let mut strip = Vec::with_capacity(PATCH * (width + 2 * RADIUS));
        for y in 0..PATCH {
            let y = (row * STRIDE + y).saturating_sub(RADIUS).min(height - 1);
            let line = &self.luma[y * width..][..width];
            strip.extend([line[0]; RADIUS]);
            strip.extend_from_slice(line);
            strip.extend([line[width - 1]; RADIUS]);
        }
        strip
    }
}

/// The sum of the pixels of a patch in reading order, the order in which [`Keys`] sums.
fn sum(patch: &[[f32; PATCH]; PATCH]) -> f32 {
    let pixels = patch.as_flattened().iter();
    pixels.fold(0.0, |sum, value| sum + value)
}

/// The range of queries along an axis whose patches contain a pixel, given the number of queries.
#[inline(always)]
pub(super) fn covering(pixel: usize, queries: usize) -> Range<usize> {
    let first = pixel.saturating_sub(RADIUS).div_ceil(STRIDE);
    first..((pixel + RADIUS) / STRIDE + 1).min(queries)
}

/// Position of a pixel within the patch of a query, along an axis.
#[inline(always)]
pub(super) fn offset(pixel: usize, query: usize) -> usize {
    pixel + RADIUS - query * STRIDE
}

/// The nearest candidates so far, in ascending order of distance.
pub(super) struct Best {
    count: usize,
    distances: [f32; MAX_CANDIDATES],
    places: [u32; MAX_CANDIDATES],
}

impl Best {
    /// Keeps `count` candidates; initially the first one at an infinite distance.
    #[inline(always)]
    pub fn new(count: usize, query: &Query) -> Self {
        Self {
            count: count.min(MAX_CANDIDATES),
            distances: [f32::INFINITY; MAX_CANDIDATES],
            places: [query.first as u32; MAX_CANDIDATES],
        }
    }

    /// Number of candidates kept.
    #[inline(always)]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Inserts a candidate if it is nearer than one of those kept; after those at the same
    /// distance.
    #[inline(always)]
    pub fn offer(&mut self, distance: f32, place: usize) {
        // Branch-free, because the branches would be unpredictable.
        for rank in (0..MAX_CANDIDATES).rev() {
            let moves = rank > 0 && distance < self.distances[rank - 1];
            let nearer = distance < self.distances[rank];
            let before = rank.saturating_sub(1);
            let enters = if nearer {
                (distance, place as u32)
            } else {
                (self.distances[rank], self.places[rank])
            };
            (self.distances[rank], self.places[rank]) = if moves {
                (self.distances[before], self.places[before])
            } else {
                enters
            };
        }
    }

    /// Writes the kept candidates and their weights.
    #[inline(always)]
    pub fn write(&self, scale: f32, found: &mut [Match]) {
        let kept = self.distances.iter().zip(&self.places);
        for (found, (distance, &place)) in found.iter_mut().zip(kept) {
            *found = Match {
                place,
                weight: exponential_scalar(distance * scale) + FLOOR,
            };
        }
    }
}
