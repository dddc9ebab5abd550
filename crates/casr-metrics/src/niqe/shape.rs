//! The asymmetric generalised Gaussian distribution, fitted by its moments (Lasmar, Stitou and
//! Berthoumieu, ICIP 2009).

use libm::tgamma;

/// Exponents tried: 0.2, 0.201 … 10.
const EXPONENTS: usize = 9801;

/// An asymmetric generalised Gaussian with mode zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// The exponent α: 2 for a Gaussian, 1 for a Laplacian.
    pub exponent: f64,
    /// The scale β of the negative side.
    pub left: f64,
    /// The scale β of the positive side.
    pub right: f64,
}

impl Fit {
    /// The distribution's mean, `(βᵣ − βₗ) Γ(2/α) / Γ(1/α)`.
    pub fn mean(&self) -> f64 {
        (self.right - self.left) * tgamma(2.0 / self.exponent) / tgamma(1.0 / self.exponent)
    }
}

/// The ratio `Γ(2/α)² / (Γ(1/α) Γ(3/α))` of every exponent tried; it rises with α.
#[derive(Clone, Debug)]
pub(super) struct ShapeTable {
    ratios: Vec<f64>,
}

impl ShapeTable {
    pub fn new() -> Self {
        let ratio = |step| {
            let inverse = 1.0 / exponent(step);
            let second = tgamma(2.0 * inverse);
            second * second / (tgamma(inverse) * tgamma(3.0 * inverse))
        };
        Self {
            ratios: (0..EXPONENTS).map(ratio).collect(),
        }
    }

    /// Fits the distribution to values.
    ///
    /// The scale of a side without values is not a number; then the exponent is the smallest, which
    /// is what a search for the nearest ratio finds in BasicSR.
    pub fn fit(&self, values: impl Iterator<Item = f64>) -> Fit {
        let (mut left, mut right, mut magnitude) = (Side::default(), Side::default(), 0.0);
        let mut count = 0.0;
        for value in values {
            count += 1.0;
            magnitude += value.abs();
            if value < 0.0 {
                left.add(value);
            } else if value > 0.0 {
                right.add(value);
            }
        }
        let power = (left.squares + right.squares) / count;
        let (left, right) = (left.deviation(), right.deviation());
        let skew = left / right;
        let peakedness = (magnitude / count).powi(2) / power;
        let ratio = peakedness * (skew.powi(3) + 1.0) * (skew + 1.0) / (skew.powi(2) + 1.0).powi(2);
        let exponent = exponent(self.nearest(ratio));
        let scale = (tgamma(1.0 / exponent) / tgamma(3.0 / exponent)).sqrt();
        Fit {
            exponent,
            left: left * scale,
            right: right * scale,
        }
    }

    /// The step whose ratio is nearest, the first one for what is not a number.
    fn nearest(&self, ratio: f64) -> usize {
        let above = self.ratios.partition_point(|&tried| tried < ratio);
        let below = above.saturating_sub(1);
        match (self.ratios.get(below), self.ratios.get(above)) {
            (Some(lower), Some(upper)) if upper - ratio < ratio - lower => above,
            _ => below,
        }
    }
}

/// The exponent tried at a step.
fn exponent(step: usize) -> f64 {
    0.2 + step as f64 * 0.001
}

/// The values on one side of zero.
#[derive(Default)]
struct Side {
    count: f64,
    squares: f64,
}

impl Side {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.squares += value * value;
    }

    /// Not a number without values.
    fn deviation(&self) -> f64 {
        (self.squares / self.count).sqrt()
    }
}
