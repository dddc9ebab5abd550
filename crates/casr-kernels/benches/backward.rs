//! Speed of the gradients: `cargo bench -p casr-kernels --features backward --bench backward`.
//!
//! For every instruction set of this processor except scalar code, the median speed of the
//! convolutions' gradients in GFLOP/s, counting the multiplications and additions of direct sums,
//! and of the superpixels' gradients in nanoseconds per pixel. `RAYON_NUM_THREADS` sets the number
//! of threads.

mod support;

use casr_kernels::InstructionSet;
use casr_kernels::conv::{
    Activation, ConvShape, activation_gradient, input_gradient, weight_gradient,
};
use casr_kernels::superpixel::{
    NEIGHBOURS, SuperpixelShape, assign, assign_gradient, modulate_gradient, moments,
    moments_gradient,
};
use support::conv::{name, shapes};
use support::{median, numbers};

/// Channels of the superpixels' embedding and of their features.
const EMBEDDED: usize = 3;
const CHANNELS: usize = 48;

fn main() {
    println!("{} threads", rayon::current_num_threads());
    for set in InstructionSet::available() {
        if set == InstructionSet::Scalar {
            continue;
        }
        println!("\n{set}, GFLOP/s (activation: through SiLU and bias, ms)");
        println!(
            "{:>24} {:>9} {:>9} {:>10}",
            "shape", "input", "weights", "activation"
        );
        for shape in shapes() {
            convolution(set, shape);
        }
        println!("\n{set}, ns per pixel, {EMBEDDED} and {CHANNELS} channels");
        println!(
            "{:>12} {:>8} {:>8} {:>8}",
            "shape", "assign", "moments", "modulate"
        );
        for (images, side) in [(1, 512), (16, 48)] {
            let shape = SuperpixelShape {
                images,
                height: side,
                width: side,
            };
            superpixels(set, shape);
        }
    }
}

fn convolution(set: InstructionSet, shape: ConvShape) {
    let input = numbers(shape.input_len());
    let weights = numbers(shape.weights_len());
    let gradient = numbers(shape.output_len());
    let pre_activation = numbers(shape.output_len());
    let mut of_activation = vec![0.0; shape.output_len()];
    let mut of_input = vec![0.0; shape.input_len()];
    let mut of_weights = vec![0.0; shape.weights_len()];
    let mut of_bias = vec![0.0; shape.outputs];
    let by_input = median(|| input_gradient(set, shape, &gradient, &weights, &mut of_input));
    let by_weights = median(|| weight_gradient(set, shape, &input, &gradient, &mut of_weights));
    let by_activation = median(|| {
        activation_gradient(
            set,
            shape,
            Activation::Silu,
            &gradient,
            &pre_activation,
            &mut of_activation,
            &mut of_bias,
        );
    });
    let speed = |seconds: f64| shape.operations() as f64 / seconds / 1e9;
    println!(
        "{:>24} {:9.1} {:9.1} {:10.2}",
        name(shape),
        speed(by_input),
        speed(by_weights),
        by_activation * 1e3
    );
}

fn superpixels(set: InstructionSet, shape: SuperpixelShape) {
    let embedding = numbers(shape.pixels() * EMBEDDED);
    let features = numbers(shape.pixels() * CHANNELS);
    let modulation = numbers(shape.cells() * 2 * CHANNELS);
    let of_output = numbers(shape.pixels() * CHANNELS);
    let mut weights = vec![0.0; shape.pixels() * NEIGHBOURS];
    let mut statistics = vec![0.0; modulation.len()];
    let mut of_weights = vec![0.0; weights.len()];
    let mut of_embedding = vec![0.0; embedding.len()];
    let mut of_features = vec![0.0; features.len()];
    let mut of_modulation = vec![0.0; modulation.len()];
    assign(set, shape, EMBEDDED, &embedding, 3.0, 1.5, &mut weights);
    moments(set, shape, CHANNELS, &weights, &features, &mut statistics);
    let of_assigned = numbers(weights.len());
    let assigned = median(|| {
        assign_gradient(
            set,
            shape,
            EMBEDDED,
            &embedding,
            3.0,
            1.5,
            &weights,
            &of_assigned,
            &mut of_embedding,
        );
    });
    let pooled = median(|| {
        moments_gradient(
            set,
            shape,
            CHANNELS,
            &weights,
            &features,
            &statistics,
            &modulation,
            &mut of_features,
            Some(&mut of_weights),
        );
    });
    let modulated = median(|| {
        modulate_gradient(
            set,
            shape,
            CHANNELS,
            &weights,
            &features,
            &modulation,
            &of_output,
            &mut of_features,
            Some(&mut of_weights),
            &mut of_modulation,
        );
    });
    let name = format!("{}x{}x{}", shape.images, shape.height, shape.width);
    print!("{name:>12}");
    for time in [assigned, pooled, modulated] {
        print!(" {:8.1}", time * 1e9 / shape.pixels() as f64);
    }
    println!();
}
