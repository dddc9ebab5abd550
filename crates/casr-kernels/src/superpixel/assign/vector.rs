//! The vector implementation: lanes are neighbouring columns of pixels.

use super::super::grid::Band;
use super::planes::{Cells, LANES, join, split, squared_distances};
use super::{Field, MIN_EXPONENT, NEIGHBOURS};
use crate::activation::exponential;
use fearless_simd::{Level, Simd, dispatch, prelude::*};

/// Computes the weights of a band, `[rows · width]`.
pub(super) fn assign(level: Level, field: Field, band: Band, weights: &mut [[f32; NEIGHBOURS]]) {
    dispatch!(level, simd => weigh(simd, field, band, weights));
}

#[inline(always)]
fn weigh<S: Simd>(simd: S, field: Field, band: Band, weights: &mut [[f32; NEIGHBOURS]]) {
    let (width, lanes) = (band.shape.width, S::f32s::LEN);
    let cells = Cells::new(field, band);
    let mut embedding = vec![0.0; field.channels * cells.pitch];
    let mut planes = vec![0.0; NEIGHBOURS * cells.pitch];
    for (row, (y, weights)) in band.rows().zip(weights.chunks_exact_mut(width)).enumerate() {
        let pixels =
            &field.embedding[band.pixel(y, 0) * field.channels..][..width * field.channels];
        split(pixels, field.channels, &mut embedding, cells.pitch);
        let distances = squared_distances(row);
        for column in (0..cells.pitch).step_by(lanes) {
            let columns = Columns {
                field,
                cells: &cells,
                embedding: &embedding,
                distances: &distances,
                column,
            };
            columns.weights(simd, &mut planes);
        }
        join(&planes, cells.pitch, NEIGHBOURS, weights.as_flattened_mut());
    }
}

/// One vector of pixels.
pub(in crate::superpixel) struct Columns<'a> {
    pub field: Field<'a>,
    pub cells: &'a Cells,
    /// `[channels, pitch]`.
    pub embedding: &'a [f32],
    pub distances: &'a [[f32; LANES]; NEIGHBOURS],
    /// Column of the first pixel.
    pub column: usize,
}

impl Columns<'_> {
    /// The values of these pixels in one of several planes.
    #[inline(always)]
    pub fn load<S: Simd>(&self, simd: S, planes: &[f32], plane: usize) -> S::f32s {
        load(simd, &planes[plane * self.cells.pitch + self.column..])
    }

    #[inline(always)]
    pub fn store<S: Simd>(&self, value: S::f32s, planes: &mut [f32], plane: usize) {
        let start = plane * self.cells.pitch + self.column;
        value.store_slice(&mut planes[start..][..S::f32s::LEN]);
    }

    #[inline(always)]
    fn weights<S: Simd>(&self, simd: S, planes: &mut [f32]) {
        let splat = |value| S::f32s::splat(simd, value);
        let lowest = splat(f32::NEG_INFINITY);
        let (sharpness, compactness) = (splat(self.field.sharpness), splat(self.field.compactness));
        let mut exponents = [lowest; NEIGHBOURS];
        let mut largest = lowest;
        for (neighbour, exponent) in exponents.iter_mut().enumerate() {
            let mut sum = splat(0.0);
            for channel in 0..self.field.channels {
                let mean = load::<S>(simd, self.cells.mean(neighbour, channel, self.column));
                let difference = self.load(simd, self.embedding, channel) - mean;
                sum = difference.mul_add(difference, sum);
            }
            let near = compactness * load::<S>(simd, &self.distances[neighbour]);
            let outside = load::<S>(simd, self.cells.outside(neighbour, self.column));
            *exponent = outside - sharpness.mul_add(sum, near);
            largest = largest.max(*exponent);
        }
        let mut sum = splat(0.0);
        for exponent in &mut exponents {
            let inside = exponent.simd_gt(lowest);
            let weight = exponential(simd, (*exponent - largest).max(splat(MIN_EXPONENT)));
            *exponent = inside.select(weight, splat(0.0));
            sum += *exponent;
        }
        let inverse = splat(1.0) / sum;
        for (neighbour, weight) in exponents.into_iter().enumerate() {
            self.store::<S>(weight * inverse, planes, neighbour);
        }
    }
}

/// Loads the first elements of a slice.
#[inline(always)]
pub(in crate::superpixel) fn load<S: Simd>(simd: S, values: &[f32]) -> S::f32s {
    S::f32s::from_slice(simd, &values[..S::f32s::LEN])
}
