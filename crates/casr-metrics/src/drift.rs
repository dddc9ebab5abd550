//! How far the statistics of superpixels wander from one level of a looped enlargement to the next.

use crate::eight_bit::{EightBit, LUMA_UNIT};
use crate::superpixels::Superpixels;
use crate::{MetricsError, RgbImage};
use rayon::prelude::*;
use std::array;
use std::f64::consts::SQRT_2;

/// Red, green and blue.
const COLOURS: usize = 3;

/// Gradients at 0, 45, 90 and 135 degrees.
const ORIENTATIONS: usize = 4;

/// Values of a pixel that are summed: its colours, and the differences of luma to the right and
/// down.
const VALUES: usize = COLOURS + 2;

/// Standard deviation of the noise that is taken to lie on every value, in `[0, 1]`.
const NOISE: f64 = 2.0 / 255.0;

/// Drift from one level to the next: mean Kullback–Leibler divergence in nats between the
/// statistics of corresponding superpixels. 0 when nothing moves, unbounded above; lower is better.
///
/// True detail moves the statistics as well, so the figure compares methods that enlarge the same
/// image by the same steps, and only beside one of fidelity: a blurred enlargement can drift less
/// than a faithful one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drift {
    /// Divergence of the colours, summed over red, green and blue.
    pub rgb: f64,
    /// Divergence of the gradients of luma, summed over four orientations.
    pub gradients: f64,
}

/// Drift from `earlier` to the level `later` that was made of it, where `scale_of_earlier` (x, y)
/// is the size of `earlier` over that of level 0.
///
/// Both levels are clamped and rounded to 8 bits. Superpixels are those of the earlier level: SLIC
/// on cells of 4×4 pixels, with three rounds and with a weight of 16 / (3 · 0.1²) on squared
/// differences of colour against squared pixels. Pixel (x, y) of the later level belongs to the
/// superpixel of pixel (⌊(x + ½) w / w′⌋, ⌊(y + ½) h / h′⌋) of the earlier one.
///
/// A superpixel's statistics are mean m and variance v of each channel, as of a Gaussian with
/// diagonal covariance:
///
/// - red, green and blue in `[0, 1]`, with the variance (2/255)² of noise added to v;
/// - gradients of BT.601 luma L per pixel of level 0: gx = (L(x + 1, y) − L(x − 1, y)) / 2 times
///   the level's scale along x, between pixels of the level itself with the border repeated; gy
///   alike; and from both of them the gradients at 0, 45, 90 and 135 degrees: gx, (gx ± gy) / √2
///   and gy. A smooth enlargement keeps them. The same noise on the pixels of the earlier level
///   adds half its variance times the squared scale to v, in both levels; diagonally, the mean of
///   what it adds along both axes.
///
/// A channel's divergence is KL(earlier ‖ later) = ½ (ln(v′/v) + (v + (m − m′)²) / v′ − 1), summed
/// over the channels, averaged over the superpixels. It has no unit, so of `scale_of_earlier` only
/// the ratio of x to y matters.
///
/// The measure is this project's own, of the superpixel statistics that the paper (arXiv
/// 2602.22159) aligns; its figures compare only with figures taken here.
///
/// # Errors
/// [`MetricsError::Smaller`] when the later level is smaller along an axis; [`MetricsError::Scale`]
/// when a scale is no number from 1 to the pixels of the earlier level along its axis.
pub fn drift(
    earlier: &RgbImage,
    later: &RgbImage,
    scale_of_earlier: (f64, f64),
) -> Result<Drift, MetricsError> {
    let size = earlier.size();
    if later.width() < size.0 || later.height() < size.1 {
        return Err(MetricsError::Smaller {
            result: later.size(),
            input: size,
        });
    }
    for (scale, pixels) in [(scale_of_earlier.0, size.0), (scale_of_earlier.1, size.1)] {
        if !(scale >= 1.0 && scale <= pixels as f64) {
            return Err(MetricsError::Scale { size, scale });
        }
    }
    let earlier = Level::new(earlier, size, scale_of_earlier);
    let later = Level::new(later, size, scale_of_earlier);
    let superpixels = Superpixels::new(&earlier.image);
    let noise = Noise::new(scale_of_earlier);
    let rows: Vec<(Drift, usize)> = (0..superpixels.rows)
        .into_par_iter()
        .map(|row| {
            let before = earlier.moments(&superpixels, row);
            let after = later.moments(&superpixels, row);
            let mut total = (Drift::default(), 0);
            for (before, after) in before.iter().zip(&after) {
                if before.pixels > 0.0 && after.pixels > 0.0 {
                    let (before, after) = (before.statistics(&earlier), after.statistics(&later));
                    total.0.rgb += divergence(&before.colours, &after.colours, noise.colours);
                    total.0.gradients +=
                        divergence(&before.gradients, &after.gradients, noise.gradients);
                    total.1 += 1;
                }
            }
            total
        })
        .collect();
    let superpixels: usize = rows.iter().map(|row| row.1).sum();
    let mean = |part: fn(&Drift) -> f64| {
        rows.iter().map(|row| part(&row.0)).sum::<f64>() / superpixels as f64
    };
    Ok(Drift {
        rgb: mean(|drift| drift.rgb),
        gradients: mean(|drift| drift.gradients),
    })
}

