//! What can go wrong with an enlargement.

use crate::device::DeviceChoice;
use crate::plan::{MAX_LEVELS, MAX_SIDE, Size};
use crate::pyramid::Rectangle;
use casr_net::{LARGEST_STEP, NetError};

/// An error of this crate. Messages are whole sentences for the user; the caller adds the image's
/// name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ZoomError {
    /// An image without pixels.
    #[error("the image is empty ({size} pixels). Give one with at least one pixel.")]
    EmptyImage {
        /// Its size.
        size: Size,
    },
    /// The values do not fill the image, or are too many.
    #[error(
        "an image of {size} pixels does not have {values} values. Give {channels} for every pixel, row by row."
    )]
    PixelCount {
        /// The claimed size.
        size: Size,
        /// Values of a pixel.
        channels: usize,
        /// The values given.
        values: usize,
    },
    /// A colour outside of [0, 1].
    #[error("colour value {index} is {value}. Scale colours to the range from 0 to 1.")]
    PixelValue {
        /// Its place among the values.
        index: usize,
        /// The value.
        value: f32,
    },
    /// A factor that is no number from 1 up.
    #[error("cannot enlarge by a factor of {factor}. Ask for a number from 1 up.")]
    Factor {
        /// The wanted factor.
        factor: f64,
    },
    /// A wanted size below the image's own.
    #[error(
        "cannot make {wanted} pixels of {input} along one side: CASR only enlarges. Ask for {input} or more."
    )]
    Smaller {
        /// The wanted side, in pixels.
        wanted: usize,
        /// The image's side, in pixels.
        input: usize,
    },
    /// A result too large for this program.
    #[error(
        "the result would be {pixels:.0} pixels along one side, more than {MAX_SIDE}. Ask for a smaller one."
    )]
    TooLarge {
        /// The wanted side, in pixels.
        pixels: f64,
    },
    /// The largest step is outside of what the network was trained for.
    #[error(
        "the largest step cannot be {max_step}. Choose one above 1 and at most {LARGEST_STEP}."
    )]
    MaxStep {
        /// The value given.
        max_step: f64,
    },
    /// The steps are so small that the wanted factor takes too many.
    #[error(
        "steps of at most {max_step} are too small: the plan would have more than {MAX_LEVELS} levels. Allow larger steps."
    )]
    TooManyLevels {
        /// The largest step allowed.
        max_step: f64,
    },
    /// A strength of restoration, or a look, outside of [0, 1].
    #[error("{value} is no number from 0 to 1. Give one.")]
    Strength {
        /// The value given.
        value: f32,
    },
    /// A plan made for an image of another size.
    #[error(
        "the plan is for an image of {planned} pixels, but this one has {image}. Make a plan for this image."
    )]
    OtherPlan {
        /// The size that the plan starts from.
        planned: Size,
        /// The image's size.
        image: Size,
    },
    /// A level that a pyramid does not have.
    #[error("there is no level {level}: the levels are 0, the image, to {}. Ask for one of them.", levels - 1)]
    NoLevel {
        /// The level asked for.
        level: usize,
        /// How many there are.
        levels: usize,
    },
    /// A tile that a level does not have.
    #[error("level {level} has no tile in column {x} and row {y}. Ask how many there are first.")]
    NoTile {
        /// The level.
        level: usize,
        /// The column of tiles asked for.
        x: usize,
        /// The row of tiles.
        y: usize,
    },
    /// A window that does not lie within its level.
    #[error(
        "a window of {window} does not lie within {size} pixels. Ask for one that does, with at least one pixel."
    )]
    Outside {
        /// The window asked for.
        window: Rectangle,
        /// The level's size.
        size: Size,
    },
    /// The result does not fit into memory as a whole.
    #[error(
        "there is no memory for a whole image of {size} pixels. Ask for a smaller one, or take it in bands."
    )]
    Memory {
        /// The result's size.
        size: Size,
    },
    /// The wanted GPU is not there.
    #[error("cannot use {choice}: {reason}. Or use the processor.")]
    NoGpu {
        /// The wanted device.
        choice: DeviceChoice,
        /// What is missing, and the remedy.
        reason: &'static str,
    },
    /// Half precision is wanted of a device that has none.
    #[error(
        "{device} has no half precision. Ask for single precision, or leave the choice to the program."
    )]
    NoHalfPrecision {
        /// The device.
        device: String,
    },
    /// The network's device failed.
    #[error(transparent)]
    Network(#[from] NetError),
    /// The observer stopped the work.
    #[error("the enlargement was cancelled. Start it again to get the image.")]
    Cancelled,
}

/// What an error is about; see [`ZoomError::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ZoomErrorKind {
    /// The image given.
    Image,
    /// What is wanted of it: a size, a step, a strength, a plan.
    Target,
    /// Memory.
    Memory,
    /// A device that is missing or failed.
    Device,
    /// The caller stopped the work.
    Cancelled,
}

impl ZoomError {
    /// What it is about, for programs that decide what to do.
    pub fn kind(&self) -> ZoomErrorKind {
        match self {
            Self::EmptyImage { .. } | Self::PixelCount { .. } | Self::PixelValue { .. } => {
                ZoomErrorKind::Image
            }
            Self::Factor { .. }
            | Self::Smaller { .. }
            | Self::TooLarge { .. }
            | Self::MaxStep { .. }
            | Self::TooManyLevels { .. }
            | Self::Strength { .. }
            | Self::NoLevel { .. }
            | Self::NoTile { .. }
            | Self::Outside { .. }
            | Self::OtherPlan { .. } => ZoomErrorKind::Target,
            Self::Memory { .. } => ZoomErrorKind::Memory,
            Self::NoGpu { .. } | Self::NoHalfPrecision { .. } | Self::Network(_) => {
                ZoomErrorKind::Device
            }
            Self::Cancelled => ZoomErrorKind::Cancelled,
        }
    }
}
