//! Speed of the convolutions: `cargo bench -p casr-kernels`.
//!
//! For every shape and every instruction set of this processor except scalar code, the median
//! GFLOP/s, counting the multiplications and additions of direct sums; first in single precision,
//! then, for the 3×3 convolution between many channels, in half. `RAYON_NUM_THREADS` sets the
//! number of threads.

mod support;

use casr_kernels::InstructionSet;
use casr_kernels::conv::half::{HalfInstructions, HalfLayer, HalfMap, HalfOutput};
use casr_kernels::conv::{Activation, ConvShape, forward};
use support::conv::{name, shapes};
use support::{median, numbers};

fn main() {
    println!("{} threads", rayon::current_num_threads());
    for set in InstructionSet::available() {
        if set == InstructionSet::Scalar {
            continue;
        }
        println!("\n{set}, GFLOP/s");
        println!("{:>24} {:>9} {:>9}", "shape", "plain", "with SiLU");
        for shape in shapes() {
            measure(set, shape);
        }
    }
    let half_shapes = shapes().into_iter().filter(|shape| {
        let many = shape.inputs.min(shape.outputs) >= 16;
        shape.images == 1 && shape.kernel == 3 && many
    });
    for shape in half_shapes {
        println!("\nhalf precision, GFLOP/s, {}", name(shape));
        for instructions in HalfInstructions::available() {
            if instructions != HalfInstructions::Vectors(InstructionSet::Scalar) {
                measure_half(instructions, shape);
            }
        }
    }
}

/// As inside of a block of the network: from half precision to half precision.
fn measure_half(instructions: HalfInstructions, shape: ConvShape) {
    let size = (shape.height, shape.width);
    let mut input = HalfMap::new(size, shape.inputs);
    input.fill(InstructionSet::best(), &numbers(shape.input_len()));
    let (weights, bias) = (numbers(shape.weights_len()), numbers(shape.outputs));
    let layer = HalfLayer::new(instructions, &weights, &bias);
    let mut output = HalfMap::new(size, shape.outputs);
    let [plain, silu] = [Activation::None, Activation::Silu].map(|activation| {
        let seconds =
            median(|| layer.forward(&input, activation, None, HalfOutput::half(&mut output)));
        shape.operations() as f64 / seconds / 1e9
    });
    println!("{:>24} {plain:9.1} {silu:9.1}", instructions.to_string());
}

fn measure(set: InstructionSet, shape: ConvShape) {
    let input = numbers(shape.input_len());
    let weights = numbers(shape.weights_len());
    let bias = numbers(shape.outputs);
    let mut output = vec![0.0; shape.output_len()];
    let mut speed = |activation| {
        let seconds = median(|| {
            forward(
                set,
                shape,
                &input,
                &weights,
                Some(&bias),
                activation,
                None,
                &mut output,
                None,
            );
        });
        shape.operations() as f64 / seconds / 1e9
    };
    let (plain, silu) = (speed(Activation::None), speed(Activation::Silu));
    println!("{:>24} {plain:9.1} {silu:9.1}", name(shape));
}
