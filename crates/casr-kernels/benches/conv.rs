//! Speed of the convolutions: `cargo bench -p casr-kernels`.
//!
//! For every instruction set of this processor but the scalar one and every shape, the median GFLOP/s of the forward pass, the input's
//! gradient and the weights' gradient, multiplications and additions of plain sums counted apart. `RAYON_NUM_THREADS` sets the threads.

mod support;

use casr_kernels::InstructionSet;
use casr_kernels::conv::{
    Activation, ConvShape, activation_gradient, forward, input_gradient, weight_gradient,
};
use support::{median, numbers};

fn main() {
    println!("{} threads", rayon::current_num_threads());
    for set in InstructionSet::available() {
        if set == InstructionSet::Scalar {
            continue;
        }
        println!("\n{set:?}, GFLOP/s (activation: the gradient through SiLU and bias, ms)");
        println!(
            "{:>24} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "shape", "forward", "with SiLU", "input", "weights", "activation"
        );
        for shape in shapes() {
            measure(set, shape);
        }
    }
}

fn shapes() -> Vec<ConvShape> {
    let mut shapes = Vec::new();
    for (images, side) in [(1, 256), (16, 48)] {
        for (inputs, outputs, kernel) in [
            (48, 48, 3),
            (3, 48, 3),
            (48, 3, 3),
            (48, 195, 1),
            (195, 48, 1),
        ] {
            shapes.push(ConvShape {
                images,
                height: side,
                width: side,
                inputs,
                outputs,
                kernel,
            });
        }
    }
    shapes
}

fn measure(set: InstructionSet, shape: ConvShape) {
    let input = numbers(shape.input_len());
    let weights = numbers(shape.weights_len());
    let bias = numbers(shape.outputs);
    let gradient = numbers(shape.output_len());
    let mut output = vec![0.0; shape.output_len()];
    let mut pre_activation = vec![0.0; shape.output_len()];
    let mut for_input = vec![0.0; shape.input_len()];
    let mut for_weights = vec![0.0; shape.weights_len()];
    let mut for_bias = vec![0.0; shape.outputs];

    let none = Activation::None;
    let plain = median(|| {
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
        )
    });
    let silu = median(|| {
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
    });
    let of_input = median(|| input_gradient(set, shape, &gradient, &weights, &mut for_input));
    let of_weights = median(|| weight_gradient(set, shape, &input, &gradient, &mut for_weights));
    let of_activation = median(|| {
        activation_gradient(
            set,
            shape,
            Activation::Silu,
            &gradient,
            &pre_activation,
            &mut output,
            &mut for_bias,
        );
    });
    let speed = |seconds: f64| shape.operations() as f64 / seconds / 1e9;
    let name = format!(
        "{}x{}x{} {}->{} {}x{}",
        shape.images,
        shape.height,
        shape.width,
        shape.inputs,
        shape.outputs,
        shape.kernel,
        shape.kernel
    );
    println!(
        "{name:>24} {:9.1} {:9.1} {:9.1} {:9.1} {:9.2}",
        speed(plain),
        speed(silu),
        speed(of_input),
        speed(of_weights),
        of_activation * 1e3
    );
}
