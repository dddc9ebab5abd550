//! Instruction sets and their detection at run time.

use fearless_simd::Level;
use std::{fmt, sync::OnceLock};

/// An instruction set that the kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InstructionSet {
    /// x86-64 with AVX-512 (Ice Lake and later, Zen 4 and later): 16 lanes.
    Avx512,
    /// x86-64 with AVX2 and FMA: 8 lanes.
    Avx2,
    /// 64-bit Arm: 4 lanes.
    Neon,
    /// Scalar code: the reference implementation, and the fallback for all other processors.
    Scalar,
}

impl fmt::Display for InstructionSet {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(match self {
            Self::Avx512 => "AVX-512",
            Self::Avx2 => "AVX2",
            Self::Neon => "NEON",
            Self::Scalar => "scalar code",
        })
    }
}

impl InstructionSet {
    /// The fastest instruction set of this processor.
    pub fn best() -> Self {
        static BEST: OnceLock<InstructionSet> = OnceLock::new();
        *BEST.get_or_init(|| Self::available()[0])
    }

    /// All instruction sets that this processor supports, the fastest first; the last is always
    /// [`Self::Scalar`].
    pub fn available() -> Vec<Self> {
        [Self::Avx512, Self::Avx2, Self::Neon, Self::Scalar]
            .into_iter()
            .filter(|set| *set == Self::Scalar || set.level().is_some())
            .collect()
    }

    /// The proof token that this instruction set is available; `None` for scalar code and for
    /// unsupported sets.
    pub(crate) fn level(self) -> Option<Level> {
        let detected = Level::new();
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => detected.as_avx512().map(Level::Avx512),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => detected.as_avx2().map(Level::Avx2),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => detected.as_neon().map(Level::Neon),
            _ => None,
        }
    }
}
