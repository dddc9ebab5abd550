//! The heat field head as an op: colours inside a pixel from the coefficients of global
//! frequencies, through the pixel's gates.

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
use casr_kernels::{
    InstructionSet, guard,
    heat::{self as kernel, HeatShape},
    zeros,
};
use casr_net::StepGeometry;
use std::sync::Arc;

/// Backends that can evaluate a heat field.
#[backend_extension(Autodiff, Flex)]
pub trait HeatBackend: Backend {
    /// See [`heat_field`].
    fn heat_field(
        coefficients: FloatTensor<Self>,
        frequencies: FloatTensor<Self>,
        decay: FloatTensor<Self>,
        base: FloatTensor<Self>,
        gates: FloatTensor<Self>,
        geometry: Arc<StepGeometry>,
    ) -> FloatTensor<Self>;
}

/// Backends that can differentiate a heat field.
pub trait HeatGradients: HeatBackend {
    /// Gradients of coefficients, frequencies and decay.
    fn heat_field_gradients(
        field: SavedField<Self>,
        output_gradient: FloatTensor<Self>,
        geometry: Arc<StepGeometry>,
    ) -> [FloatTensor<Self>; 3];
}

/// What the backward pass of a heat field reads.
#[derive(Clone, Debug)]
pub struct SavedField<B: Backend> {
    /// `[n, h, w, (2H + 1)·c]`.
    pub coefficients: FloatTensor<B>,
    /// `[H, 2]`.
    pub frequencies: FloatTensor<B>,
    /// `[H]`.
    pub decay: FloatTensor<B>,
    /// `[n, h, w, 2]`.
    pub gates: FloatTensor<B>,
}

/// base + gated(Σ_h decay_h (A_h cos ω_h·δ + B_h sin ω_h·δ) + constant), at every output pixel of
/// `geometry` (Thera); see [`guard`] for the gates.
///
/// Shapes: coefficients `[n, h, w, (2H + 1)·3]` with cosines, sines and the constant in this order,
/// colours innermost; frequencies `[H, 2]`, rows (ω_y, ω_x) in radians per input pixel; decay
/// `[H]`; gates `[n, h, w, 2]`, which get no gradient; base and result `[n, H_out, W_out, 3]`.
pub fn heat_field(
    coefficients: Tensor<4>,
    frequencies: Tensor<2>,
    decay: Tensor<1>,
    base: Tensor<4>,
    gates: Tensor<4>,
    geometry: Arc<StepGeometry>,
) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::heat_field(
        coefficients.into_dispatch(),
        frequencies.into_dispatch(),
        decay.into_dispatch(),
        base.into_dispatch(),
        gates.into_dispatch(),
        geometry,
    ))
}

fn shape_of(coefficients: &FlexTensor, frequencies: &FlexTensor) -> HeatShape {
    let count = frequencies.shape()[0];
    HeatShape {
        images: coefficients.shape()[0],
        frequencies: count,
        colours: coefficients.shape()[3] / (2 * count + 1),
    }
}

impl HeatBackend for Flex {
    fn heat_field(
        coefficients: FlexTensor,
        frequencies: FlexTensor,
        decay: FlexTensor,
        base: FlexTensor,
        gates: FlexTensor,
        geometry: Arc<StepGeometry>,
    ) -> FlexTensor {
        let (coefficients, frequencies) = (contiguous(coefficients), contiguous(frequencies));
        let (decay, base, gates) = (contiguous(decay), contiguous(base), contiguous(gates));
        let shape = shape_of(&coefficients, &frequencies);
        let size = [
            shape.images,
            geometry.rows.cells.outputs(),
            geometry.columns.cells.outputs(),
            shape.colours,
        ];
        let mut output = zeros(size.iter().product());
        kernel::forward(
            InstructionSet::best(),
            shape,
            &geometry.rows.cells,
            &geometry.columns.cells,
            values(&coefficients),
            values(&frequencies),
            values(&decay),
            None,
            &mut output,
        );
        guard::apply(
            shape.images,
            &geometry.rows.cells,
            &geometry.columns.cells,
            values(&gates),
            values(&base),
            &mut output,
        );
        tensor(output, size)
    }
}

impl HeatGradients for Flex {
    fn heat_field_gradients(
        field: SavedField<Self>,
        output_gradient: FlexTensor,
        geometry: Arc<StepGeometry>,
    ) -> [FlexTensor; 3] {
        let (coefficients, frequencies) = (
            contiguous(field.coefficients),
            contiguous(field.frequencies),
        );
        let (decay, gates) = (contiguous(field.decay), contiguous(field.gates));
        let shape = shape_of(&coefficients, &frequencies);
        let mut correction_gradient = values(&contiguous(output_gradient)).to_vec();
        guard::apply_gradient(
            shape.images,
            &geometry.rows.cells,
            &geometry.columns.cells,
            values(&gates),
            &mut correction_gradient,
        );
        let mut coefficient_gradient = zeros(values(&coefficients).len());
        let mut frequency_gradient = vec![0.0; 2 * shape.frequencies];
        let mut decay_gradient = vec![0.0; shape.frequencies];
        kernel::backward(
            InstructionSet::best(),
            shape,
            &geometry.rows.cells,
            &geometry.columns.cells,
            values(&coefficients),
            values(&frequencies),
            values(&decay),
            &correction_gradient,
            &mut coefficient_gradient,
            &mut frequency_gradient,
            &mut decay_gradient,
        );
        let size = coefficients.shape();
        [
            tensor(coefficient_gradient, [size[0], size[1], size[2], size[3]]),
            tensor(frequency_gradient, [shape.frequencies, 2]),
            tensor(decay_gradient, [shape.frequencies]),
        ]
    }
}

/// Parents: coefficients, frequencies, decay, base.
#[derive(Debug)]
struct HeatBackward(Arc<StepGeometry>);

impl<B: HeatGradients> Backward<B, 4> for HeatBackward {
    type State = SavedField<B>;

    fn backward(self, ops: Ops<Self::State, 4>, grads: &mut Gradients, _: &mut Checkpointer) {
        let output_gradient = grads.consume::<B>(&ops.node);
        if let Some(base) = &ops.parents[3] {
            grads.register::<B>(base.id, output_gradient.clone());
        }
        let gradients = B::heat_field_gradients(ops.state, output_gradient, self.0);
        for (parent, gradient) in ops.parents.iter().zip(gradients) {
            if let Some(parent) = parent {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: HeatGradients, C: CheckpointStrategy> HeatBackend for Autodiff<B, C> {
    fn heat_field(
        coefficients: FloatTensor<Self>,
        frequencies: FloatTensor<Self>,
        decay: FloatTensor<Self>,
        base: FloatTensor<Self>,
        gates: FloatTensor<Self>,
        geometry: Arc<StepGeometry>,
    ) -> FloatTensor<Self> {
        let ((coefficients, coefficients_node), (frequencies, frequencies_node)) =
            (coefficients.into_parts(), frequencies.into_parts());
        let ((decay, decay_node), (base, base_node)) = (decay.into_parts(), base.into_parts());
        let (gates, _) = gates.into_parts();
        let nodes = [coefficients_node, frequencies_node, decay_node, base_node];
        let prepared = Backward::<B, 4>::prepare::<C>(HeatBackward(geometry.clone()), nodes);
        let output = B::heat_field(
            coefficients.clone(),
            frequencies.clone(),
            decay.clone(),
            base,
            gates.clone(),
            geometry,
        );
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(
                SavedField {
                    coefficients,
                    frequencies,
                    decay,
                    gates,
                },
                output,
            ),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }
}