/// [`drift`] from each level of an enlargement to the next, level 0 first: one figure less than
/// there are levels.
///
/// # Errors
/// As [`drift`].
pub fn drift_per_step(levels: &[RgbImage]) -> Result<Vec<Drift>, MetricsError> {
    let Some(first) = levels.first() else {
        return Ok(Vec::new());
    };
    let pairs = levels.windows(2).map(|pair| {
        let scale = |pixels: usize, first: usize| pixels as f64 / first as f64;
        let scale_of_earlier = (
            scale(pair[0].width(), first.width()),
            scale(pair[0].height(), first.height()),
        );
        drift(&pair[0], &pair[1], scale_of_earlier)
    });
    pairs.collect()
}

/// A level, and where its pixels lie in the earlier level.
struct Level {
    image: EightBit,
    luma: Vec<i32>,
    /// The earlier level's column under each column's centre.
    columns: Vec<usize>,
    /// The earlier level's row under each row's centre.
    rows: Vec<usize>,
    /// Size over that of level 0.
    scale: (f64, f64),
}

impl Level {
    fn new(image: &RgbImage, earlier: (usize, usize), scale_of_earlier: (f64, f64)) -> Self {
        let (width, height) = image.size();
        let image = EightBit::new(image);
        Self {
            luma: image.luma(),
            image,
            columns: under_centres(width, earlier.0),
            rows: under_centres(height, earlier.1),
            scale: (
                scale_of_earlier.0 * width as f64 / earlier.0 as f64,
                scale_of_earlier.1 * height as f64 / earlier.1 as f64,
            ),
        }
    }

    /// Sums over each superpixel of a row of cells, always in reading order.
    fn moments(&self, superpixels: &Superpixels, row: usize) -> Vec<Moments> {
        let mut moments = vec![Moments::default(); superpixels.columns];
        let reach = superpixels.reach(row);
        let first = self.rows.partition_point(|&row| row < reach.start);
        let end = self.rows.partition_point(|&row| row < reach.end);
        for y in first..end {
            for (x, &column) in self.columns.iter().enumerate() {
                if let Some(column) = superpixels.column_in(row, (column, self.rows[y])) {
                    moments[column].add(self.values(x, y));
                }
            }
        }
        moments
    }

    /// Colours and differences of luma at a pixel, whole numbers.
    fn values(&self, x: usize, y: usize) -> [f64; VALUES] {
        let (width, height) = (self.image.width, self.image.height);
        let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
        let (above, below) = (y.saturating_sub(1), (y + 1).min(height - 1));
        let luma = |x: usize, y: usize| self.luma[y * width + x];
        let [red, green, blue] = self.image.pixels[y * width + x].map(f64::from);
        let across = f64::from(luma(right, y) - luma(left, y));
        let down = f64::from(luma(x, below) - luma(x, above));
        [red, green, blue, across, down]
    }
}

