//! What needs no network: tiles so smooth that its correction stays below half a code value.

use crate::{image::COLOURS, patch::Patch, strength::Strength};

/// Rows and columns around a pixel that the network's gates look at, on each side.
const REACH: usize = 2;

/// The largest correction of a code value of range at look 0, in code values; and what looks add to
/// it. Measured over the second to the fourth step of ×16, on six pieces of the samples, as the
/// largest correction of a tile over the largest range of a channel in 5×5 pixels of it and its
/// halo, for ranges up to 30:
///
/// | look | 0 | .1 | .25 | .5 | 1 |
/// |---|---|---|---|---|---|
/// | measured | .044 | .056 | .094 | .164 | .759 |
/// | bound | .06 | .067 | .104 | .235 | .76 |
const FAITHFUL: f32 = 0.06;
const OF_LOOKS: f32 = 0.7;

/// Up to which range of a channel within 5×5 pixels a tile of the shipped network is smooth, in
/// [0, 1]: its correction stays below half of 1/255. Not for the first step, which restores.
pub(crate) fn limit(look: Strength) -> f32 {
    let look = look.value();
    0.5 / 255.0 / (FAITHFUL + OF_LOOKS * look * look)
}

/// Whether no channel ranges over more than `limit` within any 5×5 pixels.
pub(crate) fn is_smooth(pixels: &Patch<f32>, limit: f32) -> bool {
    let (rows, columns) = (pixels.rows.clone(), pixels.columns.clone());
    let width = columns.len() * COLOURS;
    // Of every row the least and the greatest values within the columns around, then of these
    // within the rows around. Most tiles fail at their first rows.
    let mut across: Vec<Vec<[f32; 2]>> = Vec::new();
    for row in rows {
        let line = pixels.line(row, columns.clone());
        let bounds: Vec<[f32; 2]> = (0..width)
            .map(|place| {
                let pixel = place / COLOURS;
                let first = pixel.saturating_sub(REACH) * COLOURS + place % COLOURS;
                let last = (pixel + REACH + 1).min(columns.len()) * COLOURS;
                let around = line[first..last].iter().step_by(COLOURS);
                around.fold([f32::INFINITY, f32::NEG_INFINITY], |[low, high], value| {
                    [low.min(*value), high.max(*value)]
                })
            })
            .collect();
        across.push(bounds);
        let near = &across[across.len().saturating_sub(2 * REACH + 1)..];
        let ranges = (0..width).map(|place| {
            let bounds = near.iter().map(|row| row[place]);
            let [low, high] = bounds.fold([f32::INFINITY, f32::NEG_INFINITY], |all, own| {
                [all[0].min(own[0]), all[1].max(own[1])]
            });
            high - low
        });
        if ranges.fold(0.0, f32::max) > limit {
            return false;
        }
        if across.len() > 2 * REACH {
            across.remove(0);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ramp down and across, by these steps of a pixel.
    fn ramp(down: f32, across: f32) -> Patch<f32> {
        let (height, width) = (12, 9);
        let value = |index: usize| {
            let pixel = index / COLOURS;
            (pixel / width) as f32 * down + (pixel % width) as f32 * across
        };
        let values = (0..height * width * COLOURS).map(value).collect();
        Patch::new((3..3 + height, 7..7 + width), COLOURS, values)
    }

    #[test]
    fn a_range_is_that_of_five_by_five_pixels() {
        // Four steps from the first to the last of five pixels.
        assert!(is_smooth(&ramp(0.01, 0.0), 0.0401) && !is_smooth(&ramp(0.01, 0.0), 0.0399));
        assert!(is_smooth(&ramp(0.0, 0.01), 0.0401) && !is_smooth(&ramp(0.0, 0.01), 0.0399));
        assert!(is_smooth(&ramp(0.01, 0.01), 0.0801) && !is_smooth(&ramp(0.01, 0.01), 0.0799));
        assert!(is_smooth(&ramp(0.0, 0.0), 0.0));
    }

    #[test]
    fn channels_do_not_count_together() {
        let values = (0..6 * 6).flat_map(|_| [0.1, 0.5, 0.9]).collect();
        assert!(is_smooth(&Patch::new((0..6, 0..6), COLOURS, values), 0.0));
    }

    #[test]
    fn the_more_a_look_invents_the_smoother_a_tile_must_be() {
        let limits = [0.0, 0.25, 0.5, 1.0].map(|look| limit(Strength::new(look).unwrap()));
        assert!(limits.is_sorted_by(|one, other| one > other));
        assert!(limits[3] > 0.5 / 255.0 && limits[0] < 10.0 / 255.0);
    }
}
