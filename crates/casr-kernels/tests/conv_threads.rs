//! Results do not depend on the number of threads.

mod conv_support;

use casr_kernels::InstructionSet;
use casr_kernels::conv::{
    Activation, ConvShape, activation_gradient, forward, input_gradient, weight_gradient,
};
use conv_support::{Numbers, assert_same_bits};

/// Computes on pools of 1, 2 and 3 threads.
fn compare(what: &str, shape: ConvShape, compute: impl Fn() -> Vec<f32> + Sync) {
    let results = [1, 2, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("a pool of threads").install(&compute)
    });
    assert_same_bits(what, shape, &results[0], &results[1]);
    assert_same_bits(what, shape, &results[0], &results[2]);
}

/// One tall image, many small ones, and one so wide that a row is a task: several tasks in each.
fn shapes() -> Vec<ConvShape> {
    [
        (1, 201, 97, 20, 24, 3),
        (9, 31, 33, 3, 48, 3),
        (5, 62, 47, 48, 48, 3),
        (1, 5, 5000, 5, 3, 1),
    ]
    .map(
        |(images, height, width, inputs, outputs, kernel)| ConvShape {
            images,
            height,
            width,
            inputs,
            outputs,
            kernel,
        },
    )
    .to_vec()
}

#[test]
fn results_do_not_depend_on_threads() {
    let set = InstructionSet::best();
    for shape in shapes() {
        let mut numbers = Numbers::new(31);
        let input = numbers.take(shape.input_len());
        let weights = numbers.take(shape.weights_len());
        let gradient = numbers.take(shape.output_len());
        let pre_activation = numbers.take(shape.output_len());
        compare("forward", shape, || {
            let mut output = vec![f32::NAN; shape.output_len()];
            let silu = Activation::Silu;
            forward(
                set,
                shape,
                &input,
                &weights,
                None,
                silu,
                None,
                &mut output,
                None,
            );
            output
        });
        compare("input gradient", shape, || {
            let mut result = vec![f32::NAN; shape.input_len()];
            input_gradient(set, shape, &gradient, &weights, &mut result);
            result
        });
        compare("weight gradient", shape, || {
            let mut result = vec![f32::NAN; shape.weights_len()];
            weight_gradient(set, shape, &input, &gradient, &mut result);
            result
        });
        compare("activation gradient", shape, || {
            let mut result = vec![f32::NAN; shape.output_len()];
            let mut bias_gradient = vec![f32::NAN; shape.outputs];
            let silu = Activation::Silu;
            activation_gradient(
                set,
                shape,
                silu,
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
