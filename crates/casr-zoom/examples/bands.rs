//! Enlarges in bands of rows, in memory that does not grow with the result, with progress and a way
//! to stop: `cargo run --release -p casr-zoom --example bands -- 16`. What is made here is thrown
//! away.

use casr_zoom::{Enlarger, ImageView, Model, Target};
use std::{error::Error, ops::ControlFlow, time::Instant};

/// The longest that the work may take, in seconds.
const PATIENCE: u64 = 60;

fn main() -> Result<(), Box<dyn Error>> {
    let factor = std::env::args().nth(1).unwrap_or("4".to_owned());
    let (width, height) = (64, 48);
    // Grey stripes of 8 bits.
    let samples: Vec<u8> = (0..width * height).map(|i| (i % 7 * 36) as u8).collect();
    let image = ImageView::grey(width, height, &samples)?;

    let enlarger = Enlarger::new(Model::embedded()?);
    let plan = enlarger.plan(image.size(), Target::Factor(factor.parse()?))?;
    let peak = enlarger.cost(&plan).peak_bytes;
    println!(
        "{} → {}, some {} MB",
        plan.input(),
        plan.output(),
        peak / 1_000_000
    );
    let start = Instant::now();
    let bands = enlarger.bands(image, &plan)?.observe(|progress| {
        eprintln!("{} of {} pixels", progress.done, progress.total);
        match start.elapsed().as_secs() < PATIENCE {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    });
    for band in bands {
        let band = band?;
        println!("rows {:?}, {} values", band.rows, band.pixels.len());
    }
    Ok(())
}
