//! Every instruction set gives the bits of the scalar code.

mod conv_support;

use casr_kernels::conv::{Activation, forward};
use conv_support::{Numbers, assert_exact, odd_shapes};

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
            assert_exact("forward", shape, |set| {
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
        assert_exact("pre-activation", shape, |set| {
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
