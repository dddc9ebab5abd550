//! What a plan takes: arithmetic, time and memory.

use crate::{
    error::ZoomError,
    image::COLOURS,
    plan::{ScalePlan, Size},
    pyramid::{BAND_ROWS, Rectangle},
    step::{Place, covering, made},
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

/// How many seconds of trials tell a device's speed: one that takes 30 ms may be off by a half.
const REPEATED: f64 = 0.4;

/// What one step of a plan takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelCost {
    /// The size of the level below.
    pub input: Size,
    /// The size of the level made.
    pub output: Size,
    /// Input pixels that go through the network; those of halos count once for every tile, and all
    /// once for every pass ([`Model::passes`]).
    pub computed_pixels: u64,
    /// Floating-point operations; a multiplication and its addition are two.
    pub flops: f64,
}

/// What a plan takes.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanCost {
    /// Every step, first to last.
    pub levels: Vec<LevelCost>,
    /// The most memory held at a time, in bytes: the tiles held of every level, one tile's
    /// features, which a GPU holds in its own. The image itself is not counted, as it is the
    /// caller's, nor the result, which leaves in bands.
    pub peak_bytes: u64,
    /// What of it are tiles held between steps and rows.
    pub held_bytes: u64,
    /// What of these are tiles of the result, and rows that are handed out:
    /// [`Pyramid::each_tile`](crate::Pyramid::each_tile) holds none.
    pub row_bytes: u64,
}

