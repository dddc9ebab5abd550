//! Axes: the range that a chart shows, and where its ticks are.

use plotters::coord::ranged1d::{
    KeyPointHint, KeyPointWeight, NoDefaultFormatting, Ranged, ValueFormatter,
};
use std::ops::Range;

/// Values beyond this have no place on a chart; the differences of all others are finite.
const LARGEST: f64 = 1e100;
/// Room beyond the outermost values, as a share of the range between them.
const MARGIN: f64 = 0.08;
/// White between labels, pixels.
const LABEL_GAP: f64 = 5.0;
/// Scales that span more than this are shown by their logarithms.
const LARGEST_LINEAR: f64 = 4.0;

/// An axis.
#[derive(Clone, Debug)]
pub struct Axis {
    /// Its ticks, in order.
    pub ticks: Vec<Tick>,
    /// Where it begins and ends; logarithms to the base 2 if it is logarithmic.
    range: Range<f64>,
    logarithmic: bool,
}

/// A mark of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where it is.
    pub value: f64,
    /// What it says.
    pub label: String,
}

/// What is along the bottom of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Across {
    /// The scales that were measured, a tick each.
    Scales,
    /// Scales of levels on the way, with ticks at powers of two.
    Levels,
    /// Steps, counted from 1.
    Steps,
}

impl Across {
    /// What a value is.
    pub fn title(self) -> &'static str {
        match self {
            Self::Scales => "scale",
            Self::Levels => "scale of the level",
            Self::Steps => "step",
        }
    }
}

/// Whether a chart can show a value.
pub fn is_shown(value: f64) -> bool {
    value.abs() < LARGEST
}

impl Axis {
    /// The axis for what is along the bottom; none without a value that can be shown.
    pub fn across(kind: Across, values: &[f64]) -> Option<Self> {
        let above_zero = |value: &f64| is_shown(*value) && *value > 0.0;
        let mut values: Vec<f64> = values.iter().copied().filter(above_zero).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let (&least, &most) = (values.first()?, values.last()?);
        let logarithmic = match kind {
            Across::Scales => most / least > LARGEST_LINEAR,
            Across::Levels => true,
            Across::Steps => false,
        };
        if kind == Across::Levels {
            let powers = least.log2().floor() as i32..=most.log2().ceil() as i32;
            let stride = powers.clone().count().div_ceil(8);
            values = powers
                .step_by(stride)
                .map(|power| 2f64.powi(power))
                .collect();
        }
        let mut axis = Self {
            ticks: Vec::new(),
            range: 0.0..1.0,
            logarithmic,
        };
        axis.range = widened(axis.position(least), axis.position(most), 1.0);
        values.retain(|&value| axis.range.contains(&axis.position(value)));
        let label = |value| match kind {
            Across::Steps => short(value),
            Across::Scales | Across::Levels => times(value),
        };
        axis.ticks = values
            .into_iter()
            .map(|value| Tick {
                value,
                label: label(value),
            })
            .collect();
        Some(axis)
    }

    /// The axis for measured values, with ticks at round numbers; none without a value that can be
    /// shown.
    pub fn upwards(values: &[f64]) -> Option<Self> {
        let shown = || values.iter().copied().filter(|&value| is_shown(value));
        let least = shown().min_by(f64::total_cmp)?;
        let most = shown().max_by(f64::total_cmp)?;
        let mut range = widened(least, most, 0.05 * most.abs());
        if least >= 0.0 {
            range.start = range.start.max(0.0);
        }
        Some(Self {
            ticks: round_ticks(&range),
            range,
            logarithmic: false,
        })
    }

    /// Takes away labels that have no room beside others on an axis of `length` pixels; `width`
    /// measures labels.
    pub fn thin_labels(&mut self, length: u32, width: impl Fn(&str) -> f64) {
        let mut end = f64::NEG_INFINITY;
        for index in 0..self.ticks.len() {
            let middle = self.share(self.ticks[index].value) * f64::from(length);
            let label = &mut self.ticks[index].label;
            let half = width(label) / 2.0;
            if middle - half > end {
                end = middle + half + LABEL_GAP;
            } else {
                label.clear();
            }
        }
    }

    /// Where along the axis a value is, 0 at its begin and 1 at its end.
    fn share(&self, value: f64) -> f64 {
        (self.position(value) - self.range.start) / (self.range.end - self.range.start)
    }

