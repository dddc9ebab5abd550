//! The gradients at other vector widths.

use super::conv::Activation;
use super::conv::backward::activation::ActivationGradient;
use super::conv::backward::weights::WeightGradient;
use super::conv_support::Numbers;
use super::{compare, run, shapes};

#[test]
fn weight_gradient_is_exact_at_every_width() {
    for shape in shapes() {
        let mut numbers = Numbers::new(42);
        let input = numbers.take(shape.input_len());
        let gradient = numbers.take(shape.output_len());
        compare("weight gradient", shape, |lanes| {
            let mut result = vec![f32::NAN; shape.weights_len()];
            let kernel = WeightGradient {
                shape,
                input: &input,
                output_gradient: &gradient,
                weight_gradient: &mut result,
            };
            run(lanes, kernel);
            result
        });
    }
}

#[test]
fn activation_gradient_is_exact_at_every_width() {
    for shape in shapes() {
        let mut numbers = Numbers::new(43);
        let output_gradient = numbers.take(shape.output_len());
        let pre_activation = numbers.take(shape.output_len());
        compare("activation gradient", shape, |lanes| {
            let mut gradient = vec![f32::NAN; shape.output_len()];
            let mut bias_gradient = vec![f32::NAN; shape.outputs];
            let kernel = ActivationGradient {
                shape,
                activation: Activation::Silu,
                output_gradient: &output_gradient,
                pre_activation: &pre_activation,
                gradient: &mut gradient,
                bias_gradient: &mut bias_gradient,
            };
            run(lanes, kernel);
            gradient.extend(bias_gradient);
            gradient
        });
    }
}
