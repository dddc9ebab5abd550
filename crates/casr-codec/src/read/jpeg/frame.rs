//! A frame: its components, how they are sampled, and where their blocks lie (ITU T.81, annexes A
//! and B.2.2).

use super::super::decoded::zeros;
use super::Fault;
use super::segments::wrong_length;

/// One component of the image.
pub(super) struct Component {
    pub(super) id: u8,
    /// Sampling factors across and down.
    pub(super) across: usize,
    pub(super) down: usize,
    /// The number of its table of quantisation steps, and the table as it was when its first scan
    /// began.
    pub(super) table: usize,
    pub(super) steps: Option<[u16; 64]>,
    /// Blocks that hold samples of the image.
    pub(super) blocks_across: usize,
    pub(super) blocks_down: usize,
    /// Blocks in a row of the plane, which holds whole units of the interleaved scan.
    pub(super) stride: usize,
    /// Samples that are part of the image.
    pub(super) width: usize,
    pub(super) height: usize,
    /// The samples, `8 × stride` a row; empty until they are needed.
    pub(super) plane: Vec<u8>,
    /// The coefficients of a progressive image, block by block; empty until they are needed, and
    /// when the samples are made of them.
    pub(super) coefficients: Vec<i16>,
    /// How many low bits of each coefficient are still missing; `None` before the first scan.
    pub(super) pending: [Option<u8>; 64],
}

/// The image as its frame header describes it.
pub(super) struct Frame {
    pub(super) progressive: bool,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) components: Vec<Component>,
    /// The largest sampling factors of all components.
    pub(super) across: usize,
    pub(super) down: usize,
}

impl Frame {
    /// Reads the content of a frame header; `height` is used where the header has none, because it
    /// follows the first scan.
    pub(super) fn new(
        progressive: bool,
        content: &[u8],
        height: impl FnOnce() -> Option<u16>,
    ) -> Result<Self, Fault> {
        let [precision, high, low, wide, narrow, count, rest @ ..] = content else {
            return Err(Fault::damaged("its frame header is too short"));
        };
        if *precision != 8 {
            return Err(Fault::unsupported(format!("{precision} bits per sample")));
        }
        let mut rows = usize::from(u16::from_be_bytes([*high, *low]));
        let width = usize::from(u16::from_be_bytes([*wide, *narrow]));
        if rows == 0 {
            rows = height().unwrap_or(0).into();
        }
        if rows == 0 || width == 0 {
            return Err(Fault::NoPixels {
                width: width as u64,
                height: rows as u64,
            });
        }
        let count = usize::from(*count);
        if !matches!(count, 1 | 3 | 4) {
            return Err(Fault::unsupported(format!("{count} colour components")));
        }
        if rest.len() != 3 * count {
            return Err(wrong_length());
        }
        let shares = |at: usize| {
            (
                usize::from(rest[3 * at + 1] >> 4),
                usize::from(rest[3 * at + 1] & 15),
            )
        };
        let all: Vec<_> = (0..count).map(shares).collect();
        if all
            .iter()
            .any(|&(across, down)| !(1..=4).contains(&across) || !(1..=4).contains(&down))
        {
            return Err(Fault::damaged(
                "its colours are sampled 0 or more than 4 times",
            ));
        }
        let across = all.iter().map(|share| share.0).max().unwrap_or(1);
        let down = all.iter().map(|share| share.1).max().unwrap_or(1);
        if let Some((own, other)) = all
            .iter()
            .map(|share| (*share, (across, down)))
            .find(|(own, most)| most.0 % own.0 != 0 || most.1 % own.1 != 0)
        {
            return Err(Fault::unsupported(format!(
                "a component sampled {}×{} times where another is {}×{}",
                own.0, own.1, other.0, other.1
            )));
        }
        let units_across = width.div_ceil(8 * across);
        let components = all.iter().enumerate().map(|(at, share)| {
            let (columns, lines) = (
                (width * share.0).div_ceil(across),
                (rows * share.1).div_ceil(down),
            );
            Component {
                id: rest[3 * at],
                across: share.0,
                down: share.1,
                table: usize::from(rest[3 * at + 2]),
                steps: None,
                blocks_across: columns.div_ceil(8),
                blocks_down: lines.div_ceil(8),
                stride: units_across * share.0,
                width: columns,
                height: lines,
                plane: Vec::new(),
                coefficients: Vec::new(),
                pending: [None; 64],
            }
        });
        Ok(Self {
            progressive,
            width,
            height: rows,
            components: components.collect(),
            across,
            down,
        })
    }

    /// Units of the interleaved scan across and down.
    pub(super) fn units(&self) -> (usize, usize) {
        (
            self.width.div_ceil(8 * self.across),
            self.height.div_ceil(8 * self.down),
        )
    }

    /// Samples of a component's plane, or its coefficients.
    fn places(&self, component: &Component) -> usize {
        let (_, units_down) = self.units();
        component.stride * units_down * component.down * 64
    }

    /// Bytes of all planes.
    pub(super) fn plane_bytes(&self) -> u64 {
        let places = self.components.iter().map(|one| self.places(one) as u64);
        places.sum()
    }

    /// Bytes of the largest plane.
    pub(super) fn largest_plane(&self) -> u64 {
        let places = self.components.iter().map(|one| self.places(one) as u64);
        places.max().unwrap_or(0)
    }

    /// Bytes of all coefficients of a progressive image.
    pub(super) fn coefficient_bytes(&self) -> u64 {
        size_of::<i16>() as u64 * self.plane_bytes()
    }

    /// Allocates samples or, for a progressive image, coefficients, from which they are made when
    /// all scans have come.
    pub(super) fn make_room(&mut self) -> Result<(), Fault> {
        for index in 0..self.components.len() {
            let places = self.places(&self.components[index]);
            let component = &mut self.components[index];
            if self.progressive {
                component.coefficients = zeros(places)?;
            } else {
                component.plane = zeros(places)?;
            }
        }
        Ok(())
    }
}
