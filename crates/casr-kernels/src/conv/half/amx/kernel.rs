//! The rows of a task: group by group products of tiles, then bias, activation and the rest in
//! AVX-512.

use super::super::finish::Finish;
use super::super::map::GROUP;
use super::super::{BLOCK, BORDER, KERNEL, Source, run};
use super::tiles::{Sums, Tiles};
use super::{LANES, TileWeights, detect::Unit};
use fearless_simd::{Avx512, Simd, f32x16};

impl Unit {
    /// Computes the rows of one task.
    pub fn convolve(self, source: &Source, weights: &TileWeights, mut finish: Finish) {
        let tiles = Tiles::new(self);
        let input = source.input;
        let channels = input.channels();
        let columns = input.size().1 + BORDER;
        let steps = steps(channels, input.pitch());
        let mut sums = Sums([0.0; GROUP * LANES]);
        let (first, rows) = finish.rows();
        // Behind the last row's last pixel lies nothing but its border.
        let pixels = rows * columns - BORDER;
        for group in (0..pixels).step_by(GROUP) {
            let start = first * input.pitch() + group * channels;
            let group = (group, GROUP.min(pixels - group));
            for (index, weights) in weights.tiles().enumerate() {
                tiles.multiply(input.values(), start, channels, weights, &steps, &mut sums);
                self.vectors.vectorize(
                    #[inline(always)]
                    || {
                        put(
                            self.vectors,
                            &mut finish,
                            columns,
                            group,
                            index * LANES,
                            &sums,
                        )
                    },
                );
            }
        }
    }
}

/// From one block of values to the next: along a row of the kernel, and then to its next row.
fn steps(channels: usize, pitch: usize) -> Vec<usize> {
    let blocks = run(channels).div_ceil(BLOCK);
    let mut row = vec![BLOCK; blocks];
    row[blocks - 1] = pitch - (blocks - 1) * BLOCK;
    row.repeat(KERNEL)
}

/// Stores those pixels of a group, `(first, count)`, that do not lie in the border: those of one
/// row after the other. The map has `columns` columns with its border.
#[inline(always)]
fn put(
    simd: Avx512,
    finish: &mut Finish,
    columns: usize,
    (start, count): (usize, usize),
    first: usize,
    sums: &Sums,
) {
    let width = columns - BORDER;
    let mut place = 0;
    while place < count {
        let (row, column) = ((start + place) / columns, (start + place) % columns);
        let end = columns.min(column + count - place);
        if column < width {
            let pixels = column..end.min(width);
            let sums = &sums.0[place * LANES..];
            finish.put::<_, f32x16<_>, 1>(simd, row, pixels, first, sums);
        }
        place += end - column;
    }
}