impl PlanCost {
    /// The cost of a window of `plan`'s result with `model`, in tiles of `tile` input pixels a
    /// side.
    pub(crate) fn new(model: &Model, tile: usize, plan: &ScalePlan, window: Rectangle) -> Self {
        let config = model.config();
        let passes = u64::from(model.passes());
        let mut parts = Vec::new();
        let mut wanted = (
            window.y..window.y.saturating_add(window.height),
            window.x..window.x.saturating_add(window.width),
        );
        for (input, output) in plan.steps().collect::<Vec<_>>().into_iter().rev() {
            let part = StepPart::new(Tiling::new(input, tile, model), output, &wanted);
            wanted = part.reads();
            parts.push(part);
        }
        parts.reverse();
        let levels = (parts.iter())
            .map(|part| {
                let rows: u64 = (part.rows.iter())
                    .map(|tiles| part.tiling.rows_at_work(tiles))
                    .sum();
                let columns = (part.columns.iter()).map(|tiles| part.tiling.columns_at_work(tiles));
                let computed_pixels = passes * rows * columns.sum::<u64>();
                let made = part.output_columns().len() as u64 * part.output_rows().len() as u64;
                let made = passes * made;
                LevelCost {
                    input: part.tiling.input,
                    output: part.output,
                    computed_pixels,
                    flops: flops(config, computed_pixels, made),
                }
            })
            .collect();
        let tile = parts.iter().map(|part| tile_bytes(model, part)).max();
        let below = held_bytes(config, &parts);
        let row_bytes = parts.last().map(row_bytes).unwrap_or_default();
        let held_bytes = below + row_bytes;
        Self {
            levels,
            peak_bytes: held_bytes + tile.unwrap_or_default(),
            held_bytes,
            row_bytes,
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

/// How fast the model's device runs it, in FLOP/s: times one tile, some times over, in well under a
/// second after what a GPU needs to get ready.
///
/// # Errors
/// [`ZoomError::Network`] if a GPU fails.
pub fn measure_throughput(model: &Model) -> Result<f64, ZoomError> {
    if !model.device().is_gpu() {
        return trial(model, TRIAL_SIDE, REPEATED);
    }
    // Once tells whether a large one is bearable.
    let flops_per_second = trial(model, TRIAL_SIDE, 0.0)?;
    let seconds = trial_flops(model, TRIAL_SIDE) / flops_per_second;
    match seconds < PATIENCE {
        true => trial(model, GPU_TRIAL_SIDE, REPEATED),
        false => Ok(flops_per_second),
    }
}

/// Floating-point operations per second in a tile with sides of `side` pixels that is doubled: once
/// and again for so many seconds, the median.
pub(crate) fn trial(model: &Model, side: usize, seconds: f64) -> Result<f64, ZoomError> {
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
    let mut times = vec![run()?];
    while times.iter().sum::<f64>() < seconds {
        times.push(run()?);
    }
    times.sort_by(f64::total_cmp);
    Ok(trial_flops(model, side) / times[times.len() / 2])
}

fn trial_flops(model: &Model, side: usize) -> f64 {
    let pixels = (side * side) as u64;
    f64::from(model.passes()) * flops(model.config(), pixels, 4 * pixels)
}

/// Floating-point operations of one pass.
fn flops(config: NetworkConfig, inputs: u64, outputs: u64) -> f64 {
    let field = 2.0 * (config.head_channels() as f64 + BICUBIC_TAPS * COLOURS as f64);
    inputs as f64 * config.operations_per_pixel() + outputs as f64 * field
}

/// Rows of the heat field's coefficients that are there at a time.
const COEFFICIENT_ROWS: u64 = 64;

/// The part of a step that makes a window of a level.
struct StepPart {
    tiling: Tiling,
    output: Size,
    /// The rows of tiles that are made, and the columns: pixels of the level below.
    rows: Vec<Range<usize>>,
    columns: Vec<Range<usize>>,
}

impl StepPart {
    /// The tiles that make `wanted`, rows and columns of the level.
    fn new(tiling: Tiling, output: Size, wanted: &Place) -> Self {
        let (down, across) = (
            (tiling.input.height, output.height),
            (tiling.input.width, output.width),
        );
        let within = |parts: Vec<Range<usize>>, whole, wanted| {
            let tiles = covering(&parts, wanted, |part| made(whole, part));
            parts[tiles].to_vec()
        };
        Self {
            rows: within(tiling.rows().collect(), down, &wanted.0),
            columns: within(tiling.columns().collect(), across, &wanted.1),
            tiling,
            output,
        }
    }

    /// What is read of the level below.
    fn reads(&self) -> Place {
        (
            self.tiling.row_window(&joined(&self.rows)),
            self.tiling.column_window(&joined(&self.columns)),
        )
    }

    /// The rows of the level that its tiles make.
    fn output_rows(&self) -> Range<usize> {
        self.made_rows(&joined(&self.rows))
    }

    /// The columns of the level that its tiles make.
    fn output_columns(&self) -> Range<usize> {
        let across = (self.tiling.input.width, self.output.width);
        made(across, &joined(&self.columns))
    }

    fn made_rows(&self, rows: &Range<usize>) -> Range<usize> {
        made((self.tiling.input.height, self.output.height), rows)
    }
}

/// The range of parts that follow each other.
fn joined(parts: &[Range<usize>]) -> Range<usize> {
    match (parts.first(), parts.last()) {
        (Some(first), Some(last)) => first.start..last.end,
        _ => 0..0,
    }
}

/// The most memory that the network takes for one tile on the processor. Four maps of features are
/// alive inside a block (the skip from the encoder, the block's own, a convolution's input and its
/// output); then the features with some rows of coefficients and the correction, and at the end the
/// correction with the bicubic enlargement and the result. An ensemble holds the mean and a turned
/// window beside them.
fn tile_bytes(model: &Model, part: &StepPart) -> u64 {
    let config = model.config();
    let (tiling, output) = (part.tiling, part.output);
    let rows = part.rows.iter().map(|rows| tiling.rows_at_work(rows));
    let columns = (part.columns.iter()).map(|columns| tiling.columns_at_work(columns));
    let (height, width) = (rows.max().unwrap_or(1), columns.max().unwrap_or(1));
    let window = height * width;
    let outputs = enlarged(longest(&part.rows), tiling.input.height, output.height)
        * enlarged(longest(&part.columns), tiling.input.width, output.width);

    let channels = config.channels as u64 * VALUE;
    let head = config.head_channels() as u64 * VALUE;
    let body = window * 4 * channels;
    let coefficients = width * height.min(COEFFICIENT_ROWS) * head;
    let field = window * channels + coefficients + outputs * PIXEL;
    let result = outputs * (3 * PIXEL + HELD);
    // What modules read all along: weights of superpixels, matches and their details.
    let modules = window * config.module_values() as u64 * VALUE;
    let ensemble = if model.passes() > 1 {
        (window + outputs) * PIXEL
    } else {
        0
    };
    window * PIXEL + modules + ensemble + body.max(field).max(result)
}

/// The most memory that held tiles of the levels below the last take: of each as many rows of tiles
/// as one row of the level above needs, with the statistics that steps leave behind.
fn held_bytes(config: NetworkConfig, parts: &[StepPart]) -> u64 {
    let cell = if config.alignment {
        (config.statistics() * size_of::<f16>()) as u64
    } else {
        0
    };
    let held = parts.windows(2).map(|pair| {
        let (part, above) = (&pair[0], &pair[1]);
        let rows: Vec<Range<usize>> = part.rows.iter().map(|rows| part.made_rows(rows)).collect();
        let needed = above.rows.iter().map(|tiles| {
            let window = above.tiling.row_window(tiles);
            joined(&rows[covering(&rows, &window, Range::clone)]).len()
        });
        let height = needed.max().unwrap_or_default() as u64;
        let width = part.output_columns().len() as u64;
        let (input, output) = (part.tiling.input, part.output);
        let below = (
            height * input.height as u64 / output.height as u64,
            width * input.width as u64 / output.width as u64,
        );
        height * width * HELD + below.0 * below.1 / (CELL * CELL) as u64 * cell
    });
    held.sum()
}

/// A row of tiles of the result, and a band that is handed out.
fn row_bytes(last: &StepPart) -> u64 {
    let rows: Vec<Range<usize>> = last.rows.iter().map(|rows| last.made_rows(rows)).collect();
    let (height, width) = (longest(&rows), last.output_columns().len() as u64);
    height * width * HELD + height.min(BAND_ROWS as u64) * width * PIXEL
}

/// The length of the longest of some parts of an axis.
fn longest(parts: &[Range<usize>]) -> u64 {
    let lengths = parts.iter().map(|part| part.len() as u64);
    lengths.max().unwrap_or_default()
}

/// Outputs of `part` pixels of an axis, rounded up.
fn enlarged(part: u64, inputs: usize, outputs: usize) -> u64 {
    (part * outputs as u64).div_ceil(inputs as u64)
}
