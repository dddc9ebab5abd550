//! Filters an image with a 3×3 kernel: `filter blur|sharpen|edges INPUT.ppm OUTPUT.ppm`.
//!
//! The images are binary PPM files (P6) with 8 bits per sample. The colours are three channels of
//! one convolution, which runs on the fastest instruction set of the processor.

use casr_kernels::InstructionSet;
use casr_kernels::conv::{Activation, Layer};
use std::error::Error;
use std::time::Instant;

/// Red, green, blue.
const CHANNELS: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [filter, input, output] = arguments.as_slice() else {
        return Err("usage: filter blur|sharpen|edges INPUT.ppm OUTPUT.ppm".into());
    };
    let taps = taps(filter).ok_or_else(|| format!("no filter is named {filter}"))?;
    let file = std::fs::read(input).map_err(|error| format!("{input}: {error}"))?;
    let (width, height, samples) =
        parse(&file).ok_or_else(|| format!("{input}: not a binary PPM file of 8 bits"))?;

    // [row][column][input][output]: every colour is filtered by itself.
    let mut weights = vec![0.0; 9 * CHANNELS * CHANNELS];
    for (tap, weights) in taps.iter().zip(weights.chunks_mut(CHANNELS * CHANNELS)) {
        for colour in 0..CHANNELS {
            weights[colour * CHANNELS + colour] = *tap;
        }
    }
    let set = InstructionSet::best();
    let layer = Layer::new(set, 3, weights, vec![0.0; CHANNELS]);
    let pixels: Vec<f32> = samples.iter().map(|sample| f32::from(*sample)).collect();
    let mut filtered = vec![0.0; pixels.len()];
    let (size, start) = ((height, width), Instant::now());
    layer.rows(
        size,
        0..height,
        &pixels,
        Activation::None,
        None,
        &mut filtered,
    );
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    println!("{width}×{height} pixels in {milliseconds:.1} ms on {set}");

    let mut result = format!("P6\n{width} {height}\n255\n").into_bytes();
    result.extend(filtered.iter().map(|value| value.round() as u8));
    std::fs::write(output, result).map_err(|error| format!("{output}: {error}"))?;
    Ok(())
}

/// The 3×3 kernel of a filter, row by row.
fn taps(filter: &str) -> Option<[f32; 9]> {
    Some(match filter {
        "blur" => [1.0, 2.0, 1.0, 2.0, 4.0, 2.0, 1.0, 2.0, 1.0].map(|tap| tap / 16.0),
        "sharpen" => [0.0, -0.5, 0.0, -0.5, 3.0, -0.5, 0.0, -0.5, 0.0],
        "edges" => [-1.0, -1.0, -1.0, -1.0, 8.0, -1.0, -1.0, -1.0, -1.0],
        _ => return None,
    })
}

/// Width, height and samples of a binary PPM file with 8 bits per sample and no comments.
fn parse(file: &[u8]) -> Option<(usize, usize, &[u8])> {
    let mut rest = file.strip_prefix(b"P6")?;
    let mut numbers = [0_usize; 3];
    for number in &mut numbers {
        rest = rest.trim_ascii_start();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        *number = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
        rest = &rest[digits..];
    }
    let [width, height, 255] = numbers else {
        return None;
    };
    let length = width.checked_mul(height)?.checked_mul(CHANNELS)?;
    Some((width, height, rest.get(1..)?.get(..length)?)).filter(|_| length > 0)
}
