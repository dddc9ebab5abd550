//! A step as an ONNX model.

mod body;
mod builder;
mod message;
mod step;
#[cfg(test)]
mod tests;

use crate::Settings;
use crate::error::ExportError;
use crate::folded::Folded;
use crate::ranges::Ranges;
use body::Body;
use casr_net::{COLOURS, Model, Origin};
use message::{Element, Entry, Length, OperatorSet, Shape, Side, TensorKind, Value, ValueKind};
use prost::Message;
use step::{INPUT, OUTPUT};

/// Version 8 of the format and 17 of the operators: ONNX 1.12 of 2022. All that is younger reads
/// them.
const IR_VERSION: i64 = 8;
const OPERATORS: i64 = 17;

/// The precision of a model's body.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Precision {
    /// 32 bits.
    #[default]
    Single,
    /// 16 bits (IEEE half precision).
    Half,
    /// 8 bits, in these ranges (static quantization).
    Eight(Ranges),
}

/// The bytes of an ONNX model of a step: input `[batch, 3, height, width]`, RGB in [0, 1], output
/// `[batch, 3, height · factor, width · factor]`, both in single precision.
///
/// # Errors
/// [`ExportError`]: a fixed size that is not made of whole periods, or a network with modules.
pub fn onnx(
    model: &Model,
    settings: &Settings,
    precision: Precision,
) -> Result<Vec<u8>, ExportError> {
    settings.check()?;
    let step = Folded::new(model, settings.ratio, settings.origin)?;
    let body = match precision {
        Precision::Single => Body::Single,
        Precision::Half => Body::Half,
        Precision::Eight(ranges) => Body::Eight(ranges),
    };
    let mut graph = step::graph(&step, settings.size, &body);
    graph.name = "casr".to_owned();
    let (inputs, outputs) = (settings.ratio.inputs(), settings.ratio.outputs());
    let made = |side: usize| side / inputs * outputs;
    let sides = match settings.size {
        Some((height, width)) => [
            [height, width].map(fixed),
            [made(height), made(width)].map(fixed),
        ],
        None => [
            ["height", "width"].map(named),
            ["output_height", "output_width"].map(named),
        ],
    };
    let [input, output] = sides;
    graph.inputs = vec![value(INPUT, input)];
    graph.outputs = vec![value(OUTPUT, output)];
    let file = message::Model {
        ir_version: IR_VERSION,
        producer_name: "casr".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        doc_string: description(settings),
        graph: Some(graph),
        opset_import: vec![OperatorSet {
            domain: String::new(),
            version: OPERATORS,
        }],
        metadata: metadata(model, settings),
    };
    Ok(file.encode_to_vec())
}

fn fixed(side: usize) -> Length {
    Length::Fixed(side as i64)
}

fn named(name: &str) -> Length {
    Length::Named(name.to_owned())
}

fn value(name: &str, sides: [Length; 2]) -> Value {
    let [height, width] = sides;
    let sides = [named("batch"), fixed(COLOURS), height, width];
    let side = |length| Side {
        length: Some(length),
    };
    Value {
        name: name.to_owned(),
        kind: Some(ValueKind {
            tensor: Some(TensorKind {
                element: Element::F32.into(),
                shape: Some(Shape {
                    sides: sides.map(side).to_vec(),
                }),
            }),
        }),
    }
}

fn description(settings: &Settings) -> String {
    let multiple = match settings.ratio.inputs() {
        1 => String::new(),
        inputs => format!(" Height and width must be multiples of {inputs}."),
    };
    format!(
        "One step of CASR, {} times as large: RGB in [0, 1] in, RGB in [0, 1] out, in the file's own encoding.{multiple}",
        settings.ratio
    )
}

fn metadata(model: &Model, settings: &Settings) -> Vec<Entry> {
    let origin = match settings.origin {
        Origin::Image(degradation) => format!(
            "image, noise {}, compression {}",
            degradation.noise, degradation.compression
        ),
        Origin::Step => "level".to_owned(),
    };
    let entries = [
        ("casr.factor", settings.ratio.to_string()),
        ("casr.multiple", settings.ratio.inputs().to_string()),
        ("casr.look", model.look().to_string()),
        ("casr.origin", origin),
    ];
    let entry = |(key, value): (&str, String)| Entry {
        key: key.to_owned(),
        value,
    };
    entries.map(entry).to_vec()
}
