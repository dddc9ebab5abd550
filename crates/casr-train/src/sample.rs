//! Batches: random crops, flips and factors, degraded as the field's protocol says.

use crate::{
    data::{Dataset, Tile},
    error::TrainError,
    options::TrainOptions,
};
use casr_metrics::{RgbImage, degrade, imresize};
use casr_net::StepGeometry;
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

/// One batch: low-resolution patches and one or two levels above them.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Images.
    pub images: usize,
    /// Height and width of a patch.
    pub size: (usize, usize),
    /// The patches, [n, h, w, 3], rounded to 8 bits.
    pub input: Vec<f32>,
    /// One target a step.
    pub targets: Vec<Target>,
}

/// How often the two axes get factors of their own.
const ANISOTROPIC: f64 = 0.1;

/// The batch of `step`: a pure function of the data, the options and the step.
///
/// # Errors
/// None for a data set that was opened with these options.
pub fn batch(data: &Dataset, options: &TrainOptions, step: u64) -> Result<Batch, TrainError> {
    let mut random = Rng::with_seed(mix(options.seed, step));
    if random.f64() < options.unroll {
        // Two steps cost more pixels than one: smaller patches and half the images keep the price.
        let side = (options.patch * 3 / 4).max(8);
        let images = options.batch.div_ceil(2);
        // Equal steps, as a scale plan has them.
        let scale = uniform(&mut random, 2.0, TrainOptions::MAX_SCALE);
        let (middle, top) = (scaled(side, scale.sqrt()), scaled(side, scale));
        draw(
            data,
            &mut random,
            images,
            (side, side),
            &[(middle, middle), (top, top)],
        )
    } else {
        let side = options.patch;
        let scale = uniform(&mut random, 1.0, TrainOptions::MAX_SCALE);
        let other = if random.f64() < ANISOTROPIC {
            (scale * uniform(&mut random, 0.75, 1.33)).clamp(1.0, TrainOptions::MAX_SCALE)
        } else {
            scale
        };
        let top = (scaled(side, scale), scaled(side, other));
        draw(data, &mut random, options.batch, (side, side), &[top])
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
    random: &mut Rng,
    images: usize,
    size: (usize, usize),
    levels: &[(usize, usize)],
) -> Result<Batch, TrainError> {
    let top = levels.last().copied().unwrap_or(size);
    let seeds: Vec<u64> = (0..images).map(|_| random.u64(..)).collect();
    let samples: Vec<Vec<RgbImage>> = seeds
        .par_iter()
        .map(|seed| {
            let mut random = Rng::with_seed(*seed);
            let tile = &data.training[random.usize(..data.training.len())];
            let truth = patch(tile, &mut random, top)?;
            let mut images = vec![degrade(&truth, (size.1, size.0))?];
            for level in &levels[..levels.len() - 1] {
                images.push(imresize(&truth, (level.1, level.0))?);
            }
            images.push(truth);
            Ok(images)
        })
        .collect::<Result<_, TrainError>>()?;
    let gather = |index: usize| {
        samples
            .iter()
            .flat_map(|s| s[index].values().iter().copied())
            .collect()
    };
    let below = std::iter::once(&size).chain(levels);
    let targets = (levels.iter().zip(below).enumerate())
        .map(|(index, (level, below))| Target {
            geometry: Arc::new(StepGeometry::new(*below, *level)),
            pixels: gather(index + 1),
        })
        .collect();
    Ok(Batch {
        images,
        size,
        input: gather(0),
        targets,
    })
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
