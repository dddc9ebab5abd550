//! Chroma planes between their own resolution and that of luma.

use super::{Chroma, Siting};

/// One axis of a resampling: where each output reads, and how much of each.
struct Axis {
    /// For every output, the first input and the weights from there on. Inputs beyond an end are
    /// its last one.
    taps: Vec<(isize, Vec<f32>)>,
    inputs: usize,
}

/// Keys' cubic with a = -1/2.
fn cubic(distance: f64) -> f64 {
    let distance = distance.abs();
    if distance < 1.0 {
        (1.5 * distance - 2.5) * distance * distance + 1.0
    } else if distance < 2.0 {
        ((-0.5 * distance + 2.5) * distance - 4.0) * distance + 2.0
    } else {
        0.0
    }
}

impl Axis {
    /// `place` is where an output lies among the inputs; `stretch` is how much wider than an input
    /// the cubic is.
    fn new(inputs: usize, outputs: usize, stretch: f64, place: impl Fn(usize) -> f64) -> Self {
        let taps = (0..outputs)
            .map(|output| {
                let centre = place(output);
                let first = (centre - 2.0 * stretch).ceil() as isize;
                let last = (centre + 2.0 * stretch).floor() as isize;
                let weight = |tap: isize| cubic((tap as f64 - centre) / stretch);
                let sum: f64 = (first..=last).map(weight).sum();
                let weights = (first..=last).map(|tap| (weight(tap) / sum) as f32);
                (first, weights.collect())
            })
            .collect();
        Self { taps, inputs }
    }

    /// What output `index` is made of.
    fn sum(&self, index: usize, value: impl Fn(usize) -> f32) -> f32 {
        let (first, weights) = &self.taps[index];
        let last = self.inputs as isize - 1;
        let parts = weights.iter().zip(*first..);
        parts
            .map(|(weight, tap)| weight * value(tap.clamp(0, last) as usize))
            .sum()
    }

    fn outputs(&self) -> usize {
        self.taps.len()
    }
}

/// A resampling along both axes, for planes of one size.
pub(super) struct Resampling {
    columns: Axis,
    rows: Axis,
}

impl Resampling {
    /// From chroma's own resolution to that of `(width, height)` luma samples; none where it is
    /// the same.
    pub fn up(chroma: Chroma, size: (usize, usize)) -> Option<Self> {
        Self::new(chroma, size, |luma, step, shift| {
            Axis::new(luma.div_ceil(step), luma, 1.0, move |output| {
                (output as f64 - shift) / step as f64
            })
        })
    }

    /// From the resolution of `(width, height)` luma samples to chroma's own; none where it is the
    /// same.
    pub fn down(chroma: Chroma, size: (usize, usize)) -> Option<Self> {
        Self::new(chroma, size, |luma, step, shift| {
            Axis::new(luma, luma.div_ceil(step), step as f64, move |output| {
                (output * step) as f64 + shift
            })
        })
    }

    /// `axis` makes one of the number of luma samples, how many go to one of chroma, and how far
    /// from the first of these that lies.
    fn new(
        chroma: Chroma,
        (width, height): (usize, usize),
        axis: impl Fn(usize, usize, f64) -> Axis,
    ) -> Option<Self> {
        let (across, down) = chroma.steps();
        if (across, down) == (1, 1) {
            return None;
        }
        let (right, below) = match chroma {
            Chroma::Quarter(Siting::Centre) => (0.5, 0.5),
            Chroma::Quarter(Siting::Left) => (0.0, 0.5),
            _ => (0.0, 0.0),
        };
        Some(Self {
            columns: axis(width, across, right),
            rows: axis(height, down, below),
        })
    }

    /// A plane, resampled.
    pub fn apply(&self, plane: &[f32]) -> Vec<f32> {
        let (inputs, width) = (self.columns.inputs, self.columns.outputs());
        let mut wide = Vec::with_capacity(self.rows.inputs * width);
        for row in plane.chunks_exact(inputs) {
            wide.extend((0..width).map(|x| self.columns.sum(x, |tap| row[tap])));
        }
        let mut result = Vec::with_capacity(self.rows.outputs() * width);
        for y in 0..self.rows.outputs() {
            result.extend((0..width).map(|x| self.rows.sum(y, |tap| wide[tap * width + x])));
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Chroma; 4] = [
        Chroma::Quarter(Siting::Centre),
        Chroma::Quarter(Siting::Left),
        Chroma::Quarter(Siting::TopLeft),
        Chroma::Half,
    ];

    #[test]
    fn flat_planes_stay_flat() {
        for chroma in ALL {
            for size in [(7_usize, 5_usize), (8, 6), (1, 1)] {
                let (across, down) = chroma.steps();
                let small = size.0.div_ceil(across) * size.1.div_ceil(down);
                let up = Resampling::up(chroma, size).expect("a resampling");
                let large = up.apply(&vec![0.3; small]);
                assert_eq!(large.len(), size.0 * size.1);
                let down = Resampling::down(chroma, size).expect("a resampling");
                let again = down.apply(&large);
                assert_eq!(again.len(), small);
                let off = large.iter().chain(&again).map(|value| (value - 0.3).abs());
                assert!(off.fold(0.0, f32::max) < 1e-6, "{chroma:?} {size:?}");
            }
        }
    }

    /// A ramp is as steep, and lies as, it did: what a wrong siting would shift.
    #[test]
    fn samples_lie_where_the_siting_says() {
        for chroma in ALL {
            let (across, _) = chroma.steps();
            let shift = if chroma == Chroma::Quarter(Siting::Centre) {
                0.5
            } else {
                0.0
            };
            let (width, height) = (32_usize, 8_usize);
            let (small, rows) = (width / across, height.div_ceil(chroma.steps().1));
            let ramp: Vec<f32> = (0..small * rows)
                .map(|index| (index % small * across) as f32 + shift)
                .collect();
            let large = Resampling::up(chroma, (width, height))
                .expect("a resampling")
                .apply(&ramp);
            for x in 6..width - 6 {
                let off = (large[3 * width + x] - x as f32).abs();
                assert!(off < 1e-4, "{chroma:?}: {off} at {x}");
            }
            let straight: Vec<f32> = (0..width * height).map(|i| (i % width) as f32).collect();
            let down = Resampling::down(chroma, (width, height)).expect("a resampling");
            let again = down.apply(&straight);
            for x in 3..small - 3 {
                let off = (again[small + x] - ramp[x]).abs();
                assert!(off < 1e-4, "{chroma:?}: {off} at {x}, down");
            }
        }
    }
}
