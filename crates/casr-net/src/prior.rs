//! The self-similarity of the original image at the pixels of a level: the input of SARM.
//!
//! It has two parts, which are computed from pixels alone and so are the same for every network.
//! The local autocorrelation of the original image describes its textures. Cross-scale matches
//! (Glasner et al., ICCV 2009; CSNLN, arXiv 2006.01424) bring finer detail: small patches of the
//! level are searched in the original image shrunk by the step's factor, near the same place, and
//! the difference of the original image to its shrunk version there is the detail that the level
//! lacks.

use casr_kernels::{
    InstructionSet,
    guard::LUMA,
    resample::{Taps, forward as resample},
    similarity::{
        AUTOCORRELATION_REACH, LAGS, MatchShape, PATCH, SEARCH, autocorrelation, matches,
    },
    superpixel::CELL,
};
use std::ops::Range;

/// Colours per pixel.
const COLOURS: usize = 3;

/// Places inside a pixel, along an axis, for which detail is given.
const PLACES: usize = 2;

/// Values of detail for a pixel: colours at 2 × 2 places inside it.
pub const DETAILS: usize = PLACES * PLACES * COLOURS;

/// Matches that are kept for a patch.
const CANDIDATES: usize = 4;

/// Luma noise, in [0, 1], below which patches count as equal.
const NOISE: f32 = 0.02;

/// Pixels in [0, 1], `[height, width, 3]`.
#[derive(Clone, Copy, Debug)]
pub struct Pixels<'a> {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// The values.
    pub values: &'a [f32],
}

/// An original image, wherever it is held: only the parts that a prior looks at are asked for.
pub trait Original {
    /// Rows and columns of it in [0, 1], `[rows, columns, 3]`.
    fn part(&self, rows: Range<usize>, columns: Range<usize>) -> Vec<f32>;
}

impl Original for Pixels<'_> {
    fn part(&self, rows: Range<usize>, columns: Range<usize>) -> Vec<f32> {
        let row = |row: usize| {
            let start = row * self.width;
            &self.values[(start + columns.start) * COLOURS..(start + columns.end) * COLOURS]
        };
        rows.flat_map(row).copied().collect()
    }
}

/// The prior of a window of a level.
#[derive(Clone, Debug, PartialEq)]
pub struct Prior {
    /// Rows and columns of pixels.
    size: (usize, usize),
    /// Details of the matches and how good these are, `[h, w, DETAILS + 1]`.
    matches: Vec<f32>,
    /// At the centres of the cells, `[rows, columns, LAGS]`.
    autocorrelation: Vec<f32>,
}

impl Prior {
    /// Rows and columns of pixels.
    pub fn size(&self) -> (usize, usize) {
        self.size
    }

    /// Details of the matches and how good these are, `[h, w, DETAILS + 1]`.
    pub fn matches(&self) -> &[f32] {
        &self.matches
    }

    /// At the centres of the cells, `[rows, columns, LAGS]`.
    pub fn autocorrelation(&self) -> &[f32] {
        &self.autocorrelation
    }

    /// This prior with `rows` and `columns` more pixels, [before, behind], around the window: they
    /// take the values of the nearest pixel, or cell, inside.
    ///
    /// # Panics
    /// If the pixels before are not whole cells.
    #[must_use]
    pub fn bordered(self, rows: [usize; 2], columns: [usize; 2]) -> Self {
        let (height, width) = self.size;
        let size = (rows[0] + height + rows[1], columns[0] + width + columns[1]);
        let cells = |(height, width): (usize, usize)| (height.div_ceil(CELL), width.div_ceil(CELL));
        let before = [rows[0], columns[0]].map(|pixels| {
            assert!(pixels.is_multiple_of(CELL), "{pixels} pixels are not cells");
            pixels / CELL
        });
        let matches = replicate(&self.matches, self.size, size, [rows[0], columns[0]]);
        Self {
            size,
            matches,
            autocorrelation: replicate(
                &self.autocorrelation,
                cells(self.size),
                cells(size),
                before,
            ),
        }
    }
}

/// Places of a map `[height, width, …]` with as many more around them as make it a `larger` one,
/// `before` of them above and to the left: each takes the values of the nearest place.
fn replicate(
    values: &[f32],
    (height, width): (usize, usize),
    larger: (usize, usize),
    before: [usize; 2],
) -> Vec<f32> {
    let channels = values.len() / (height * width).max(1);
    let inside =
        |place: usize, before: usize, length: usize| place.saturating_sub(before).min(length - 1);
    let mut output = Vec::with_capacity(larger.0 * larger.1 * channels);
    for row in 0..larger.0 {
        let row = inside(row, before[0], height) * width;
        for column in 0..larger.1 {
            let place = row + inside(column, before[1], width);
            output.extend_from_slice(&values[place * channels..][..channels]);
        }
    }
    output
}

