//! An image and its overviews, each half as large as the one before, made while its rows come:
//! every level holds the rows of one row of tiles, and no more.
//!
//! A pixel of an overview is the mean of 2×2 pixels of the level before, colours weighted by their
//! alpha. Means are kept as floating-point numbers from level to level and rounded only where they
//! are written, so that overviews do not get brighter from one to the next, as they do where each
//! is made from a rounded one.

use super::band::{Band, Grid};
use super::{EncodeError, Header, quantise};
use crate::Depth;

/// Added to alpha where it is a weight, in steps of a sample: where all pixels are clear, their
/// colours count the same.
const CLEAR: f32 = 1e-4;

/// How the sides of an overview are rounded where the level before has odd ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounding {
    /// Down: the last column or row is left out, as libvips does it in TIFF.
    Down,
    /// Up: the last column or row counts twice.
    Up,
}

/// The sizes of an image and its overviews, down to the first for which `is_last` holds.
pub(super) fn sizes(
    full: (usize, usize),
    rounding: Rounding,
    is_last: impl Fn((usize, usize)) -> bool,
) -> Vec<(usize, usize)> {
    let half = |side: usize| match rounding {
        Rounding::Down => side / 2,
        Rounding::Up => side.div_ceil(2),
    };
    let smaller = |&size: &(usize, usize)| {
        let goes_on = !is_last(size) && size != (1, 1);
        goes_on.then(|| (half(size.0), half(size.1)))
    };
    std::iter::successors(Some(full), smaller).collect()
}

/// Bytes that levels of these sizes hold at most.
pub(super) fn held_bytes(
    sizes: &[(usize, usize)],
    grid: Grid,
    channels: usize,
    depth: Depth,
) -> u64 {
    let sample = depth.bits() / 8;
    let level = |&(width, height): &(usize, usize)| {
        // The rows of tiles, and a row of sums of the next level.
        let bytes = grid.held_rows(height) * sample + size_of::<f32>();
        width as u64 * channels as u64 * bytes as u64
    };
    sizes.iter().map(level).sum()
}

/// The levels of an image in the making, the image itself first.
pub(super) struct Pyramid {
    levels: Vec<Level>,
    depth: Depth,
    channels: usize,
    alpha: bool,
    /// The row that goes through the levels.
    row: Vec<f32>,
}

struct Level {
    band: Band,
    /// Rows so far.
    rows: usize,
    /// Sums over the 2×2 pixels of the next level's next row.
    sums: Vec<f32>,
    /// How many rows are in these.
    summed: usize,
}

impl Pyramid {
    pub(super) fn new(
        sizes: &[(usize, usize)],
        grid: Grid,
        header: &Header,
    ) -> Result<Self, EncodeError> {
        let channels = header.channels();
        let pixel_bytes = channels * header.depth.bits() / 8;
        let mut levels = Vec::with_capacity(sizes.len());
        for (index, &size) in sizes.iter().enumerate() {
            let mut sums = Vec::new();
            let next = sizes.get(index + 1).map_or(0, |next| next.0);
            sums.try_reserve_exact(next * channels)?;
            sums.resize(next * channels, 0.0);
            levels.push(Level {
                band: Band::new(grid, size, pixel_bytes)?,
                rows: 0,
                sums,
                summed: 0,
            });
        }
        let mut row = Vec::new();
        row.try_reserve_exact(header.width * channels)?;
        Ok(Self {
            levels,
            depth: header.depth,
            channels,
            alpha: header.alpha,
            row,
        })
    }

    /// Takes the image's next row. Each row of tiles goes to `store` as soon as it is whole, with
    /// its level, counted from 0, the image itself.
    pub(super) fn push(
        &mut self,
        row: &[f32],
        mut store: impl FnMut(usize, &Band) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        self.row.clear();
        match self.depth {
            Depth::Eight => self.row.extend(quantise::eight(row).map(f32::from)),
            Depth::Sixteen => self.row.extend(quantise::sixteen(row).map(f32::from)),
        }
        for index in 0..self.levels.len() {
            let height = self
                .levels
                .get(index + 1)
                .map_or(0, |next| next.band.size().1);
            let level = &mut self.levels[index];
            level.take(&self.row, self.depth);
            while level.band.is_full() {
                store(index, &level.band)?;
                level.band.advance();
            }
            if !level.halve(&mut self.row, height, self.channels, self.alpha) {
                break;
            }
        }
        Ok(())
    }
}

impl Level {
    /// Adds a row, in steps of the file's samples.
    fn take(&mut self, row: &[f32], depth: Depth) {
        // Casting cuts the fraction off.
        match depth {
            Depth::Eight => self
                .band
                .extend(row.iter().map(|value| (value + 0.5) as u8)),
            Depth::Sixteen => {
                let samples = row.iter().map(|value| (value + 0.5) as u16);
                self.band.extend(samples.flat_map(u16::to_le_bytes));
            }
        }
        self.rows += 1;
    }

    /// Adds `row` to the sums. Where that completes a row of the next level, which has `height` of
    /// them, it is put into `row`, and true is returned.
    fn halve(&mut self, row: &mut Vec<f32>, height: usize, channels: usize, alpha: bool) -> bool {
        let index = self.rows - 1;
        if index / 2 >= height {
            return false;
        }
        match channels {
            1 => add::<1>(&mut self.sums, row, alpha),
            2 => add::<2>(&mut self.sums, row, alpha),
            3 => add::<3>(&mut self.sums, row, alpha),
            _ => add::<4>(&mut self.sums, row, alpha),
        }
        self.summed += 1;
        let is_last = self.rows == self.band.size().1;
        if self.summed < 2 && !is_last {
            return false;
        }
        let pixels = 2.0 * self.summed as f32;
        row.clear();
        row.extend_from_slice(&self.sums);
        if alpha {
            for pixel in row.chunks_exact_mut(channels) {
                if let Some((alpha, colours)) = pixel.split_last_mut() {
                    let weight = *alpha + pixels * CLEAR;
                    colours.iter_mut().for_each(|colour| *colour /= weight);
                    *alpha /= pixels;
                }
            }
        } else {
            row.iter_mut().for_each(|value| *value /= pixels);
        }
        self.sums.fill(0.0);
        self.summed = 0;
        true
    }
}

/// Adds the pixels of a row, two by two, to the sums; colours multiplied by their alpha, which
/// comes last.
fn add<const N: usize>(sums: &mut [f32], row: &[f32], alpha: bool) {
    let pixels = row.as_chunks::<N>().0;
    let sums = sums.as_chunks_mut::<N>().0.iter_mut();
    for (sum, pair) in sums.zip(pixels.chunks(2)) {
        // The last of an odd number counts twice.
        let (left, right) = (&pair[0], &pair[pair.len() - 1]);
        if alpha {
            let weights = (left[N - 1] + CLEAR, right[N - 1] + CLEAR);
            for at in 0..N - 1 {
                sum[at] += left[at] * weights.0 + right[at] * weights.1;
            }
            sum[N - 1] += left[N - 1] + right[N - 1];
        } else {
            for at in 0..N {
                sum[at] += left[at] + right[at];
            }
        }
    }
}
