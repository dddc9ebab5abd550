//! Gradients do not depend on the number of threads.

use super::conv_support::{Numbers, assert_independent_of_threads, shapes_of_several_tasks};
use casr_kernels::InstructionSet;
use casr_kernels::conv::{Activation, activation_gradient, input_gradient, weight_gradient};

#[test]
fn gradients_do_not_depend_on_threads() {
    let set = InstructionSet::best();
    for shape in shapes_of_several_tasks() {
        let mut numbers = Numbers::new(31);
        let input = numbers.take(shape.input_len());
        let weights = numbers.take(shape.weights_len());
        let gradient = numbers.take(shape.output_len());
        let pre_activation = numbers.take(shape.output_len());
        assert_independent_of_threads("input gradient", shape, || {
            let mut result = vec![f32::NAN; shape.input_len()];
            input_gradient(set, shape, &gradient, &weights, &mut result);
            result
        });
        assert_independent_of_threads("weight gradient", shape, || {
            let mut result = vec![f32::NAN; shape.weights_len()];
            weight_gradient(set, shape, &input, &gradient, &mut result);
            result
        });
        assert_independent_of_threads("activation gradient", shape, || {
            let mut result = vec![f32::NAN; shape.output_len()];
            let mut bias_gradient = vec![f32::NAN; shape.outputs];
            activation_gradient(
                set,
                shape,
                Activation::Silu,
                &gradient,
                &pre_activation,
                &mut result,
                &mut bias_gradient,
            );
            result.extend(bias_gradient);
            result
        });
    }
}
