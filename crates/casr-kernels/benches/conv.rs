//! Speed of the convolutions: `cargo bench -p casr-kernels`.
//!
//! For every shape and every instruction set of this processor except scalar code, the median
//! GFLOP/s, counting the multiplications and additions of direct sums. `RAYON_NUM_THREADS` sets the
//! number of threads.

mod support;

use casr_kernels::InstructionSet;
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
