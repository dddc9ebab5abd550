//! Windows of images: the results on them against those on the whole image.

use super::{Case, Per, Results, bits};
use casr_kernels::InstructionSet;
use casr_kernels::superpixel::{CELL, NEIGHBOURS, SuperpixelShape};
use std::ops::Range;

/// The width of the strip along a cut in which results may differ, in cells.
const AFFECTED: usize = 4;

/// A window, in cells.
#[derive(Clone, Debug)]
pub struct Window {
    pub rows: Range<usize>,
    pub columns: Range<usize>,
}

impl Window {
    /// The window in pixels; the last cells of the image may be incomplete.
    pub fn pixels(&self, shape: SuperpixelShape) -> [Range<usize>; 2] {
        let range = |cells: &Range<usize>, length: usize| {
            cells.start * CELL..(cells.end * CELL).min(length)
        };
        [
            range(&self.rows, shape.height),
            range(&self.columns, shape.width),
        ]
    }

    /// The part of the window that its cuts do not affect; the image's own borders are not cuts.
    pub fn inner(&self, shape: SuperpixelShape) -> Self {
        let range = |cells: &Range<usize>, count: usize| {
            let start = cells.start + if cells.start > 0 { AFFECTED } else { 0 };
            let end = cells.end - if cells.end < count { AFFECTED } else { 0 };
            start..end
        };
        Self {
            rows: range(&self.rows, shape.cell_rows()),
            columns: range(&self.columns, shape.cell_columns()),
        }
    }

    /// The same cells counted from the start of another window.
    pub fn within(&self, other: &Self) -> Self {
        let range = |cells: &Range<usize>, start: usize| cells.start - start..cells.end - start;
        Self {
            rows: range(&self.rows, other.rows.start),
            columns: range(&self.columns, other.columns.start),
        }
    }

    /// Crops a tensor to the window.
    pub fn cut(&self, shape: SuperpixelShape, per: Per, data: &[f32]) -> Vec<f32> {
        let ([rows, columns], count, height, width) = match per {
            Per::Pixel(count) => (self.pixels(shape), count, shape.height, shape.width),
            Per::Cell(count) => {
                let cells = [self.rows.clone(), self.columns.clone()];
                (cells, count, shape.cell_rows(), shape.cell_columns())
            }
            Per::All => return Vec::new(),
        };
        (0..shape.images)
            .flat_map(|image| rows.clone().map(move |row| image * height + row))
            .flat_map(|row| {
                let start = (row * width + columns.start) * count;
                data[start..][..columns.len() * count].iter().copied()
            })
            .collect()
    }

    pub fn case(&self, case: &Case) -> Case {
        let [rows, columns] = self.pixels(case.shape);
        let pixels = |count, data: &[f32]| self.cut(case.shape, Per::Pixel(count), data);
        let cells = |data: &[f32]| self.cut(case.shape, Per::Cell(2 * case.channels), data);
        Case {
            shape: SuperpixelShape {
                height: rows.len(),
                width: columns.len(),
                ..case.shape
            },
            embedding: pixels(case.embedded, &case.embedding),
            features: pixels(case.channels, &case.features),
            modulation: cells(&case.modulation),
            of_moments: cells(&case.of_moments),
            of_weights: pixels(NEIGHBOURS, &case.of_weights),
            of_output: pixels(case.channels, &case.of_output),
            ..case.clone()
        }
    }
}

/// Windows with cuts on all sides or some, the first cell at every position within the longest
/// vector.
pub fn windows(shape: SuperpixelShape) -> Vec<Window> {
    let (rows, columns) = (shape.cell_rows(), shape.cell_columns());
    let mut windows = Vec::new();
    for left in 0..5 {
        for (top, bottom, right) in [
            (0, rows, columns),
            (0, 10, 11 + left),
            (1 + left % 2, 11, columns),
            (2, rows, 10 + left),
        ] {
            windows.push(Window {
                rows: top..bottom,
                columns: left..right,
            });
        }
    }
    windows
}

/// Fails if a window gives other bits than the whole image.
pub fn assert_independent_of_cuts(results: impl Fn(&Case, InstructionSet) -> Results) {
    for (size, channels) in [((1, 53, 71), 48), ((2, 49, 66), 7)] {
        let case = Case::new(size, 3, channels);
        for set in InstructionSet::available() {
            let whole = results(&case, set);
            for window in windows(case.shape) {
                let part = window.case(&case);
                let inner = window.inner(case.shape);
                assert!(!inner.rows.is_empty() && !inner.columns.is_empty());
                for ((what, per, values), (_, _, expected)) in
                    results(&part, set).iter().zip(&whole)
                {
                    let values = inner.within(&window).cut(part.shape, *per, values);
                    let expected = inner.cut(case.shape, *per, expected);
                    assert_eq!(values.is_empty(), *per == Per::All);
                    assert!(
                        bits(&values) == bits(&expected),
                        "{set:?} {what} {window:?}"
                    );
                }
            }
        }
    }
}

/// Fails if a value beside a cut does not depend on what was cut off, a dependence that
/// [`assert_independent_of_cuts`] must exclude.
pub fn assert_dependent_beside_cuts(results: impl Fn(&Case, InstructionSet) -> Results) {
    let case = Case::new((1, 53, 71), 3, 8);
    let window = Window {
        rows: 0..case.shape.cell_rows(),
        columns: 3..case.shape.cell_columns(),
    };
    let part = window.case(&case);
    let set = InstructionSet::best();
    let whole = results(&case, set);
    for ((what, per, values), (_, _, expected)) in results(&part, set).iter().zip(&whole) {
        if *per != Per::All {
            let expected = window.cut(case.shape, *per, expected);
            assert!(bits(values) != bits(&expected), "{what}");
        }
    }
}
