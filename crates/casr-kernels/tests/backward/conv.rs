//! The convolution's gradients against direct sums in f64, and against finite differences.

use super::conv_support::definition::{Reference, for_each_product, line, silu};
use super::conv_support::{Numbers, odd_shapes};
use casr_kernels::InstructionSet;
use casr_kernels::conv::{Activation, activation_gradient, input_gradient, weight_gradient};

#[test]
fn input_gradient_equals_f64() {
    for shape in odd_shapes() {
        let mut numbers = Numbers::new(12);
        let gradient = numbers.take(shape.output_len());
        let weights = numbers.take(shape.weights_len());
        let mut reference = Reference::new(shape.input_len());
        for_each_product(shape, |from, weight, to| {
            reference.add(from, gradient[to], weights[weight]);
        });
        let mut result = vec![f32::NAN; shape.input_len()];
        input_gradient(
            InstructionSet::best(),
            shape,
            &gradient,
            &weights,
            &mut result,
        );
        reference.compare("input gradient", shape, &result);
    }
}

#[test]
fn weight_gradient_equals_f64() {
    for shape in odd_shapes() {
        let mut numbers = Numbers::new(13);
        let input = numbers.take(shape.input_len());
        let gradient = numbers.take(shape.output_len());
        let mut reference = Reference::new(shape.weights_len());
        for_each_product(shape, |from, weight, to| {
            reference.add(weight, input[from], gradient[to]);
        });
        let mut result = vec![f32::NAN; shape.weights_len()];
        weight_gradient(
            InstructionSet::best(),
            shape,
            &input,
            &gradient,
            &mut result,
        );
        reference.compare("weight gradient", shape, &result);
    }
}

#[test]
fn activation_gradient_equals_finite_differences() {
    let pre_activation: Vec<f32> = (-300..=300).map(|index| index as f32 * 0.05).collect();
    let shape = line(pre_activation.len());
    let output_gradient = Numbers::new(14).take(shape.output_len());
    let mut gradient = vec![f32::NAN; shape.output_len()];
    let mut bias_gradient = [f32::NAN];
    activation_gradient(
        InstructionSet::best(),
        shape,
        Activation::Silu,
        &output_gradient,
        &pre_activation,
        &mut gradient,
        &mut bias_gradient,
    );
    let step = 1e-5;
    let mut sum = 0.0;
    for (index, gradient) in gradient.iter().enumerate() {
        let x = f64::from(pre_activation[index]);
        let slope = (silu(x + step) - silu(x - step)) / (2.0 * step);
        let expected = slope * f64::from(output_gradient[index]);
        sum += expected;
        let error = (f64::from(*gradient) - expected).abs();
        assert!(error < 1e-6, "at {x}: {gradient} instead of {expected}");
    }
    assert!((f64::from(bias_gradient[0]) - sum).abs() < 1e-4);
}

#[test]
fn without_activation_the_gradient_passes_and_its_sum_is_the_bias_gradient() {
    for shape in odd_shapes() {
        let output_gradient = Numbers::new(15).take(shape.output_len());
        let mut gradient = vec![f32::NAN; shape.output_len()];
        let mut bias_gradient = vec![f32::NAN; shape.outputs];
        activation_gradient(
            InstructionSet::best(),
            shape,
            Activation::None,
            &output_gradient,
            &[],
            &mut gradient,
            &mut bias_gradient,
        );
        assert_eq!(gradient, output_gradient);
        let mut reference = Reference::new(shape.outputs);
        for (index, value) in output_gradient.iter().enumerate() {
            reference.add(index % shape.outputs, *value, 1.0);
        }
        reference.compare("bias gradient", shape, &bias_gradient);
    }
}
