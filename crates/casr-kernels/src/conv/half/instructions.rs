//! What computes a convolution in half precision.

use super::amx;
use crate::InstructionSet;
use std::fmt;

/// Instructions that the convolution in half precision is written for; all give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HalfInstructions {
    /// Intel's matrix unit, with AVX-512 for the rest (Sapphire Rapids and later; on Linux).
    Amx,
    /// Fused multiply-adds in f32. They take longer than single precision, whose algorithm needs
    /// fewer multiplications.
    Vectors(InstructionSet),
}

impl HalfInstructions {
    /// The fastest ones of this processor.
    pub fn best() -> Self {
        if amx::Unit::get().is_some() {
            Self::Amx
        } else {
            Self::Vectors(InstructionSet::best())
        }
    }

    /// All that this processor supports, the fastest first; the last is always scalar code.
    pub fn available() -> Vec<Self> {
        let unit = amx::Unit::get().map(|_| Self::Amx);
        let vectors = InstructionSet::available().into_iter().map(Self::Vectors);
        unit.into_iter().chain(vectors).collect()
    }
}

impl fmt::Display for HalfInstructions {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Amx => formatter.write_str("AMX"),
            Self::Vectors(set) => set.fmt(formatter),
        }
    }
}
