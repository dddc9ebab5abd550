//! 3×3 convolutions in half precision: maps and weights are bfloat16, sums are f32.
//!
//! # Arithmetic
//!
//! It is that of AMX, Intel's matrix unit, on every processor, so that all of them give the same
//! bits. The values under one row of the kernel, 3 · inputs, lie side by side; they are taken in
//! blocks of 32, the last one of a row as short as it comes. From a block come two chains of
//! fused multiply-adds that begin at zero, one over its even and one over its odd elements; they
//! are added to each other, and that to the sum, which begins at zero. Blocks run from left to
//! right, rows of the kernel from top to bottom. Then bias, activation and residual follow in f32.
//!
//! AMX's `TDPBF16PS` takes subnormal numbers for zero, operands and results alike. Here none occur:
//! rounding to bfloat16 (`number.rs`) sends what is smaller than 2⁻⁵⁶ to zero. So the lowest bit of
//! an operand is worth 2⁻⁶³ at least (bfloat16 has eight significant bits), every product is a
//! multiple of 2⁻¹²⁶, and so is every sum of products, rounded or not: a sum is zero or at least
//! 2⁻¹²⁶, the smallest normal number. The unit also pads the last block of a row with elements
//! whose weights are zero: adding ±0 to a chain changes nothing, as a chain that begins at +0 is
//! never −0.
//!
//! All this holds for finite numbers. Infinities and NaNs spread, but not everywhere alike.
//!
//! The bits of a pixel depend only on the 3×3 pixels under the kernel: unlike in single precision,
//! crops need not lie on a grid.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod amx;
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
#[path = "amx_absent.rs"]
mod amx;
mod finish;
mod instructions;
mod layer;
mod map;
mod number;
mod scalar;
mod vectors;

pub use instructions::HalfInstructions;
pub use layer::{HalfLayer, HalfOutput};
pub use map::HalfMap;

/// Elements of a block: the pairs of a row of an AMX tile.
const BLOCK: usize = 32;
/// Side of the kernel.
const KERNEL: usize = 3;
/// Columns of the border of a map, left and right together.
const BORDER: usize = KERNEL - 1;

/// The arguments that all parallel tasks of a convolution share.
struct Source<'a> {
    input: &'a HalfMap,
    outputs: usize,
    activation: super::Activation,
}

/// The part of the output that one parallel task computes: whole rows.
struct Task<'a> {
    /// The first row.
    first: usize,
    /// Number of rows.
    rows: usize,
    /// `[rows, width, outputs]`.
    residual: Option<&'a [f32]>,
    /// `[rows, width, outputs]`.
    single: Option<&'a mut [f32]>,
    /// `[rows, width + BORDER, outputs]`.
    half: Option<&'a mut [u16]>,
}

/// Elements under one row of the kernel.
fn run(inputs: usize) -> usize {
    KERNEL * inputs
}
