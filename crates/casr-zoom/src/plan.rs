//! The scale plan: which levels lie between the image and the wanted size.

use crate::error::ZoomError;
use casr_net::LARGEST_STEP;
use std::fmt;

/// The largest factor of one step by default.
///
/// Measured with weights of 40,496 training steps, PSNR on luma in dB (`casr-lab eval --max-step`):
///
/// | set | factor | 1.5 | 2 | 3 | 4 |
/// |---|---|---|---|---|---|
/// | Set5 | 3 | 33.55 | 33.66 | 33.60 | 33.60 |
/// | Set5 | 4 | 31.32 | 31.38 | 31.38 | 31.25 |
/// | Set5 | 6 | 28.10 | 28.17 | 28.06 | 28.06 |
/// | Set5 | 8 | 26.23 | 26.30 | 26.22 | 26.22 |
///
/// A larger value is faster: one step of 4 costs a fifth of two steps of 2.
pub const DEFAULT_MAX_STEP: f64 = 2.0;

/// The longest side of a result, in pixels.
pub const MAX_SIDE: usize = 1 << 24;

/// The most levels of a plan.
pub const MAX_LEVELS: usize = 64;

/// A step of [`ScalePlan::doubling`].
const DOUBLE: f64 = 2.0;

/// [`LARGEST_STEP`] among whole pixels.
const LARGEST_WHOLE_STEP: usize = LARGEST_STEP as usize;

/// Relative slack when factors are compared: wide enough for rounding in f64 (1.7 × 1.7 against
/// 2.89), and too narrow to move a side of [`MAX_SIDE`] by a pixel.
const TOLERANCE: f64 = 1e-12;

/// The size of an image, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
}

impl Size {
    /// How many times longer `larger` is, along the axis where that is more.
    pub fn factor_to(self, larger: Self) -> f64 {
        let of = |output: usize, input: usize| output as f64 / input as f64;
        of(larger.width, self.width).max(of(larger.height, self.height))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}×{}", self.width, self.height)
    }
}

/// How large the result should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Both sides times this factor, rounded to whole pixels.
    Factor(f64),
    /// Each side times its own factor.
    Factors {
        /// The factor of the width.
        horizontal: f64,
        /// The factor of the height.
        vertical: f64,
    },
    /// Exactly this size, whatever the aspect ratio.
    Size(Size),
    /// This many pixels across; the height keeps the aspect ratio.
    Width(usize),
    /// This many pixels down; the width keeps the aspect ratio.
    Height(usize),
    /// The image's own size, by one step that restores; any other target of that size takes no
    /// step, and leaves the pixels as they are.
    Same,
}

/// Whether this may be the largest factor of one step.
///
/// # Errors
/// [`ZoomError::MaxStep`] for a number outside of (1, [`LARGEST_STEP`]].
pub fn check_max_step(max_step: f64) -> Result<(), ZoomError> {
    match max_step > 1.0 && max_step <= LARGEST_STEP {
        true => Ok(()),
        false => Err(ZoomError::MaxStep { max_step }),
    }
}

/// The levels of an enlargement: equal steps, none larger than a given one, to exactly the wanted
/// size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalePlan {
    input: Size,
    levels: Vec<Size>,
}

impl ScalePlan {
    /// Plans the fewest equal steps with factors of at most `max_step` along either axis.
    ///
    /// Level k of n has the size round(input × factor^(k/n)), the last one exactly the wanted size.
    /// Where rounding whole pixels of a tiny image would make a step larger than [`LARGEST_STEP`],
    /// the level below it grows by what is missing. An image that keeps its size has no levels, but
    /// for [`Target::Same`].
    ///
    /// # Errors
    /// [`ZoomError`]: an empty image, a factor below 1 or no number, a wanted size below the
    /// image's, a side over [`MAX_SIDE`], a `max_step` outside of (1, 4], or more than
    /// [`MAX_LEVELS`] levels.
    pub fn new(input: Size, target: Target, max_step: f64) -> Result<Self, ZoomError> {
        if input.width == 0 || input.height == 0 {
            return Err(ZoomError::EmptyImage { size: input });
        }
        check_max_step(max_step)?;
        let (columns, rows) = match target {
            Target::Same => {
                let levels = vec![input];
                return Ok(Self { input, levels });
            }
            Target::Factor(factor) => (
                Axis::by_factor(input.width, factor)?,
                Axis::by_factor(input.height, factor)?,
            ),
            Target::Factors {
                horizontal,
                vertical,
            } => (
                Axis::by_factor(input.width, horizontal)?,
                Axis::by_factor(input.height, vertical)?,
            ),
            Target::Size(size) => (
                Axis::to_size(input.width, size.width)?,
                Axis::to_size(input.height, size.height)?,
            ),
            Target::Width(width) => {
                let columns = Axis::to_size(input.width, width)?;
                let rows = Axis::by_factor(input.height, columns.factor)?;
                (columns, rows)
            }
            Target::Height(height) => {
                let rows = Axis::to_size(input.height, height)?;
                let columns = Axis::by_factor(input.width, rows.factor)?;
                (columns, rows)
            }
        };
        let steps = columns.steps(max_step)?.max(rows.steps(max_step)?);
        let levels = columns
            .levels(steps)
            .into_iter()
            .zip(rows.levels(steps))
            .map(|(width, height)| Size { width, height })
            .collect();
        Ok(Self { input, levels })
    }

