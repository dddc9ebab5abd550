//! The convolution in half precision: the same bits on everything that computes it, however an
//! image is cropped and on any number of threads; and the right ones.

mod conv_support;

use casr_kernels::InstructionSet;
use casr_kernels::conv::half::{HalfInstructions, HalfLayer, HalfMap, HalfOutput};
use casr_kernels::conv::{Activation, ConvShape};
use conv_support::crop::assert_independent_of_cuts;
use conv_support::definition::{Reference, for_each_product};
use conv_support::{Numbers, assert_independent_of_threads, assert_same_bits};

const BOTH: [Activation; 2] = [Activation::None, Activation::Silu];

/// Sizes about those of a strip, a group of pixels and a task; channels that fill blocks, tiles and
/// vectors, or do not.
fn shapes() -> Vec<ConvShape> {
    let sizes = [(1, 1), (9, 1), (1, 7), (13, 17), (3, 70), (5, 49), (35, 4)];
    let channels = [
        (1, 1),
        (3, 5),
        (8, 8),
        (17, 20),
        (16, 16),
        (32, 64),
        (48, 48),
        (64, 31),
    ];
    let shape = |(height, width), (inputs, outputs)| ConvShape {
        images: 1,
        height,
        width,
        inputs,
        outputs,
        kernel: 3,
    };
    let mut shapes: Vec<_> = channels
        .iter()
        .flat_map(|&channels| sizes.map(|size| shape(size, channels)))
        .collect();
    shapes.push(shape((2, 5), (48, 195)));
    shapes.push(shape((2, 5), (100, 33)));
    shapes
}

/// Values from 2⁻⁷⁰ to 2³⁰ in magnitude, some of which are rounded to zero.
fn of_many_sizes(numbers: &mut Numbers, count: usize) -> Vec<f32> {
    let exponents = numbers.take(count);
    let values = numbers.take(count).into_iter().zip(exponents);
    values
        .map(|(value, exponent)| value * (50.0 * exponent - 20.0).exp2())
        .collect()
}

/// The operands of a convolution.
struct Case {
    shape: ConvShape,
    input: Vec<f32>,
    weights: Vec<f32>,
    bias: Vec<f32>,
    residual: Vec<f32>,
}

impl Case {
    fn new(shape: ConvShape, values: impl Fn(&mut Numbers, usize) -> Vec<f32>) -> Self {
        let mut numbers = Numbers::new(41);
        Self {
            shape,
            input: values(&mut numbers, shape.input_len()),
            weights: values(&mut numbers, shape.weights_len()),
            bias: numbers.take(shape.outputs),
            residual: numbers.take(shape.output_len()),
        }
    }

    fn input(&self, set: InstructionSet) -> HalfMap {
        let size = (self.shape.height, self.shape.width);
        let mut input = HalfMap::new(size, self.shape.inputs);
        input.fill(set, &self.input);
        input
    }

    fn layer(&self, instructions: HalfInstructions) -> HalfLayer {
        let layer = HalfLayer::new(instructions, &self.weights, &self.bias);
        assert_eq!(
            (layer.inputs(), layer.outputs()),
            (self.shape.inputs, self.shape.outputs)
        );
        layer
    }

    /// The result in f32, followed by the one in half precision.
    fn computed(
        &self,
        instructions: HalfInstructions,
        activation: Activation,
        residual: bool,
    ) -> Vec<f32> {
        let set = match instructions {
            HalfInstructions::Amx => InstructionSet::best(),
            HalfInstructions::Vectors(set) => set,
        };
        let input = self.input(set);
        let layer = self.layer(instructions);
        let mut single = vec![f32::NAN; self.shape.output_len()];
        let mut half = HalfMap::new(input.size(), self.shape.outputs);
        let residual = residual.then_some(&self.residual[..]);
        let output = HalfOutput {
            half: Some(&mut half),
            single: Some(&mut single),
        };
        layer.forward(&input, activation, residual, output);
        single.extend(half.to_single());
        single
    }
}

/// All but scalar code, whose results others are compared to.
fn others() -> Vec<HalfInstructions> {
    let mut all = HalfInstructions::available();
    if all[0] != HalfInstructions::Amx {
        println!("AMX is skipped: this processor or system has none");
    }
    assert_eq!(
        all.pop(),
        Some(HalfInstructions::Vectors(InstructionSet::Scalar))
    );
    all
}

#[test]
fn all_instructions_give_the_same_bits() {
    let scalar = HalfInstructions::Vectors(InstructionSet::Scalar);
    for shape in shapes() {
        for case in [
            Case::new(shape, Numbers::take),
            Case::new(shape, of_many_sizes),
        ] {
            for (activation, residual) in BOTH.into_iter().zip([true, false]) {
                let expected = case.computed(scalar, activation, residual);
                assert!(expected.iter().all(|value| value.is_finite()));
                for instructions in others() {
                    let result = case.computed(instructions, activation, residual);
                    assert_same_bits(&instructions.to_string(), shape, &result, &expected);
                }
            }
        }
    }
}

