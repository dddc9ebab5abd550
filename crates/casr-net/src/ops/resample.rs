//! The bicubic enlargement as an op, so that gradients flow from one level to the one below.

use super::{
    composed,
    flex::{contiguous, tensor, values},
    has_kernels,
};
use crate::geometry::StepGeometry;
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
use std::sync::Arc;

/// Backends that can resample.
#[backend_extension(Autodiff, Flex)]
pub trait ResampleBackend: Backend {
    /// See [`resample`].
    fn resample(input: FloatTensor<Self>, geometry: Arc<StepGeometry>) -> FloatTensor<Self>;
}

/// Backends that can differentiate a resampling.
pub trait ResampleGradients: ResampleBackend {
    /// The adjoint of [`ResampleBackend::resample`].
    fn resample_gradient(
        output_gradient: FloatTensor<Self>,
        geometry: Arc<StepGeometry>,
    ) -> FloatTensor<Self>;
}

/// Bicubic enlargement, `[n, h, w, c]` → `[n, H, W, c]`, by the taps of `geometry`.
pub fn resample(input: Tensor<4>, geometry: Arc<StepGeometry>) -> Tensor<4> {
    if !has_kernels(&input) {
        return composed::resample(input, &geometry);
    }
    Tensor::from_dispatch(Dispatch::resample(input.into_dispatch(), geometry))
}

impl ResampleBackend for Flex {
    fn resample(input: FlexTensor, geometry: Arc<StepGeometry>) -> FlexTensor {
        let input = contiguous(input);
        let shape = input.shape();
        let (rows, columns) = (&geometry.rows.taps, &geometry.columns.taps);
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
    fn resample_gradient(output_gradient: FlexTensor, geometry: Arc<StepGeometry>) -> FlexTensor {
        let gradient = contiguous(output_gradient);
        let shape = gradient.shape();
        let (rows, columns) = (&geometry.rows.taps, &geometry.columns.taps);
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
struct ResampleBackward(Arc<StepGeometry>);

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
    fn resample(input: FloatTensor<Self>, geometry: Arc<StepGeometry>) -> FloatTensor<Self> {
        let (input, node) = input.into_parts();
        let prepared = Backward::<B, 1>::prepare::<C>(ResampleBackward(geometry.clone()), [node]);
        let output = B::resample(input, geometry);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }
}