    /// Plans levels of 2, 4, 8 … times the image's size and the wanted size at last, along each
    /// axis as far as it grows: levels that the plans of all larger sizes share, for whoever zooms.
    /// For one size, equal steps take less time; both look alike. Measured at the default look,
    /// PSNR on luma in dB, LPIPS on AlexNet and seconds per megapixel of the result on a busy
    /// machine:
    ///
    /// | set | factor | equal steps | doubling |
    /// |---|---|---|---|
    /// | Set5 | 3 | 33.29 .093 16.8 | 33.32 .090 12.5 |
    /// | Set5 | 5 | 28.80 .145 20.7 | 28.66 .135 27.7 |
    /// | Set5 | 6 | 27.29 .166 20.3 | 27.20 .162 24.6 |
    /// | Set14 | 3 | 29.43 .157 14.6 | 29.48 .154 15.9 |
    /// | Set14 | 5 | 26.25 .247 15.9 | 26.17 .230 20.8 |
    /// | Set14 | 6 | 25.26 .269 12.1 | 25.23 .262 14.4 |
    ///
    /// # Errors
    /// As [`ScalePlan::new`].
    pub fn doubling(input: Size, target: Target) -> Result<Self, ZoomError> {
        let output = Self::new(input, target, DOUBLE)?.output();
        let mut levels = Vec::new();
        let mut below = input;
        while below.factor_to(output) > DOUBLE {
            below = Size {
                width: output.width.min(2 * below.width),
                height: output.height.min(2 * below.height),
            };
            levels.push(below);
        }
        if target == Target::Same || below != output {
            levels.push(output);
        }
        Ok(Self { input, levels })
    }

    /// A plan of these levels, from the first above the image to the result.
    ///
    /// # Errors
    /// [`ZoomError::EmptyImage`], [`ZoomError::Smaller`] for a level smaller than the one below,
    /// [`ZoomError::MaxStep`] for one more than [`LARGEST_STEP`] times as large,
    /// [`ZoomError::TooLarge`] for a side over [`MAX_SIDE`], or [`ZoomError::TooManyLevels`].
    pub fn through(input: Size, levels: &[Size]) -> Result<Self, ZoomError> {
        if input.width == 0 || input.height == 0 {
            return Err(ZoomError::EmptyImage { size: input });
        }
        let plan = Self {
            input,
            levels: levels.to_vec(),
        };
        let mut largest = 1.0_f64;
        for (below, level) in plan.steps() {
            let axes = [(below.width, level.width), (below.height, level.height)];
            for (input, wanted) in axes {
                Axis::to_size(input, wanted)?;
            }
            largest = largest.max(below.factor_to(level));
        }
        match (largest <= LARGEST_STEP, levels.len() <= MAX_LEVELS) {
            (false, _) => Err(ZoomError::MaxStep { max_step: largest }),
            (_, false) => Err(ZoomError::TooManyLevels { max_step: largest }),
            _ => Ok(plan),
        }
    }

    /// The image's size: level 0.
    pub fn input(&self) -> Size {
        self.input
    }

    /// The sizes of levels 1, 2, …, the last one the result's.
    pub fn levels(&self) -> &[Size] {
        &self.levels
    }

    /// The result's size.
    pub fn output(&self) -> Size {
        self.levels.last().copied().unwrap_or(self.input)
    }

    /// How many times longer the result is than the image, along the axis where that is more.
    pub fn factor(&self) -> f64 {
        self.input.factor_to(self.output())
    }

    /// The sizes before and after every step.
    pub fn steps(&self) -> impl Iterator<Item = (Size, Size)> {
        let inputs = std::iter::once(&self.input).chain(&self.levels);
        inputs.copied().zip(self.levels.iter().copied())
    }
}

/// One axis of a plan.
struct Axis {
    input: usize,
    factor: f64,
    output: usize,
}

impl Axis {
    fn by_factor(input: usize, factor: f64) -> Result<Self, ZoomError> {
        if !(factor.is_finite() && factor >= 1.0) {
            return Err(ZoomError::Factor { factor });
        }
        let output = (input as f64 * factor).round();
        if output > MAX_SIDE as f64 {
            return Err(ZoomError::TooLarge { pixels: output });
        }
        Ok(Self {
            input,
            factor,
            output: output as usize,
        })
    }

    fn to_size(input: usize, output: usize) -> Result<Self, ZoomError> {
        if output < input {
            return Err(ZoomError::Smaller {
                wanted: output,
                input,
            });
        }
        if output > MAX_SIDE {
            return Err(ZoomError::TooLarge {
                pixels: output as f64,
            });
        }
        let factor = output as f64 / input as f64;
        Ok(Self {
            input,
            factor,
            output,
        })
    }

    /// The fewest steps of at most `max_step`.
    fn steps(&self, max_step: f64) -> Result<usize, ZoomError> {
        let reach = |steps: usize| max_step.powi(steps as i32) * (1.0 + TOLERANCE);
        (0..=MAX_LEVELS)
            .find(|&steps| self.factor <= reach(steps))
            .ok_or(ZoomError::TooManyLevels { max_step })
    }

    /// The sizes of all levels, last to first bounded by what one step can reach.
    fn levels(&self, steps: usize) -> Vec<usize> {
        let mut levels = vec![self.output; steps];
        for level in (1..steps).rev() {
            let share = level as f64 / steps as f64;
            let equal = (self.input as f64 * self.factor.powf(share)).round() as usize;
            let next = levels[level];
            levels[level - 1] = equal.clamp(next.div_ceil(LARGEST_WHOLE_STEP), next);
        }
        levels
    }
}
