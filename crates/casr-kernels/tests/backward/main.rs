//! Gradients, with the feature `backward`: `cargo test -p casr-kernels --features backward`.

mod conv;
mod conv_exact;
mod conv_position;
#[path = "../conv_support/mod.rs"]
mod conv_support;
mod conv_threads;
mod earlier;
mod guard;
mod heat;
#[path = "../heat_support/mod.rs"]
mod heat_support;
#[path = "../noise/mod.rs"]
mod noise;
mod resample;
mod superpixel;
mod superpixel_bits;
mod superpixel_case;
#[path = "../superpixel_support/mod.rs"]
mod superpixel_support;

/// Reproducible values in [0, 1).
fn noise(count: usize, seed: usize) -> Vec<f32> {
    let value = |i: usize| ((i * 7919 + seed * 104_729) % 1009) as f32 / 1009.0;
    (0..count).map(value).collect()
}
