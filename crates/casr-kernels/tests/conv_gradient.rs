//! The kernels against convolutions written out in f64, and against finite differences.

mod conv_support;

use casr_kernels::InstructionSet;
use casr_kernels::conv::{
    Activation, ConvShape, activation_gradient, forward, input_gradient, weight_gradient,
};
use conv_support::{Numbers, odd_shapes};

/// Calls `visit(position in input, position in weights, position in output)` for every product of the convolution.
fn for_each_product(shape: ConvShape, mut visit: impl FnMut(usize, usize, usize)) {
    let (height, width) = (shape.height as isize, shape.width as isize);
    let padding = (shape.kernel / 2) as isize;
    for image in 0..shape.images as isize {
        for y in 0..height {
            for x in 0..width {
                for tap in 0..(shape.kernel * shape.kernel) as isize {
                    let side = shape.kernel as isize;
                    let (from_y, from_x) = (y + tap / side - padding, x + tap % side - padding);
                    if from_y < 0 || from_y >= height || from_x < 0 || from_x >= width {
                        continue;
                    }
                    let from = ((image * height + from_y) * width + from_x) as usize * shape.inputs;
                    let to = ((image * height + y) * width + x) as usize * shape.outputs;
                    for input in 0..shape.inputs {
                        for output in 0..shape.outputs {
                            let weight =
                                (tap as usize * shape.inputs + input) * shape.outputs + output;
                            visit(from + input, weight, to + output);
                        }
                    }
                }
            }
        }
    }
}

/// The sums of `products` in f64, and the sums of their sizes, which bound the rounding of f32.
struct Reference {
    sums: Vec<f64>,
    sizes: Vec<f64>,
}

impl Reference {
    fn new(count: usize) -> Self {
        Self {
            sums: vec![0.0; count],
            sizes: vec![0.0; count],
        }
    }

    fn add(&mut self, place: usize, left: f32, right: f32) {
        let product = f64::from(left) * f64::from(right);
        self.sums[place] += product;
        self.sizes[place] += product.abs();
    }

    fn compare(&self, what: &str, shape: ConvShape, values: &[f32]) {
        for (index, value) in values.iter().enumerate() {
            let error = (f64::from(*value) - self.sums[index]).abs();
            assert!(
                error <= 1e-5 * self.sizes[index] + 1e-12,
                "{what}: number {index} is off by {error}, {shape:?}"
            );
        }
    }
}

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

/// SiLU in f64.
fn silu(x: f64) -> f64 {
    x / (1.0 + (-x).exp())
}

/// A 1×1 convolution by one shows the activation alone.
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

fn line(width: usize) -> ConvShape {
    ConvShape {
        images: 1,
        height: 1,
        width,
        inputs: 1,
        outputs: 1,
        kernel: 1,
    }
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
