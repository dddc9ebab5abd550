//! Soft superpixels as ops: which cells a pixel belongs to, what the cells know of their pixels,
//! and back.

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
    InstructionSet,
    superpixel::{self as kernel, NEIGHBOURS, SuperpixelShape},
    zeros,
};

/// Backends with soft superpixels.
#[backend_extension(Autodiff, Flex)]
pub trait SuperpixelBackend: Backend {
    /// See [`assign`].
    fn assign(embedding: FloatTensor<Self>, temperatures: FloatTensor<Self>) -> FloatTensor<Self>;

    /// See [`moments`].
    fn cell_moments(weights: FloatTensor<Self>, features: FloatTensor<Self>) -> FloatTensor<Self>;

    /// See [`modulate`].
    fn modulate(
        weights: FloatTensor<Self>,
        features: FloatTensor<Self>,
        modulation: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

/// Backends that can differentiate soft superpixels.
pub trait SuperpixelGradients: SuperpixelBackend {
    /// Gradients of embedding and temperatures.
    fn assign_gradients(
        saved: [FloatTensor<Self>; 3],
        output_gradient: FloatTensor<Self>,
    ) -> [FloatTensor<Self>; 2];

    /// Gradients of weights and features.
    fn cell_moments_gradients(
        saved: [FloatTensor<Self>; 3],
        output_gradient: FloatTensor<Self>,
    ) -> [FloatTensor<Self>; 2];

    /// Gradients of weights, features and modulation.
    fn modulate_gradients(
        saved: [FloatTensor<Self>; 3],
        output_gradient: FloatTensor<Self>,
    ) -> [FloatTensor<Self>; 3];
}

/// The weights `[n, h, w, 9]` of every pixel for the 3×3 cells around it: softmax over −(sharpness
/// · ‖embedding − mean of the cell‖² + compactness · distance²), places in cells; zero beyond the
/// border.
///
/// Shapes: embedding `[n, h, w, E]`, temperatures `[2]`: sharpness and compactness.
pub fn assign(embedding: Tensor<4>, temperatures: Tensor<1>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::assign(
        embedding.into_dispatch(),
        temperatures.into_dispatch(),
    ))
}

/// The weighted means and standard deviations of the features of every cell's pixels,
/// `[n, rows, columns, 2C]`.
///
/// Shapes: weights `[n, h, w, 9]` of [`assign`], features `[n, h, w, C]`.
pub fn moments(weights: Tensor<4>, features: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::cell_moments(
        weights.into_dispatch(),
        features.into_dispatch(),
    ))
}

/// features · gain + offset, where a pixel's gain and offset are the weighted means of its cells',
/// `[n, h, w, C]`.
///
/// Shapes: weights `[n, h, w, 9]` of [`assign`], features `[n, h, w, C]`, modulation
/// `[n, rows, columns, 2C]`, gains first.
pub fn modulate(weights: Tensor<4>, features: Tensor<4>, modulation: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::modulate(
        weights.into_dispatch(),
        features.into_dispatch(),
        modulation.into_dispatch(),
    ))
}

/// Sizes and channels of `[n, h, w, C]`.
fn shape_of(features: &FlexTensor) -> (SuperpixelShape, usize) {
    let shape = features.shape();
    let cells = SuperpixelShape {
        images: shape[0],
        height: shape[1],
        width: shape[2],
    };
    (cells, shape[3])
}

fn pixels(shape: SuperpixelShape, channels: usize) -> [usize; 4] {
    [shape.images, shape.height, shape.width, channels]
}

fn cells(shape: SuperpixelShape, channels: usize) -> [usize; 4] {
    [
        shape.images,
        shape.cell_rows(),
        shape.cell_columns(),
        channels,
    ]
}

impl SuperpixelBackend for Flex {
    fn assign(embedding: FlexTensor, temperatures: FlexTensor) -> FlexTensor {
        let (embedding, temperatures) = (contiguous(embedding), contiguous(temperatures));
        let (shape, channels) = shape_of(&embedding);
        let mut output = zeros(shape.pixels() * NEIGHBOURS);
        let temperatures = values(&temperatures);
        kernel::assign(
            InstructionSet::best(),
            shape,
            channels,
            values(&embedding),
            temperatures[0],
            temperatures[1],
            &mut output,
        );
        tensor(output, pixels(shape, NEIGHBOURS))
    }

    fn cell_moments(weights: FlexTensor, features: FlexTensor) -> FlexTensor {
        let (weights, features) = (contiguous(weights), contiguous(features));
        let (shape, channels) = shape_of(&features);
        let mut output = zeros(shape.cells() * 2 * channels);
        kernel::moments(
            InstructionSet::best(),
            shape,
            channels,
            values(&weights),
            values(&features),
            &mut output,
        );
        tensor(output, cells(shape, 2 * channels))
    }

    fn modulate(weights: FlexTensor, features: FlexTensor, modulation: FlexTensor) -> FlexTensor {
        let (weights, features) = (contiguous(weights), contiguous(features));
        let modulation = contiguous(modulation);
        let (shape, channels) = shape_of(&features);
        let mut output = zeros(values(&features).len());
        kernel::modulate(
            InstructionSet::best(),
            shape,
            channels,
            values(&weights),
            values(&features),
            values(&modulation),
            &mut output,
        );
        tensor(output, pixels(shape, channels))
    }
}

