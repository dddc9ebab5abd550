//! Dispatch from an instruction set to the vector type and register tile that it computes with.

use crate::InstructionSet;
#[cfg(target_arch = "aarch64")]
use fearless_simd::f32x4;
use fearless_simd::{Level, Simd, SimdFloat};
#[cfg(target_arch = "x86_64")]
use fearless_simd::{f32x8, f32x16};

/// A computation with one implementation in vectors and one in scalar code.
pub(crate) trait Kernel {
    /// Computes with vectors `V`, in register tiles of `ROWS` rows of `VECTORS` vectors.
    fn simd<S, V, const ROWS: usize, const VECTORS: usize>(self, simd: S)
    where
        S: Simd,
        V: SimdFloat<S, Element = f32>;

    /// Scalar reference implementation: the same sums in the same order.
    fn scalar(self);
}

/// Runs `kernel` on `set`; in scalar code if the processor does not support it.
pub(crate) fn run(set: InstructionSet, kernel: impl Kernel) {
    match set.level() {
        // 24 of 32 registers hold sums.
        #[cfg(target_arch = "x86_64")]
        Some(Level::Avx512(simd)) => kernel.simd::<_, f32x16<_>, 8, 3>(simd),
        // 12 of 16.
        #[cfg(target_arch = "x86_64")]
        Some(Level::Avx2(simd)) => kernel.simd::<_, f32x8<_>, 6, 2>(simd),
        // 24 of 32.
        #[cfg(target_arch = "aarch64")]
        Some(Level::Neon(simd)) => kernel.simd::<_, f32x4<_>, 6, 4>(simd),
        _ => kernel.scalar(),
    }
}
