//! The planar layout of the vector code: one plane per channel or neighbour, in which columns are
//! adjacent.

use super::super::CELL;
use super::super::grid::{Band, around};
use super::{Field, NEIGHBOURS, squared_distance};

/// Planes are padded to multiples of the longest vector, the same for every instruction set.
pub(in crate::superpixel) const LANES: usize = 16;

/// The data that all pixel rows of a band share. Columns to the right of the image are padding,
/// whose results are ignored.
pub(in crate::superpixel) struct Cells {
    /// Columns of a plane.
    pub pitch: usize,
    channels: usize,
    /// The means of the three rows of cells at each column of pixels, starting one cell to the left
    /// of the image, `[3, channels, pitch + 2 * CELL]`; zero outside the image.
    means: Vec<f32>,
    /// Zero where such a cell lies in the image, minus infinity outside, `[3, pitch + 2 * CELL]`.
    outside: Vec<f32>,
}

impl Cells {
    pub fn new(field: Field, band: Band) -> Self {
        let (width, channels) = (band.shape.width, field.channels);
        let pitch = width.next_multiple_of(LANES);
        let wide = pitch + 2 * CELL;
        let mut means = vec![0.0; 3 * channels * wide];
        let mut outside = vec![f32::NEG_INFINITY; 3 * wide];
        for row in around(band.row, band.shape.cell_rows()) {
            let slot = row + 1 - band.row;
            for column in 0..band.shape.cell_columns() {
                let columns = (column + 1) * CELL..(column + 2) * CELL;
                outside[slot * wide..][columns.clone()].fill(0.0);
                let mean = field.mean(band.cell(row, column));
                for (channel, mean) in mean.iter().enumerate() {
                    means[(slot * channels + channel) * wide..][columns.clone()].fill(*mean);
                }
            }
        }
        Self {
            pitch,
            channels,
            means,
            outside,
        }
    }

    /// The means of a neighbour for the columns from `column` on, for one channel.
    #[inline(always)]
    pub fn mean(&self, neighbour: usize, channel: usize, column: usize) -> &[f32] {
        let plane = neighbour / 3 * self.channels + channel;
        &self.means[plane * (self.pitch + 2 * CELL) + column + neighbour % 3 * CELL..]
    }

    /// The term added to the exponents of a neighbour for the columns from `column` on.
    #[inline(always)]
    pub fn outside(&self, neighbour: usize, column: usize) -> &[f32] {
        let plane = neighbour / 3;
        &self.outside[plane * (self.pitch + 2 * CELL) + column + neighbour % 3 * CELL..]
    }
}

/// The squared distances from the pixels of a row to each neighbour; `row` is the row's position
/// within its cell.
pub(in crate::superpixel) fn squared_distances(row: usize) -> [[f32; LANES]; NEIGHBOURS] {
    std::array::from_fn(|neighbour| {
        std::array::from_fn(|column| squared_distance(row, column % CELL, neighbour))
    })
}

/// Copies `[columns, planes]` to planes of `pitch` elements each, as many of them as fit.
#[inline(always)]
pub(in crate::superpixel) fn split(pixels: &[f32], count: usize, planes: &mut [f32], pitch: usize) {
    for (index, plane) in planes.chunks_exact_mut(pitch).enumerate() {
        for (value, pixel) in plane.iter_mut().zip(pixels.chunks_exact(count)) {
            *value = pixel[index];
        }
    }
}

/// The inverse of [`split`].
#[inline(always)]
pub(in crate::superpixel) fn join(planes: &[f32], pitch: usize, count: usize, pixels: &mut [f32]) {
    for (index, plane) in planes.chunks_exact(pitch).enumerate() {
        for (value, pixel) in plane.iter().zip(pixels.chunks_exact_mut(count)) {
            pixel[index] = *value;
        }
    }
}
