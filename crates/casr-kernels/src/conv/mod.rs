//! 2-D convolutions of side 1 or 3 on NHWC tensors, forward and backward.
//!
//! Vector lanes are output channels. With few channels or a kernel of side 1, a pixel's sum starts at the bias and runs over
//! (tap row, tap column, input channel) as one chain of fused multiply-adds, padding multiplied as zeros, so its bits depend
//! on nothing but the window that it sees. With many channels a kernel of side 3 is computed in tiles of [`GRID`] pixels a
//! side with a quarter of the multiplications; then a pixel's bits depend on the window that its tile sees.

#[cfg(feature = "backward")]
pub(crate) mod backward;
pub(crate) mod forward;
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

/// Crops that begin and end at multiples of this many pixels from the image's first pixel give the bits of the whole, away
/// from the cuts; see [`ConvShape::spoiled`].
pub const GRID: usize = winograd::TILE;

/// The sizes of a convolution. Tensors are NHWC, weights HWIO (`[kernel, kernel, inputs, outputs]`), and zeros around
/// the image ("same" padding) keep its size.
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

    /// Numbers in the input.
    pub fn input_len(&self) -> usize {
        self.pixels() * self.inputs
    }

    /// Numbers in the output.
    pub fn output_len(&self) -> usize {
        self.pixels() * self.outputs
    }

    /// Numbers in the weights.
    pub fn weights_len(&self) -> usize {
        self.kernel * self.kernel * self.inputs * self.outputs
    }

    /// Multiplications and additions of one pass in plain sums, counted apart: what GFLOP/s are quoted in, however few a kernel
    /// gets by with.
    pub fn operations(&self) -> usize {
        2 * self.pixels() * self.kernel * self.kernel * self.inputs * self.outputs
    }

    /// How many pixels along a cut, made on the [`GRID`], may differ in their bits from those of the whole image, when of
    /// the input `margin` pixels may.
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

    /// Numbers that meet one row of the kernel: its taps times the input channels, contiguous in memory.
    fn run(&self) -> usize {
        self.kernel * self.inputs
    }

    /// The input's row under row `tap` of the kernel when the output's row is `row`; `None` in the padding. Rows are
    /// counted through all images.
    fn row_under(&self, row: usize, tap: usize) -> Option<usize> {
        let within = row % self.height + tap;
        (self.padding()..self.height + self.padding())
            .contains(&within)
            .then(|| row + tap - self.padding())
    }

    /// The numbers of one row of the input.
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

/// What follows a convolution and its bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    None,
    /// x · σ(x), also called swish.
    Silu,
}

/// `output = activation(conv(input) + bias) + residual`.
///
/// `input` is `[images, height, width, inputs]`, `weights` `[kernel, kernel, inputs, outputs]`, `bias` `[outputs]`;
/// `residual`, `output` and `pre_activation` are `[images, height, width, outputs]`. `pre_activation` receives
/// `conv(input) + bias`, which [`activation_gradient`] asks for.
///
/// # Panics
///
/// If the kernel's side is neither 1 nor 3, a size is zero, or a slice's length is not its shape's.
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
        kept: None,
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
