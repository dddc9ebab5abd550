//! The vector implementation: lanes are neighbouring columns of pixels.

use super::{Sums, Upstream};
use crate::superpixel::NEIGHBOURS;
use crate::superpixel::assign::Field;
use crate::superpixel::assign::planes::{Cells, join, split, squared_distances};
use crate::superpixel::assign::vector::{Columns, load};
use crate::superpixel::grid::{Band, span};
use fearless_simd::{Level, Simd, dispatch, prelude::*};

/// Computes the gradient of a band without the dependence through the means, and the negated
/// gradients of the means from its cells, `pulls`.
pub(super) fn gradient(
    level: Level,
    field: Field,
    band: Band,
    upstream: Upstream,
    gradient: &mut [f32],
    pulls: &mut [f32],
) -> Sums {
    dispatch!(level, simd => differentiate(simd, field, band, upstream, gradient, pulls))
}

#[inline(always)]
fn differentiate<S: Simd>(
    simd: S,
    field: Field,
    band: Band,
    upstream: Upstream,
    gradient: &mut [f32],
    pulls: &mut [f32],
) -> Sums {
    let (width, channels, lanes) = (band.shape.width, field.channels, S::f32s::LEN);
    let cells = Cells::new(field, band);
    let zeros = |planes: usize| vec![0.0; planes * cells.pitch];
    let mut embedding = zeros(channels);
    let mut weights = zeros(NEIGHBOURS);
    let mut of_weights = zeros(NEIGHBOURS);
    let mut planes = Gradients {
        direct: zeros(channels),
        pulls: zeros(NEIGHBOURS * channels),
        shared: [zeros(1), zeros(1)],
    };
    let mut sums = Sums::default();
    let lines = band.rows().zip(gradient.chunks_exact_mut(width * channels));
    for (row, (y, gradient)) in lines.enumerate() {
        let first = band.pixel(y, 0);
        let pixels = &field.embedding[first * channels..][..width * channels];
        split(pixels, channels, &mut embedding, cells.pitch);
        let pixels = upstream.weights[first..][..width].as_flattened();
        split(pixels, NEIGHBOURS, &mut weights, cells.pitch);
        let pixels = upstream.gradient[first..][..width].as_flattened();
        split(pixels, NEIGHBOURS, &mut of_weights, cells.pitch);
        let distances = squared_distances(row);
        for column in (0..cells.pitch).step_by(lanes) {
            let columns = Columns {
                field,
                cells: &cells,
                embedding: &embedding,
                distances: &distances,
                column,
            };
            columns.gradients(simd, &weights, &of_weights, &mut planes);
        }
        join(&planes.direct, cells.pitch, channels, gradient);
        let [sharpness, compactness] = &planes.shared;
        for (sharpness, compactness) in sharpness.iter().zip(compactness).take(width) {
            sums.sharpness += f64::from(*sharpness);
            sums.compactness += f64::from(*compactness);
        }
    }
    sum_cells(
        &planes.pulls,
        cells.pitch,
        width,
        NEIGHBOURS * channels,
        pulls,
    );
    sums
}

/// The destinations of the gradients of a row of pixels.
struct Gradients {
    /// `[channels, pitch]`, overwritten.
    direct: Vec<f32>,
    /// `[NEIGHBOURS, channels, pitch]`, added to.
    pulls: Vec<f32>,
    /// Sharpness and compactness, `[pitch]` each, overwritten.
    shared: [Vec<f32>; 2],
}

impl Columns<'_> {
    #[inline(always)]
    fn gradients<S: Simd>(
        &self,
        simd: S,
        weights: &[f32],
        of_weights: &[f32],
        planes: &mut Gradients,
    ) {
        let splat = |value| S::f32s::splat(simd, value);
        let channels = self.field.channels;
        let factor = splat(-2.0 * self.field.sharpness);
        let mut mean = splat(0.0);
        for neighbour in 0..NEIGHBOURS {
            let weight = self.load(simd, weights, neighbour);
            mean = weight.mul_add(self.load(simd, of_weights, neighbour), mean);
        }
        for channel in 0..channels {
            self.store::<S>(splat(0.0), &mut planes.direct, channel);
        }
        let [mut sharpness, mut compactness] = [splat(0.0); 2];
        for neighbour in 0..NEIGHBOURS {
            let upstream = self.load(simd, of_weights, neighbour);
            let slope = self.load(simd, weights, neighbour) * (upstream - mean);
            let pull = slope * factor;
            let mut sum = splat(0.0);
            for channel in 0..channels {
                let mean = load::<S>(simd, self.cells.mean(neighbour, channel, self.column));
                let difference = self.load(simd, self.embedding, channel) - mean;
                sum = difference.mul_add(difference, sum);
                let direct = self.load(simd, &planes.direct, channel);
                let direct = pull.mul_add(difference, direct);
                self.store::<S>(direct, &mut planes.direct, channel);
                let plane = neighbour * channels + channel;
                let pulls = self.load(simd, &planes.pulls, plane);
                let pulls = pull.mul_add(difference, pulls);
                self.store::<S>(pulls, &mut planes.pulls, plane);
            }
            sharpness = slope.mul_add(sum, sharpness);
            compactness = slope.mul_add(load::<S>(simd, &self.distances[neighbour]), compactness);
        }
        self.store::<S>(sharpness, &mut planes.shared[0], 0);
        self.store::<S>(compactness, &mut planes.shared[1], 0);
    }
}

/// Sums planes over the columns of each cell: `planes` `[count, pitch]` to `[cell_columns, count]`.
#[inline(always)]
pub(super) fn sum_cells(
    planes: &[f32],
    pitch: usize,
    width: usize,
    count: usize,
    sums: &mut [f32],
) {
    for (index, plane) in planes.chunks_exact(pitch).enumerate() {
        for (column, sums) in sums.chunks_exact_mut(count).enumerate() {
            sums[index] = plane[span(column, width)]
                .iter()
                .fold(0.0, |sum, value| sum + value);
        }
    }
}