impl SuperpixelGradients for Flex {
    fn assign_gradients(saved: [FlexTensor; 3], output_gradient: FlexTensor) -> [FlexTensor; 2] {
        let [embedding, temperatures, weights] = saved.map(contiguous);
        let (shape, channels) = shape_of(&embedding);
        let mut gradient = zeros(values(&embedding).len());
        let chosen = values(&temperatures);
        let temperature_gradient = kernel::assign_gradient(
            InstructionSet::best(),
            shape,
            channels,
            values(&embedding),
            chosen[0],
            chosen[1],
            values(&weights),
            values(&contiguous(output_gradient)),
            &mut gradient,
        );
        [
            tensor(gradient, pixels(shape, channels)),
            tensor(temperature_gradient.to_vec(), [2]),
        ]
    }

    fn cell_moments_gradients(
        saved: [FlexTensor; 3],
        output_gradient: FlexTensor,
    ) -> [FlexTensor; 2] {
        let [weights, features, moments] = saved.map(contiguous);
        let (shape, channels) = shape_of(&features);
        let mut weight_gradient = zeros(values(&weights).len());
        let mut feature_gradient = zeros(values(&features).len());
        kernel::moments_gradient(
            InstructionSet::best(),
            shape,
            channels,
            values(&weights),
            values(&features),
            values(&moments),
            values(&contiguous(output_gradient)),
            &mut feature_gradient,
            Some(&mut weight_gradient),
        );
        [
            tensor(weight_gradient, pixels(shape, NEIGHBOURS)),
            tensor(feature_gradient, pixels(shape, channels)),
        ]
    }

    fn modulate_gradients(saved: [FlexTensor; 3], output_gradient: FlexTensor) -> [FlexTensor; 3] {
        let [weights, features, modulation] = saved.map(contiguous);
        let (shape, channels) = shape_of(&features);
        let mut weight_gradient = zeros(values(&weights).len());
        let mut feature_gradient = zeros(values(&features).len());
        let mut modulation_gradient = zeros(values(&modulation).len());
        kernel::modulate_gradient(
            InstructionSet::best(),
            shape,
            channels,
            values(&weights),
            values(&features),
            values(&modulation),
            values(&contiguous(output_gradient)),
            &mut feature_gradient,
            Some(&mut weight_gradient),
            &mut modulation_gradient,
        );
        [
            tensor(weight_gradient, pixels(shape, NEIGHBOURS)),
            tensor(feature_gradient, pixels(shape, channels)),
            tensor(modulation_gradient, cells(shape, 2 * channels)),
        ]
    }
}

/// Registers gradients with the parents that want them.
fn register<B: Backend, S, const N: usize>(
    ops: &Ops<S, N>,
    gradients: [FloatTensor<B>; N],
    grads: &mut Gradients,
) {
    for (parent, gradient) in ops.parents.iter().zip(gradients) {
        if let Some(parent) = parent {
            grads.register::<B>(parent.id, gradient);
        }
    }
}

/// Parents: embedding, temperatures.
#[derive(Debug)]
struct AssignBackward;

impl<B: SuperpixelGradients> Backward<B, 2> for AssignBackward {
    type State = [FloatTensor<B>; 3];

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let output_gradient = grads.consume::<B>(&ops.node);
        let gradients = B::assign_gradients(ops.state.clone(), output_gradient);
        register::<B, _, 2>(&ops, gradients, grads);
    }
}

/// Parents: weights, features.
#[derive(Debug)]
struct MomentsBackward;

impl<B: SuperpixelGradients> Backward<B, 2> for MomentsBackward {
    type State = [FloatTensor<B>; 3];

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let output_gradient = grads.consume::<B>(&ops.node);
        let gradients = B::cell_moments_gradients(ops.state.clone(), output_gradient);
        register::<B, _, 2>(&ops, gradients, grads);
    }
}

/// Parents: weights, features, modulation.
#[derive(Debug)]
struct ModulateBackward;

impl<B: SuperpixelGradients> Backward<B, 3> for ModulateBackward {
    type State = [FloatTensor<B>; 3];

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let output_gradient = grads.consume::<B>(&ops.node);
        let gradients = B::modulate_gradients(ops.state.clone(), output_gradient);
        register::<B, _, 3>(&ops, gradients, grads);
    }
}

impl<B: SuperpixelGradients, C: CheckpointStrategy> SuperpixelBackend for Autodiff<B, C> {
    fn assign(embedding: FloatTensor<Self>, temperatures: FloatTensor<Self>) -> FloatTensor<Self> {
        let ((embedding, node_0), (temperatures, node_1)) =
            (embedding.into_parts(), temperatures.into_parts());
        let prepared = Backward::<B, 2>::prepare::<C>(AssignBackward, [node_0, node_1]);
        let output = B::assign(embedding.clone(), temperatures.clone());
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                prepared.finish([embedding, temperatures, output.clone()], output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn cell_moments(weights: FloatTensor<Self>, features: FloatTensor<Self>) -> FloatTensor<Self> {
        let ((weights, node_0), (features, node_1)) = (weights.into_parts(), features.into_parts());
        let prepared = Backward::<B, 2>::prepare::<C>(MomentsBackward, [node_0, node_1]);
        let output = B::cell_moments(weights.clone(), features.clone());
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                prepared.finish([weights, features, output.clone()], output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn modulate(
        weights: FloatTensor<Self>,
        features: FloatTensor<Self>,
        modulation: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let ((weights, node_0), (features, node_1), (modulation, node_2)) = (
            weights.into_parts(),
            features.into_parts(),
            modulation.into_parts(),
        );
        let nodes = [node_0, node_1, node_2];
        let prepared = Backward::<B, 3>::prepare::<C>(ModulateBackward, nodes);
        let output = B::modulate(weights.clone(), features.clone(), modulation.clone());
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish([weights, features, modulation], output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }
}
