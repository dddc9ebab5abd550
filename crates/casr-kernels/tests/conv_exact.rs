//! Every instruction set gives the bits of the scalar twin.

mod conv_support;

use casr_kernels::InstructionSet;
use casr_kernels::conv::{
    Activation, ConvShape, activation_gradient, forward, input_gradient, weight_gradient,
};
use conv_support::{Numbers, assert_same_bits, odd_shapes};

/// Runs `compute` on every instruction set but the scalar one and compares with the scalar one.
fn compare(what: &str, shape: ConvShape, compute: impl Fn(InstructionSet) -> Vec<f32>) {
    let expected = compute(InstructionSet::Scalar);
    for set in InstructionSet::available() {
        let name = format!("{what} on {set:?}");
        assert_same_bits(&name, shape, &compute(set), &expected);
    }
}

#[test]
fn forward_is_exact() {
    for shape in odd_shapes() {
        let mut numbers = Numbers::new(1);
        let input = numbers.take(shape.input_len());
        let weights = numbers.take(shape.weights_len());
        let bias = numbers.take(shape.outputs);
        let residual = numbers.take(shape.output_len());
        let (none, silu) = (Activation::None, Activation::Silu);
        let cases = [
            (none, None, None),
            (none, Some(&bias[..]), Some(&residual[..])),
            (silu, Some(&bias[..]), None),
            (silu, None, Some(&residual[..])),
        ];
        for (activation, bias, residual) in cases {
            compare("forward", shape, |set| {
                let mut output = vec![f32::NAN; shape.output_len()];
                forward(
                    set,
                    shape,
                    &input,
                    &weights,
                    bias,
                    activation,
                    residual,
                    &mut output,
                    None,
                );
                output
            });
        }
    }
}

#[test]
fn pre_activation_is_exact() {
    for shape in odd_shapes() {
        let mut numbers = Numbers::new(2);
        let input = numbers.take(shape.input_len());
        let weights = numbers.take(shape.weights_len());
        let bias = numbers.take(shape.outputs);
        compare("pre-activation", shape, |set| {
            let mut output = vec![f32::NAN; shape.output_len()];
            let mut pre_activation = vec![f32::NAN; shape.output_len()];
            forward(
                set,
                shape,
                &input,
                &weights,
                Some(&bias),
                Activation::Silu,
                None,
                &mut output,
                Some(&mut pre_activation),
            );
            pre_activation.extend(output);
            pre_activation
        });
    }
}

#[test]
fn input_gradient_is_exact() {
    for shape in odd_shapes() {
        let mut numbers = Numbers::new(3);
        let gradient = numbers.take(shape.output_len());
        let weights = numbers.take(shape.weights_len());
        compare("input gradient", shape, |set| {
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
        compare("weight gradient", shape, |set| {
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
            compare("activation gradient", shape, |set| {
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
