//! 2-D convolutions with kernels of side 1 or 3 on NHWC tensors.
//!
//! Vector lanes are output channels. With few channels or a kernel of side 1, a pixel's sum starts
//! at the bias and runs over (tap row, tap column, input channel) as one chain of fused
//! multiply-adds in which padding counts as zeros; its bits depend only on the input pixels under
//! the kernel. With many channels, a kernel of side 3 is computed by Winograd's algorithm in tiles
//! of [`GRID`]×[`GRID`] pixels with a quarter of the multiplications; the bits of a pixel then
//! depend on the input pixels under its whole tile.
//!
//! [`half`] computes 3×3 convolutions in half precision, as direct sums.
//!
//! The feature `backward` adds the gradients of input, weights and bias.

#[cfg(feature = "backward")]
pub(crate) mod backward;
pub(crate) mod forward;
pub mod half;
pub(crate) mod instructions;
mod layer;
mod pack;
mod planar;
mod scalar;
mod strip;
mod tail;
mod winograd;

use crate::InstructionSet;
#[cfg(feature = "backward")]
pub use backward::{activation_gradient, input_gradient, weight_gradient};
use forward::Forward;
pub use layer::Layer;

/// Side of the tiles of the fast 3×3 convolution, in pixels. A crop of an image that begins and
/// ends at multiples of it gives the bits of the whole image, except near the cuts; see
/// [`ConvShape::spoiled`].
pub const GRID: usize = winograd::TILE;

/// The sizes of a convolution. Tensors are NHWC, weights HWIO
/// (`[kernel, kernel, inputs, outputs]`). The output has the size of the input: borders are
/// zero-padded ("same" padding).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Images in the batch.
    pub images: usize,
    /// Height of an image, pixels.
    pub height: usize,
    /// Width of an image, pixels.
    pub width: usize,
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Side of the kernel: 1 or 3.
    pub kernel: usize,
}

impl ConvShape {
    /// Pixels of all images together.
    pub fn pixels(&self) -> usize {
        self.images * self.height * self.width
    }

    /// Elements of the input.
    pub fn input_len(&self) -> usize {
        self.pixels() * self.inputs
    }

    /// Elements of the output.
    pub fn output_len(&self) -> usize {
        self.pixels() * self.outputs
    }

    /// Elements of the weights.
    pub fn weights_len(&self) -> usize {
        self.kernel * self.kernel * self.inputs * self.outputs
    }

    /// Multiplications plus additions of one pass computed as direct sums. GFLOP/s are quoted in
    /// these, even where the algorithm needs fewer.
    pub fn operations(&self) -> usize {
        2 * self.pixels() * self.kernel * self.kernel * self.inputs * self.outputs
    }

    /// The width, in pixels, of the strip along a cut on the [`GRID`] in which the output of a
    /// cropped image may differ from that of the whole image, if its input differs within `margin`
    /// pixels of the cut.
    pub fn spoiled(&self, margin: usize) -> usize {
        let margin = margin + self.padding();
        if winograd::suits(*self) {
            margin.next_multiple_of(GRID)
        } else {
            margin
        }
    }

    /// Rows and columns of padding on each side.
    fn padding(&self) -> usize {
        self.kernel / 2
    }

    /// Rows of all images together.
    fn rows(&self) -> usize {
        self.images * self.height
    }

    /// Elements under one row of the kernel: its taps times the input channels, contiguous in
    /// memory.
    fn run(&self) -> usize {
        self.kernel * self.inputs
    }

    /// The input row under row `tap` of the kernel for output row `row`; `None` if it lies in the
    /// padding. Rows are counted through all images.
    fn row_under(&self, row: usize, tap: usize) -> Option<usize> {
        let within = row % self.height + tap;
        (self.padding()..self.height + self.padding())
            .contains(&within)
            .then(|| row + tap - self.padding())
    }

    /// The elements of one row of the input.
    fn input_row<'a>(&self, input: &'a [f32], row: usize) -> &'a [f32] {
        let length = self.width * self.inputs;
        &input[row * length..][..length]
    }

    fn check(&self) {
        assert!(
            self.kernel == 1 || self.kernel == 3,
            "the kernel's side must be 1 or 3, not {}",
            self.kernel
        );
        assert!(
            self.pixels() * self.inputs * self.outputs > 0,
            "a convolution needs at least one pixel and one channel: {self:?}"
        );
    }
}

/// The function that is applied after the bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    None,
    /// x · σ(x), also called swish.
    Silu,
}

/// Computes `output = activation(conv(input) + bias) + residual`.
///
/// `input` is `[images, height, width, inputs]`, `weights` `[kernel, kernel, inputs, outputs]`,
/// `bias` `[outputs]`; `residual`, `output` and `pre_activation` are
/// `[images, height, width, outputs]`. If given, `pre_activation` is overwritten with
/// `conv(input) + bias`, which the gradient needs.
///
/// Transforms the weights in every call; [`Layer`] does so once.
///
/// # Panics
///
/// If the kernel's side is neither 1 nor 3, a size is zero, or a slice's length does not match its
/// shape.
#[allow(clippy::too_many_arguments)]
pub fn forward(
    set: InstructionSet,
    shape: ConvShape,
    input: &[f32],
    weights: &[f32],
    bias: Option<&[f32]>,
    activation: Activation,
    residual: Option<&[f32]>,
    output: &mut [f32],
    pre_activation: Option<&mut [f32]>,
) {
    shape.check();
    check_length("input", input.len(), shape.input_len());
    check_length("weights", weights.len(), shape.weights_len());
    check_length("output", output.len(), shape.output_len());
    if let Some(bias) = bias {
        check_length("bias", bias.len(), shape.outputs);
    }
    if let Some(residual) = residual {
        check_length("residual", residual.len(), shape.output_len());
    }
    if let Some(pre_activation) = &pre_activation {
        check_length("pre_activation", pre_activation.len(), shape.output_len());
    }
    let kernel = Forward {
        shape,
        rows: 0..shape.rows(),
        cache: None,
        input,
        weights,
        bias,
        activation,
        residual,
        output,
        pre_activation,
    };
    instructions::run(set, kernel);
}

fn check_length(name: &str, length: usize, expected: usize) {
    assert!(
        length == expected,
        "{name} holds {length} numbers where its shape asks for {expected}"
    );
}
