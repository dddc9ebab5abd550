//! Results do not depend on the number of threads.

mod conv_support;

use casr_kernels::InstructionSet;
use casr_kernels::conv::{Activation, forward};
use conv_support::{Numbers, assert_independent_of_threads, shapes_of_several_tasks};

#[test]
fn results_do_not_depend_on_threads() {
    for shape in shapes_of_several_tasks() {
        let mut numbers = Numbers::new(31);
        let input = numbers.take(shape.input_len());
        let weights = numbers.take(shape.weights_len());
        assert_independent_of_threads("forward", shape, || {
            let mut output = vec![f32::NAN; shape.output_len()];
            forward(
                InstructionSet::best(),
                shape,
                &input,
                &weights,
                None,
                Activation::Silu,
                None,
                &mut output,
                None,
            );
            output
        });
    }
}