    fn position(&self, value: f64) -> f64 {
        if self.logarithmic {
            value.log2()
        } else {
            value
        }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, pixels: (i32, i32)) -> i32 {
        pixels.0 + (self.share(*value) * f64::from(pixels.1 - pixels.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        match hint.weight() {
            KeyPointWeight::Bold => self.ticks.iter().map(|tick| tick.value).collect(),
            KeyPointWeight::Any => Vec::new(),
        }
    }

    fn range(&self) -> Range<f64> {
        let value = |position: f64| {
            if self.logarithmic {
                position.exp2()
            } else {
                position
            }
        };
        value(self.range.start)..value(self.range.end)
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().find(|tick| tick.value == *value);
        tick.map(|tick| tick.label.clone()).unwrap_or_default()
    }
}

/// The range of two values and room around; `room` where they are the same, and 1 where that is
/// nothing.
fn widened(least: f64, most: f64, room: f64) -> Range<f64> {
    let span = most - least;
    // Differences that are rounding errors of the values are none.
    let room = if span > 1e-9 * most.abs().max(least.abs()) {
        MARGIN * span
    } else if room > 0.0 {
        room
    } else {
        1.0
    };
    least - room..most + room
}

/// Three to eight ticks at multiples of 1, 2 or 5 times a power of ten.
fn round_ticks(range: &Range<f64>) -> Vec<Tick> {
    let wanted = (range.end - range.start) / 8.0;
    let exponent = wanted.log10().floor();
    let unit = 10f64.powf(exponent);
    let factors = [1.0, 2.0, 5.0, 10.0];
    let factor = factors
        .into_iter()
        .find(|factor| factor * unit >= wanted)
        .unwrap_or(10.0);
    let exponent = if factor == 10.0 {
        exponent + 1.0
    } else {
        exponent
    };
    let step = factor * unit;
    let first = (range.start / step).ceil();
    let count = (range.end / step).floor() - first;
    let label = |value: f64| {
        if exponent.abs() > 5.0 {
            format!("{value:.1e}")
        } else {
            format!("{value:.*}", (-exponent).max(0.0) as usize)
        }
    };
    (0..=count.clamp(0.0, 20.0) as u32)
        .map(|index| {
            // Added to zero, minus zero is zero.
            let value = 0.0 + (first + f64::from(index)) * step;
            Tick {
                value,
                label: label(value),
            }
        })
        .collect()
}

/// A scale as text.
pub fn times(scale: f64) -> String {
    format!("×{}", short(scale))
}

/// A number with at most two decimals.
fn short(value: f64) -> String {
    if (1e-2..1e6).contains(&value) {
        ((value * 100.0).round() / 100.0).to_string()
    } else {
        format!("{value:.1e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::coord::ranged1d::BoldPoints;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn scales_have_their_own_ticks_and_logarithms_when_they_span_much() {
        let axis = Axis::across(Across::Scales, &[4.0, 2.0, 3.0, 2.0, f64::NAN]).unwrap();
        assert_eq!(labels(&axis), ["×2", "×3", "×4"]);
        assert_eq!(axis.map(&3.0, (100, 0)), 50);
        let axis = Axis::across(Across::Scales, &[2.0, 3.1, 64.0]).unwrap();
        assert_eq!(labels(&axis), ["×2", "×3.1", "×64"]);
        let (low, middle, high) = (axis.share(2.0), axis.share(11.313708), axis.share(64.0));
        assert!(
            (high + low - 2.0 * middle).abs() < 1e-6,
            "{low}, {middle} and {high}"
        );
        assert!(Axis::across(Across::Scales, &[f64::INFINITY, -1.0]).is_none());
    }

    #[test]
    fn levels_have_ticks_at_powers_of_two() {
        let axis = Axis::across(Across::Levels, &[2.52, 6.35, 16.0]).unwrap();
        assert_eq!(labels(&axis), ["×4", "×8", "×16"]);
        assert!(
            Axis::across(Across::Levels, &[1e-90, 1e90])
                .unwrap()
                .ticks
                .len()
                <= 9
        );
    }

    #[test]
    fn values_have_round_ticks() {
        let axis = Axis::upwards(&[24.1, 31.4, f64::NAN, f64::INFINITY]).unwrap();
        assert_eq!(labels(&axis), ["24", "26", "28", "30"]);
        let axis = Axis::upwards(&[0.912, 0.9312]).unwrap();
        assert_eq!(labels(&axis), ["0.915", "0.920", "0.925", "0.930"]);
        assert!(Axis::upwards(&[f64::NAN]).is_none());
    }

    #[test]
    fn labels_that_would_overlap_are_left_out() {
        let mut axis = Axis::across(Across::Scales, &[2.0, 2.1, 2.2, 4.0]).unwrap();
        axis.thin_labels(100, |label| 6.0 * label.chars().count() as f64);
        assert_eq!(labels(&axis), ["×2", "", "", "×4"]);
        assert_eq!(axis.key_points(BoldPoints(9)).len(), 4);
        assert_eq!(axis.format_ext(&4.0), "×4");
    }

    #[test]
    fn odd_values_still_make_an_axis() {
        for values in [
            &[0.0][..],
            &[-3.0, -3.0],
            &[0.0, 1e-12],
            &[1e99, -1e99],
            &[1e15, 1e15 + 1.0],
            &[1e-300, 2e-300],
            &[f64::MIN_POSITIVE, 0.0],
        ] {
            let axis = Axis::upwards(values).unwrap();
            assert!(
                axis.range.start < axis.range.end,
                "{values:?}: {:?}",
                axis.range
            );
            assert!(
                (1..=11).contains(&axis.ticks.len()),
                "{values:?}: {:?}",
                axis.ticks
            );
            let shown = |value: &&f64| axis.range.contains(value);
            assert_eq!(
                values.iter().filter(shown).count(),
                values.len(),
                "{values:?}"
            );
        }
    }
}
