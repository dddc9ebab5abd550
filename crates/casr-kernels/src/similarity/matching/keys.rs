//! The key image, extended by edge replication as far as any candidate reaches.

use super::{MatchShape, PATCH, RADIUS, SEARCH};
use rayon::prelude::*;

/// Details in one [`Block`]: the length of the longest vector, on every instruction set.
pub(super) const LANES: usize = 16;

/// A part of the details of a key pixel.
pub(super) type Block = [f32; LANES];

/// Number of pixels that extend the key image on each side.
const MARGIN: usize = SEARCH / 2 + RADIUS;

/// The key image, extended by [`MARGIN`] pixels on all sides.
///
/// A candidate is identified by the index of the first pixel of its patch. The first candidate of
/// the key pixel (0, 0) has index 0.
pub(super) struct Keys {
    height: usize,
    width: usize,
    /// Distance between rows, in elements.
    pub pitch: usize,
    /// Luma.
    pub luma: Vec<f32>,
    /// The sum of the patch that begins at each index; zero if it would extend past an edge.
    pub sums: Vec<f32>,
    /// Number of blocks of a key pixel.
    pub blocks: usize,
    /// For every pixel a 1, its details, and zeros that fill the last block, `[.., blocks]`.
    pub table: Vec<Block>,
}

impl Keys {
    /// From luma `[key_height, key_width]` and details `[key_height, key_width, details]`.
    pub fn new(shape: MatchShape, luma: &[f32], details: &[f32]) -> Self {
        let (height, width) = (shape.key_height, shape.key_width);
        let pitch = width + 2 * MARGIN;
        let places = (height + 2 * MARGIN) * pitch;
        assert!(
            u32::try_from(places).is_ok(),
            "a key image has fewer than 2^32 pixels"
        );
        let blocks = (shape.details + 1).div_ceil(LANES);
        let mut keys = Self {
            height,
            width,
            pitch,
            luma: vec![0.0; places],
            sums: vec![0.0; places],
            blocks,
            table: vec![[0.0; LANES]; places * blocks],
        };
        let nearest = |place: usize, length: usize| place.saturating_sub(MARGIN).min(length - 1);
        keys.luma
            .par_chunks_mut(pitch)
            .zip(keys.table.par_chunks_mut(pitch * blocks))
            .enumerate()
            .for_each(|(row, (line, table))| {
                let first = nearest(row, height) * width;
                for (column, (value, table)) in
                    line.iter_mut().zip(table.chunks_mut(blocks)).enumerate()
                {
                    let pixel = first + nearest(column, width);
                    *value = luma[pixel];
                    let details = &details[pixel * shape.details..][..shape.details];
                    let table = table.as_flattened_mut();
                    table[0] = 1.0;
                    table[1..=details.len()].copy_from_slice(details);
                }
            });
        let luma = &keys.luma;
        keys.sums
            .par_chunks_mut(pitch)
            .take(height + 2 * MARGIN + 1 - PATCH)
            .enumerate()
            .for_each(|(row, sums)| {
                for y in 0..PATCH {
                    let line = &luma[(row + y) * pitch..][..pitch];
                    for x in 0..PATCH {
                        for (sum, value) in sums[..=pitch - PATCH].iter_mut().zip(&line[x..]) {
                            *sum += value;
                        }
                    }
                }
            });
        keys
    }

    /// The index of the first candidate of a query with this key pixel.
    pub fn first_candidate(&self, row: i32, column: i32) -> usize {
        let inside = |centre: i32, length: usize| (centre.max(0) as usize).min(length - 1);
        inside(row, self.height) * self.pitch + inside(column, self.width)
    }
}
