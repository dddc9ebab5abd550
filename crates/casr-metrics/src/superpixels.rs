//! Hard superpixels on a grid of cells, after SLIC (Achanta et al., IEEE TPAMI 34, 2012).

use crate::eight_bit::EightBit;
use rayon::prelude::*;

/// Side of a cell in pixels.
const CELL: usize = 4;

/// Rounds of means and assignments.
const ROUNDS: usize = 3;

/// Weight of the squared distance of two colours in 8-bit levels, where that of two places in
/// pixels weighs 1.
///
/// SLIC's compactness m = 10 lets 10 units of lightness, a tenth of the range, weigh as much as the
/// distance of two cells. Here that is a tenth of the range in all three colours at once:
/// `CELL² / (3 · 25.5²)`, or 533 for colours in `[0, 1]`.
const COLOUR_WEIGHT: f64 = (CELL * CELL) as f64 / (3.0 * 25.5 * 25.5);

/// A partition of an image into superpixels, one for each cell, some possibly empty.
///
/// Cells are squares of 4×4 pixels anchored at the image's origin, smaller at the right and bottom.
/// At first a superpixel is its cell. In each of three rounds colour and place of every superpixel
/// are averaged, and then every pixel goes to the nearest of the superpixels of its own cell and
/// the eight around it, of equally near ones to the first in reading order. A superpixel that has
/// lost all its pixels takes no further part.
pub(crate) struct Superpixels {
    /// Cells in a row.
    pub columns: usize,
    /// Rows of cells.
    pub rows: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Rows of pixels.
    pub height: usize,
    /// The superpixel of every pixel, counted over the cells in reading order.
    pub labels: Vec<u32>,
}

/// Mean red, green and blue in 8-bit levels, and mean column and row.
type Mean = [f64; 5];

impl Superpixels {
    /// The superpixels of an image.
    pub fn new(image: &EightBit) -> Self {
        let (width, height) = (image.width, image.height);
        let columns = width.div_ceil(CELL);
        let labels = (0..width * height)
            .map(|i| (i / width / CELL * columns + i % width / CELL) as u32)
            .collect();
        let mut superpixels = Self {
            columns,
            rows: height.div_ceil(CELL),
            width,
            height,
            labels,
        };
        for _ in 0..ROUNDS {
            let means = superpixels.means(image);
            superpixels.assign(image, &means);
        }
        superpixels
    }

    /// The superpixels of a row of cells, and the rows of pixels that can belong to them.
    pub fn reach(&self, row: usize) -> std::ops::Range<usize> {
        row.saturating_sub(1) * CELL..((row + 2) * CELL).min(self.height)
    }

    /// Where in its row of cells the superpixel of this pixel lies, if that row is `row`.
    pub fn column_in(&self, row: usize, (x, y): (usize, usize)) -> Option<usize> {
        let label = self.labels[y * self.width + x] as usize;
        label
            .checked_sub(row * self.columns)
            .filter(|&column| column < self.columns)
    }

    /// Means of every superpixel that has pixels. The sums are of whole numbers, so exact.
    fn means(&self, image: &EightBit) -> Vec<Option<Mean>> {
        let rows = (0..self.rows).into_par_iter();
        let means = rows.flat_map_iter(|row| {
            let mut sums = vec![([0; 5], 0_u32); self.columns];
            for y in self.reach(row) {
                for x in 0..self.width {
                    if let Some(column) = self.column_in(row, (x, y)) {
                        let [red, green, blue] = image.pixels[y * self.width + x].map(u64::from);
                        let (sum, pixels) = &mut sums[column];
                        let terms = [red, green, blue, x as u64, y as u64];
                        for (sum, term) in sum.iter_mut().zip(terms) {
                            *sum += term;
                        }
                        *pixels += 1;
                    }
                }
            }
            sums.into_iter().map(|(sum, pixels)| {
                (pixels > 0).then(|| sum.map(|sum| sum as f64 / f64::from(pixels)))
            })
        });
        means.collect()
    }

    /// Gives every pixel to the nearest superpixel.
    fn assign(&mut self, image: &EightBit, means: &[Option<Mean>]) {
        let (width, columns, rows) = (self.width, self.columns, self.rows);
        let bands = self.labels.par_chunks_mut(CELL * width).enumerate();
        bands.for_each(|(row, labels)| {
            for column in 0..columns {
                let mut cell = Cell::new(image, column, row);
                for row in row.saturating_sub(1)..(row + 2).min(rows) {
                    for column in column.saturating_sub(1)..(column + 2).min(columns) {
                        let label = row * columns + column;
                        if let Some(mean) = means[label] {
                            cell.offer(label as u32, mean);
                        }
                    }
                }
                for (labels, nearest) in labels.chunks_exact_mut(width).zip(&cell.nearest) {
                    let labels = labels.iter_mut().skip(column * CELL);
                    for (label, nearest) in labels.zip(nearest) {
                        *label = *nearest;
                    }
                }
            }
        });
    }
}

/// A value for each pixel of a cell.
type Square<T> = [[T; CELL]; CELL];

/// The pixels of a cell, each with the nearest superpixel so far.
struct Cell {
    colours: [Square<f64>; 3],
    corner: (usize, usize),
    distances: Square<f64>,
    nearest: Square<u32>,
}

impl Cell {
    /// A cell of which no pixel has a superpixel yet. Places outside the image hold black.
    fn new(image: &EightBit, column: usize, row: usize) -> Self {
        let corner = (column * CELL, row * CELL);
        let mut colours = [Square::default(); 3];
        for (line, y) in (corner.1..image.height.min(corner.1 + CELL)).enumerate() {
            let pixels = &image.pixels[y * image.width..][..image.width][corner.0..];
            for (place, pixel) in pixels.iter().take(CELL).enumerate() {
                for (colour, &value) in colours.iter_mut().zip(pixel) {
                    colour[line][place] = f64::from(value);
                }
            }
        }
        Self {
            colours,
            corner,
            distances: [[f64::INFINITY; CELL]; CELL],
            nearest: Square::default(),
        }
    }

    /// Gives the superpixel of this label and mean every pixel that no superpixel before was as
    /// near to.
    ///
    /// Pixel by pixel without a branch, so that compilers turn it into vectors: this is where the
    /// time goes.
    fn offer(&mut self, label: u32, [red, green, blue, x, y]: Mean) {
        let square = |difference: f64| difference * difference;
        let [reds, greens, blues] = &self.colours;
        for line in 0..CELL {
            let down = square((self.corner.1 + line) as f64 - y);
            for place in 0..CELL {
                let colour = square(reds[line][place] - red)
                    + square(greens[line][place] - green)
                    + square(blues[line][place] - blue);
                let right = square((self.corner.0 + place) as f64 - x);
                let distance = COLOUR_WEIGHT * colour + (right + down);
                let nearer = distance < self.distances[line][place];
                let best = &mut self.distances[line][place];
                *best = if nearer { distance } else { *best };
                let best = &mut self.nearest[line][place];
                *best = if nearer { label } else { *best };
            }
        }
    }
}
