//! SDAM, structural distribution alignment, and SARM, self-similarity aware restoration, on slices.

use super::weights::Weights;
use crate::model::Statistics;
use crate::prior::Prior;
use casr_kernels::conv::{Activation, Layer};
use casr_kernels::earlier::{self, COLOURS, EarlierShape};
use casr_kernels::superpixel::{self, NEIGHBOURS, SuperpixelShape};
use casr_kernels::{InstructionSet, zeros};

/// Bounds of the logarithm of a gain of SDAM.
pub const LARGEST_GAIN: f32 = 3.0;

/// Regions of a level: for every pixel a weight for each of the superpixels around it.
pub(super) struct Regions<'a> {
    set: InstructionSet,
    shape: SuperpixelShape,
    level: &'a [f32],
    /// `[height, width, 9]`.
    weights: Vec<f32>,
}

impl<'a> Regions<'a> {
    /// The regions of a level, `[height, width, 3]`; temperatures are sharpness in colour and
    /// compactness in place.
    pub fn new(
        set: InstructionSet,
        (height, width): (usize, usize),
        level: &'a [f32],
        [sharpness, compactness]: [f32; 2],
    ) -> Self {
        let shape = SuperpixelShape {
            images: 1,
            height,
            width,
        };
        let mut weights = zeros(shape.pixels() * NEIGHBOURS);
        superpixel::assign(
            set,
            shape,
            COLOURS,
            level,
            sharpness,
            compactness,
            &mut weights,
        );
        Self {
            set,
            shape,
            level,
            weights,
        }
    }

    /// Rows and columns of superpixels.
    fn cells(&self) -> (usize, usize) {
        (self.shape.cell_rows(), self.shape.cell_columns())
    }

    /// Mean and standard deviation of every feature in every superpixel, `[rows, columns, 2C]`.
    fn moments(&self, channels: usize, features: &[f32]) -> Vec<f32> {
        let mut moments = zeros(self.shape.cells() * 2 * channels);
        let Self {
            set,
            shape,
            weights,
            ..
        } = self;
        superpixel::moments(*set, *shape, channels, weights, features, &mut moments);
        moments
    }

    /// Mean colours, `[rows, columns, 3]`.
    fn colours(&self) -> Vec<f32> {
        let moments = self.moments(COLOURS, self.level);
        let means = moments
            .chunks_exact(2 * COLOURS)
            .flat_map(|cell| &cell[..COLOURS]);
        means.copied().collect()
    }

    /// features · gain + offset, both spread from the superpixels to their pixels; the modulation
    /// is `[rows, columns, 2C]`, gains first.
    fn modulate(&self, channels: usize, features: &[f32], modulation: &[f32]) -> Vec<f32> {
        let mut output = zeros(features.len());
        let Self {
            set,
            shape,
            weights,
            ..
        } = self;
        superpixel::modulate(
            *set,
            *shape,
            channels,
            weights,
            features,
            modulation,
            &mut output,
        );
        output
    }

    /// Two layers that decide what is done to every superpixel, with SiLU between them.
    fn decide(&self, [inner, outer]: [&Layer; 2], seen: &[f32]) -> Vec<f32> {
        let (size, cells) = (self.cells(), self.shape.cells());
        let layer = |layer: &Layer, input: &[f32], activation| {
            let mut output = zeros(cells * layer.outputs());
            layer.rows(size, 0..size.0, input, activation, None, &mut output);
            output
        };
        let hidden = layer(inner, seen, Activation::Silu);
        layer(outer, &hidden, Activation::None)
    }
}

/// The layers of SARM.
#[derive(Debug)]
pub(super) struct Similarity {
    matches: Layer,
    inner: Layer,
    outer: Layer,
}

impl Similarity {
    pub fn new(weights: &mut Weights) -> Self {
        Self {
            matches: weights.layer("similarity.matches"),
            inner: weights.layer("similarity.inner"),
            outer: weights.layer("similarity.outer"),
        }
    }

