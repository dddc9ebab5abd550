//! The gradient of the weights in vectors: for each pixel and each cell around it, a sum over all
//! channels.
//!
//! Every instruction set computes sixteen sums: sum j covers the channels c ≡ j (mod 16), and a
//! fixed tree adds them up. The last sixteen channels are padded with zeros.

use crate::superpixel::grid::{Band, span};
use crate::superpixel::{CELL, NEIGHBOURS, Source, Table};
use fearless_simd::{Level, Simd, dispatch, f32x4, f32x16, prelude::*};

/// Channels per vector: the longest vector, on every instruction set.
pub(super) const LANES: usize = 16;

/// The gradient through [`modulate`](crate::superpixel::modulate()):
/// `Σ_c upstream (feature · gain + offset)`.
///
/// `weight_gradient` is the band's `[rows, width, NEIGHBOURS]`, zero for neighbours outside the
/// image.
pub(super) fn modulate(
    level: Level,
    source: Source,
    band: Band,
    modulation: Table,
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
) {
    let dot = ThroughModulate {
        source,
        modulation,
        output_gradient,
    };
    dispatch!(level, simd => cells(simd, band, dot, weight_gradient));
}

/// The gradient through [`moments`](crate::superpixel::moments()):
/// `Σ_c y (slope · y + twice_a) / 2 - constant` with `y = feature - mean`; `slopes` is the table
/// computed in `moments.rs`.
pub(super) fn moments(
    level: Level,
    source: Source,
    band: Band,
    moments: Table,
    slopes: Table,
    weight_gradient: &mut [f32],
) {
    let dot = ThroughMoments {
        source,
        moments,
        slopes,
    };
    dispatch!(level, simd => cells(simd, band, dot, weight_gradient));
}

/// A sum over the channels of a pixel and a cell. A trait rather than closures: those are not
/// always inlined, and code that is not inlined is compiled without the instruction set.
trait Dot<'a, const CELL_PARTS: usize, const PIXEL_PARTS: usize>: Copy {
    /// The operands of a cell, `[channels]` each, and the factor and constant that are applied to
    /// the finished sum.
    fn of_cell(self, cell: usize) -> ([&'a [f32]; CELL_PARTS], f32, f32);

    /// The operands of all pixels, `[images, height, width, channels]` each.
    fn of_pixels(self) -> [&'a [f32]; PIXEL_PARTS];

    /// Adds one term.
    fn add<S: Simd>(
        of_cell: [f32x16<S>; CELL_PARTS],
        of_pixel: [f32x16<S>; PIXEL_PARTS],
        sum: f32x16<S>,
    ) -> f32x16<S>;
}

#[derive(Clone, Copy)]
struct ThroughModulate<'a> {
    source: Source<'a>,
    modulation: Table<'a>,
    output_gradient: &'a [f32],
}

impl<'a> Dot<'a, 2, 2> for ThroughModulate<'a> {
    #[inline(always)]
    fn of_cell(self, cell: usize) -> ([&'a [f32]; 2], f32, f32) {
        let (gains, offsets) = self.modulation.cell(cell).split_at(self.source.channels);
        ([gains, offsets], 1.0, 0.0)
    }

    #[inline(always)]
    fn of_pixels(self) -> [&'a [f32]; 2] {
        [self.source.features, self.output_gradient]
    }

    #[inline(always)]
    fn add<S: Simd>(
        [gain, offset]: [f32x16<S>; 2],
        [feature, upstream]: [f32x16<S>; 2],
        sum: f32x16<S>,
    ) -> f32x16<S> {
        upstream.mul_add(feature.mul_add(gain, offset), sum)
    }
}

#[derive(Clone, Copy)]
struct ThroughMoments<'a> {
    source: Source<'a>,
    moments: Table<'a>,
    slopes: Table<'a>,
}

impl<'a> Dot<'a, 3, 1> for ThroughMoments<'a> {
    #[inline(always)]
    fn of_cell(self, cell: usize) -> ([&'a [f32]; 3], f32, f32) {
        let channels = self.source.channels;
        let slopes = self.slopes.cell(cell);
        let parts = [
            &self.moments.cell(cell)[..channels],
            &slopes[..channels],
            &slopes[2 * channels..][..channels],
        ];
        (parts, 0.5, -slopes[3 * channels])
    }

    #[inline(always)]
    fn of_pixels(self) -> [&'a [f32]; 1] {
        [self.source.features]
    }

    #[inline(always)]
    fn add<S: Simd>(
        [mean, slope, twice_a]: [f32x16<S>; 3],
        [feature]: [f32x16<S>; 1],
        sum: f32x16<S>,
    ) -> f32x16<S> {
        let difference = feature - mean;
        difference.mul_add(difference.mul_add(slope, twice_a), sum)
    }
}

