//! Systems on which the matrix unit is not used.

use super::Source;
use super::finish::Finish;

/// The proof that this process may use the matrix unit: there is none.
#[derive(Clone, Copy)]
pub(super) enum Unit {}

/// Weights in tiles: there are none.
#[derive(Debug)]
pub(super) enum TileWeights {}

impl Unit {
    pub fn get() -> Option<Self> {
        None
    }

    pub fn pack(self, _: &[u16], _: usize) -> TileWeights {
        match self {}
    }

    pub fn convolve(self, _: &Source, _: &TileWeights, _: Finish) {
        match self {}
    }
}
