//! The search in vectors: lanes are the candidates of a row.

use super::keys::Keys;
use super::queries::{Best, Level, Match, Query};
use super::{PATCH, PATCH_PIXELS, SEARCH};
use crate::similarity::start;
use fearless_simd::{Simd, dispatch, f32x16, prelude::*};

/// Rows of candidates that are compared together: they share the loads of the query, and their
/// lanes fit the bits of one word.
const ROWS: usize = 4;
/// Rows of key pixels under these candidates.
const LINES: usize = ROWS + PATCH - 1;
/// Key pixels of a row under all candidates of a row.
const SPAN: usize = SEARCH + PATCH - 1;

/// The matches of one row of queries.
pub(super) fn row(
    instructions: fearless_simd::Level,
    level: &Level,
    keys: &Keys,
    row: usize,
    found: &mut [Match],
) {
    dispatch!(instructions, simd => queries(simd, level, keys, row, found));
}

#[inline(always)]
fn queries<S: Simd>(simd: S, level: &Level, keys: &Keys, row: usize, found: &mut [Match]) {
    let found = found.chunks_exact_mut(level.shape.candidates);
    for (query, found) in level.queries(keys, row).zip(found) {
        let mut best = Best::new(found.len(), &query);
        search(simd, keys, &query, &mut best);
        best.write(level.scale, found);
    }
}

/// Offers a query's candidates in reading order, except those that cannot be among the nearest.
#[inline(always)]
fn search<S: Simd>(simd: S, keys: &Keys, query: &Query, best: &mut Best) {
    let infinite = f32x16::splat(simd, f32::INFINITY);
    let mut distances = [[infinite; ROWS]; SEARCH / ROWS];
    let mut nearest = infinite;
    for (block, distances) in distances.iter_mut().enumerate() {
        let first = query.first + block * ROWS * keys.pitch;
        *distances = compare(simd, keys, query, first);
        for distances in distances {
            nearest = nearest.min(*distances);
        }
    }
    let limit = f32x16::splat(simd, limit(simd, nearest, best.count()));
    for (block, distances) in distances.iter().enumerate() {
        let first = query.first + block * ROWS * keys.pitch;
        let mut near = 0;
        for (row, distances) in distances.iter().enumerate() {
            near |= distances.simd_le(limit).to_bitmask() << (row * SEARCH);
        }
        while near != 0 {
            let candidate = near.trailing_zeros() as usize;
            let (row, column) = (candidate / SEARCH, candidate % SEARCH);
            let distance = distances[row].as_slice()[column];
            best.offer(distance, first + row * keys.pitch + column);
            near &= near - 1;
        }
    }
}

/// The distances of a query from the candidates of [`ROWS`] rows, from `first` on.
#[inline(always)]
fn compare<S: Simd>(simd: S, keys: &Keys, query: &Query, first: usize) -> [f32x16<S>; ROWS] {
    let lines: [&[f32; SPAN]; LINES] =
        std::array::from_fn(|line| start(&keys.luma[first + line * keys.pitch..]));
    let mut squares = [f32x16::splat(simd, 0.0); ROWS];
    for y in 0..PATCH {
        for x in 0..PATCH {
            let tap = f32x16::splat(simd, query.patch[y][x]);
            for (row, squares) in squares.iter_mut().enumerate() {
                let key = f32x16::from_slice(simd, &lines[row + y][x..x + SEARCH]);
                let difference = tap - key;
                *squares = difference.mul_add(difference, *squares);
            }
        }
    }
    for (row, squares) in squares.iter_mut().enumerate() {
        let sums: &[f32; SEARCH] = start(&keys.sums[first + row * keys.pitch..]);
        let sum = f32x16::splat(simd, query.sum) - f32x16::from_slice(simd, sums);
        let mean = sum * (-1.0 / PATCH_PIXELS);
        *squares = mean.mul_add(sum, *squares).max(0.0);
    }
    squares
}

/// An upper bound of the `count`-th smallest distance, given the smallest distance of each column.
#[inline(always)]
fn limit<S: Simd>(simd: S, mut nearest: f32x16<S>, count: usize) -> f32 {
    for _ in 1..count {
        let far = nearest.simd_gt(nearest.reduce_min());
        nearest = far.select(nearest, f32x16::splat(simd, f32::INFINITY));
    }
    nearest.reduce_min()
}
