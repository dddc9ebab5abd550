//! The patches of a level that look for their likes, and the matches that they keep.

use super::keys::Keys;
use super::{FLOOR, MOST_CANDIDATES, MatchShape, PATCH, RADIUS, STRIDE};
use crate::activation::exponential_scalar;
use std::ops::Range;

/// What a query found.
#[derive(Clone, Copy, Default)]
pub(super) struct Match {
    /// The place in the keys where the patch begins.
    pub place: u32,
    pub weight: f32,
}

/// A patch that looks for its like.
pub(super) struct Query {
    pub patch: [[f32; PATCH]; PATCH],
    /// The sum of the patch.
    pub sum: f32,
    /// The first candidate.
    pub first: usize,
}

/// The image whose patches are looked for.
pub(super) struct Level<'a> {
    pub shape: MatchShape,
    pub luma: &'a [f32],
    pub row_centres: &'a [i32],
    pub column_centres: &'a [i32],
    /// What turns a distance into the exponent of a weight.
    pub scale: f32,
}

impl Level<'_> {
    /// Rows of queries.
    pub fn query_rows(&self) -> usize {
        self.shape.height.div_ceil(STRIDE)
    }

    /// Queries in a row.
    pub fn query_columns(&self) -> usize {
        self.shape.width.div_ceil(STRIDE)
    }

    /// Matches of a row of queries.
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

    /// The lines of the patches of a row of queries, the pixels of the edges repeated, `[PATCH, width + 2 * RADIUS]`.
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

/// The pixels of a patch added up in reading order, as [`Keys`] does it.
fn sum(patch: &[[f32; PATCH]; PATCH]) -> f32 {
    let pixels = patch.as_flattened().iter();
    pixels.fold(0.0, |sum, value| sum + value)
}

/// The queries along an axis whose patches hold a pixel, given the number of queries.
#[inline(always)]
pub(super) fn covering(pixel: usize, queries: usize) -> Range<usize> {
    let first = pixel.saturating_sub(RADIUS).div_ceil(STRIDE);
    first..((pixel + RADIUS) / STRIDE + 1).min(queries)
}

/// Where in the patch of a query a pixel lies, along an axis.
#[inline(always)]
pub(super) fn offset(pixel: usize, query: usize) -> usize {
    pixel + RADIUS - query * STRIDE
}

/// The nearest of the candidates offered so far, the nearest first.
pub(super) struct Best {
    count: usize,
    distances: [f32; MOST_CANDIDATES],
    places: [u32; MOST_CANDIDATES],
}

impl Best {
    /// Keeps `count` candidates; before any is offered, the first one at an infinite distance.
    #[inline(always)]
    pub fn new(count: usize, query: &Query) -> Self {
        Self {
            count: count.min(MOST_CANDIDATES),
            distances: [f32::INFINITY; MOST_CANDIDATES],
            places: [query.first as u32; MOST_CANDIDATES],
        }
    }

    /// How many are kept.
    #[inline(always)]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Keeps a candidate if it is nearer than one kept so far, before those that are farther.
    #[inline(always)]
    pub fn offer(&mut self, distance: f32, place: usize) {
        // Without branches, which no processor could foresee.
        for rank in (0..MOST_CANDIDATES).rev() {
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

    /// Writes what was kept, with weights by the scale of a level.
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
