//! Bicubic resampling as an op, so that gradients flow from one level to the one below.

use super::flex::{contiguous, tensor, values};
use burn::backend::{
    Autodiff, Backend, Dispatch, Flex, TensorMetadata,
    autodiff::{
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind},
    },
    backend_extension,
    flex::FlexTensor,
    tensor::FloatTensor,
};
use burn::tensor::Tensor;
use casr_kernels::{resample as kernel, zeros};
use casr_net::Resampling;

/// Backends that can resample.
#[backend_extension(Autodiff, Flex)]
pub trait ResampleBackend: Backend {
    /// See [`resample`].
    fn resample(input: FloatTensor<Self>, resampling: Resampling) -> FloatTensor<Self>;
}

/// Backends that can differentiate a resampling.
pub trait ResampleGradients: ResampleBackend {
    /// The adjoint of [`ResampleBackend::resample`].
    fn resample_gradient(
        output_gradient: FloatTensor<Self>,
        resampling: Resampling,
    ) -> FloatTensor<Self>;
}

/// Resamples `[n, h, w, c]` to `[n, H, W, c]`.
pub fn resample(input: Tensor<4>, resampling: Resampling) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::resample(input.into_dispatch(), resampling))
}

impl ResampleBackend for Flex {
    fn resample(input: FlexTensor, resampling: Resampling) -> FlexTensor {
        let input = contiguous(input);
        let shape = input.shape();
        let (rows, columns) = (resampling.rows(), resampling.columns());
        let size = [shape[0], rows.outputs, columns.outputs, shape[3]];
        let mut output = zeros(size.iter().product());
        kernel::forward(
            shape[0],
            shape[3],
            rows,
            columns,
            values(&input),
            &mut output,
        );
        tensor(output, size)
    }
}

impl ResampleGradients for Flex {
    fn resample_gradient(output_gradient: FlexTensor, resampling: Resampling) -> FlexTensor {
        let gradient = contiguous(output_gradient);
        let shape = gradient.shape();
        let (rows, columns) = (resampling.rows(), resampling.columns());
        let size = [shape[0], rows.inputs, columns.inputs, shape[3]];
        let mut result = zeros(size.iter().product());
        kernel::backward(
            shape[0],
            shape[3],
            rows,
            columns,
            values(&gradient),
            &mut result,
        );
        tensor(result, size)
    }
}

#[derive(Debug)]
struct ResampleBackward(Resampling);

impl<B: ResampleGradients> Backward<B, 1> for ResampleBackward {
    type State = ();

    fn backward(self, ops: Ops<(), 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let output_gradient = grads.consume::<B>(&ops.node);
        if let [Some(parent)] = ops.parents {
            grads.register::<B>(parent.id, B::resample_gradient(output_gradient, self.0));
        }
    }
}

impl<B: ResampleGradients, C: CheckpointStrategy> ResampleBackend for Autodiff<B, C> {
    fn resample(input: FloatTensor<Self>, resampling: Resampling) -> FloatTensor<Self> {
        let (input, node) = input.into_parts();
        let prepared = Backward::<B, 1>::prepare::<C>(ResampleBackward(resampling.clone()), [node]);
        let output = B::resample(input, resampling);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }
}
