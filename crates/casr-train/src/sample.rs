//! Batches: random crops, flips and factors, degraded as the field's protocol says.

use crate::{
    data::{Dataset, Tile},
    degradation::DegradationModel,
    error::TrainError,
    options::TrainOptions,
};
use casr_metrics::{RgbImage, degrade, imresize};
use casr_net::{Degradation, Origin, Pixels, Prior, PriorGeometry, StepGeometry};
use fastrand::Rng;
use rayon::prelude::*;
use std::sync::Arc;

/// What one step of the network shall produce.
#[derive(Clone, Debug)]
pub struct Target {
    /// From the level below to this one.
    pub geometry: Arc<StepGeometry>,
    /// The true level, [n, H, W, 3].
    pub pixels: Vec<f32>,
}

/// One batch: low-resolution patches and up to three levels above them.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Images.
    pub images: usize,
    /// Height and width of a patch.
    pub size: (usize, usize),
    /// The patches, [n, h, w, 3], rounded to 8 bits, some of them degraded.
    pub input: Vec<f32>,
    /// The patches before they were degraded, alike.
    pub clean: Vec<f32>,
    /// The condition of each of them in the first step.
    pub origins: Vec<Origin>,
    /// One target a step.
    pub targets: Vec<Target>,
}

impl Batch {
    /// What the patches know of themselves, for a step from `levels` made of them, [n, h, w, 3].
    pub(crate) fn priors(&self, levels: &[f32], geometry: &StepGeometry) -> Vec<Prior> {
        let (rows, columns) = (&geometry.rows, &geometry.columns);
        let level = (rows.inputs(), columns.inputs());
        let whole = PriorGeometry::new(self.size, level, (rows.outputs(), columns.outputs()));
        let images = self.input.par_chunks(self.size.0 * self.size.1 * 3);
        let levels = levels.par_chunks(level.0 * level.1 * 3);
        let priors = images.zip(levels).map(|(image, level_values)| {
            let image = Pixels {
                height: self.size.0,
                width: self.size.1,
                values: image,
            };
            whole.prior(image, level_values, 0..level.0, 0..level.1)
        });
        priors.collect()
    }
}

/// How often the two axes get factors of their own.
const ANISOTROPIC: f64 = 0.1;

/// How many of the batches of several steps have three.
const THREE_STEPS: f64 = 1.0 / 3.0;

/// The largest relative error of an estimated strength.
const ESTIMATE_ERROR: f32 = 0.2;
/// The most noise that texture is taken for.
const NOISE_FROM_TEXTURE: f32 = 0.15;
/// The strength of compression below which most estimates miss it.
const MISSED_COMPRESSION: f32 = 0.24;

/// The batch of `step`: a pure function of the data, the options and the step.
///
/// # Errors
/// None for a data set that was opened with these options.
pub fn batch(data: &Dataset, options: &TrainOptions, step: u64) -> Result<Batch, TrainError> {
    let mut random = Rng::with_seed(mix(options.seed, step));
    let whole = options.patch;
    if random.f64() < options.unroll {
        // Several steps cost more pixels than one: smaller patches and half the images keep the
        // price.
        let (steps, side) = if random.f64() < THREE_STEPS {
            (3, whole * 5 / 8)
        } else {
            (2, whole * 3 / 4)
        };
        let side = side.max(8);
        // Equal steps, as a scale plan has them.
        let scale = uniform(&mut random, 2.0, TrainOptions::MAX_SCALE);
        let levels: Vec<(usize, usize)> = (1..=steps)
            .map(|level| scaled(side, scale.powf(f64::from(level) / f64::from(steps))))
            .map(|side| (side, side))
            .collect();
        let images = options.batch.div_ceil(2);
        draw(data, options, &mut random, images, (side, side), &levels)
    } else {
        let scale = uniform(&mut random, 1.0, TrainOptions::MAX_SCALE);
        let other = if random.f64() < ANISOTROPIC {
            (scale * uniform(&mut random, 0.75, 1.33)).clamp(1.0, TrainOptions::MAX_SCALE)
        } else {
            scale
        };
        let top = (scaled(whole, scale), scaled(whole, other));
        let size = (whole, whole);
        draw(data, options, &mut random, options.batch, size, &[top])
    }
}

fn uniform(random: &mut Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * random.f64()
}

fn scaled(side: usize, scale: f64) -> usize {
    (side as f64 * scale).round() as usize
}