/// The pixel of an axis of `earlier` pixels that lies under the centre of each of `later` pixels.
fn under_centres(later: usize, earlier: usize) -> Vec<usize> {
    (0..later)
        .map(|i| (2 * i + 1) * earlier / (2 * later))
        .collect()
}

/// Sums of the values of a superpixel's pixels and of their products; of whole numbers, so exact
/// below 2⁵³.
#[derive(Clone, Copy, Default)]
struct Moments {
    pixels: f64,
    sums: [f64; VALUES],
    squares: [f64; VALUES],
    /// Of the differences to the right and down.
    products: f64,
}

impl Moments {
    fn add(&mut self, values: [f64; VALUES]) {
        self.pixels += 1.0;
        for (i, value) in values.into_iter().enumerate() {
            self.sums[i] += value;
            self.squares[i] += value * value;
        }
        self.products += values[COLOURS] * values[COLOURS + 1];
    }

    /// The statistics of a superpixel that has pixels.
    fn statistics(&self, level: &Level) -> Statistics {
        let value = |i: usize| {
            let mean = self.sums[i] / self.pixels;
            let variance = self.squares[i] / self.pixels - mean * mean;
            Gaussian { mean, variance }
        };
        let (across, down) = (value(COLOURS), value(COLOURS + 1));
        let covariance = self.products / self.pixels - across.mean * down.mean;
        // Central differences span two pixels.
        let unit = 1.0 / (255.0 * LUMA_UNIT * 2.0);
        let (x, y) = (unit * level.scale.0, unit * level.scale.1);
        let diagonal = |sign: f64| Gaussian {
            mean: (x * across.mean + sign * y * down.mean) / SQRT_2,
            variance: (x * x * across.variance
                + y * y * down.variance
                + sign * 2.0 * x * y * covariance)
                / 2.0,
        };
        Statistics {
            colours: array::from_fn(|colour| value(colour).times(1.0 / 255.0)),
            gradients: [
                across.times(x),
                diagonal(-1.0),
                down.times(y),
                diagonal(1.0),
            ],
        }
    }
}

/// Mean and variance.
#[derive(Clone, Copy)]
struct Gaussian {
    mean: f64,
    variance: f64,
}

impl Gaussian {
    fn times(self, factor: f64) -> Self {
        Self {
            mean: self.mean * factor,
            variance: self.variance * factor * factor,
        }
    }
}

/// The statistics of a superpixel, without noise.
struct Statistics {
    colours: [Gaussian; COLOURS],
    gradients: [Gaussian; ORIENTATIONS],
}

/// The variances that noise adds.
struct Noise {
    colours: [f64; COLOURS],
    gradients: [f64; ORIENTATIONS],
}

impl Noise {
    fn new(scale_of_earlier: (f64, f64)) -> Self {
        let difference = |scale: f64| NOISE * NOISE * scale * scale / 2.0;
        let (x, y) = (
            difference(scale_of_earlier.0),
            difference(scale_of_earlier.1),
        );
        let diagonal = (x + y) / 2.0;
        Self {
            colours: [NOISE * NOISE; COLOURS],
            gradients: [x, diagonal, y, diagonal],
        }
    }
}

/// Kullback–Leibler divergence of Gaussians with diagonal covariance, noise added.
fn divergence<const CHANNELS: usize>(
    earlier: &[Gaussian; CHANNELS],
    later: &[Gaussian; CHANNELS],
    noise: [f64; CHANNELS],
) -> f64 {
    let channels = earlier.iter().zip(later).zip(noise);
    let divergences = channels.map(|((earlier, later), noise)| {
        // What is subtracted for a variance can leave less than nothing.
        let before = earlier.variance.max(0.0) + noise;
        let after = later.variance.max(0.0) + noise;
        let difference = earlier.mean - later.mean;
        ((after / before).ln() + (before + difference * difference) / after - 1.0) / 2.0
    });
    divergences.sum()
}
