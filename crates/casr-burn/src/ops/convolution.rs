//! The convolution op: bias, activation and residual fused.

use super::flex::{contiguous, tensor, values};
use burn::backend::{
    Autodiff, Backend, Dispatch, Flex, TensorMetadata,
    autodiff::{
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, NodeGuard, Ops, OpsKind},
    },
    backend_extension,
    flex::FlexTensor,
    tensor::FloatTensor,
};
use burn::tensor::Tensor;
use casr_kernels::{
    InstructionSet,
    conv::{self, Activation, ConvShape},
    zeros,
};

/// Backends that can convolve.
#[backend_extension(Autodiff, Flex)]
pub trait ConvolutionBackend: Backend {
    /// See [`convolution`], without a residual.
    fn convolution(
        input: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;

    /// See [`convolution`], with a residual.
    fn convolution_residual(
        input: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;
}

/// Backends that can differentiate a convolution.
pub trait ConvolutionGradients: ConvolutionBackend {
    /// The convolution and, to `save`, the values before its activation that the gradient needs.
    fn convolution_saving(
        input: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        residual: Option<FloatTensor<Self>>,
        activation: Activation,
        save: bool,
    ) -> (FloatTensor<Self>, Option<FloatTensor<Self>>);

    /// Gradients of input, weights and bias; those of input and weights only where wanted.
    fn convolution_gradients(
        saved: SavedConvolution<Self>,
        output_gradient: FloatTensor<Self>,
        activation: Activation,
        wanted: [bool; 2],
    ) -> [Option<FloatTensor<Self>>; 3];
}

/// What the backward pass of a convolution reads.
#[derive(Clone, Debug)]
pub struct SavedConvolution<B: Backend> {
    /// The input, `[n, h, w, in]`.
    pub input: FloatTensor<B>,
    /// The weights, `[k, k, in, out]`.
    pub weights: FloatTensor<B>,
    /// The values before the activation, `[n, h, w, out]`; none without an activation.
    pub pre_activation: Option<FloatTensor<B>>,
}

/// activation(input ∗ weights + bias) + residual, zero padded to the input's size.
///
/// Shapes: input `[n, h, w, in]`, weights `[k, k, in, out]` with k = 1 or 3, bias `[out]`, residual
/// and result `[n, h, w, out]`.
pub fn convolution(
    input: Tensor<4>,
    weights: Tensor<4>,
    bias: Tensor<1>,
    residual: Option<Tensor<4>>,
    activation: Activation,
) -> Tensor<4> {
    let (input, weights, bias) = (
        input.into_dispatch(),
        weights.into_dispatch(),
        bias.into_dispatch(),
    );
    Tensor::from_dispatch(match residual {
        None => Dispatch::convolution(input, weights, bias, activation),
        Some(residual) => Dispatch::convolution_residual(
            input,
            weights,
            bias,
            residual.into_dispatch(),
            activation,
        ),
    })
}

fn shape_of(input: &FlexTensor, weights: &FlexTensor) -> ConvShape {
    let (input, weights) = (input.shape(), weights.shape());
    ConvShape {
        images: input[0],
        height: input[1],
        width: input[2],
        inputs: input[3],
        outputs: weights[3],
        kernel: weights[0],
    }
}

impl ConvolutionBackend for Flex {
    fn convolution(
        input: FlexTensor,
        weights: FlexTensor,
        bias: FlexTensor,
        activation: Activation,
    ) -> FlexTensor {
        Self::convolution_saving(input, weights, bias, None, activation, false).0
    }

    fn convolution_residual(
        input: FlexTensor,
        weights: FlexTensor,
        bias: FlexTensor,
        residual: FlexTensor,
        activation: Activation,
    ) -> FlexTensor {
        Self::convolution_saving(input, weights, bias, Some(residual), activation, false).0
    }
}

impl ConvolutionGradients for Flex {
    fn convolution_saving(
        input: FlexTensor,
        weights: FlexTensor,
        bias: FlexTensor,
        residual: Option<FlexTensor>,
        activation: Activation,
        save: bool,
    ) -> (FlexTensor, Option<FlexTensor>) {
        let (input, weights, bias) = (contiguous(input), contiguous(weights), contiguous(bias));
        let residual = residual.map(contiguous);
        let shape = shape_of(&input, &weights);
        let size = [shape.images, shape.height, shape.width, shape.outputs];
        let mut output = zeros(size.iter().product());
        let mut pre_activation =
            (save && activation != Activation::None).then(|| zeros(output.len()));
        conv::forward(
            InstructionSet::best(),
            shape,
            values(&input),
            values(&weights),
            Some(values(&bias)),
            activation,
            residual.as_ref().map(values),
            &mut output,
            pre_activation.as_deref_mut(),
        );
        (
            tensor(output, size),
            pre_activation.map(|p| tensor(p, size)),
        )
    }

    fn convolution_gradients(
        saved: SavedConvolution<Self>,
        output_gradient: FlexTensor,
        activation: Activation,
        [input_wanted, weights_wanted]: [bool; 2],
    ) -> [Option<FlexTensor>; 3] {
        let set = InstructionSet::best();
        let (input, weights) = (contiguous(saved.input), contiguous(saved.weights));
        let output_gradient = contiguous(output_gradient);
        let pre_activation = saved.pre_activation.map(contiguous);
        let shape = shape_of(&input, &weights);

        let mut gradient = zeros(values(&output_gradient).len());
        let mut bias_gradient = vec![0.0; shape.outputs];
        conv::activation_gradient(
            set,
            shape,
            activation,
            values(&output_gradient),
            pre_activation.as_ref().map_or(&[], values),
            &mut gradient,
            &mut bias_gradient,
        );
        let weight_gradient = weights_wanted.then(|| {
            let mut result = vec![0.0; values(&weights).len()];
            conv::weight_gradient(set, shape, values(&input), &gradient, &mut result);
            tensor(
                result,
                [shape.kernel, shape.kernel, shape.inputs, shape.outputs],
            )
        });
        let input_gradient = input_wanted.then(|| {
            let mut result = zeros(values(&input).len());
            conv::input_gradient(set, shape, &gradient, values(&weights), &mut result);
            tensor(
                result,
                [shape.images, shape.height, shape.width, shape.inputs],
            )
        });
        let bias_gradient = tensor(bias_gradient, [shape.outputs]);
        [input_gradient, weight_gradient, Some(bias_gradient)]
    }
}

/// Parents: input, weights, bias, and the residual where there is one.
#[derive(Debug)]
struct ConvolutionBackward(Activation);

impl<B: ConvolutionGradients, const N: usize> Backward<B, N> for ConvolutionBackward {
    type State = SavedConvolution<B>;

    fn backward(self, ops: Ops<Self::State, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let output_gradient = grads.consume::<B>(&ops.node);
        if let Some(Some(residual)) = ops.parents.get(3) {
            grads.register::<B>(residual.id, output_gradient.clone());
        }
        let wanted = [0, 1].map(|parent: usize| ops.parents[parent].is_some());
        let gradients = B::convolution_gradients(ops.state, output_gradient, self.0, wanted);
        for (parent, gradient) in ops.parents.iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

/// The convolution with its backward pass registered where a parent needs one.
fn tracked<B: ConvolutionGradients, C: CheckpointStrategy, const N: usize>(
    nodes: [NodeGuard; N],
    [input, weights, bias]: [FloatTensor<B>; 3],
    residual: Option<FloatTensor<B>>,
    activation: Activation,
) -> FloatTensor<Autodiff<B, C>> {
    let prepared = Backward::<B, N>::prepare::<C>(ConvolutionBackward(activation), nodes);
    match prepared.compute_bound().stateful() {
        OpsKind::Tracked(prepared) => {
            let (output, pre_activation) = B::convolution_saving(
                input.clone(),
                weights.clone(),
                bias,
                residual,
                activation,
                true,
            );
            prepared.finish(
                SavedConvolution {
                    input,
                    weights,
                    pre_activation,
                },
                output,
            )
        }
        OpsKind::UnTracked(prepared) => prepared
            .finish(B::convolution_saving(input, weights, bias, residual, activation, false).0),
    }
}

impl<B: ConvolutionGradients, C: CheckpointStrategy> ConvolutionBackend for Autodiff<B, C> {
    fn convolution(
        input: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let ((input, node_0), (weights, node_1), (bias, node_2)) =
            (input.into_parts(), weights.into_parts(), bias.into_parts());
        tracked::<B, C, 3>(
            [node_0, node_1, node_2],
            [input, weights, bias],
            None,
            activation,
        )
    }

    fn convolution_residual(
        input: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let ((input, node_0), (weights, node_1), (bias, node_2), (residual, node_3)) = (
            input.into_parts(),
            weights.into_parts(),
            bias.into_parts(),
            residual.into_parts(),
        );
        let nodes = [node_0, node_1, node_2, node_3];
        tracked::<B, C, 4>(nodes, [input, weights, bias], Some(residual), activation)
    }
}
