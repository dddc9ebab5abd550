//! EXIF orientation: how a camera's stored rows become the upright picture.

/// One of the eight ways to lay an image down, numbered as in EXIF (tag 0x0112, EXIF 2.32 §4.6.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Orientation(u8);

impl Orientation {
    pub(crate) const UPRIGHT: Self = Self(1);

    /// The orientation of an EXIF value; upright if the value is none of the eight.
    pub(crate) fn from_exif(value: u32) -> Self {
        match value {
            1..=8 => Self(value as u8),
            _ => Self::UPRIGHT,
        }
    }

    /// Whether columns become rows.
    pub(crate) fn is_quarter(self) -> bool {
        self.0 >= 5
    }

    /// The size of the upright picture whose stored size is `width × height`.
    pub(crate) fn upright_size(self, width: usize, height: usize) -> (usize, usize) {
        if self.is_quarter() {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// How to walk through a stored image of `width × height` pixels in the upright picture's
    /// order.
    pub(crate) fn walk(self, width: usize, height: usize) -> Walk {
        let (right, down) = (1, width as isize);
        let (last_column, last_row) = (width as isize - 1, (height as isize - 1) * down);
        let (start, across, along) = match self.0 {
            2 => (last_column, -right, down),
            3 => (last_column + last_row, -right, -down),
            4 => (last_row, right, -down),
            5 => (0, down, right),
            6 => (last_row, -down, right),
            7 => (last_column + last_row, -down, -right),
            8 => (last_column, down, -right),
            _ => (0, right, down),
        };
        Walk {
            start,
            across,
            along,
        }
    }
}

/// Where the upright picture's pixels lie among the stored ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    start: isize,
    across: isize,
    along: isize,
}

impl Walk {
    /// The index of the stored pixel that shows at `column`, `row` of the upright picture.
    pub(crate) fn stored(self, column: usize, row: usize) -> usize {
        (self.start + self.across * column as isize + self.along * row as isize) as usize
    }
}
