//! What a plan takes: arithmetic, time and memory.

use crate::{
    error::ZoomError,
    image::COLOURS,
    plan::{ScalePlan, Size},
    pyramid::BAND_ROWS,
    tile::Tiling,
};
use casr_net::{CELL, Degradation, Model, NetworkConfig, Origin, Pixels, StepGeometry};
use half::f16;
use std::{
    ops::Range,
    time::{Duration, Instant},
};

/// Bytes of a value.
const VALUE: u64 = size_of::<f32>() as u64;

/// Bytes of a pixel's colours.
const PIXEL: u64 = COLOURS as u64 * VALUE;

/// The same where levels are held, with 16 bits a sample.
const HELD: u64 = COLOURS as u64 * size_of::<u16>() as u64;

/// Taps of the bicubic enlargement, both passes together.
const BICUBIC_TAPS: f64 = 8.0;

/// The side of the tile that [`measure_throughput`] runs, in pixels: enough to keep all cores busy.
pub(crate) const TRIAL_SIDE: usize = 96;

/// The same for a GPU, where one of [`TRIAL_SIDE`] takes less than [`PATIENCE`].
const GPU_TRIAL_SIDE: usize = 384;

/// The longest time in seconds of a small trial on a GPU that a large one follows. Simulated GPUs
/// take longer.
const PATIENCE: f64 = 0.5;

/// What one step of a plan takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelCost {
    /// The size of the level below.
    pub input: Size,
    /// The size of the level made.
    pub output: Size,
    /// Input pixels that go through the network; those of halos count once for every tile.
    pub computed_pixels: u64,
    /// Floating-point operations; a multiplication and its addition are two.
    pub flops: f64,
}

/// What a plan takes.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanCost {
    /// Every step, first to last.
    pub levels: Vec<LevelCost>,
    /// The most memory held at a time, in bytes: the rows held of every level, one tile's features,
    /// which a GPU holds in its own, and a copy of the image where the network reads its
    /// self-similarity. The image itself is not counted, as it is the caller's, nor the result,
    /// which leaves in bands.
    pub peak_bytes: u64,
}

impl PlanCost {
    /// The cost of `plan` with `model`, in tiles of `tile` input pixels a side.
    pub(crate) fn new(model: &Model, tile: usize, plan: &ScalePlan) -> Self {
        let config = model.config();
        let steps: Vec<(Tiling, Size)> = plan
            .steps()
            .map(|(input, output)| (Tiling::new(input, tile, model), output))
            .collect();
        let levels = steps
            .iter()
            .map(|&(tiling, output)| LevelCost {
                input: tiling.input,
                output,
                computed_pixels: tiling.work(),
                flops: flops(config, tiling.work(), pixels(output)),
            })
            .collect();
        let rows = row_bytes(config, &steps);
        let largest_tile = steps
            .iter()
            .map(|&(tiling, output)| tile_bytes(config, tiling, output))
            .max();
        let original = u64::from(config.similarity) * pixels(plan.input()) * PIXEL;
        Self {
            levels,
            peak_bytes: original + rows + largest_tile.unwrap_or_default(),
        }
    }

    /// Floating-point operations of all steps.
    pub fn flops(&self) -> f64 {
        self.levels.iter().map(|level| level.flops).sum()
    }

    /// The time it takes at `throughput` FLOP/s; see [`measure_throughput`]. Zero if that is no
    /// positive number.
    pub fn time(&self, throughput: f64) -> Duration {
        Duration::try_from_secs_f64(self.flops() / throughput).unwrap_or_default()
    }
}

/// How fast the model's device runs it, in FLOP/s: times one tile, in well under a second after
/// what a GPU needs to get ready.
///
/// # Errors
/// [`ZoomError::Network`] if a GPU fails.
pub fn measure_throughput(model: &Model) -> Result<f64, ZoomError> {
    let flops_per_second = trial(model, TRIAL_SIDE)?;
    let seconds = trial_flops(model, TRIAL_SIDE) / flops_per_second;
    if model.device().is_gpu() && seconds < PATIENCE {
        return trial(model, GPU_TRIAL_SIDE);
    }
    Ok(flops_per_second)
}

/// Floating-point operations per second in a tile with sides of `side` pixels that is doubled.
pub(crate) fn trial(model: &Model, side: usize) -> Result<f64, ZoomError> {
    let output = 2 * side;
    let geometry = StepGeometry::new((side, side), (output, output));
    let origin = Origin::Image(Degradation::default());
    let run = || {
        let window = vec![0.5; side * side * COLOURS];
        let start = Instant::now();
        let image = Pixels {
            height: side,
            width: side,
            values: &window,
        };
        model.first_step(image, &geometry, origin)?;
        Ok::<_, ZoomError>(start.elapsed().as_secs_f64())
    };
    // The first run wakes the threads, maps the memory and, on a GPU, builds the kernels.
    run()?;
    Ok(trial_flops(model, side) / run()?)
}

