//! The deviation of white noise.

use super::{Plane, stride};
use std::f32::consts::FRAC_1_SQRT_2;

/// Side of a patch, pixels.
const SIDE: usize = 8;

/// Patches that are looked at, about, and the fewest that tell anything.
const MOST: usize = 30_000;
const FEWEST: usize = 40;

/// Share of the patches, the flattest ones, that noise is told by.
const FLATTEST: f64 = 0.03;

/// What the flattest patches of white noise show of it; of one colour they show more, as they are seldom flat.
const SHOWN: f32 = 0.645;
const SHOWN_BY_COLOUR: f32 = 0.80;

/// The roughness at a fifth of the patches over that of the flattest: where it is noise, and where it is texture.
const NOISE: f32 = 1.45;
const TEXTURE: f32 = 1.9;
const FIFTH: f64 = 0.2;

/// Patches side by side that an image with colours must have for its green alone to be trusted.
const SURE: usize = 400;

/// What rounding to 8 bits leaves of a clean image.
const ROUNDING: f32 = 0.3;

/// The standard deviation of the noise of an image's red, green and blue, in their own units; 0 where it is too small to tell.
///
/// In the flattest patches the difference of two Laplacians (Immerkær, Computer Vision and Image Understanding 64, 1996), which sees
/// neither slopes nor straight edges, sees noise alone. Small images have no flat patches, but what is fine in them is grey: in
/// the differences of their colours noise stands alone. Noise that is grey too is told by green, as far as patches are equally
/// rough all over: texture is not.
pub(super) fn deviation([red, green, blue]: &[Plane; 3]) -> f32 {
    let differences = [red, blue].map(|colour| {
        let difference = difference(colour, green);
        Patches::of(&difference, &[colour, green])
    });
    let seen: Vec<Patches> = differences.into_iter().flatten().collect();
    let colours = seen.iter().map(|patches| patches.variance(SHOWN));
    let colours = colours.sum::<f32>() / seen.len().max(1) as f32;
    let sure = if seen.iter().all(|patches| patches.fifth == 0.0) {
        1.0
    } else {
        ((green.width * green.height) as f32 / (SIDE * SIDE * SURE) as f32).min(1.0)
    };
    let grey = Patches::of(green, &[green]).map_or(0.0, |patches| {
        let variance = patches.variance(SHOWN_BY_COLOUR);
        sure * patches.trust() * (variance - colours).max(0.0)
    });
    (colours + grey).sqrt()
}

/// The difference of two colours, which has the deviation of either where their noise is independent.
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
    /// Of those patches where the planes that it was made of are exposed; none if there are too few.
    fn of(plane: &Plane, made_of: &[&Plane]) -> Option<Self> {
        let places = |length: usize| (length + 1).saturating_sub(SIDE);
        let (columns, rows) = (places(plane.width), places(plane.height));
        let step = stride(columns * rows, MOST).max(2);
        let corners = (0..rows)
            .step_by(step)
            .flat_map(|y| (0..columns).step_by(step).map(move |x| (x, y)));
        let exposed =
            |&(x, y): &(usize, usize)| (made_of.iter()).all(|plane| plane.is_exposed(x, y, SIDE));
        let mut all: Vec<f32> = (corners.filter(exposed))
            .map(|(x, y)| roughness(plane, x, y))
            .collect();
        if all.len() < FEWEST {
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

    /// The variance of the noise, if the flattest patches show this share of its deviation.
    fn variance(&self, shown: f32) -> f32 {
        ((self.flattest / shown).powi(2) - ROUNDING * ROUNDING).max(0.0)
    }

    /// How sure it is that they show noise, and not texture, from 0 to 1.
    fn trust(&self) -> f32 {
        let spread = self.fifth / self.flattest.max(f32::MIN_POSITIVE);
        ((TEXTURE - spread) / (TEXTURE - NOISE)).clamp(0.0, 1.0)
    }
}

/// The deviation of white noise that would look like a patch.
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
