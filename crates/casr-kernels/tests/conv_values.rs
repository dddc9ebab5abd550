//! The convolution against direct sums in f64.

mod conv_support;

use casr_kernels::InstructionSet;
use casr_kernels::conv::{Activation, forward};
use conv_support::definition::{Reference, for_each_product, line, silu};
use conv_support::{Numbers, odd_shapes};

#[test]
fn forward_equals_f64() {
    for shape in odd_shapes() {
        let mut numbers = Numbers::new(11);
        let input = numbers.take(shape.input_len());
        let weights = numbers.take(shape.weights_len());
        let bias = numbers.take(shape.outputs);
        let mut reference = Reference::new(shape.output_len());
        for index in 0..shape.output_len() {
            reference.add(index, bias[index % shape.outputs], 1.0);
        }
        for_each_product(shape, |from, weight, to| {
            reference.add(to, input[from], weights[weight]);
        });
        let mut output = vec![f32::NAN; shape.output_len()];
        let set = InstructionSet::best();
        let none = Activation::None;
        forward(
            set,
            shape,
            &input,
            &weights,
            Some(&bias),
            none,
            None,
            &mut output,
            None,
        );
        reference.compare("forward", shape, &output);
    }
}

/// The activation alone: a 1×1 convolution with the weight 1.
fn activated(values: &[f32]) -> Vec<f32> {
    let shape = line(values.len());
    let mut output = vec![f32::NAN; values.len()];
    let set = InstructionSet::best();
    forward(
        set,
        shape,
        values,
        &[1.0],
        None,
        Activation::Silu,
        None,
        &mut output,
        None,
    );
    output
}

#[test]
fn silu_equals_f64() {
    let values: Vec<f32> = (-4000..=4000).map(|index| index as f32 * 0.02).collect();
    for (value, result) in values.iter().zip(activated(&values)) {
        let expected = silu(f64::from(*value));
        let error = (f64::from(result) - expected).abs();
        assert!(
            error <= 5e-7 * expected.abs() + 1e-30,
            "SiLU of {value} is {result}, not {expected}"
        );
    }
}

#[test]
fn silu_survives_the_largest_numbers() {
    let values = [
        f32::MAX,
        1e30,
        200.0,
        -200.0,
        -1e30,
        f32::MIN,
        f32::INFINITY,
    ];
    let results = activated(&values);
    assert_eq!(results[..3], values[..3]);
    assert!(results[3].abs() < 1e-30);
    assert!(
        results[..6].iter().all(|value| value.is_finite()),
        "{results:?}"
    );
    assert_eq!(results[6], f32::INFINITY);
    assert!(activated(&[f32::NAN])[0].is_nan());
}
