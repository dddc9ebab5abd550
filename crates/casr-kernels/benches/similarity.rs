//! Speed of the self-similarity of an image: `cargo bench -p casr-kernels --bench similarity`.
//!
//! For every instruction set of this processor except scalar code, the median time of the
//! autocorrelation and of the search for matches in a key image of half the size, in nanoseconds
//! per pixel. `RAYON_NUM_THREADS` sets the number of threads.

mod support;

use casr_kernels::InstructionSet;
use casr_kernels::similarity::{LAGS, MatchShape, autocorrelation, matches};
use support::{median, numbers};

/// Side of the image and of the level, in pixels.
const SIDE: usize = 512;

fn main() {
    println!("{} threads", rayon::current_num_threads());
    for set in InstructionSet::available() {
        if set == InstructionSet::Scalar {
            continue;
        }
        println!("\n{set}, ns per pixel of {SIDE}x{SIDE}");
        println!("{:>32} {:9.1}", "autocorrelation", correlate(set));
        for (candidates, details) in [(1, 3), (4, 12), (8, 12), (4, 27)] {
            let name = format!("{candidates} matches, {details} details");
            println!("{name:>32} {:9.1}", search(set, candidates, details));
        }
    }
}

fn correlate(set: InstructionSet) -> f64 {
    let luma = numbers(SIDE * SIDE);
    let mut output = vec![0.0; luma.len() * LAGS];
    per_pixel(|| autocorrelation(set, SIDE, SIDE, &luma, &mut output))
}

fn search(set: InstructionSet, candidates: usize, details: usize) -> f64 {
    let shape = MatchShape {
        height: SIDE,
        width: SIDE,
        key_height: SIDE / 2,
        key_width: SIDE / 2,
        details,
        candidates,
    };
    let luma = numbers(SIDE * SIDE);
    let keys = numbers(SIDE * SIDE / 4);
    let table = numbers(keys.len() * details);
    let centres: Vec<i32> = (0..SIDE as i32).map(|place| place / 2).collect();
    let mut output = vec![0.0; luma.len() * (details + 1)];
    per_pixel(|| {
        matches(
            set,
            shape,
            &luma,
            &keys,
            &table,
            &centres,
            &centres,
            0.1,
            &mut output,
        );
    })
}

/// The median time of `run`, nanoseconds per pixel.
fn per_pixel(run: impl FnMut()) -> f64 {
    median(run) * 1e9 / (SIDE * SIDE) as f64
}
