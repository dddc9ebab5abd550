//! How large a network is, and how far it looks.

use crate::prior::DETAILS;
use casr_kernels::{
    conv::GRID,
    similarity::{LAGS, MATCHES_REACH},
    superpixel::{CELL, NEIGHBOURS},
};
use serde::{Deserialize, Serialize};

/// Colours per pixel: RGB.
pub const COLOURS: usize = 3;

/// Convolutions of a residual block.
const BLOCK: usize = 3;

/// The size of a network, stored with its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// Feature channels C.
    pub channels: usize,
    /// Residual blocks of three convolutions each.
    pub blocks: usize,
    /// Frequencies H of the heat field.
    pub frequencies: usize,
    /// Whether it aligns the statistics of superpixels with those of the step before (SDAM).
    pub alignment: bool,
    /// Whether it reads the self-similarity of the original image (SARM).
    pub similarity: bool,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            channels: 48,
            blocks: 6,
            frequencies: 32,
            alignment: false,
            similarity: false,
        }
    }
}

impl NetworkConfig {
    /// How far around its place in the input a pixel of the result looks, in input pixels: what the
    /// network looks ([`NetworkConfig::border`]) and what the anchor adds; a multiple of [`GRID`].
    pub fn reach(&self) -> usize {
        (self.border() + ANCHOR_REACH).next_multiple_of(GRID)
    }

    /// How many mirrored pixels lie around a level: as far as the network looks, the sum of what
    /// the 3×3 convolutions and the modules look, and a multiple of [`GRID`]. Beyond them
    /// convolutions see zeros.
    pub fn border(&self) -> usize {
        const CONVOLUTION: usize = 1;
        let mut reach = CONVOLUTION;
        if self.similarity {
            reach = reach.max(MATCHES_REACH + CONVOLUTION).max(CELL);
        }
        for block in 0..self.blocks {
            reach += BLOCK * CONVOLUTION;
            if self.alignment && block + 1 == self.blocks_before_alignment() {
                // A pixel reads the cells around its own, and these the pixels of the cells around
                // them.
                reach = reach.max(CELL).next_multiple_of(CELL) + 3 * CELL;
            }
        }
        (reach + CONVOLUTION)
            .max(BICUBIC_REACH)
            .next_multiple_of(GRID)
    }

    /// Residual blocks before SDAM: half of them.
    pub fn blocks_before_alignment(&self) -> usize {
        self.blocks.div_ceil(2)
    }

    /// Whether a network of `other` has all the parameters of one of this configuration.
    pub fn fits(&self, other: &Self) -> bool {
        let size = |config: &Self| (config.channels, config.blocks, config.frequencies);
        size(self) == size(other)
            && self.alignment <= other.alignment
            && self.similarity <= other.similarity
    }

    /// Values that a step with [`NetworkConfig::alignment`] leaves behind for each cell: mean and
    /// logarithm of the deviation of every feature, and mean colours.
    pub fn statistics(&self) -> usize {
        2 * self.channels + COLOURS
    }

    /// Values that modules hold for each input pixel beside features: the weights of superpixels,
    /// and matches, on the host and on the device.
    pub fn module_values(&self) -> usize {
        let superpixels = (self.alignment || self.similarity).then_some(NEIGHBOURS);
        let matches = (self.similarity).then_some(2 * (DETAILS + 1));
        superpixels.unwrap_or_default() + matches.unwrap_or_default()
    }

    /// Floating point operations of the convolutions for one input pixel, forward; a multiplication
    /// and an addition count as two.
    pub fn operations_per_pixel(&self) -> f64 {
        let body = (BLOCK * self.blocks + 1) * 9 * self.channels * self.channels;
        let ends = 9 * COLOURS * self.channels + self.channels * self.head_channels();
        let square = self.channels * self.channels;
        let (mut matches, mut of_cells) = (0, 0);
        if self.similarity {
            matches = 9 * (DETAILS + 1) * self.channels;
            of_cells += LAGS * self.channels + 2 * square;
        }
        if self.alignment {
            of_cells += (4 + 3) * square;
        }
        let cells = of_cells as f64 / (CELL * CELL) as f64;
        2.0 * ((body + ends + matches) as f64 + cells)
    }

    /// Channels of the head: two coefficients for each frequency and a constant, for each colour.
    pub fn head_channels(&self) -> usize {
        (2 * self.frequencies + 1) * COLOURS
    }
}

/// How far the bicubic enlargement looks, in input pixels.
const BICUBIC_REACH: usize = 2;

/// How much farther the anchor looks, in input pixels: what it takes out of a pixel comes from
/// inputs within [`BICUBIC_REACH`], and is what outputs within [`BICUBIC_REACH`] of these differ.
const ANCHOR_REACH: usize = 2 * BICUBIC_REACH;