fn trial_flops(model: &Model, side: usize) -> f64 {
    let pixels = (side * side) as u64;
    flops(model.config(), pixels, 4 * pixels)
}

/// Floating-point operations of one step.
fn flops(config: NetworkConfig, inputs: u64, outputs: u64) -> f64 {
    let field = 2.0 * (config.head_channels() as f64 + BICUBIC_TAPS * COLOURS as f64);
    inputs as f64 * config.operations_per_pixel() + outputs as f64 * field
}

/// Rows of the heat field's coefficients that are there at a time.
const COEFFICIENT_ROWS: u64 = 64;

/// The most memory that the network takes for one tile on the processor. Four maps of features are
/// alive inside a block (the skip from the encoder, the block's own, a convolution's input and its
/// output); then the features with some rows of coefficients and the correction, and at the end the
/// correction with the bicubic enlargement and the result.
fn tile_bytes(config: NetworkConfig, tiling: Tiling, output: Size) -> u64 {
    let rows = tiling.rows().map(|rows| tiling.rows_at_work(&rows));
    let columns = (tiling.columns()).map(|columns| tiling.columns_at_work(&columns));
    let (height, width) = (rows.max().unwrap_or(1), columns.max().unwrap_or(1));
    let window = height * width;
    let outputs = enlarged(longest(tiling.rows()), tiling.input.height, output.height)
        * enlarged(longest(tiling.columns()), tiling.input.width, output.width);

    let channels = config.channels as u64 * VALUE;
    let head = config.head_channels() as u64 * VALUE;
    let body = window * 4 * channels;
    let coefficients = width * height.min(COEFFICIENT_ROWS) * head;
    let field = window * channels + coefficients + outputs * PIXEL;
    let result = outputs * (3 * PIXEL + HELD);
    // What modules read all along: weights of superpixels, matches and their details.
    let modules = window * config.module_values() as u64 * VALUE;
    window * PIXEL + modules + body.max(field).max(result)
}

/// The most memory that held tiles take: of every level but the last as many rows of tiles as one
/// row of the level above needs, with the statistics that steps leave behind; of the last one a row
/// of tiles, and a band that is handed out.
fn row_bytes(config: NetworkConfig, steps: &[(Tiling, Size)]) -> u64 {
    let cell = if config.alignment {
        (config.statistics() * size_of::<f16>()) as u64
    } else {
        0
    };
    let mut bytes = 0;
    for (index, &(tiling, output)) in steps.iter().enumerate() {
        let made = |rows: &Range<usize>| {
            let at = |row: usize| row * output.height / tiling.input.height;
            at(rows.start)..at(rows.end)
        };
        let rows: Vec<Range<usize>> = tiling.rows().map(|rows| made(&rows)).collect();
        let held = match steps.get(index + 1) {
            None => longest(rows.into_iter()),
            Some((above, _)) => {
                let held = above.rows().map(|part| {
                    let window = above.row_window(&part);
                    let first = rows.partition_point(|rows| rows.end <= window.start);
                    let end = rows.partition_point(|rows| rows.start < window.end);
                    rows[end - 1].end - rows[first].start
                });
                held.max().unwrap_or_default() as u64
            }
        };
        bytes += held * output.width as u64 * HELD;
        let below = held * tiling.input.height as u64 / output.height as u64;
        bytes += below * tiling.input.width as u64 / (CELL * CELL) as u64 * cell;
    }
    let band = |&(tiling, output): &(Tiling, Size)| {
        let rows = enlarged(longest(tiling.rows()), tiling.input.height, output.height);
        rows.min(BAND_ROWS as u64) * output.width as u64 * PIXEL
    };
    bytes + steps.last().map(band).unwrap_or_default()
}

/// The length of the longest of some parts of an axis.
fn longest(parts: impl Iterator<Item = Range<usize>>) -> u64 {
    parts
        .map(|part| part.len() as u64)
        .max()
        .unwrap_or_default()
}

/// Outputs of `part` pixels of an axis, rounded up.
fn enlarged(part: u64, inputs: usize, outputs: usize) -> u64 {
    (part * outputs as u64).div_ceil(inputs as u64)
}

fn pixels(size: Size) -> u64 {
    size.width as u64 * size.height as u64
}
