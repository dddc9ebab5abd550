//! Speed of the superpixels: `cargo bench -p casr-kernels --bench superpixel`.
//!
//! For every instruction set of this processor but the scalar one, the median time of each kernel in nanoseconds per pixel, forward
//! and backward. `RAYON_NUM_THREADS` sets the threads.

mod support;

use casr_kernels::InstructionSet;
use casr_kernels::superpixel::{
    NEIGHBOURS, SuperpixelShape, assign, assign_gradient, modulate, modulate_gradient, moments,
    moments_gradient,
};
use support::{median, numbers};

/// Channels of the embedding and of the features.
const EMBEDDED: usize = 3;
const CHANNELS: usize = 48;

fn main() {
    println!("{} threads", rayon::current_num_threads());
    for set in InstructionSet::available() {
        if set == InstructionSet::Scalar {
            continue;
        }
        println!("\n{set}, ns per pixel, {EMBEDDED} and {CHANNELS} channels");
        println!(
            "{:>12} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
            "shape", "assign", "back", "moments", "back", "modulate", "back"
        );
        for (images, side) in [(1, 512), (16, 48)] {
            measure(
                set,
                SuperpixelShape {
                    images,
                    height: side,
                    width: side,
                },
            );
        }
    }
}

fn measure(set: InstructionSet, shape: SuperpixelShape) {
    let embedding = numbers(shape.pixels() * EMBEDDED);
    let features = numbers(shape.pixels() * CHANNELS);
    let modulation = numbers(shape.cells() * 2 * CHANNELS);
    let of_output = numbers(shape.pixels() * CHANNELS);
    let mut weights = vec![0.0; shape.pixels() * NEIGHBOURS];
    let mut of_weights = vec![0.0; weights.len()];
    let mut of_embedding = vec![0.0; embedding.len()];
    let mut of_features = vec![0.0; features.len()];
    let mut of_modulation = vec![0.0; modulation.len()];
    let mut output = vec![0.0; features.len()];
    let mut found = vec![0.0; modulation.len()];

    let mut times = vec![median(|| {
        assign(set, shape, EMBEDDED, &embedding, 3.0, 1.5, &mut weights);
    })];
    let of_assigned = numbers(weights.len());
    times.push(median(|| {
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
    }));
    times.push(median(|| {
        moments(set, shape, CHANNELS, &weights, &features, &mut found);
    }));
    times.push(median(|| {
        moments_gradient(
            set,
            shape,
            CHANNELS,
            &weights,
            &features,
            &found,
            &modulation,
            &mut of_features,
            Some(&mut of_weights),
        );
    }));
    times.push(median(|| {
        modulate(
            set,
            shape,
            CHANNELS,
            &weights,
            &features,
            &modulation,
            &mut output,
        );
    }));
    times.push(median(|| {
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
    }));
    let name = format!("{}x{}x{}", shape.images, shape.height, shape.width);
    print!("{name:>12}");
    for time in times {
        print!(" {:8.1}", time * 1e9 / shape.pixels() as f64);
    }
    println!();
}
