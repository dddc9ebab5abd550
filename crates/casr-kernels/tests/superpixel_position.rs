//! Values of superpixels depend neither on how the image is cut, four cells from the cuts, nor on the number of threads.

mod superpixel_support;

use casr_kernels::InstructionSet;
use casr_kernels::superpixel::{CELL, NEIGHBOURS, SuperpixelShape};
use std::ops::Range;
use superpixel_support::{Case, Per, bits};

/// Cells from a cut that it may spoil.
const SPOILED: usize = 4;

/// A window, in cells.
#[derive(Clone, Debug)]
struct Window {
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Window {
    /// The window in pixels; the last cells of the image may be incomplete.
    fn pixels(&self, shape: SuperpixelShape) -> [Range<usize>; 2] {
        let range = |cells: &Range<usize>, length: usize| {
            cells.start * CELL..(cells.end * CELL).min(length)
        };
        [
            range(&self.rows, shape.height),
            range(&self.columns, shape.width),
        ]
    }

    /// The part of the window that its cuts do not spoil: all of it at the image's own borders.
    fn inner(&self, shape: SuperpixelShape) -> Self {
        let range = |cells: &Range<usize>, count: usize| {
            let start = cells.start + if cells.start > 0 { SPOILED } else { 0 };
            let end = cells.end - if cells.end < count { SPOILED } else { 0 };
            start..end
        };
        Self {
            rows: range(&self.rows, shape.cell_rows()),
            columns: range(&self.columns, shape.cell_columns()),
        }
    }

    /// The same cells counted from the start of another window.
    fn within(&self, other: &Self) -> Self {
        let range = |cells: &Range<usize>, start: usize| cells.start - start..cells.end - start;
        Self {
            rows: range(&self.rows, other.rows.start),
            columns: range(&self.columns, other.columns.start),
        }
    }

    /// Cuts the window out of a tensor.
    fn cut(&self, shape: SuperpixelShape, per: Per, data: &[f32]) -> Vec<f32> {
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

    fn case(&self, case: &Case) -> Case {
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

/// Windows with cuts on all sides and on some, the first cell at every place in the widest vector.
fn windows(shape: SuperpixelShape) -> Vec<Window> {
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

#[test]
fn a_window_gives_the_bits_of_the_whole() {
    for (size, channels) in [((1, 53, 71), 48), ((2, 49, 66), 7)] {
        let case = Case::new(size, 3, channels);
        for set in InstructionSet::available() {
            let whole = case.results(set);
            for window in windows(case.shape) {
                let part = window.case(&case);
                let inner = window.inner(case.shape);
                assert!(!inner.rows.is_empty() && !inner.columns.is_empty());
                for ((what, per, values), (_, _, expected)) in part.results(set).iter().zip(&whole)
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

/// What the test above would not see: a value beside a cut does depend on what was cut off.
#[test]
fn a_cut_is_felt_beside_it() {
    let case = Case::new((1, 53, 71), 3, 8);
    let window = Window {
        rows: 0..case.shape.cell_rows(),
        columns: 3..case.shape.cell_columns(),
    };
    let part = window.case(&case);
    let set = InstructionSet::best();
    for ((what, per, values), (_, _, expected)) in part.results(set).iter().zip(&case.results(set))
    {
        if *per != Per::All {
            let expected = window.cut(case.shape, *per, expected);
            assert!(bits(values) != bits(&expected), "{what}");
        }
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let case = Case::new((2, 53, 71), 3, 20);
    for set in InstructionSet::available() {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("a pool of threads")
                .install(|| case.results(set))
        };
        let single = run(1);
        assert!(single == run(2) && single == run(3), "{set:?}");
    }
}
