//! Weights packed in the order in which the kernels read them.

use super::ConvShape;

/// A group of output channels that one register tile computes together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// The first channel, a multiple of the vector length.
    pub first: usize,
    /// Number of channels, including the padding of an incomplete last vector.
    pub width: usize,
}

/// Splits `outputs` channels into blocks of `vectors` vectors, and the remainder into blocks of one
/// vector.
pub(super) fn blocks(outputs: usize, lanes: usize, vectors: usize) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut first = 0;
    while first < outputs {
        let left = (outputs - first).div_ceil(lanes);
        let width = lanes * if left >= vectors { vectors } else { 1 };
        blocks.push(Block { first, width });
        first += width;
    }
    blocks
}

/// Total width of all blocks: `outputs` rounded up to whole vectors.
pub(super) fn padded_outputs(blocks: &[Block]) -> usize {
    blocks.iter().map(|block| block.width).sum()
}

/// Weights and biases by block, `[block][kernel · kernel · inputs][block width]`, zero-padded.
#[derive(Debug)]
pub(super) struct PackedWeights {
    /// The blocks of output channels.
    pub blocks: Vec<Block>,
    weights: Vec<f32>,
    bias: Vec<f32>,
    taps: usize,
}

impl PackedWeights {
    /// Packs HWIO weights.
    pub fn new(
        shape: ConvShape,
        weights: &[f32],
        bias: Option<&[f32]>,
        blocks: Vec<Block>,
    ) -> Self {
        let taps = shape.kernel * shape.run();
        let outputs = padded_outputs(&blocks);
        let mut packed = Vec::with_capacity(taps * outputs);
        for block in &blocks {
            let used = block.width.min(shape.outputs - block.first);
            for tap in weights.chunks_exact(shape.outputs) {
                packed.extend_from_slice(&tap[block.first..][..used]);
                packed.extend(std::iter::repeat_n(0.0, block.width - used));
            }
        }
        let mut padded_bias = bias.map_or_else(Vec::new, <[f32]>::to_vec);
        padded_bias.resize(outputs, 0.0);
        Self {
            blocks,
            weights: packed,
            bias: padded_bias,
            taps,
        }
    }

    /// The weights of a block, `[kernel · kernel · inputs][block width]`.
    pub fn weights(&self, block: Block) -> &[f32] {
        &self.weights[block.first * self.taps..][..block.width * self.taps]
    }

    /// The biases of a block.
    pub fn bias(&self, block: Block) -> &[f32] {
        &self.bias[block.first..][..block.width]
    }
}