/// One seed from two (SplitMix64's finaliser), so that neighbouring steps are unrelated.
fn mix(seed: u64, step: u64) -> u64 {
    let mut z = seed
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(step.wrapping_add(1));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A batch whose levels have the given sizes (height, width) above patches of `size`.
fn draw(
    data: &Dataset,
    options: &TrainOptions,
    random: &mut Rng,
    images: usize,
    size: (usize, usize),
    levels: &[(usize, usize)],
) -> Result<Batch, TrainError> {
    let top = levels.last().copied().unwrap_or(size);
    let seeds: Vec<u64> = (0..images).map(|_| random.u64(..)).collect();
    let samples: Vec<(Origin, Vec<RgbImage>)> = seeds
        .par_iter()
        .map(|seed| {
            let mut random = Rng::with_seed(*seed);
            let tile = &data.training[random.usize(..data.training.len())];
            let truth = patch(tile, &mut random, top)?;
            let low = degrade(&truth, (size.1, size.0))?;
            let (origin, degraded) = degraded(&low, options.degraded, &mut random)?;
            let mut images = vec![degraded, low];
            for level in &levels[..levels.len() - 1] {
                images.push(imresize(&truth, (level.1, level.0))?);
            }
            images.push(truth);
            Ok((origin, images))
        })
        .collect::<Result<_, TrainError>>()?;
    let gather = |index: usize| {
        samples
            .iter()
            .flat_map(|(_, images)| images[index].values().iter().copied())
            .collect()
    };
    let below = std::iter::once(&size).chain(levels);
    let targets = (levels.iter().zip(below).enumerate())
        .map(|(index, (level, below))| Target {
            geometry: Arc::new(StepGeometry::new(*below, *level)),
            pixels: gather(index + 2),
        })
        .collect();
    Ok(Batch {
        images,
        size,
        input: gather(0),
        clean: gather(1),
        origins: samples.iter().map(|(origin, _)| *origin).collect(),
        targets,
    })
}

/// A patch as a user might bring it, degraded with this probability, and the condition of its first
/// step.
fn degraded(
    image: &RgbImage,
    probability: f64,
    random: &mut Rng,
) -> Result<(Origin, RgbImage), TrainError> {
    let degraded = random.f64() < probability;
    let model = if degraded {
        DegradationModel::draw(random)
    } else {
        DegradationModel::default()
    };
    let estimate = as_estimated(&model, random);
    let image = if degraded {
        model.apply(image, random.u64(..))?
    } else {
        image.clone()
    };
    Ok((Origin::Image(estimate), image))
}

/// What would be estimated of an image after this: not exact, with texture taken for a little
/// noise, less noise under JPEG, and some JPEG missed, most of it where the quality is high.
fn as_estimated(model: &DegradationModel, random: &mut Rng) -> Degradation {
    let Degradation { noise, compression } = model.strengths();
    let mut near = |value: f32| value * (1.0 + ESTIMATE_ERROR * (2.0 * random.f32() - 1.0));
    let (noise, compression) = (near(noise), near(compression));
    let textured = if random.bool() {
        NOISE_FROM_TEXTURE * random.f32()
    } else {
        0.0
    };
    let seen = random.f32();
    let missed = random.f32()
        < if compression < MISSED_COMPRESSION {
            0.6
        } else {
            0.1
        };
    Degradation {
        noise: (textured
            + if compression > 0.0 {
                noise * seen
            } else {
                noise
            })
        .min(1.0),
        compression: if missed { 0.0 } else { compression.min(1.0) },
    }
}

/// A random crop of `size` (height, width), in one of the eight orientations of a square.
fn patch(tile: &Tile, random: &mut Rng, size: (usize, usize)) -> Result<RgbImage, TrainError> {
    let transposed = random.bool();
    let (height, width) = if transposed { (size.1, size.0) } else { size };
    let corner = (
        random.usize(..=tile.height - height),
        random.usize(..=tile.width - width),
    );
    let source = tile.crop(corner, (height, width))?;
    let (flip_rows, flip_columns) = (random.bool(), random.bool());
    let mut values = Vec::with_capacity(source.values().len());
    for y in 0..size.0 {
        for x in 0..size.1 {
            let (row, column) = if transposed { (x, y) } else { (y, x) };
            let row = if flip_rows { height - 1 - row } else { row };
            let column = if flip_columns {
                width - 1 - column
            } else {
                column
            };
            let start = (row * width + column) * 3;
            values.extend_from_slice(&source.values()[start..start + 3]);
        }
    }
    Ok(RgbImage::new(size.1, size.0, values)?)
}
