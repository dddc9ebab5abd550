//! Local normalisation of luma: the mean subtracted, divided by the contrast.

use super::Plane;

/// Side of the Gaussian window.
pub(super) const WINDOW: usize = 7;

/// Normalises by the mean and the standard deviation under a window.
#[derive(Clone, Debug)]
pub(super) struct Normaliser {
    /// `[WINDOW, WINDOW]`.
    window: Vec<f64>,
}

impl Normaliser {
    /// The normaliser of a symmetric window, `[WINDOW, WINDOW]`; none where its weights do not make
    /// a mean: negative, or with another sum than 1.
    pub fn new(window: Vec<f64>) -> Option<Self> {
        let sum: f64 = window.iter().sum();
        let mean = window.iter().all(|&weight| weight >= 0.0) && (sum - 1.0).abs() < 1e-3;
        mean.then_some(Self { window })
    }

    /// The normalised values `(y − μ) / (σ + 1)` of a square of `side` whose left and top are
    /// `corner`, `[side, side]`. Past the border of the plane its outermost values are repeated.
    ///
    /// Sums are in f64, results in f32 as in BasicSR: where the plane is flat, they are exactly
    /// zero. In f64 they would be rounding errors of either sign that count as texture, and a score
    /// with overexposed sky would rise by 2.
    pub fn block(&self, plane: &Plane, corner: (usize, usize), side: usize) -> Vec<f32> {
        let around = Around::new(plane, corner, side);
        let mut normalised = Vec::with_capacity(side * side);
        let (mut means, mut squares) = (vec![0.0; side], vec![0.0; side]);
        for row in 0..side {
            means.fill(0.0);
            squares.fill(0.0);
            for (tap, &weight) in self.window.iter().enumerate() {
                let start = (row + tap / WINDOW) * around.side + tap % WINDOW;
                add(weight, &around.values[start..], &mut means);
                add(weight, &around.squares[start..], &mut squares);
            }
            let middle = (row + WINDOW / 2) * around.side + WINDOW / 2;
            let values = &around.values[middle..][..side];
            normalised.extend(values.iter().zip(&means).zip(&squares).map(
                |((&value, &mean), &square)| {
                    let (mean, square) = (mean as f32, square as f32);
                    let deviation = (square - mean * mean).abs().sqrt();
                    (value as f32 - mean) / (deviation + 1.0)
                },
            ));
        }
        normalised
    }
}

/// Adds `weight * values` to the sums.
fn add(weight: f64, values: &[f64], sums: &mut [f64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += weight * value;
    }
}

/// A square of a plane with half a window around it, `[side, side]`.
struct Around {
    side: usize,
    values: Vec<f64>,
    squares: Vec<f64>,
}

impl Around {
    fn new(plane: &Plane, corner: (usize, usize), inner: usize) -> Self {
        let side = inner + WINDOW - 1;
        let nearest = |start: usize, offset: usize, length: usize| {
            (start + offset).saturating_sub(WINDOW / 2).min(length - 1)
        };
        let values: Vec<f32> = (0..side * side)
            .map(|i| {
                let row = nearest(corner.1, i / side, plane.height);
                let column = nearest(corner.0, i % side, plane.width);
                plane.values[row * plane.width + column]
            })
            .collect();
        Self {
            side,
            values: values.iter().map(|&value| f64::from(value)).collect(),
            squares: values
                .iter()
                .map(|&value| f64::from(value * value))
                .collect(),
        }
    }
}
