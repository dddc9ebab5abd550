//! The deviation of white noise.

use super::{Plane, stride};
use std::f32::consts::FRAC_1_SQRT_2;

/// Side of a patch, pixels.
const SIDE: usize = 8;

/// About how many patches are measured.
const PATCHES: usize = 30_000;

/// The fewest patches that an estimate is made of.
const FEWEST_PATCHES: usize = 40;

/// Quantile of the patches' roughness, the flattest ones, that noise is estimated from.
const FLATTEST: f64 = 0.03;

/// [`FLATTEST`] quantile of the roughness of white noise over its deviation, in differences of two
/// colours.
const QUANTILE_OF_DIFFERENCES: f32 = 0.645;

/// The same in one colour of photographs, whose patches are seldom flat.
const QUANTILE_OF_A_COLOUR: f32 = 0.80;

/// Another quantile of the roughness: its ratio to the flattest tells noise from texture.
const FIFTH: f64 = 0.2;

/// That ratio in white noise.
const NOISE_RATIO: f32 = 1.45;

/// That ratio where there is texture, and no estimate.
const TEXTURE_RATIO: f32 = 1.9;

/// In how many patches side by side green alone is trusted fully, in an image with colours.
const TRUSTED_PATCHES: usize = 400;

/// The deviation that rounding to 8 bits leaves in a clean image.
const ROUNDING: f32 = 0.3;

/// The standard deviation of the noise of an image's red, green and blue, in their own units; 0
/// where there are too few patches.
///
/// Roughness is the difference of two Laplacians (Immerkær, Computer Vision and Image Understanding
/// 64, 1996), to which slopes and straight edges add nothing: in the flattest patches it is noise
/// alone. Small images have no flat patches, but their fine detail is grey, so the differences of
/// their colours hold noise alone. Noise that all colours share is estimated from green, as far as
/// patches are equally rough all over, which texture is not.
pub(super) fn deviation([red, green, blue]: &[Plane; 3]) -> f32 {
    let differences = [red, blue].map(|colour| {
        let difference = difference(colour, green);
        Patches::of(&difference, &[colour, green])
    });
    let seen: Vec<Patches> = differences.into_iter().flatten().collect();
    let colours = seen
        .iter()
        .map(|patches| patches.variance(QUANTILE_OF_DIFFERENCES));
    let colours = colours.sum::<f32>() / seen.len().max(1) as f32;
    let trusted = if seen.iter().all(|patches| patches.fifth == 0.0) {
        1.0
    } else {
        ((green.width * green.height) as f32 / (SIDE * SIDE * TRUSTED_PATCHES) as f32).min(1.0)
    };
    let grey = Patches::of(green, &[green]).map_or(0.0, |patches| {
        let variance = patches.variance(QUANTILE_OF_A_COLOUR);
        trusted * patches.trust() * (variance - colours).max(0.0)
    });
    (colours + grey).sqrt()
}

/// The difference of two colours, which has the deviation of either where their noise is
/// independent.
fn difference(colour: &Plane, green: &Plane) -> Plane {
    let values = colour.values.iter().zip(&green.values);
    Plane {
        values: values.map(|(c, g)| FRAC_1_SQRT_2 * (c - g)).collect(),
        ..*green
    }
}

/// The roughness of the flattest patches of a plane and of a fifth of all.
struct Patches {
    flattest: f32,
    fifth: f32,
}

impl Patches {
    /// Of those patches where the planes that it was made of are exposed; none if there are too
    /// few.
    fn of(plane: &Plane, made_of: &[&Plane]) -> Option<Self> {
        let places = |length: usize| (length + 1).saturating_sub(SIDE);
        let (columns, rows) = (places(plane.width), places(plane.height));
        let step = stride(columns * rows, PATCHES).max(2);
        let corners = (0..rows)
            .step_by(step)
            .flat_map(|y| (0..columns).step_by(step).map(move |x| (x, y)));
        let exposed =
            |&(x, y): &(usize, usize)| (made_of.iter()).all(|plane| plane.is_exposed(x, y, SIDE));
        let mut all: Vec<f32> = (corners.filter(exposed))
            .map(|(x, y)| roughness(plane, x, y))
            .collect();
        if all.len() < FEWEST_PATCHES {
            return None;
        }
        let mut at = |share: f64| {
            let place = (all.len() as f64 * share) as usize;
            *all.select_nth_unstable_by(place, f32::total_cmp).1
        };
        Some(Self {
            flattest: at(FLATTEST),
            fifth: at(FIFTH),
        })
    }

    /// The variance of the noise, if the flattest patches have this share of its deviation.
    fn variance(&self, share: f32) -> f32 {
        ((self.flattest / share).powi(2) - ROUNDING * ROUNDING).max(0.0)
    }

    /// How far they are noise, 1, and not texture, 0.
    fn trust(&self) -> f32 {
        let spread = self.fifth / self.flattest.max(f32::MIN_POSITIVE);
        ((TEXTURE_RATIO - spread) / (TEXTURE_RATIO - NOISE_RATIO)).clamp(0.0, 1.0)
    }
}

/// The roughness of a patch: the deviation of white noise of the same second differences.
fn roughness(plane: &Plane, left: usize, top: usize) -> f32 {
    const INNER: usize = SIDE - 2;
    let second = |a: f32, b: f32, c: f32| a - 2.0 * b + c;
    let lines: [[f32; INNER]; SIDE] = std::array::from_fn(|row| {
        let line = &plane.values[(top + row) * plane.width + left..][..SIDE];
        std::array::from_fn(|place| second(line[place], line[place + 1], line[place + 2]))
    });
    let responses = lines.windows(3).flat_map(|lines| {
        (0..INNER).map(|place| second(lines[0][place], lines[1][place], lines[2][place]))
    });
    let sum: f32 = responses.map(|response| response * response).sum();
    // The squares of the weights, 1 −2 1 along both axes, sum to 36.
    (sum / (INNER * INNER * 36) as f32).sqrt()
}