#[inline(always)]
fn cells<'a, S: Simd, D: Dot<'a, C, P>, const C: usize, const P: usize>(
    simd: S,
    band: Band,
    dot: D,
    weight_gradient: &mut [f32],
) {
    let first_pixel = band.first_pixel();
    let (weight_gradient, _) = weight_gradient.as_chunks_mut::<NEIGHBOURS>();
    weight_gradient.fill([0.0; NEIGHBOURS]);
    for column in 0..band.shape.cell_columns() {
        let columns = span(column, band.shape.width);
        for (neighbour, cell) in band.neighbours(column) {
            let of_cell = dot.of_cell(cell);
            for row in band.rows() {
                let first = band.pixel(row, columns.start);
                let line = &mut weight_gradient[first - first_pixel..][..columns.len()];
                if let Some(line) = line.as_mut_array::<CELL>() {
                    pixels::<S, D, CELL, C, P>(simd, dot, of_cell, first, neighbour, line);
                } else {
                    for (gradient, pixel) in line.as_chunks_mut::<1>().0.iter_mut().zip(first..) {
                        pixels::<S, D, 1, C, P>(simd, dot, of_cell, pixel, neighbour, gradient);
                    }
                }
            }
        }
    }
}

/// Writes the sums of a few adjacent pixels, starting at `first`, which share the loads of the
/// cell's values.
#[inline(always)]
fn pixels<'a, S, D, const PIXELS: usize, const C: usize, const P: usize>(
    simd: S,
    dot: D,
    (of_cell, factor, constant): ([&[f32]; C], f32, f32),
    first: usize,
    neighbour: usize,
    weight_gradient: &mut [[f32; NEIGHBOURS]; PIXELS],
) where
    S: Simd,
    D: Dot<'a, C, P>,
{
    let channels = of_cell[0].len();
    let mut of_pixels = dot.of_pixels();
    for values in &mut of_pixels {
        *values = &values[first * channels..][..PIXELS * channels];
    }
    let mut sums = [f32x16::splat(simd, 0.0); PIXELS];
    let whole = channels / LANES * LANES;
    for at in (0..whole).step_by(LANES) {
        add::<S, D, PIXELS, C, P, false>(simd, of_cell, of_pixels, at, &mut sums);
    }
    if whole < channels {
        add::<S, D, PIXELS, C, P, true>(simd, of_cell, of_pixels, whole, &mut sums);
    }
    for (gradient, sum) in weight_gradient.iter_mut().zip(totals(sums)) {
        gradient[neighbour] = factor * sum + constant;
    }
}

/// Adds the terms of the channels from `at` on.
#[inline(always)]
fn add<'a, S, D, const PIXELS: usize, const C: usize, const P: usize, const TAIL: bool>(
    simd: S,
    of_cell: [&[f32]; C],
    of_pixels: [&[f32]; P],
    at: usize,
    sums: &mut [f32x16<S>; PIXELS],
) where
    S: Simd,
    D: Dot<'a, C, P>,
{
    let channels = of_cell[0].len();
    let mut cell = [f32x16::splat(simd, 0.0); C];
    for (vector, values) in cell.iter_mut().zip(of_cell) {
        *vector = load::<S, TAIL>(simd, &values[at..]);
    }
    for (index, sum) in sums.iter_mut().enumerate() {
        let mut pixel = [f32x16::splat(simd, 0.0); P];
        for (vector, values) in pixel.iter_mut().zip(of_pixels) {
            let values = &values[index * channels..][..channels];
            *vector = load::<S, TAIL>(simd, &values[at..]);
        }
        *sum = D::add(cell, pixel, *sum);
    }
}

/// Loads the first elements of a slice; with `TAIL`, fewer than a vector, padded with zeros.
#[inline(always)]
fn load<S: Simd, const TAIL: bool>(simd: S, values: &[f32]) -> f32x16<S> {
    if TAIL {
        let mut lanes = [0.0; LANES];
        lanes[..values.len()].copy_from_slice(values);
        f32x16::simd_from(simd, lanes)
    } else {
        f32x16::from_slice(simd, &values[..LANES])
    }
}

/// Adds the lanes of each vector pairwise, halving it each time.
#[inline(always)]
fn totals<S: Simd, const PIXELS: usize>(sums: [f32x16<S>; PIXELS]) -> [f32; PIXELS] {
    let mut totals = [0.0; PIXELS];
    if let [a, b, c, d] = sums[..] {
        let (low, high) = quarter(a).interleave(quarter(c));
        let ac = low + high;
        let (low, high) = quarter(b).interleave(quarter(d));
        let (low, high) = ac.interleave(low + high);
        (low + high).store_slice(&mut totals);
    } else {
        for (total, sums) in totals.iter_mut().zip(sums) {
            let lanes = quarter(sums);
            *total = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
        }
    }
    totals
}

#[inline(always)]
fn quarter<S: Simd>(sums: f32x16<S>) -> f32x4<S> {
    let (low, high) = sums.split();
    let (low, high) = (low + high).split();
    low + high
}
