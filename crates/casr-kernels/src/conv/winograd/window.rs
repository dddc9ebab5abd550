//! The input windows under tiles, with zeros outside the image, and their transforms.

use super::super::tail;
use super::transform::{POINTS, TILE, WINDOW, both_ways};
use fearless_simd::{Simd, SimdFloat};
use std::array::from_fn;

/// One image, `[height][width][channels]`.
#[derive(Clone, Copy)]
pub(super) struct Plane<'a> {
    pub values: &'a [f32],
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

impl<'a> Plane<'a> {
    /// The rows of the square of `SIDE`×`SIDE` pixels whose first pixel lies `margin` pixels above
    /// and to the left of (`row`, `column`). If the square reaches outside the image, it is copied
    /// to `patch` with zero padding.
    pub fn square<'b, const SIDE: usize>(
        &self,
        (row, column): (usize, usize),
        margin: usize,
        patch: &'b mut Vec<f32>,
    ) -> [&'b [f32]; SIDE]
    where
        'a: 'b,
    {
        let length = SIDE * self.channels;
        let inside = |first: usize, size: usize| first >= margin && first - margin + SIDE <= size;
        if inside(row, self.height) && inside(column, self.width) {
            let start = (row - margin) * self.width + column - margin;
            return from_fn(|line| {
                &self.values[(start + line * self.width) * self.channels..][..length]
            });
        }
        patch.clear();
        patch.resize(SIDE * length, 0.0);
        let hidden = margin.saturating_sub(column);
        let left = column.saturating_sub(margin);
        let pixels = (self.width - left).min(SIDE - hidden);
        for (line, target) in patch.chunks_exact_mut(length).enumerate() {
            let Some(row) = (row + line).checked_sub(margin) else {
                continue;
            };
            if row < self.height {
                let from = (row * self.width + left) * self.channels;
                let count = pixels * self.channels;
                target[hidden * self.channels..][..count]
                    .copy_from_slice(&self.values[from..][..count]);
            }
        }
        let patch: &'b [f32] = patch;
        from_fn(|line| &patch[line * length..][..length])
    }
}

/// The transforms of a strip's windows, `[tiles][points][channels, rounded up to whole vectors]`.
/// The points of one tile are adjacent, so that a tile's transform is written to one contiguous
/// range.
pub(super) struct Points {
    values: Vec<f32>,
    /// Stride between points, in elements.
    stride: usize,
    /// Stride between tiles, in elements.
    pitch: usize,
}

impl Points {
    /// A buffer for `tiles` tiles of `channels` channels, in vectors of `lanes` lanes.
    pub fn new(tiles: usize, channels: usize, lanes: usize) -> Self {
        // If tiles were a power of two apart, they would compete for few sets of the cache.
        const SEPARATION: usize = 16;
        let stride = channels.next_multiple_of(lanes);
        let pitch = POINTS * stride + SEPARATION;
        Self {
            values: vec![0.0; tiles * pitch],
            stride,
            pitch,
        }
    }

    /// Stride between tiles, in elements.
    pub fn pitch(&self) -> usize {
        self.pitch
    }

    /// The values from a point of the first tile on.
    pub fn of(&self, point: usize) -> &[f32] {
        &self.values[point * self.stride..]
    }

    /// [`Self::of`], mutable.
    pub fn of_mut(&mut self, point: usize) -> &mut [f32] {
        &mut self.values[point * self.stride..]
    }

    /// Stores the transform of all channels of a tile's `square`; `line` transforms along one axis.
    #[inline(always)]
    pub fn put<S, V, const SIDE: usize>(
        &mut self,
        simd: S,
        tile: usize,
        square: [&[f32]; SIDE],
        line: impl Fn([V; SIDE]) -> [V; WINDOW] + Copy,
    ) where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        let channels = square[0].len() / SIDE;
        for first in (0..channels).step_by(V::LEN) {
            let values = load_square(simd, square, channels, first);
            let stride = self.stride;
            assert!(first + V::LEN <= stride);
            let points = self.values[tile * self.pitch..][..POINTS * stride].as_mut_ptr();
            both_ways(
                values,
                line,
                #[inline(always)]
                |row, column, vector| {
                    let place = (row * WINDOW + column) * stride + first;
                    // SAFETY: `points` has `POINTS · stride` elements, row and column are below
                    // `WINDOW`, and the assertion guarantees that a vector that starts at `first`
                    // ends within the stride.
                    let lanes =
                        unsafe { std::slice::from_raw_parts_mut(points.add(place), V::LEN) };
                    vector.store_slice(lanes);
                },
            );
        }
    }

    /// Loads a vector of every point of a tile, starting at channel `first`.
    #[inline(always)]
    pub fn load<S, V>(&self, simd: S, tile: usize, first: usize) -> [[V; WINDOW]; WINDOW]
    where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        assert!(first + V::LEN <= self.stride);
        let points = self.values[tile * self.pitch..][..POINTS * self.stride].as_ptr();
        let mut vectors = [[V::splat(simd, 0.0); WINDOW]; WINDOW];
        for (row, vectors) in vectors.iter_mut().enumerate() {
            for (column, vector) in vectors.iter_mut().enumerate() {
                let place = (row * WINDOW + column) * self.stride + first;
                // SAFETY: `points` has `POINTS · stride` elements, row and column are below
                // `WINDOW`, and the assertion guarantees that a vector that starts at `first` ends
                // within the stride.
                let lanes = unsafe { std::slice::from_raw_parts(points.add(place), V::LEN) };
                *vector = V::from_slice(simd, lanes);
            }
        }
        vectors
    }
}

/// The position of a tile's first pixel in its image, where `columns` tiles lie side by side.
pub(super) fn corner(tile: usize, columns: usize) -> (usize, usize) {
    (tile / columns * TILE, tile % columns * TILE)
}

/// Loads a vector of every pixel of a square, starting at channel `first`; lanes beyond the last
/// channel are zero.
#[inline(always)]
fn load_square<S, V, const SIDE: usize>(
    simd: S,
    square: [&[f32]; SIDE],
    channels: usize,
    first: usize,
) -> [[V; SIDE]; SIDE]
where
    S: Simd,
    V: SimdFloat<S, Element = f32>,
{
    let left = channels - first;
    let mut vectors = [[V::splat(simd, 0.0); SIDE]; SIDE];
    for (pixels, vectors) in square.iter().zip(&mut vectors) {
        assert!(pixels.len() == SIDE * channels);
        for (pixel, vector) in vectors.iter_mut().enumerate() {
            let start = pixel * channels + first;
            // SAFETY: the line holds `SIDE` pixels of `channels` elements; `left` of this pixel's
            // follow `first`.
            let values = unsafe { pixels.get_unchecked(start..start + left.min(V::LEN)) };
            *vector = tail::load(simd, values);
        }
    }
    vectors
}