/// One axis of the priors of a step.
#[derive(Clone, Debug)]
struct PriorAxis {
    /// Pixels of the level.
    level: usize,
    /// Pixels of the original image.
    image: usize,
    /// The original image shrunk by the step's factor.
    keys: Taps,
    /// The original image at [`PLACES`] places in every pixel of that.
    details: Taps,
}

impl PriorAxis {
    fn new(image: usize, level: usize, output: usize) -> Self {
        let shrunk = (image as f64 * level as f64 / output as f64).round() as usize;
        let shrunk = shrunk.max(1);
        Self {
            level,
            image,
            keys: Taps::bicubic(image, shrunk, true),
            details: Taps::bicubic(image, PLACES * shrunk, true),
        }
    }

    /// Where a place of the level, in pixels, lies on an axis of `length` pixels that shows the
    /// same; places are those of edges, so 0.5 is the centre of the first pixel.
    fn place(&self, place: f64, length: usize) -> f64 {
        place * length as f64 / self.level as f64
    }

    /// The key that lies where a pixel of the level lies.
    fn centre(&self, pixel: usize) -> usize {
        let keys = self.keys.outputs;
        (self.place(pixel as f64 + 0.5, keys) as usize).min(keys - 1)
    }

    /// The keys that pixels of the level may match.
    fn key_window(&self, pixels: &Range<usize>) -> Range<usize> {
        let reach = SEARCH / 2 + PATCH;
        let first = self.centre(pixels.start).saturating_sub(reach);
        first..(self.centre(pixels.end - 1) + reach + 1).min(self.keys.outputs)
    }

    /// Taps of some keys and of their details, with the part of the image that both read.
    fn taps(&self, keys: &Range<usize>) -> ([Taps; 2], Range<usize>) {
        let places = keys.start * PLACES..keys.end * PLACES;
        let (one, other) = (
            self.keys.support(keys.clone()),
            self.details.support(places.clone()),
        );
        let window = one.start.min(other.start)..one.end.max(other.end);
        let taps = [
            self.keys.window(window.clone(), keys.clone()),
            self.details.window(window.clone(), places),
        ];
        (taps, window)
    }

    /// The pixel of the image before the centre of each cell, and how far behind it the centre
    /// lies.
    fn cell_centres(&self, pixels: &Range<usize>) -> Vec<(usize, f32)> {
        let cells = pixels.start / CELL..pixels.end.div_ceil(CELL);
        let centre = |cell: usize| {
            let place = self.place((cell as f64 + 0.5) * CELL as f64, self.image) - 0.5;
            let place = place.clamp(0.0, (self.image - 1) as f64);
            let before = (place as usize).min(self.image.saturating_sub(2));
            (before, (place - before as f64) as f32)
        };
        cells.map(centre).collect()
    }
}

/// How the priors of a step's windows are found.
#[derive(Clone, Debug)]
pub struct PriorGeometry {
    rows: PriorAxis,
    columns: PriorAxis,
}

impl PriorGeometry {
    /// The priors of the step from a level to an output, both made of an image; sizes are (height,
    /// width).
    pub fn new(image: (usize, usize), level: (usize, usize), output: (usize, usize)) -> Self {
        Self {
            rows: PriorAxis::new(image.0, level.0, output.0),
            columns: PriorAxis::new(image.1, level.1, output.1),
        }
    }

