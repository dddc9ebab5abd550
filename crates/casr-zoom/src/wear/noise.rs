//! The deviation of white noise.

use super::{Plane, stride};

/// Side of a patch, pixels.
const SIDE: usize = 8;

/// Patches that are looked at, about, and the fewest that tell anything.
const MOST: usize = 30_000;
const FEWEST: usize = 40;

/// Share of the patches, the flattest ones, that noise is told by.
const FLATTEST: f64 = 0.03;

/// What the flattest patches show of white noise: as chance has it, they show less than it is.
const SHOWN: f32 = 0.80;

/// What rounding to 8 bits leaves of a clean image.
const ROUNDING: f32 = 0.3;

/// The standard deviation of the noise of a plane, in its own units; 0 where it is too small to tell.
///
/// In the flattest patches the difference of two Laplacians (Immerkær, Computer Vision and Image Understanding 64, 1996), which sees
/// neither slopes nor straight edges, sees noise alone.
pub(super) fn deviation(plane: &Plane) -> f32 {
    let places = |length: usize| (length + 1).saturating_sub(SIDE);
    let (columns, rows) = (places(plane.width), places(plane.height));
    let step = stride(columns * rows, MOST).max(2);
    let corners = (0..rows)
        .step_by(step)
        .flat_map(|y| (0..columns).step_by(step).map(move |x| (x, y)));
    let mut deviations: Vec<f32> = corners
        .filter(|&(x, y)| plane.is_exposed(x, y, SIDE))
        .map(|(x, y)| roughness(plane, x, y))
        .collect();
    if deviations.len() < FEWEST {
        return 0.0;
    }
    let place = (deviations.len() as f64 * FLATTEST) as usize;
    let (_, flat, _) = deviations.select_nth_unstable_by(place, f32::total_cmp);
    let variance = (*flat / SHOWN).powi(2) - ROUNDING * ROUNDING;
    variance.max(0.0).sqrt()
}

/// The deviation of white noise that would look like a patch.
fn roughness(plane: &Plane, left: usize, top: usize) -> f32 {
    const WEIGHTS: [f32; 3] = [1.0, -2.0, 1.0];
    let mut sum = 0.0;
    for y in top..top + SIDE - 2 {
        for x in left..left + SIDE - 2 {
            let response: f32 = (0..3)
                .flat_map(|i| (0..3).map(move |j| (i, j)))
                .map(|(i, j)| WEIGHTS[i] * WEIGHTS[j] * plane.at(x + j, y + i))
                .sum();
            sum += response * response;
        }
    }
    // The weights' squares sum to 36.
    (sum / ((SIDE - 2) * (SIDE - 2) * 36) as f32).sqrt()
}
