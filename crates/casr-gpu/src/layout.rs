//! How features and weights lie in the device's memory.
//!
//! A map of features is `[planes, height, width]` of four channels, so that threads side by side
//! read and write side by side. Channels are filled up to a multiple of eight with zeros, which all
//! kernels keep zero.

use half::f16;

/// Output channels of a thread of the 3×3 convolution.
const OUTPUTS: usize = 8;

/// Most threads of a workgroup along the groups of channels.
const MOST_GROUPS: usize = 8;

/// The channels of a network on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Channels {
    /// Those of the network.
    pub count: usize,
    /// Fours of them.
    pub planes: usize,
    /// Groups of eight in a workgroup of the convolution.
    pub groups: usize,
    /// Workgroups that share a map's channels.
    pub parts: usize,
}

impl Channels {
    pub fn new(count: usize) -> Self {
        let groups = count.div_ceil(OUTPUTS);
        let parts = groups.div_ceil(MOST_GROUPS);
        Self {
            count,
            planes: 2 * groups,
            groups: groups.div_ceil(parts.max(1)),
            parts,
        }
    }

    /// The bias of a convolution, `[count]`, for all groups of all parts.
    pub fn bias(self, bias: &[f32]) -> Vec<f32> {
        let mut padded = bias.to_vec();
        padded.resize(self.parts * self.groups * OUTPUTS, 0.0);
        padded
    }

    /// The weights of a convolution between maps, `[3, 3, count, count]`, as `wgsl/conv.wgsl` reads
    /// them: `[parts][planes][3 columns of taps][groups][3 rows of taps][4 inputs][8 outputs]`.
    pub fn convolution(self, weights: &[f32]) -> Vec<f32> {
        let Self {
            count,
            planes,
            groups,
            parts,
        } = self;
        let mut packed = Vec::with_capacity(parts * planes * groups * 288);
        for part in 0..parts {
            for plane in 0..planes {
                for column in 0..3 {
                    for group in 0..groups {
                        let first = (part * groups + group) * OUTPUTS;
                        for (row, input) in (0..3).flat_map(|row| (0..4).map(move |i| (row, i))) {
                            let input = 4 * plane + input;
                            let from = ((row * 3 + column) * count + input) * count;
                            packed.extend((first..first + OUTPUTS).map(|output| {
                                let inside = input < count && output < count;
                                if inside { weights[from + output] } else { 0.0 }
                            }));
                        }
                    }
                }
            }
        }
        packed
    }

    /// The weights of a convolution from few channels, `[3, 3, inputs, count]`, as
    /// `wgsl/encode.wgsl` reads them: `[groups][3][3][inputs][8 outputs]`.
    pub fn encoder(self, weights: &[f32]) -> Vec<f32> {
        let rows = weights.chunks_exact(self.count.max(1));
        let group = |first: usize| {
            rows.clone().flat_map(move |row| {
                (first..first + OUTPUTS).map(|output| row.get(output).copied().unwrap_or_default())
            })
        };
        (0..self.planes / 2)
            .flat_map(|index| group(index * OUTPUTS))
            .collect()
    }

    /// The weights and the bias of the head, `[count, coefficients]` and `[coefficients]`, as
    /// `wgsl/head.wgsl` reads them: `[channels][coefficients]`, then the bias, coefficients filled
    /// up to fours.
    pub fn head(self, weights: &[f32], bias: &[f32]) -> Vec<f32> {
        let coefficients = bias.len().next_multiple_of(4);
        let mut packed = Vec::with_capacity((4 * self.planes + 1) * coefficients);
        for row in weights.chunks_exact(bias.len().max(1)) {
            packed.extend_from_slice(row);
            packed.resize(packed.len().next_multiple_of(coefficients), 0.0);
        }
        packed.resize(4 * self.planes * coefficients, 0.0);
        packed.extend_from_slice(bias);
        packed.resize((4 * self.planes + 1) * coefficients, 0.0);
        packed
    }
}

/// Numbers in half precision.
pub(crate) fn halves(values: &[f32]) -> Vec<u16> {
    values
        .iter()
        .map(|value| f16::from_f32(*value).to_bits())
        .collect()
}