    /// The prior of a window of the level, `[rows, columns, 3]`; its rows and columns begin on the
    /// [`GRID`](crate::GRID). Of `image`, which has the size that the geometry is for, it takes
    /// little more than lies under the window.
    pub fn prior(
        &self,
        image: impl Original,
        window: &[f32],
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Prior {
        Prior {
            size: (rows.len(), columns.len()),
            matches: self.matches(&image, window, &rows, &columns),
            autocorrelation: self.autocorrelation(&image, &rows, &columns),
        }
    }

    fn matches(
        &self,
        image: &impl Original,
        window: &[f32],
        rows: &Range<usize>,
        columns: &Range<usize>,
    ) -> Vec<f32> {
        let (key_rows, key_columns) =
            (self.rows.key_window(rows), self.columns.key_window(columns));
        let ([down, down_details], image_rows) = self.rows.taps(&key_rows);
        let ([right, right_details], image_columns) = self.columns.taps(&key_columns);
        let source = image.part(image_rows, image_columns);
        let shrink = |rows: &Taps, columns: &Taps| {
            let mut output = vec![0.0; rows.outputs * columns.outputs * COLOURS];
            resample(1, COLOURS, rows, columns, &source, &mut output);
            output
        };
        let keys = shrink(&down, &right);
        let fine = shrink(&down_details, &right_details);
        let shape = MatchShape {
            height: rows.len(),
            width: columns.len(),
            key_height: key_rows.len(),
            key_width: key_columns.len(),
            details: DETAILS,
            candidates: CANDIDATES,
        };
        let centres = |axis: &PriorAxis, pixels: &Range<usize>, keys: &Range<usize>| {
            let inside = |pixel| axis.centre(pixel) as i32 - keys.start as i32;
            pixels.clone().map(inside).collect::<Vec<i32>>()
        };
        let mut output = vec![0.0; rows.len() * columns.len() * (DETAILS + 1)];
        matches(
            InstructionSet::best(),
            shape,
            &luma(window),
            &luma(&keys),
            &details(&keys, &fine, key_columns.len()),
            &centres(&self.rows, rows, &key_rows),
            &centres(&self.columns, columns, &key_columns),
            NOISE,
            &mut output,
        );
        output
    }

    fn autocorrelation(
        &self,
        image: &impl Original,
        rows: &Range<usize>,
        columns: &Range<usize>,
    ) -> Vec<f32> {
        let (down, right) = (
            self.rows.cell_centres(rows),
            self.columns.cell_centres(columns),
        );
        let window = |centres: &[(usize, f32)], length: usize| {
            let first = centres.first().map_or(0, |centre| centre.0);
            let last = centres.last().map_or(0, |centre| centre.0) + 1;
            first.saturating_sub(AUTOCORRELATION_REACH)
                ..(last + AUTOCORRELATION_REACH + 1).min(length)
        };
        let image_rows = window(&down, self.rows.image);
        let image_columns = window(&right, self.columns.image);
        let (height, width) = (image_rows.len(), image_columns.len());
        let source = luma(&image.part(image_rows.clone(), image_columns.clone()));
        let mut map = vec![0.0; height * width * LAGS];
        autocorrelation(InstructionSet::best(), height, width, &source, &mut map);

        let mut output = vec![0.0; down.len() * right.len() * LAGS];
        let at = |row: usize, column: usize| &map[(row * width + column) * LAGS..][..LAGS];
        let lines = output.chunks_mut((right.len() * LAGS).max(1));
        for (line, &(row, below)) in lines.zip(&down) {
            let row = row - image_rows.start;
            let next_row = (row + 1).min(height - 1);
            for (cell, &(column, beside)) in line.chunks_exact_mut(LAGS).zip(&right) {
                let column = column - image_columns.start;
                let next_column = (column + 1).min(width - 1);
                let corners = [
                    at(row, column),
                    at(row, next_column),
                    at(next_row, column),
                    at(next_row, next_column),
                ];
                for (lag, value) in cell.iter_mut().enumerate() {
                    let [a, b, c, d] = corners.map(|corner| corner[lag]);
                    let (upper, lower) = (a + beside * (b - a), c + beside * (d - c));
                    *value = upper + below * (lower - upper);
                }
            }
        }
        output
    }
}

/// Luma of every pixel.
pub fn luma(pixels: &[f32]) -> Vec<f32> {
    let luma = |pixel: &[f32]| LUMA[0] * pixel[0] + LUMA[1] * pixel[1] + LUMA[2] * pixel[2];
    pixels.chunks_exact(COLOURS).map(luma).collect()
}

/// What the image has at [`PLACES`]² places inside every key beyond the key's own colour.
fn details(keys: &[f32], fine: &[f32], width: usize) -> Vec<f32> {
    let mut output = vec![0.0; keys.len() / COLOURS * DETAILS];
    let places = output.chunks_exact_mut(DETAILS).enumerate();
    for (index, details) in places {
        let (row, column) = (index / width, index % width);
        let key = &keys[index * COLOURS..][..COLOURS];
        for (place, detail) in details.chunks_exact_mut(COLOURS).enumerate() {
            let line = row * PLACES + place / PLACES;
            let start = line * width * PLACES + column * PLACES + place % PLACES;
            let found = &fine[start * COLOURS..][..COLOURS];
            for ((detail, found), key) in detail.iter_mut().zip(found).zip(key) {
                *detail = found - key;
            }
        }
    }
    output
}
