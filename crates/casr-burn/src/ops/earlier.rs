//! What cells find among those of the step before, as an op.

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
    earlier::{self as kernel, COLOURS, EarlierShape},
    zeros,
};
use casr_net::Places;

/// Backends that can look cells up.
#[backend_extension(Autodiff, Flex)]
pub trait EarlierBackend: Backend {
    /// See [`earlier_values`].
    fn earlier_values(
        colours: FloatTensor<Self>,
        earlier: FloatTensor<Self>,
        places: Places,
    ) -> FloatTensor<Self>;
}

/// Backends that can differentiate it.
pub trait EarlierGradients: EarlierBackend {
    /// The gradient of the earlier values.
    fn earlier_gradient(
        colours: FloatTensor<Self>,
        earlier: FloatTensor<Self>,
        output_gradient: FloatTensor<Self>,
        places: Places,
    ) -> FloatTensor<Self>;
}

/// The values of the 3×3 earlier cells around the place of every cell, weighted by nearness in
/// place and colour, `[n, rows, columns, S]`.
///
/// Shapes: colours `[n, rows, columns, 3]`; earlier `[n, earlier rows, earlier columns, S + 3]`,
/// colours last. Only the values have gradients: weights are taken as given.
pub fn earlier_values(colours: Tensor<4>, earlier: Tensor<4>, places: Places) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::earlier_values(
        colours.into_dispatch(),
        earlier.into_dispatch(),
        places,
    ))
}

fn shape_of(earlier: &FlexTensor) -> EarlierShape {
    let shape = earlier.shape();
    EarlierShape {
        images: shape[0],
        channels: shape[3] - COLOURS,
    }
}

impl EarlierBackend for Flex {
    fn earlier_values(colours: FlexTensor, earlier: FlexTensor, places: Places) -> FlexTensor {
        let (colours, earlier) = (contiguous(colours), contiguous(earlier));
        let shape = shape_of(&earlier);
        let [rows, columns] = &*places;
        let size = [shape.images, rows.cells(), columns.cells(), shape.channels];
        let mut output = zeros(size.iter().product());
        kernel::forward(
            shape,
            rows,
            columns,
            values(&colours),
            values(&earlier),
            &mut output,
        );
        tensor(output, size)
    }
}

impl EarlierGradients for Flex {
    fn earlier_gradient(
        colours: FlexTensor,
        earlier: FlexTensor,
        output_gradient: FlexTensor,
        places: Places,
    ) -> FlexTensor {
        let (colours, earlier) = (contiguous(colours), contiguous(earlier));
        let shape = shape_of(&earlier);
        let [rows, columns] = &*places;
        let mut gradient = zeros(values(&earlier).len());
        kernel::backward(
            shape,
            rows,
            columns,
            values(&colours),
            values(&earlier),
            values(&contiguous(output_gradient)),
            &mut gradient,
        );
        let channels = shape.channels + COLOURS;
        tensor(
            gradient,
            [shape.images, rows.earlier, columns.earlier, channels],
        )
    }
}

/// Parent: the earlier values.
#[derive(Debug)]
struct EarlierBackward(Places);

impl<B: EarlierGradients> Backward<B, 1> for EarlierBackward {
    type State = [FloatTensor<B>; 2];

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let output_gradient = grads.consume::<B>(&ops.node);
        if let [Some(parent)] = &ops.parents {
            let [colours, earlier] = ops.state;
            let gradient = B::earlier_gradient(colours, earlier, output_gradient, self.0);
            grads.register::<B>(parent.id, gradient);
        }
    }
}

impl<B: EarlierGradients, C: CheckpointStrategy> EarlierBackend for Autodiff<B, C> {
    fn earlier_values(
        colours: FloatTensor<Self>,
        earlier: FloatTensor<Self>,
        places: Places,
    ) -> FloatTensor<Self> {
        let ((colours, _), (earlier, node)) = (colours.into_parts(), earlier.into_parts());
        let prepared = Backward::<B, 1>::prepare::<C>(EarlierBackward(places.clone()), [node]);
        let output = B::earlier_values(colours.clone(), earlier.clone(), places);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish([colours, earlier], output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }
}
