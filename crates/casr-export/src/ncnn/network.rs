//! Puts a network of ncnn together: lines of text for its layers, bytes for their weights.
//!
//! realesrgan-ncnn-vulkan has a small part of ncnn's layers built in: no sigmoid, not as the
//! activation of a convolution either, no pooling, no clipping. What is missing is made of those
//! that all have: convolution, arithmetic, cropping, padding, pixel shuffle.
//!
//! <https://github.com/Tencent/ncnn/wiki/param-and-model-file-structure>,
//! <https://github.com/Tencent/ncnn/blob/master/docs/developer-guide/operators.md>

use crate::convolution::Convolution;
use half::f16;
use std::fmt::Write;

/// The first line of a `.param` file.
const MAGIC: &str = "7767517";

/// What weights of half precision begin with; others begin with zero.
const HALF_WEIGHTS: u32 = 0x0130_6B47;

/// The name of a value.
pub(super) type Name = String;

/// Arithmetic between two values, or a value and a number.
#[derive(Clone, Copy)]
pub(super) enum Arithmetic {
    Add = 0,
    Subtract = 1,
    Multiply = 2,
    Divide = 3,
    Maximum = 4,
    Power = 6,
}

/// How a convolution treats the border.
#[derive(Clone, Copy)]
pub(super) struct Padding {
    /// On every side.
    pub pixels: usize,
    /// The value there.
    pub value: f32,
}

impl Padding {
    pub const NONE: Self = Self {
        pixels: 0,
        value: 0.0,
    };
}

struct Layer {
    kind: &'static str,
    name: Name,
    inputs: Vec<Name>,
    settings: String,
}

/// A network that grows.
#[derive(Default)]
pub(super) struct Network {
    layers: Vec<Layer>,
    weights: Vec<u8>,
}

impl Network {
    /// Adds a layer; what it makes has its name.
    pub fn layer(
        &mut self,
        kind: &'static str,
        name: &str,
        inputs: &[&Name],
        settings: &str,
    ) -> Name {
        self.layers.push(Layer {
            kind,
            name: name.to_owned(),
            inputs: inputs.iter().map(ToString::to_string).collect(),
            settings: settings.to_owned(),
        });
        name.to_owned()
    }

    /// A convolution, its weights in single or half precision.
    pub fn convolve(
        &mut self,
        name: &str,
        layer: &Convolution,
        input: &Name,
        padding: Padding,
        half: bool,
    ) -> Name {
        if half {
            self.weights.extend(HALF_WEIGHTS.to_le_bytes());
            let halves = layer.weights.iter().map(|weight| f16::from_f32(*weight));
            self.weights.extend(halves.flat_map(f16::to_le_bytes));
            // What follows begins at a multiple of four bytes.
            self.weights
                .resize(self.weights.len().next_multiple_of(4), 0);
        } else {
            self.weights.extend(0_u32.to_le_bytes());
            self.floats(&layer.weights);
        }
        self.floats(&layer.bias);
        let settings = format!(
            "0={} 1={} 3={} 4={} 5=1 6={} 18={:e}",
            layer.outputs,
            layer.kernel,
            layer.stride,
            padding.pixels,
            layer.weights.len(),
            padding.value
        );
        self.layer("Convolution", name, &[input], &settings)
    }

    fn floats(&mut self, values: &[f32]) {
        self.weights
            .extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }

    /// Arithmetic between two values of one size.
    pub fn combine(&mut self, name: &str, operation: Arithmetic, a: &Name, b: &Name) -> Name {
        let settings = format!("0={}", operation as u32);
        self.layer("BinaryOp", name, &[a, b], &settings)
    }

    /// x σ(x) = x / (1 + e⁻ˣ); `base` is 1/e everywhere, in the shape of x.
    pub fn silu(&mut self, name: &str, input: &Name, base: &Name) -> Name {
        let power = self.combine(&format!("{name}.power"), Arithmetic::Power, base, input);
        let divisor = format!("{name}.divisor");
        let divisor = self.layer("BinaryOp", &divisor, &[&power], "0=0 1=1 2=1.0");
        self.combine(name, Arithmetic::Divide, input, &divisor)
    }

