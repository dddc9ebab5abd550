//! Twenty 3×3 convolutions with 48 channels in sequence, timed on request: our side of the
//! comparison in `bench/peers`.
//!
//! `twenty_convolutions FOLDER WIDTH HEIGHT none|silu` reads `input.f32` (`[height, width, 48]`)
//! and `weights.f32` (`[20, 3, 3, 48, 48]`, HWIO each) from FOLDER. For every line on standard
//! input it runs once and prints the time in milliseconds; at the end it writes `output.f32`.
//! `RAYON_NUM_THREADS` sets the number of threads.

use casr_kernels::InstructionSet;
use casr_kernels::conv::{Activation, ConvShape, forward};
use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::{Path, PathBuf};
use std::time::Instant;

const CHANNELS: usize = 48;
const LAYERS: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, width, height, activation] = arguments.as_slice() else {
        return Err("usage: twenty_convolutions FOLDER WIDTH HEIGHT none|silu".into());
    };
    let folder = PathBuf::from(folder);
    let activation = match activation.as_str() {
        "none" => Activation::None,
        "silu" => Activation::Silu,
        other => return Err(format!("the activation is none or silu, not {other}").into()),
    };
    let shape = ConvShape {
        images: 1,
        height: height.parse()?,
        width: width.parse()?,
        inputs: CHANNELS,
        outputs: CHANNELS,
        kernel: 3,
    };
    let input = read(&folder.join("input.f32"), shape.input_len())?;
    let weights = read(&folder.join("weights.f32"), LAYERS * shape.weights_len())?;

    let mut from = vec![0.0; shape.input_len()];
    let mut to = vec![0.0; shape.output_len()];
    for line in stdin().lock().lines() {
        line?;
        let set = InstructionSet::best();
        let start = Instant::now();
        from.copy_from_slice(&input);
        for weights in weights.chunks_exact(shape.weights_len()) {
            forward(
                set, shape, &from, weights, None, activation, None, &mut to, None,
            );
            std::mem::swap(&mut from, &mut to);
        }
        println!("{:.3}", start.elapsed().as_secs_f64() * 1e3);
        stdout().flush()?;
    }
    let bytes: Vec<u8> = from.iter().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(folder.join("output.f32"), bytes)?;
    Ok(())
}

/// Reads `count` little-endian f32 values.
fn read(path: &Path, count: usize) -> Result<Vec<f32>, Box<dyn Error>> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if bytes.len() != count * 4 {
        return Err(format!("{}: {count} numbers expected", path.display()).into());
    }
    let numbers = bytes.chunks_exact(4);
    Ok(numbers
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect())
}
