//! Our side of `bench/peers/device.sh`: `device_peer DEVICE`. Each line on standard input asks for
//! one piece of work, and is answered by the seconds that it took: `upscale FACTOR` (a 256×256
//! image), `train` (a step on 16 patches of 48×48, on the processor), or `check FILE` (writes one
//! doubling of a 128×128 image as little-endian f32).

use casr_net::{Degradation, Model, Origin, Pixels, StepGeometry};
use casr_train::{Batch, Target as Level, TrainOptions, Trainer};
use casr_zoom::{Enlarger, Image, Look, Precision, Restoration, Strength, Target, place};
use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::sync::Arc;
use std::time::Instant;

/// Waves of some lengths, in [0, 1]: the same in `device.py`.
fn pixels(height: usize, width: usize) -> Vec<f32> {
    let value = |index: usize| {
        let (row, column, colour) = (index / 3 / width, index / 3 % width, index % 3);
        let wave = (row as f32 * 0.31 + colour as f32).sin() * (column as f32 * 0.17).cos();
        0.5 + 0.4 * wave
    };
    (0..height * width * 3).map(value).collect()
}

/// 16 patches of 48×48 and their doubles.
fn batch() -> Batch {
    Batch {
        images: 16,
        size: (48, 48),
        clean: pixels(16 * 48, 48),
        origins: vec![Origin::Image(Degradation::default()); 16],
        input: pixels(16 * 48, 48),
        targets: vec![Level {
            geometry: Arc::new(StepGeometry::new((48, 48), (96, 96))),
            pixels: pixels(16 * 96, 96),
        }],
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let choice = std::env::args().nth(1).unwrap_or("auto".to_owned());
    let model = place(Model::embedded()?, choice.parse()?, Precision::Auto, None)?;
    eprintln!("ours: {}", model.device());
    let enlarger =
        (Enlarger::new(model).look(Look::FAITHFUL)).restoration(Restoration::Fixed(Strength::NONE));
    let mut trainer = Trainer::new(TrainOptions::default(), None)?;
    let (image, batch) = (Image::new(256, 256, pixels(256, 256))?, batch());
    for line in stdin().lines() {
        let line = line?;
        let start = Instant::now();
        match line.split_once(' ') {
            Some(("upscale", factor)) => {
                enlarger.enlarge(&image, Target::Factor(factor.parse()?))?;
            }
            Some(("check", file)) => {
                let geometry = StepGeometry::new((128, 128), (256, 256));
                let image = Pixels {
                    height: 128,
                    width: 128,
                    values: &pixels(128, 128),
                };
                let model = enlarger.model();
                let origin = Origin::Image(Degradation::default());
                let result = model.first_step(image, &geometry, origin)?;
                let bytes: Vec<u8> = result.iter().flat_map(|v| v.to_le_bytes()).collect();
                std::fs::write(file, bytes)?;
            }
            _ => {
                trainer.step(&batch)?;
            }
        }
        println!("{}", start.elapsed().as_secs_f64());
        stdout().flush()?;
    }
    Ok(())
}
