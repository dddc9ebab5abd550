//! A step as a model of ncnn, for Upscayl and realesrgan-ncnn-vulkan.
//!
//! These programs cut an image into tiles that overlap by ten pixels, reflected at the image's
//! border, give a tile to the model as RGB in [0, 1], and keep its middle. So the border is theirs:
//! convolutions pad with the grey that the network was trained with at the border of its crops, and
//! the bicubic enlargement and the anchor repeat the edge.

mod network;
#[cfg(test)]
mod tests;

use crate::Settings;
use crate::convolution::Convolution;
use crate::error::ExportError;
use crate::folded::{Folded, LAYERS, chroma_ranges, colour_ranges, extremes};
use casr_kernels::guard::GATE_REACH;
use casr_net::{CENTRE, COLOURS, Model};
use network::{Arithmetic, Name, Network, Padding};

/// What these programs call a model's input and output.
const INPUT: &str = "data";
const OUTPUT: &str = "output";

/// A model of ncnn.
#[derive(Clone, Debug, PartialEq)]
pub struct NcnnModel {
    /// The layers: the `.param` file.
    pub layers: String,
    /// The weights: the `.bin` file.
    pub weights: Vec<u8>,
}

/// A step as a model of ncnn, of inputs of any size: blob `data`, RGB in [0, 1], to blob `output`.
/// With `half`, the network's weights are stored in half precision.
///
/// Inside of an image, farther from a tile's edge than the network looks, it equals the engine's
/// step but for rounding; nearer to it, it does not see what lies beyond.
///
/// # Errors
/// [`ExportError`]: a factor that is not whole, a fixed size, or a network with modules.
pub fn ncnn(model: &Model, settings: &Settings, half: bool) -> Result<NcnnModel, ExportError> {
    if settings.ratio.inputs() != 1 {
        let factor = settings.ratio.to_string();
        return Err(ExportError::NcnnFactor { factor });
    }
    if settings.size.is_some() {
        return Err(ExportError::NcnnSize);
    }
    let step = Folded::new(model, settings.ratio, settings.origin)?;
    let mut network = Network::default();
    let level = network.layer("Input", INPUT, &[], "");
    let features = body(&mut network, &step, &level, half);
    let grey = Padding {
        pixels: 1,
        value: CENTRE,
    };
    let around = network.convolve("around", &step.around, &level, grey, false);
    let correction = network.combine("correction", Arithmetic::Add, &features, &around);
    let correction = gated(&mut network, &step, &level, &correction);
    let neighbours = network.extended("neighbours", &level, step.enlarge_reach());
    let base = network.convolve("base", &step.enlarge, &neighbours, Padding::NONE, false);
    let periods = network.combine("periods", Arithmetic::Add, &base, &correction);
    let side = step.ratio.outputs();
    let mut made = unfolded(&mut network, "field", &periods, side);
    if step.anchor > 0.0 {
        let wide = network.extended("wide", &made, step.shrink_reach);
        let shrunk = network.convolve("shrunk", &step.shrink, &wide, Padding::NONE, false);
        let missing = network.combine("missing", Arithmetic::Subtract, &level, &shrunk);
        let missing = network.extended("missing.wide", &missing, step.enlarge_reach());
        let share = step.anchored();
        let anchor = network.convolve("anchor.periods", &share, &missing, Padding::NONE, false);
        let anchor = unfolded(&mut network, "anchor", &anchor, side);
        made = network.combine("anchored", Arithmetic::Add, &made, &anchor);
    }
    network.clipped(OUTPUT, &made);
    let (layers, weights) = network.finish();
    Ok(NcnnModel { layers, weights })
}

/// The correction that the body makes.
fn body(network: &mut Network, step: &Folded, level: &Name, half: bool) -> Name {
    let zeros = Padding {
        pixels: 1,
        value: 0.0,
    };
    let grey = Padding {
        value: CENTRE,
        ..zeros
    };
    let base = Convolution::constant(COLOURS, step.encoder.outputs, (-1.0_f32).exp());
    let base = network.convolve("base.silu", &base, level, Padding::NONE, false);
    let mut features = network.convolve("encoder", &step.encoder, level, grey, half);
    for (index, block) in step.blocks.iter().enumerate() {
        let mut inner = features.clone();
        for (layer, convolution) in block.iter().enumerate() {
            let name = format!("blocks.{index}.{}", LAYERS[layer]);
            inner = network.convolve(&name, convolution, &inner, zeros, half);
            if layer + 1 < block.len() {
                inner = network.silu(&format!("{name}.silu"), &inner, &base);
            }
        }
        let name = format!("blocks.{index}.sum");
        features = network.combine(&name, Arithmetic::Add, &features, &inner);
    }
    network.convolve("body", &step.correction, &features, zeros, half)
}

/// The correction times the pixel's gate, its chroma times the chroma gate as well.
fn gated(network: &mut Network, step: &Folded, level: &Name, correction: &Name) -> Name {
    let extremes = network.convolve("extremes", &extremes(), level, Padding::NONE, false);
    let extremes = network.maximum("extremes.near", &extremes, GATE_REACH);
    let gate = gate(network, "gate", &colour_ranges(), &extremes, step);
    let chroma_gate = self::gate(network, "chroma_gate", &chroma_ranges(), &extremes, step);
    let luma = network.convolve("luma", &step.luma, correction, Padding::NONE, false);
    let chroma = network.combine("chroma", Arithmetic::Subtract, correction, &luma);
    let chroma = network.combine("chroma.gated", Arithmetic::Multiply, &chroma, &chroma_gate);
    let sum = network.combine("correction.whole", Arithmetic::Add, &luma, &chroma);
    network.combine("correction.gated", Arithmetic::Multiply, &sum, &gate)
}

/// A gate, once for each output of a period: that of the largest of these ranges.
fn gate(
    network: &mut Network,
    name: &str,
    ranges: &Convolution,
    extremes: &Name,
    step: &Folded,
) -> Name {
    let mut widest: Option<Name> = None;
    for (index, range) in ranges.each_output().into_iter().enumerate() {
        let name = format!("{name}.range.{index}");
        let range = network.convolve(&name, &range, extremes, Padding::NONE, false);
        widest = Some(match widest {
            None => range,
            Some(before) => {
                let name = format!("{name}.widest");
                network.combine(&name, Arithmetic::Maximum, &before, &range)
            }
        });
    }
    let gate = network.clipped(&format!("{name}.clipped"), &widest.unwrap_or_default());
    let rows = vec![[1.0]; step.enlarge.outputs];
    network.convolve(
        name,
        &Convolution::pointwise(&rows),
        &gate,
        Padding::NONE,
        false,
    )
}

fn unfolded(network: &mut Network, name: &str, input: &Name, side: usize) -> Name {
    match side {
        1 => input.clone(),
        _ => network.unfolded(name, input, side),
    }
}
