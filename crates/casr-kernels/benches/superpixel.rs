//! Speed of the superpixels: `cargo bench -p casr-kernels --bench superpixel`.
//!
//! For every instruction set of this processor except scalar code, the median time of each kernel
//! in nanoseconds per pixel. `RAYON_NUM_THREADS` sets the number of threads.

mod support;

use casr_kernels::InstructionSet;
use casr_kernels::superpixel::{NEIGHBOURS, SuperpixelShape, assign, modulate, moments};
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
            "{:>12} {:>8} {:>8} {:>8}",
            "shape", "assign", "moments", "modulate"
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
    let mut weights = vec![0.0; shape.pixels() * NEIGHBOURS];
    let mut output = vec![0.0; features.len()];
    let mut statistics = vec![0.0; modulation.len()];
    let assigned = median(|| {
        assign(set, shape, EMBEDDED, &embedding, 3.0, 1.5, &mut weights);
    });
    let pooled = median(|| {
        moments(set, shape, CHANNELS, &weights, &features, &mut statistics);
    });
    let modulated = median(|| {
        modulate(
            set,
            shape,
            CHANNELS,
            &weights,
            &features,
            &modulation,
            &mut output,
        );
    });
    let name = format!("{}x{}x{}", shape.images, shape.height, shape.width);
    print!("{name:>12}");
    for time in [assigned, pooled, modulated] {
        print!(" {:8.1}", time * 1e9 / shape.pixels() as f64);
    }
    println!();
}
