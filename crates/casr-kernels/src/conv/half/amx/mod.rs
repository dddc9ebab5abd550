//! The convolution on AMX, Intel's matrix unit, whose arithmetic is that of [`super`].
//!
//! A product of tiles multiplies 16 pixels, rows of 32 values of the map as they lie in memory, by
//! 32×16 weights. Four tiles of sums, 64 pixels by 16 output channels, share the weights that are
//! loaded for them. Pixels are counted along the map with its border, so that groups run on from
//! row to row; what they make of the border is dropped.

mod detect;
mod kernel;
mod tiles;

pub(super) use detect::Unit;

use super::{BLOCK, KERNEL};

/// Output channels of a tile.
const LANES: usize = 16;

/// Rounded weights in tiles, in the order in which they are read.
#[derive(Debug)]
pub(super) struct TileWeights {
    /// `[tile of output channels][kernel row][block][pair][output channel][2]`, zero-padded.
    values: Vec<u16>,
    /// Elements of one tile of output channels.
    length: usize,
}

impl Unit {
    /// Packs rounded HWIO weights.
    pub fn pack(self, weights: &[u16], outputs: usize) -> TileWeights {
        let run = weights.len() / (KERNEL * outputs);
        let length = KERNEL * run.next_multiple_of(BLOCK) * LANES;
        let mut values = Vec::with_capacity(length * outputs.div_ceil(LANES));
        for first in (0..outputs).step_by(LANES) {
            for row in weights.chunks_exact(run * outputs) {
                for tap in (0..run.next_multiple_of(BLOCK)).step_by(2) {
                    for output in first..first + LANES {
                        for tap in [tap, tap + 1] {
                            let inside = tap < run && output < outputs;
                            values.push(if inside {
                                row[tap * outputs + output]
                            } else {
                                0
                            });
                        }
                    }
                }
            }
        }
        TileWeights { values, length }
    }
}

impl TileWeights {
    /// The weights of every tile of output channels.
    fn tiles(&self) -> impl Iterator<Item = &[u16]> {
        self.values.chunks_exact(self.length)
    }
}