#[test]
fn one_output_is_as_good_as_both() {
    let case = Case::new(shapes()[40], Numbers::take);
    for instructions in HalfInstructions::available() {
        let both = case.computed(instructions, Activation::Silu, false);
        let (single, half) = both.split_at(case.shape.output_len());
        let (input, layer) = (case.input(InstructionSet::Scalar), case.layer(instructions));
        let mut only_single = vec![f32::NAN; single.len()];
        let output = HalfOutput::single(&mut only_single);
        layer.forward(&input, Activation::Silu, None, output);
        assert_same_bits("single", case.shape, &only_single, single);
        let mut only_half = HalfMap::new(input.size(), case.shape.outputs);
        let output = HalfOutput::half(&mut only_half);
        layer.forward(&input, Activation::Silu, None, output);
        assert_same_bits("half", case.shape, &only_half.to_single(), half);
    }
}

#[test]
fn sums_are_those_of_rounded_operands() {
    let set = InstructionSet::best();
    for shape in shapes() {
        let case = Case::new(shape, Numbers::take);
        let rounded = |values: &[f32], channels: usize| {
            let mut map = HalfMap::new((1, values.len() / channels), channels);
            map.fill(set, values);
            map.to_single()
        };
        let input = rounded(&case.input, shape.inputs);
        let weights = rounded(&case.weights, shape.outputs);
        let mut reference = Reference::new(shape.output_len());
        for index in 0..shape.output_len() {
            reference.add(index, case.bias[index % shape.outputs], 1.0);
            reference.add(index, case.residual[index], 1.0);
        }
        for_each_product(shape, |from, weight, to| {
            reference.add(to, input[from], weights[weight]);
        });
        let result = case.computed(HalfInstructions::best(), Activation::None, true);
        let (single, half) = result.split_at(shape.output_len());
        reference.compare("half precision", shape, single);
        for (value, half) in single.iter().zip(half) {
            assert!((value - half).abs() <= value.abs() / 256.0);
        }
    }
}

#[test]
fn a_result_is_an_input_with_its_border() {
    let case = Case::new(shapes()[45], Numbers::take);
    let (size, channels) = ((case.shape.height, case.shape.width), case.shape.outputs);
    assert_eq!(case.shape.inputs, channels);
    for instructions in HalfInstructions::available() {
        let layer = case.layer(instructions);
        let [mut second, mut third, mut copied] = [(); 3].map(|()| HalfMap::new(size, channels));
        let none = Activation::None;
        layer.forward(
            &case.input(InstructionSet::best()),
            none,
            None,
            HalfOutput::half(&mut second),
        );
        copied.fill(InstructionSet::best(), &second.to_single());
        layer.forward(&second, none, None, HalfOutput::half(&mut third));
        let expected = third.to_single();
        layer.forward(&copied, none, None, HalfOutput::half(&mut third));
        assert_same_bits("a copy", case.shape, &third.to_single(), &expected);
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let shape = ConvShape {
        images: 1,
        height: 75,
        width: 97,
        inputs: 20,
        outputs: 24,
        kernel: 3,
    };
    let case = Case::new(shape, Numbers::take);
    assert_independent_of_threads("half precision", shape, || {
        case.computed(HalfInstructions::best(), Activation::Silu, true)
    });
}

#[test]
fn a_crop_of_the_input_gives_the_same_bits() {
    // With so few channels crops are not on a grid.
    let shape = ConvShape {
        images: 1,
        height: 19,
        width: 61,
        inputs: 15,
        outputs: 20,
        kernel: 3,
    };
    for instructions in HalfInstructions::available() {
        assert_independent_of_cuts(shape, (shape.inputs, shape.outputs), |shape, input| {
            let mut case = Case::new(shape, Numbers::take);
            case.weights = Numbers::new(42).take(shape.weights_len());
            case.bias = Numbers::new(43).take(shape.outputs);
            case.input = input.to_vec();
            let mut result = case.computed(instructions, Activation::Silu, false);
            result.truncate(shape.output_len());
            result
        });
    }
}

#[test]
fn what_is_not_finite_does_no_harm() {
    let mut case = Case::new(shapes()[0], Numbers::take);
    for value in [f32::NAN, f32::INFINITY, f32::MAX, f32::from_bits(u32::MAX)] {
        case.input.fill(value);
        for instructions in HalfInstructions::available() {
            case.computed(instructions, Activation::Silu, true);
        }
    }
}
