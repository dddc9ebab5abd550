//! Loads and stores at the end of a pixel's channels, where fewer elements than lanes remain.

use fearless_simd::{Simd, SimdFloat};

/// Lanes of the widest vector.
const MAX_LANES: usize = 16;

/// Loads the first elements of `values`; lanes beyond its end are zero.
#[inline(always)]
pub(super) fn load<S: Simd, V: SimdFloat<S, Element = f32>>(simd: S, values: &[f32]) -> V {
    if values.len() >= V::LEN {
        V::from_slice(simd, &values[..V::LEN])
    } else {
        let mut lanes = [0.0; MAX_LANES];
        lanes[..values.len()].copy_from_slice(values);
        V::from_slice(simd, &lanes[..V::LEN])
    }
}

/// Stores the vector to the first elements of `values`; lanes beyond its end are dropped.
#[inline(always)]
pub(super) fn store<S: Simd, V: SimdFloat<S, Element = f32>>(vector: V, values: &mut [f32]) {
    if values.len() >= V::LEN {
        vector.store_slice(&mut values[..V::LEN]);
    } else {
        let mut lanes = [0.0; MAX_LANES];
        vector.store_slice(&mut lanes[..V::LEN]);
        values.copy_from_slice(&lanes[..values.len()]);
    }
}
