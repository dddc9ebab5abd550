//! Time and memory by the side of a tile, for choosing tiles (`Enlarger::tile`):
//! `cargo run --release -p casr-lab --example tile_sides [WIDTH HEIGHT FACTOR ROUNDS]`.
//!
//! The parameters are random, as speed does not depend on them. Sides take turns, so that whatever
//! else the machine does falls on all of them.

use casr_net::NetworkConfig;
use casr_zoom::{Enlarger, Image, Model, Target};
use peak_alloc::PeakAlloc;
use std::{error::Error, time::Instant};

#[global_allocator]
static ALLOCATIONS: PeakAlloc = PeakAlloc;

const SIDES: [usize; 6] = [96, 128, 192, 256, 384, 512];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<f64> = std::env::args()
        .skip(1)
        .map(|argument| argument.parse())
        .collect::<Result<_, _>>()?;
    let argument = |index: usize, default: f64| arguments.get(index).copied().unwrap_or(default);
    let (width, height) = (argument(0, 768.0) as usize, argument(1, 512.0) as usize);
    let (factor, rounds) = (argument(2, 2.0), argument(3, 5.0) as usize);

    let config = NetworkConfig::default();
    let model = Model::new(config, config.initial_parameters(1))?;
    let enlarger = Enlarger::new(model);
    let image = Image::new(width, height, vec![0.5; width * height * 3])?;
    let plan = enlarger.plan(image.size(), Target::Factor(factor))?;

    let mut seconds = SIDES.map(|_| Vec::new());
    let mut megabytes = SIDES.map(|_| 0.0_f32);
    for _ in 0..rounds {
        for (index, side) in SIDES.into_iter().enumerate() {
            let enlarger = enlarger.clone().tile(side);
            ALLOCATIONS.reset_peak_usage();
            let start = Instant::now();
            for band in enlarger.bands(&image, &plan)? {
                band?;
            }
            seconds[index].push(start.elapsed().as_secs_f64());
            megabytes[index] = megabytes[index].max(ALLOCATIONS.peak_usage_as_mb());
        }
    }

    println!("{} to {}, median of {rounds}", image.size(), plan.output());
    println!("side     seconds   GFLOP/s   peak MB  estimated");
    for (index, side) in SIDES.into_iter().enumerate() {
        seconds[index].sort_by(f64::total_cmp);
        let median = seconds[index][rounds / 2];
        let cost = enlarger.clone().tile(side).cost(&plan);
        println!(
            "{side:4} {median:11.3} {:9.1} {:9.0} {:10.0}",
            cost.flops() / median / 1e9,
            megabytes[index],
            cost.peak_bytes as f64 / 1e6
        );
    }
    Ok(())
}
