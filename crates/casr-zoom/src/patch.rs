//! A rectangle of a level, held in memory.

use casr_net::mirror;
use std::ops::Range;

/// Some rows and columns of a level, of its pixels or of its cells, with some values at each place.
#[derive(Debug, PartialEq)]
pub(crate) struct Patch<T> {
    pub rows: Range<usize>,
    pub columns: Range<usize>,
    /// Values of a place.
    channels: usize,
    /// `[rows, columns, channels]`.
    values: Vec<T>,
}

impl<T: Copy> Patch<T> {
    /// A patch of these values, `[rows, columns, channels]`.
    pub fn new(
        (rows, columns): (Range<usize>, Range<usize>),
        channels: usize,
        values: Vec<T>,
    ) -> Self {
        debug_assert_eq!(values.len(), rows.len() * columns.len() * channels);
        Self {
            rows,
            columns,
            channels,
            values,
        }
    }

    /// A patch that holds `value` everywhere.
    pub fn filled(places: (Range<usize>, Range<usize>), channels: usize, value: T) -> Self {
        let values = vec![value; places.0.len() * places.1.len() * channels];
        Self::new(places, channels, values)
    }

    /// Bytes of its values.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.values)
    }

    /// The values of the places `columns` in a row; both must be held.
    pub fn line(&self, row: usize, columns: Range<usize>) -> &[T] {
        let start = (row - self.rows.start) * self.columns.len();
        let first = start + columns.start - self.columns.start;
        &self.values[first * self.channels..(first + columns.len()) * self.channels]
    }

    /// Takes the values of all places that both hold from `other`.
    pub fn take<U: Copy>(&mut self, other: &Patch<U>, convert: impl Fn(U) -> T) {
        let columns = overlap(&self.columns, &other.columns);
        if columns.is_empty() {
            return;
        }
        for row in overlap(&self.rows, &other.rows) {
            let first = (row - self.rows.start) * self.columns.len() + columns.start;
            let first = (first - self.columns.start) * self.channels;
            let source = other.line(row, columns.clone());
            let target = &mut self.values[first..first + source.len()];
            for (target, source) in target.iter_mut().zip(source) {
                *target = convert(*source);
            }
        }
    }

    /// The values of a window, `[rows, columns, channels]`; all of it must be held.
    pub fn window(&self, rows: Range<usize>, columns: Range<usize>) -> Vec<T> {
        let mut values = Vec::with_capacity(rows.len() * columns.len() * self.channels);
        for row in rows {
            values.extend_from_slice(self.line(row, columns.clone()));
        }
        values
    }

    /// [`Patch::window`] with mirrored places around it, `[before, behind]`, the window's own edge
    /// repeated: for windows that end where the level does.
    pub fn bordered(
        &self,
        (rows, row_border): (Range<usize>, [usize; 2]),
        (columns, column_border): (Range<usize>, [usize; 2]),
    ) -> Vec<T> {
        let places = |length: usize, [before, behind]: [usize; 2]| {
            (-(before as i64)..(length + behind) as i64).map(move |place| mirror(place, length))
        };
        let across: Vec<usize> = places(columns.len(), column_border)
            .map(|place| place as usize * self.channels)
            .collect();
        let count = row_border[0] + rows.len() + row_border[1];
        let mut values = Vec::with_capacity(count * across.len() * self.channels);
        for place in places(rows.len(), row_border) {
            let line = self.line(rows.start + place as usize, columns.clone());
            for &place in &across {
                values.extend_from_slice(&line[place..place + self.channels]);
            }
        }
        values
    }
}

/// What two ranges share; an empty range within the first where that is nothing.
pub(crate) fn overlap(one: &Range<usize>, other: &Range<usize>) -> Range<usize> {
    let start = one.start.max(other.start).min(one.end);
    start..one.end.min(other.end).max(start)
}
