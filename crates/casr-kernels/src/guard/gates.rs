//! Computation of the gates of an image.

use super::{COLOURS, FULL_CHROMA_RANGE, FULL_RANGE, GATE_REACH, GATES, gate};
use rayon::prelude::*;

/// Quantities whose ranges are computed: the three channels, R − G and B − G.
const PLANES: usize = COLOURS + 2;

/// Computes the gates of `images` images of `height` × `width` pixels. `pixels` is
/// `[images, height, width, 3]` in [0, 1]; `output` `[images, height, width, 2]` is overwritten.
/// Neighbours outside the image are ignored.
///
/// Maxima, minima and differences are exact, so every instruction set gives the same bits.
///
/// # Panics
/// If the length of a slice does not match its shape.
pub fn gates(images: usize, height: usize, width: usize, pixels: &[f32], output: &mut [f32]) {
    let count = images * height * width;
    assert_eq!(pixels.len(), count * COLOURS, "pixel length");
    assert_eq!(output.len(), count * GATES, "gate length");
    if count == 0 {
        return;
    }
    let rows = output.par_chunks_mut(width * GATES).enumerate();
    rows.for_each_init(Scratch::default, |scratch, (row, output)| {
        let (image, row) = (row / height, row % height);
        let first = row.saturating_sub(GATE_REACH);
        let last = (row + GATE_REACH).min(height - 1);
        scratch.clear(width);
        for neighbour in first..=last {
            let start = (image * height + neighbour) * width * COLOURS;
            scratch.widen(&pixels[start..][..width * COLOURS]);
        }
        scratch.write(output);
    });
}

/// The largest and smallest values in a window of rows, column by column, for each of [`PLANES`].
#[derive(Default)]
struct Scratch {
    largest: [Vec<f32>; PLANES],
    smallest: [Vec<f32>; PLANES],
}

impl Scratch {
    fn clear(&mut self, width: usize) {
        for (rows, empty) in [
            (&mut self.largest, f32::NEG_INFINITY),
            (&mut self.smallest, f32::INFINITY),
        ] {
            for row in rows {
                row.clear();
                row.resize(width, empty);
            }
        }
    }

    /// Includes another row of pixels.
    fn widen(&mut self, pixels: &[f32]) {
        let (pixels, _) = pixels.as_chunks::<COLOURS>();
        for plane in 0..PLANES {
            let ranges = self.largest[plane]
                .iter_mut()
                .zip(&mut self.smallest[plane]);
            for ((largest, smallest), pixel) in ranges.zip(pixels) {
                let value = match plane {
                    3 => pixel[0] - pixel[1],
                    4 => pixel[2] - pixel[1],
                    channel => pixel[channel],
                };
                *largest = if value > *largest { value } else { *largest };
                *smallest = if value < *smallest { value } else { *smallest };
            }
        }
    }

    /// Writes the gates of the window's middle row.
    fn write(&self, output: &mut [f32]) {
        let (output, _) = output.as_chunks_mut::<GATES>();
        let last = output.len() - 1;
        for (column, gates) in output.iter_mut().enumerate() {
            let near = column.saturating_sub(GATE_REACH)..=(column + GATE_REACH).min(last);
            let range = |plane: usize| {
                let largest = self.largest[plane][near.clone()].iter();
                let smallest = self.smallest[plane][near.clone()].iter();
                largest.copied().fold(f32::NEG_INFINITY, f32::max)
                    - smallest.copied().fold(f32::INFINITY, f32::min)
            };
            let widest = (0..COLOURS).map(range).fold(0.0, f32::max);
            let chroma = range(3).max(range(4));
            *gates = [gate(widest, FULL_RANGE), gate(chroma, FULL_CHROMA_RANGE)];
        }
    }
}
