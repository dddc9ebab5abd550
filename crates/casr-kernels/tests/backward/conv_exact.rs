//! Every instruction set gives the bits of the scalar code.

use super::conv_support::{Numbers, assert_exact, odd_shapes};
use casr_kernels::conv::{
    Activation, ConvShape, activation_gradient, input_gradient, weight_gradient,
};

#[test]
fn input_gradient_is_exact() {
    for shape in odd_shapes() {
        let mut numbers = Numbers::new(3);
        let gradient = numbers.take(shape.output_len());
        let weights = numbers.take(shape.weights_len());
        assert_exact("input gradient", shape, |set| {
            let mut result = vec![f32::NAN; shape.input_len()];
            input_gradient(set, shape, &gradient, &weights, &mut result);
            result
        });
    }
}

#[test]
fn weight_gradient_is_exact() {
    let several_tasks = ConvShape {
        images: 3,
        height: 61,
        width: 83,
        inputs: 5,
        outputs: 20,
        kernel: 3,
    };
    let several_tasks_of_tiles = ConvShape {
        inputs: 20,
        outputs: 17,
        ..several_tasks
    };
    let shapes = odd_shapes();
    for shape in shapes
        .into_iter()
        .chain([several_tasks, several_tasks_of_tiles])
    {
        let mut numbers = Numbers::new(4);
        let input = numbers.take(shape.input_len());
        let gradient = numbers.take(shape.output_len());
        assert_exact("weight gradient", shape, |set| {
            let mut result = vec![f32::NAN; shape.weights_len()];
            weight_gradient(set, shape, &input, &gradient, &mut result);
            result
        });
    }
}

#[test]
fn activation_gradient_is_exact() {
    for shape in odd_shapes() {
        let mut numbers = Numbers::new(5);
        let output_gradient = numbers.take(shape.output_len());
        let mut pre_activation = numbers.take(shape.output_len());
        pre_activation.iter_mut().for_each(|value| *value *= 100.0);
        for activation in [Activation::None, Activation::Silu] {
            assert_exact("activation gradient", shape, |set| {
                let mut gradient = vec![f32::NAN; shape.output_len()];
                let mut bias_gradient = vec![f32::NAN; shape.outputs];
                activation_gradient(
                    set,
                    shape,
                    activation,
                    &output_gradient,
                    &pre_activation,
                    &mut gradient,
                    &mut bias_gradient,
                );
                gradient.extend(bias_gradient);
                gradient
            });
        }
    }
}
