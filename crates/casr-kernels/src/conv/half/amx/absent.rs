//! Systems on which the matrix unit is not used.

use super::super::Source;
use super::super::finish::Finish;
use super::TileWeights;

/// The proof that this process may use the matrix unit: there is none.
#[derive(Clone, Copy)]
pub(in super::super) enum Unit {}

impl Unit {
    /// Nothing.
    pub fn get() -> Option<Self> {
        None
    }

    /// Never called.
    pub fn convolve(self, _: &Source, weights: &TileWeights, _: Finish) {
        debug_assert_eq!(weights.tiles().count(), 0);
        match self {}
    }
}
