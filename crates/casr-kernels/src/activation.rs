//! The sigmoid and SiLU, over vectors and over single values, with one exponential for both.
//!
//! `exp` is Cephes' `expf`: the argument is split into a multiple of ln 2 and a remainder within
//! ±ln 2 / 2, for which a polynomial of degree seven is accurate; the relative error is about 1e-7.
//! The vector form and the scalar form perform the same operations in the same order, so their
//! results are bit-identical.

use fearless_simd::{Simd, SimdFloat, prelude::*};

/// Arguments of the exponential are clamped to these bounds, within which the result is a normal
/// number.
const MIN_EXPONENT: f32 = -87.0;
const MAX_EXPONENT: f32 = 88.0;
/// 1.5 · 2²³: adding it rounds to an integer and leaves that integer in the lowest bits of the sum.
const ROUND_TO_INTEGER: f32 = 12_582_912.0;
/// ln 2 in two parts; the first has few significant bits, so that its multiples are exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// The polynomial's coefficients, from the highest power down to r².
const COEFFICIENTS: [f32; 6] = [
    1.987_569_1e-4,
    1.398_199_9e-3,
    8.333_452e-3,
    4.166_579_6e-2,
    1.666_666_5e-1,
    5e-1,
];

/// σ(x) = 1 / (1 + e⁻ˣ) in every lane.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd, V: SimdFloat<S, Element = f32>>(simd: S, x: V) -> V {
    let one = V::splat(simd, 1.0);
    one / (exponential(simd, -x) + one)
}

/// x · σ(x) in every lane.
#[inline(always)]
pub(crate) fn silu<S: Simd, V: SimdFloat<S, Element = f32>>(simd: S, x: V) -> V {
    x * sigmoid(simd, x)
}

#[inline(always)]
pub(crate) fn exponential<S: Simd, V: SimdFloat<S, Element = f32>>(simd: S, x: V) -> V {
    let splat = |value| V::splat(simd, value);
    let x = x.min(splat(MAX_EXPONENT)).max(splat(MIN_EXPONENT));
    let rounded = x.mul_add(splat(std::f32::consts::LOG2_E), splat(ROUND_TO_INTEGER));
    let power = rounded - splat(ROUND_TO_INTEGER);
    let rest = power.mul_add(splat(-LN_2_HIGH), x);
    let rest = power.mul_add(splat(-LN_2_LOW), rest);
    let mut polynomial = splat(COEFFICIENTS[0]);
    for coefficient in &COEFFICIENTS[1..] {
        polynomial = polynomial.mul_add(rest, splat(*coefficient));
    }
    let polynomial = polynomial.mul_add(rest * rest, rest + splat(1.0));
    let bits: V::Bits = polynomial.bitcast();
    let shift: V::Bits = rounded.bitcast();
    (bits + (shift << 23)).bitcast()
}

/// [`sigmoid`] of one number.
#[inline(always)]
pub(crate) fn sigmoid_scalar(x: f32) -> f32 {
    1.0 / (exponential_scalar(-x) + 1.0)
}

/// [`silu`] of one number.
#[inline(always)]
pub(crate) fn silu_scalar(x: f32) -> f32 {
    x * sigmoid_scalar(x)
}

#[inline(always)]
pub(crate) fn exponential_scalar(x: f32) -> f32 {
    let x = x.clamp(MIN_EXPONENT, MAX_EXPONENT);
    let rounded = x.mul_add(std::f32::consts::LOG2_E, ROUND_TO_INTEGER);
    let power = rounded - ROUND_TO_INTEGER;
    let rest = power.mul_add(-LN_2_HIGH, x);
    let rest = power.mul_add(-LN_2_LOW, rest);
    let mut polynomial = COEFFICIENTS[0];
    for coefficient in &COEFFICIENTS[1..] {
        polynomial = polynomial.mul_add(rest, *coefficient);
    }
    let polynomial = polynomial.mul_add(rest * rest, rest + 1.0);
    f32::from_bits(polynomial.to_bits().wrapping_add(rounded.to_bits() << 23))
}
