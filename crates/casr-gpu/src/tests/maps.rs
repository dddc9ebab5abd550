//! Convolutions, on maps with ragged borders and any number of channels.

use super::{Run, assert_near, channels_last, gpu, numbers, pixels, planes, texts};
use crate::kernels::{PIXELS, cover};
use crate::layout::{Channels, halves};
use crate::tables::StepSizes;
use casr_kernels::InstructionSet;
use casr_kernels::conv::{Activation, Layer};
use half::f16;

const SIZES: [(usize, usize); 3] = [(1, 1), (13, 37), (18, 66)];

fn sizes((height, width): (usize, usize)) -> StepSizes {
    StepSizes {
        height: height as u32,
        width: width as u32,
        ..StepSizes::default()
    }
}

/// What the processor makes.
fn expected(
    size: (usize, usize),
    weights: &[f32],
    bias: &[f32],
    input: &[f32],
    residual: Option<&[f32]>,
) -> Vec<f32> {
    let layer = Layer::new(InstructionSet::best(), 3, weights.to_vec(), bias.to_vec());
    let mut output = vec![0.0; size.0 * size.1 * bias.len()];
    let activation = match residual {
        Some(_) => Activation::None,
        None => Activation::Silu,
    };
    layer.rows(size, 0..size.0, input, activation, residual, &mut output);
    output
}

fn scaled(values: Vec<f32>, inputs: usize) -> Vec<f32> {
    let scale = (3.0 / (9 * inputs) as f32).sqrt();
    values.into_iter().map(|value| value * scale).collect()
}

#[test]
fn convolutions_agree() {
    let Some(gpu) = gpu() else { return };
    let context = gpu.context();
    for (count, rows) in [(4, 4), (20, 8), (48, 4), (48, 8), (72, 8)] {
        let texts = texts(count, false, rows);
        let channels = Channels::new(count);
        let weights = scaled(numbers(9 * count * count, 1), count);
        let bias = numbers(count, 2);
        for size in SIZES {
            let area = size.0 * size.1;
            let input = numbers(area * count, 3);
            let residual = numbers(area * count, 4);
            for sum in [false, true] {
                let case = format!("{count} channels, {rows} rows, {size:?}, sum {sum}");
                let run = Run::new(context, texts.convolution())
                    .bind(&[sizes(size)])
                    .bind(&[u32::from(sum), 0, 0, 0])
                    .bind(&planes(channels, area, &input))
                    .bind(&channels.convolution(&weights))
                    .bind(&channels.bias(&bias))
                    .bind(&planes(channels, area, &[]))
                    .bind(&planes(channels, area, &residual));
                let grid = cover(size.1, size.0, [32, rows], channels.parts);
                let made = run.read::<f32>(grid, if sum { 6 } else { 5 });
                let made = channels_last(channels, area, &made);
                let residual = sum.then_some(&*residual);
                let expected = expected(size, &weights, &bias, &input, residual);
                assert_near(&made, &expected, 1e-5, &case);
            }
        }
    }
}

#[test]
fn convolutions_in_half_precision_agree() {
    let Some(gpu) = gpu() else { return };
    let context = gpu.context();
    if !context.has(wgpu::Features::SHADER_F16) {
        println!(
            "{} has no half precision: nothing to compare",
            context.name()
        );
        return;
    }
    let rounded = |values: Vec<f32>| -> Vec<f32> {
        values
            .into_iter()
            .map(|value| f16::from_f32(value).to_f32())
            .collect()
    };
    for (count, rows) in [(4, 4), (48, 8)] {
        let channels = Channels::new(count);
        let texts = texts(count, true, rows);
        let weights = rounded(scaled(numbers(9 * count * count, 1), count));
        let bias = numbers(count, 2);
        for size in SIZES {
            let area = size.0 * size.1;
            let input = rounded(numbers(area * count, 3));
            let residual = numbers(area * count, 4);
            for sum in [false, true] {
                let case = format!("{count} channels, {rows} rows, {size:?}, sum {sum}");
                let run = Run::new(context, texts.convolution())
                    .bind(&[sizes(size)])
                    .bind(&[u32::from(sum), 0, 0, 0])
                    .bind(&halves(&planes(channels, area, &input)))
                    .bind(&halves(&channels.convolution(&weights)))
                    .bind(&channels.bias(&bias))
                    .bind(&halves(&planes(channels, area, &[])))
                    .bind(&planes(channels, area, &residual));
                let grid = cover(size.1, size.0, [32, rows], channels.parts);
                let residual = sum.then_some(&*residual);
                let expected = expected(size, &weights, &bias, &input, residual);
                let copy: Vec<f32> = (run.read::<u16>(grid, 5).into_iter())
                    .map(|bits| f16::from_bits(bits).to_f32())
                    .collect();
                let copy = channels_last(channels, area, &copy[..4 * channels.planes * area]);
                assert_near(&copy, &expected, 3e-3, &case);
            }
        }
    }
}

#[test]
fn encoders_agree() {
    let Some(gpu) = gpu() else { return };
    for (count, inputs) in [(4, 3), (20, 13), (48, 3), (48, 13)] {
        let texts = texts(count, false, 4);
        let channels = Channels::new(count);
        let weights = scaled(numbers(9 * inputs * count, 1), inputs);
        let bias = numbers(count, 2);
        for size in SIZES {
            let area = size.0 * size.1;
            let residual = numbers(area * count, 4);
            let added = inputs != 3;
            let (source, input, text) = match added {
                true => {
                    let input = numbers(area * inputs, 3);
                    (input.clone(), input, texts.matches(inputs))
                }
                false => {
                    let source = pixels(size.0, size.1, 3);
                    let input = source.iter().map(|value| value - 0.5).collect();
                    (source, input, texts.encoder())
                }
            };
            let run = Run::new(gpu.context(), text)
                .bind(&[sizes(size)])
                .bind(&source)
                .bind(&channels.encoder(&weights))
                .bind(&channels.bias(&bias))
                .bind(&planes(channels, area, &residual));
            let grid = cover(size.1, size.0, PIXELS, channels.planes / 2);
            let made = channels_last(channels, area, &run.read::<f32>(grid, 4));
            let none = vec![0.0; residual.len()];
            let residual = if added { &residual } else { &none };
            let expected = expected(size, &weights, &bias, &input, Some(residual));
            let case = format!("{inputs} to {count} channels, {size:?}");
            assert_near(&made, &expected, 1e-5, &case);
        }
    }
}
