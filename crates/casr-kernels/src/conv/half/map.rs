//! Maps of features in half precision.

use super::number::{round, widen};
use super::{BLOCK, BORDER, run};
use crate::InstructionSet;
use crate::conv::check_length;
use crate::conv::instructions::{self, Kernel};
use fearless_simd::{Simd, SimdFloat};
use rayon::prelude::*;
use std::ops::Range;

/// The most pixels that a convolution looks at beyond the last one of a map, where it computes a
/// last, incomplete group of pixels as a whole.
pub(super) const GROUP: usize = 64;

/// An image of bfloat16 features with a border of zeros, one pixel wide.
#[derive(Clone, Debug)]
pub struct HalfMap {
    height: usize,
    width: usize,
    channels: usize,
    /// `[height + 2, width + 2, channels]`, and behind it zeros that may be read.
    values: Vec<u16>,
}

impl HalfMap {
    /// A map of zeros.
    ///
    /// # Panics
    ///
    /// If a size is zero.
    pub fn new((height, width): (usize, usize), channels: usize) -> Self {
        assert!(
            height * width * channels > 0,
            "a map needs at least one pixel and one channel: {height}×{width}, {channels} channels"
        );
        let pixels = (height + BORDER) * (width + BORDER) + GROUP;
        let behind = run(channels).next_multiple_of(BLOCK);
        Self {
            height,
            width,
            channels,
            values: vec![0; pixels * channels + behind],
        }
    }

    /// Height and width, in pixels, without the border.
    pub fn size(&self) -> (usize, usize) {
        (self.height, self.width)
    }

    /// Features of a pixel.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Rounds `values`, `[height, width, channels]`, into the map.
    ///
    /// Runs on the threads of the current Rayon pool.
    ///
    /// # Panics
    ///
    /// If there are more or fewer values than the map holds.
    pub fn fill(&mut self, set: InstructionSet, values: &[f32]) {
        check_length(
            "values",
            values.len(),
            self.height * self.width * self.channels,
        );
        instructions::run(set, Fill { map: self, values });
    }

    /// The values in f32, `[height, width, channels]`.
    pub fn to_single(&self) -> Vec<f32> {
        let inner = self.width * self.channels;
        let rows = self.rows(0..self.height).chunks_exact(self.pitch());
        rows.flat_map(|row| row[self.channels..][..inner].iter().copied().map(widen))
            .collect()
    }

    /// Elements from one row to the next.
    pub(super) fn pitch(&self) -> usize {
        (self.width + BORDER) * self.channels
    }

    /// Everything from the border's first row on: row `row` of the map and column `column` are the
    /// centre of what lies at that row and column here.
    pub(super) fn values(&self) -> &[u16] {
        &self.values
    }

    /// Rows with their borders.
    fn rows(&self, rows: Range<usize>) -> &[u16] {
        let pitch = self.pitch();
        &self.values[(rows.start + 1) * pitch..(rows.end + 1) * pitch]
    }

    /// All rows with their borders, for writing.
    pub(super) fn rows_mut(&mut self) -> &mut [u16] {
        let pitch = self.pitch();
        &mut self.values[pitch..(self.height + 1) * pitch]
    }
}

/// The arguments of [`HalfMap::fill`].
struct Fill<'a> {
    map: &'a mut HalfMap,
    values: &'a [f32],
}

impl Fill<'_> {
    /// Calls `line` on each row of values and its place in the map.
    fn for_each_row(self, line: impl Fn(&[f32], &mut [u16]) + Sync) {
        let (channels, pitch) = (self.map.channels, self.map.pitch());
        let inner = self.map.width * channels;
        (self.map.rows_mut().par_chunks_exact_mut(pitch))
            .zip(self.values.par_chunks_exact(inner))
            .for_each(|(row, values)| line(values, &mut row[channels..][..inner]));
    }
}

#[inline(always)]
fn round_all(values: &[f32], rounded: &mut [u16]) {
    for (rounded, value) in rounded.iter_mut().zip(values) {
        *rounded = round(*value);
    }
}

impl Kernel for Fill<'_> {
    fn simd<S, V, const ROWS: usize, const VECTORS: usize>(self, simd: S)
    where
        S: Simd,
        V: SimdFloat<S, Element = f32>,
    {
        self.for_each_row(|values, rounded| {
            simd.vectorize(
                #[inline(always)]
                || round_all(values, rounded),
            );
        });
    }

    fn scalar(self) {
        self.for_each_row(round_all);
    }
}
