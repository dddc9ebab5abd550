//! From samples in `[0, 1]` to a file's integers, rounded to the nearest; not-a-number becomes 0.

/// The 8-bit samples of `values`.
pub fn eight(values: &[f32]) -> impl Iterator<Item = u8> + '_ {
    // Casting cuts the fraction off and clips to the integer's range.
    values.iter().map(|value| (value * 255.0 + 0.5) as u8)
}

/// The 16-bit samples of `values`.
pub fn sixteen(values: &[f32]) -> impl Iterator<Item = u16> + '_ {
    values.iter().map(|value| (value * 65535.0 + 0.5) as u16)
}
