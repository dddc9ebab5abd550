//! bfloat16: the upper half of an f32, with eight significant bits.

/// Numbers below this in magnitude, 2⁻⁵⁶, are rounded to zero: with what is left, no sum of
/// products is subnormal; see [`super`].
const SMALLEST: f32 = 1.0 / (1_u64 << 56) as f32;
/// Half of the last place of a bfloat16 in the bits of an f32, less one.
const ALMOST_HALF: u32 = 0x7fff;

/// The nearest bfloat16, the even one of two; +0 below [`SMALLEST`].
#[inline(always)]
pub(super) fn round(value: f32) -> u16 {
    let bits = value.to_bits();
    let even = (bits >> 16) & 1;
    let rounded = bits.wrapping_add(ALMOST_HALF + even) >> 16;
    if value.abs() < SMALLEST {
        0
    } else {
        rounded as u16
    }
}

/// A bfloat16 as f32.
#[inline(always)]
pub(super) fn widen(value: u16) -> f32 {
    f32::from_bits(u32::from(value) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_to_the_nearest_and_ties_to_even() {
        let (one, next) = (1.0, 1.0 + 1.0 / 128.0);
        for (value, rounded) in [
            (one, one),
            (1.0 + 1.0 / 256.0, one),
            (1.0 + 1.01 / 256.0, next),
            (next + 1.0 / 256.0, 1.0 + 2.0 / 128.0),
            (-0.1, -0.100_097_656),
            (f32::MAX, f32::INFINITY),
            (f32::NEG_INFINITY, f32::NEG_INFINITY),
        ] {
            assert_eq!(widen(round(value)), rounded, "{value}");
        }
        assert!(widen(round(f32::NAN)).is_nan());
    }

    #[test]
    fn small_numbers_are_zero() {
        let smallest = 2.0_f32.powi(-56);
        assert_eq!(SMALLEST, smallest);
        assert_eq!(widen(round(-smallest)), -smallest);
        for value in [smallest.next_down(), -smallest.next_down(), -0.0, 1e-44] {
            assert_eq!(round(value), 0, "{value}");
        }
    }
}
