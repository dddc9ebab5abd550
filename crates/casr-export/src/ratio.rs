//! The factor of a step as a ratio of small whole numbers.

use crate::error::ExportError;
use casr_net::LARGEST_STEP;
use std::fmt;

/// The largest number of inputs of a period: its kernels grow with the square of it.
const LARGEST_PERIOD: usize = 4;

/// How far a decimal fraction may lie from the ratio that it stands for, such as 1.333 from 4/3.
const TOLERANCE: f64 = 1e-3;

/// The factor of a step, in lowest terms: every [`Ratio::inputs`] pixels of the input become
/// [`Ratio::outputs`] pixels of the result, all alike, so that fixed kernels can make them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    outputs: usize,
    inputs: usize,
}

impl Ratio {
    /// The ratio of a factor, from 1 to the largest step, with a denominator of at most 4.
    ///
    /// # Errors
    /// [`ExportError::Factor`] for any other factor.
    pub fn of(factor: f64) -> Result<Self, ExportError> {
        let refused = || ExportError::Factor { factor };
        if !(1.0..=LARGEST_STEP).contains(&factor) {
            return Err(refused());
        }
        // The smallest denominator is that of the lowest terms.
        let ratio = |inputs: usize| Self {
            outputs: (factor * inputs as f64).round() as usize,
            inputs,
        };
        (1..=LARGEST_PERIOD)
            .map(ratio)
            .find(|ratio| (ratio.factor() - factor).abs() < TOLERANCE)
            .ok_or_else(refused)
    }

    /// Outputs of a period.
    pub fn outputs(self) -> usize {
        self.outputs
    }

    /// Inputs of a period: an input's sides must be multiples of it.
    pub fn inputs(self) -> usize {
        self.inputs
    }

    /// Its value.
    pub fn factor(self) -> f64 {
        self.outputs as f64 / self.inputs as f64
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self.inputs {
            1 => write!(formatter, "{}", self.outputs),
            inputs => write!(formatter, "{}/{inputs}", self.outputs),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_ratios_in_lowest_terms() {
        for (factor, text) in [
            (1.0, "1"),
            (2.0, "2"),
            (1.5, "3/2"),
            (1.333, "4/3"),
            (8.0 / 3.0, "8/3"),
            (3.75, "15/4"),
            (4.0, "4"),
        ] {
            assert_eq!(Ratio::of(factor).unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_factors_are_refused() {
        for factor in [0.5, 1.1, 4.25, 8.0, f64::NAN, f64::INFINITY] {
            let error = Ratio::of(factor).unwrap_err().to_string();
            assert!(error.contains("from 1 to 4"), "{error}");
        }
    }
}
