//! Samples of 8 and 16 bits, and their values in [0, 1].

/// The sample of 8 bits that is nearest to a value; values outside of the range are clipped.
pub(crate) fn to_eight(value: f32) -> u8 {
    nearest(value, u8::MAX.into()) as u8
}

/// The sample of 16 bits that is nearest to a value; values outside of the range are clipped.
pub(crate) fn to_sixteen(value: f32) -> u16 {
    nearest(value, u16::MAX.into()) as u16
}

/// The value of a sample of 8 bits.
pub(crate) fn of_eight(sample: u8) -> f32 {
    f32::from(sample) / f32::from(u8::MAX)
}

/// The value of a sample of 16 bits.
pub(crate) fn of_sixteen(sample: u16) -> f32 {
    f32::from(sample) / f32::from(u16::MAX)
}

/// Its lower bits are the whole number nearest to a share of `full`, of two the even one; what is
/// no number counts as 0.
///
/// `round` is a call of a function for each value, three times as slow on x86-64; this the compiler
/// turns into vectors. From 2²³ on single precision has whole numbers alone.
fn nearest(value: f32, full: f32) -> u32 {
    const WHOLE: f32 = (1 << 23) as f32;
    // Not `clamp`, which lets what is no number pass.
    let share = if value > 0.0 { value.min(1.0) } else { 0.0 };
    (share * full + WHOLE).to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_their_values_nearest_ones() {
        for sample in 0..=u8::MAX {
            assert_eq!(to_eight(of_eight(sample)), sample);
        }
        for sample in 0..=u16::MAX {
            assert_eq!(to_sixteen(of_sixteen(sample)), sample);
        }
    }

    #[test]
    fn values_are_rounded_and_clipped() {
        for step in 0..=1_000_000 {
            let value = step as f32 / 1e6;
            assert!((f32::from(to_eight(value)) - value * 255.0).abs() <= 0.5 + 1e-5);
            assert!((f32::from(to_sixteen(value)) - value * 65_535.0).abs() <= 0.5 + 4e-3);
        }
        for (value, sample) in [
            (-0.1, 0),
            (f32::NEG_INFINITY, 0),
            (f32::NAN, 0),
            (1.1, u16::MAX),
            (f32::INFINITY, u16::MAX),
        ] {
            assert_eq!(to_sixteen(value), sample);
            assert_eq!(to_eight(value), sample as u8);
        }
    }
}
