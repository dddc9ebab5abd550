//! The nodes of the network's body, in the precision of the file.

use super::builder::{Builder, Name, integer};
use super::message::Element;
use crate::convolution::Convolution;
use crate::folded::{Folded, LAYERS};
use crate::ranges::{Ranges, Scale};

/// How the body is computed.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// In single precision.
    Single,
    /// In half precision; pixels and what is added to them stay single.
    Half,
    /// Convolutions between features read 8 bits; the first and the last one, which see and make
    /// colours, and sums stay single.
    Eight(Ranges),
}

impl Body {
    /// From the mirrored level to the correction that the body makes.
    pub fn nodes(&self, graph: &mut Builder, step: &Folded, extended: &Name) -> Name {
        let half = matches!(self, Self::Half);
        let level = match half {
            true => graph.cast("extended.half", extended, Element::F16),
            false => extended.clone(),
        };
        let mut features = graph.convolve("encoder", &step.encoder, &level, half);
        for (index, block) in step.blocks.iter().enumerate() {
            let part = |part: &str| format!("blocks.{index}.{part}");
            let mut inner = features.clone();
            for (layer, convolution) in block.iter().enumerate() {
                let name = part(LAYERS[layer]);
                inner = match self {
                    Self::Single | Self::Half => graph.convolve(&name, convolution, &inner, half),
                    Self::Eight(ranges) => {
                        let scale = ranges.0[index * block.len() + layer];
                        quantised(graph, &name, convolution, &inner, scale)
                    }
                };
                if layer + 1 < block.len() {
                    inner = graph.silu(&format!("{name}.silu"), &inner);
                }
            }
            // As much as the convolutions have taken off.
            let input = graph.cropped(&part("input"), &features, block.len());
            features = graph.node(&part("sum"), "Add", &[&input, &inner], vec![]);
        }
        let made = graph.convolve("body", &step.correction, &features, half);
        match half {
            true => graph.cast("body.single", &made, Element::F32),
            false => made,
        }
    }
}

/// The largest whole number that a weight becomes. Processors without VNNI add pairs of products
/// in 16 bits: 2 · 255 · 64 is the most that these hold.
const FULL_WEIGHT: f32 = 64.0;

/// A convolution of 8 bits, as pairs of `QuantizeLinear` and `DequantizeLinear` around what it
/// reads. Every output has its own scale of weights.
fn quantised(
    graph: &mut Builder,
    name: &str,
    layer: &Convolution,
    input: &Name,
    scale: Scale,
) -> Name {
    let part = |part: &str| format!("{name}.{part}");
    let axis = || vec![integer("axis", 0)];
    let step = graph.floats(&part("input.scale"), &[], &[scale.scale]);
    let zero = graph.byte(&part("input.zero"), scale.zero);
    let eight = graph.node(
        &part("input.eight"),
        "QuantizeLinear",
        &[input, &step, &zero],
        vec![],
    );
    let input = graph.node(
        &part("input"),
        "DequantizeLinear",
        &[&eight, &step, &zero],
        vec![],
    );

    let rows = || {
        layer
            .weights
            .chunks_exact(layer.weights.len() / layer.outputs)
    };
    let scales: Vec<f32> = rows()
        .map(|row| {
            let most = row
                .iter()
                .fold(0.0_f32, |most, weight| most.max(weight.abs()));
            (most / FULL_WEIGHT).max(f32::MIN_POSITIVE)
        })
        .collect();
    let weights: Vec<i8> = (rows().zip(&scales))
        .flat_map(|(row, scale)| row.iter().map(move |weight| (weight / scale).round() as i8))
        .collect();
    let bias: Vec<i32> = (layer.bias.iter().zip(&scales))
        .map(|(bias, weight)| (bias / (weight * scale.scale)).round() as i32)
        .collect();
    let of_bias: Vec<f32> = scales.iter().map(|weight| weight * scale.scale).collect();

    let eight = graph.bytes(&part("weights.eight"), &layer.shape(), &weights);
    let steps = graph.floats(&part("weights.scale"), &[layer.outputs], &scales);
    let weights = graph.node(
        &part("weights"),
        "DequantizeLinear",
        &[&eight, &steps],
        axis(),
    );
    let whole = graph.integers(&part("bias.whole"), &[layer.outputs], &bias);
    let steps = graph.floats(&part("bias.scale"), &[layer.outputs], &of_bias);
    let bias = graph.node(&part("bias"), "DequantizeLinear", &[&whole, &steps], axis());
    graph.convolution(name, layer, &input, &weights, Some(&bias))
}