    /// A value within 0 and 1.
    pub fn clipped(&mut self, name: &str, input: &Name) -> Name {
        let least = format!("{name}.least");
        let least = self.layer("BinaryOp", &least, &[input], "0=4 1=1 2=0.0");
        self.layer("BinaryOp", name, &[&least], "0=5 1=1 2=1.0")
    }

    /// `margin` pixels more on every side, each that of the nearest edge.
    pub fn extended(&mut self, name: &str, input: &Name, margin: usize) -> Name {
        let settings = format!("0={margin} 1={margin} 2={margin} 3={margin} 4=1");
        self.layer("Padding", name, &[input], &settings)
    }

    /// The largest value within `reach` pixels, along one axis after the other: each time of a
    /// window and of the same one a little farther on.
    pub fn maximum(&mut self, name: &str, input: &Name, reach: usize) -> Name {
        let wanted = 2 * reach + 1;
        let mut made = self.extended(&format!("{name}.wide"), input, reach);
        for axis in ["columns", "rows"] {
            let mut window = 1;
            while window < wanted {
                let step = window.min(wanted - window);
                window += step;
                let name = format!("{name}.{axis}.{window}");
                let start = self.without(&format!("{name}.first"), &made, axis, [0, step]);
                let end = self.without(&format!("{name}.last"), &made, axis, [step, 0]);
                made = self.combine(&name, Arithmetic::Maximum, &start, &end);
            }
        }
        made
    }

    /// All but some of the first and of the last rows or columns.
    fn without(&mut self, name: &str, input: &Name, axis: &str, [first, last]: [usize; 2]) -> Name {
        // -233: as far as it goes.
        let settings = match axis {
            "rows" => format!("0=0 1={first} 2=0 3=-233 4=-233 5=-233 6=0 7={last}"),
            _ => format!("0={first} 1=0 2=0 3=-233 4=-233 5=-233 6={last} 7=0"),
        };
        self.layer("Crop", name, &[input], &settings)
    }

    /// The channels of a period as pixels.
    pub fn unfolded(&mut self, name: &str, input: &Name, side: usize) -> Name {
        self.layer("PixelShuffle", name, &[input], &format!("0={side}"))
    }

    /// The `.param` and the `.bin` file.
    ///
    /// A value that several layers read goes through a layer that splits it, as ncnn wants.
    pub fn finish(self) -> (String, Vec<u8>) {
        let readers = |name: &Name| {
            let inputs = self.layers.iter().flat_map(|layer| &layer.inputs);
            inputs.filter(|input| *input == name).count()
        };
        let mut lines = String::new();
        let (mut layers, mut values) = (0, 0);
        let mut line =
            |kind: &str, name: &str, inputs: &[Name], outputs: &[Name], settings: &str| {
                layers += 1;
                values += outputs.len();
                let mut words = vec![
                    format!("{kind:<16}"),
                    format!("{name:<24}"),
                    inputs.len().to_string(),
                    outputs.len().to_string(),
                ];
                words.extend(inputs.iter().chain(outputs).cloned());
                words.push(settings.to_owned());
                // Writing to a string cannot fail.
                let _ = writeln!(lines, "{}", words.join(" ").trim_end());
            };
        let mut taken = std::collections::HashMap::new();
        for layer in &self.layers {
            let inputs: Vec<Name> = (layer.inputs.iter())
                .map(|input| match readers(input) {
                    1 => input.clone(),
                    _ => {
                        let next: &mut usize = taken.entry(input.clone()).or_default();
                        *next += 1;
                        part(input, *next - 1)
                    }
                })
                .collect();
            let outputs = [layer.name.clone()];
            line(layer.kind, &layer.name, &inputs, &outputs, &layer.settings);
            let parts = readers(&layer.name);
            if parts > 1 {
                let outputs: Vec<Name> = (0..parts).map(|index| part(&layer.name, index)).collect();
                let name = format!("{}.split", layer.name);
                line(
                    "Split",
                    &name,
                    std::slice::from_ref(&layer.name),
                    &outputs,
                    "",
                );
            }
        }
        (format!("{MAGIC}\n{layers} {values}\n{lines}"), self.weights)
    }
}

/// The name of one of the values that a value is split into.
fn part(name: &Name, index: usize) -> Name {
    format!("{name}.{index}")
}