    /// Scales and shifts features by the autocorrelation of the original image, and adds matches.
    pub fn apply(&self, features: &[f32], regions: &Regions, prior: &Prior) -> Vec<f32> {
        let channels = self.matches.outputs();
        let mut modulation = regions.decide([&self.inner, &self.outer], prior.autocorrelation());
        for cell in modulation.chunks_exact_mut(2 * channels) {
            cell[..channels].iter_mut().for_each(|gain| *gain += 1.0);
        }
        let modulated = regions.modulate(channels, features, &modulation);
        let mut output = zeros(features.len());
        let SuperpixelShape { height, width, .. } = regions.shape;
        let (residual, none) = (Some(&*modulated), Activation::None);
        (self.matches).rows(
            (height, width),
            0..height,
            prior.matches(),
            none,
            residual,
            &mut output,
        );
        output
    }
}

/// The layers of SDAM.
#[derive(Debug)]
pub(super) struct Alignment {
    inner: Layer,
    outer: Layer,
}

impl Alignment {
    pub fn new(weights: &mut Weights) -> Self {
        Self {
            inner: weights.layer("alignment.inner"),
            outer: weights.layer("alignment.outer"),
        }
    }

    /// Features with the statistics of their superpixels moved towards those of the step before,
    /// and what the next step is held to, for every cell.
    pub fn apply(
        &self,
        features: &[f32],
        regions: &Regions,
        before: Option<&Statistics>,
    ) -> (Vec<f32>, Vec<f32>) {
        let channels = self.inner.outputs();
        let moments = regions.moments(channels, features);
        let colours = regions.colours();
        let old = before.map(|before| found(channels, &colours, before));
        let cells = regions.shape.cells();

        // Mean, spread, and what they would change by, for every cell.
        let mut seen = zeros(cells * 4 * channels);
        for (cell, seen) in seen.chunks_exact_mut(4 * channels).enumerate() {
            let moments = &moments[cell * 2 * channels..][..2 * channels];
            let old = old
                .as_ref()
                .map(|old| &old[cell * 2 * channels..][..2 * channels]);
            for channel in 0..channels {
                let (mean, spread) = (moments[channel], moments[channels + channel].ln());
                seen[channel] = mean;
                seen[channels + channel] = spread;
                if let Some(old) = old {
                    seen[2 * channels + channel] = old[channel] - mean;
                    seen[3 * channels + channel] = old[channels + channel] - spread;
                }
            }
        }
        let decided = regions.decide([&self.inner, &self.outer], &seen);

        let mut modulation = zeros(cells * 2 * channels);
        let mut statistics = zeros(cells * (2 * channels + COLOURS));
        let targets = (modulation.chunks_exact_mut(2 * channels))
            .zip(statistics.chunks_exact_mut(2 * channels + COLOURS));
        for (cell, (modulation, statistics)) in targets.enumerate() {
            let seen = &seen[cell * 4 * channels..][..4 * channels];
            let decided = &decided[cell * 3 * channels..][..3 * channels];
            let moments = &moments[cell * 2 * channels..][..2 * channels];
            for channel in 0..channels {
                let part = |values: &[f32], index: usize| values[index * channels + channel];
                let (mean, spread) = (part(seen, 0), part(seen, 1));
                let gate = 1.0 / (1.0 + (-part(decided, 0)).exp());
                let stretch = gate * part(seen, 3) + part(decided, 1);
                let stretch = stretch.clamp(-LARGEST_GAIN, LARGEST_GAIN);
                let moved = mean + gate * part(seen, 2) + part(decided, 2) * part(moments, 1);
                let gain = stretch.exp();
                modulation[channel] = gain;
                modulation[channels + channel] = moved - mean * gain;
                statistics[channel] = moved;
                statistics[channels + channel] = spread + stretch;
            }
            statistics[2 * channels..].copy_from_slice(&colours[cell * COLOURS..][..COLOURS]);
        }
        (
            regions.modulate(channels, features, &modulation),
            statistics,
        )
    }
}

/// What the cells find among those of the step before, `[rows, columns, 2C]`.
fn found(channels: usize, colours: &[f32], before: &Statistics) -> Vec<f32> {
    let [rows, columns] = &*before.places;
    let shape = EarlierShape {
        images: 1,
        channels: 2 * channels,
    };
    let mut old = zeros(rows.cells() * columns.cells() * 2 * channels);
    earlier::forward(shape, rows, columns, colours, &before.values, &mut old);
    old
}
