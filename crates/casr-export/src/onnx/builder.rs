//! Puts a graph together, node by node.

use super::message::{Attribute, AttributeKind, Element, Graph, Node, Tensor};
use crate::convolution::Convolution;
use half::f16;

/// The name of a value of a graph.
pub(super) type Name = String;

/// A graph that grows.
#[derive(Default)]
pub(super) struct Builder {
    graph: Graph,
}

impl Builder {
    /// Adds a node with one output, which has the node's name.
    pub fn node(
        &mut self,
        name: &str,
        operator: &str,
        inputs: &[&Name],
        attributes: Vec<Attribute>,
    ) -> Name {
        self.graph.nodes.push(Node {
            inputs: inputs.iter().map(ToString::to_string).collect(),
            outputs: vec![name.to_owned()],
            name: name.to_owned(),
            operator: operator.to_owned(),
            attributes,
        });
        name.to_owned()
    }

    fn constant(&mut self, name: &str, shape: &[usize], element: Element, bytes: Vec<u8>) -> Name {
        self.graph.constants.push(Tensor {
            shape: shape.iter().map(|side| *side as i64).collect(),
            element: element.into(),
            name: name.to_owned(),
            bytes,
        });
        name.to_owned()
    }

    /// A constant of single precision; without sides, a scalar.
    pub fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) -> Name {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.constant(name, shape, Element::F32, bytes.collect())
    }

    /// A constant in half precision.
    pub fn halves(&mut self, name: &str, shape: &[usize], values: &[f32]) -> Name {
        let bytes = values
            .iter()
            .flat_map(|value| f16::from_f32(*value).to_le_bytes());
        self.constant(name, shape, Element::F16, bytes.collect())
    }

    /// Whole numbers of 8 bits with a sign.
    pub fn bytes(&mut self, name: &str, shape: &[usize], values: &[i8]) -> Name {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.constant(name, shape, Element::I8, bytes.collect())
    }

    /// A whole number of 8 bits without a sign.
    pub fn byte(&mut self, name: &str, value: u8) -> Name {
        self.constant(name, &[], Element::U8, vec![value])
    }

    /// Whole numbers of 32 bits.
    pub fn integers(&mut self, name: &str, shape: &[usize], values: &[i32]) -> Name {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.constant(name, shape, Element::I32, bytes.collect())
    }

    /// Whole numbers of 64 bits, as sizes and places are.
    pub fn places(&mut self, name: &str, values: &[i64]) -> Name {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.constant(name, &[values.len()], Element::I64, bytes.collect())
    }

    /// One such number, a scalar.
    pub fn place(&mut self, name: &str, value: i64) -> Name {
        self.constant(name, &[], Element::I64, value.to_le_bytes().to_vec())
    }

    /// A convolution in single or half precision.
    pub fn convolve(&mut self, name: &str, layer: &Convolution, input: &Name, half: bool) -> Name {
        let mut constant = |suffix: &str, shape: &[usize], values: &[f32]| {
            let name = format!("{name}.{suffix}");
            match half {
                true => self.halves(&name, shape, values),
                false => self.floats(&name, shape, values),
            }
        };
        let weights = constant("weights", &layer.shape(), &layer.weights);
        let bias = (layer.bias.iter().any(|bias| *bias != 0.0))
            .then(|| constant("bias", &[layer.outputs], &layer.bias));
        self.convolution(name, layer, input, &weights, bias.as_ref())
    }

    /// A convolution with weights that the graph has already.
    pub fn convolution(
        &mut self,
        name: &str,
        layer: &Convolution,
        input: &Name,
        weights: &Name,
        bias: Option<&Name>,
    ) -> Name {
        let sides = |side: usize| vec![side as i64; 2];
        let attributes = vec![
            integers("kernel_shape", sides(layer.kernel)),
            integers("strides", sides(layer.stride)),
        ];
        let inputs: Vec<&Name> = [input, weights].into_iter().chain(bias).collect();
        self.node(name, "Conv", &inputs, attributes)
    }

    /// A convolution in single precision.
    pub fn single(&mut self, name: &str, layer: &Convolution, input: &Name) -> Name {
        self.convolve(name, layer, input, false)
    }

    /// Takes `margin` pixels off every side.
    pub fn cropped(&mut self, name: &str, input: &Name, margin: usize) -> Name {
        if margin == 0 {
            return input.clone();
        }
        let margin = margin as i64;
        let from = self.places(&format!("{name}.from"), &[margin; 2]);
        let to = self.places(&format!("{name}.to"), &[-margin; 2]);
        let axes = self.places(&format!("{name}.axes"), &[2, 3]);
        self.node(name, "Slice", &[input, &from, &to, &axes], vec![])
    }

    /// x σ(x).
    pub fn silu(&mut self, name: &str, input: &Name) -> Name {
        let sigmoid = self.node(&format!("{name}.sigmoid"), "Sigmoid", &[input], vec![]);
        self.node(name, "Mul", &[input, &sigmoid], vec![])
    }

    /// Another type of elements.
    pub fn cast(&mut self, name: &str, input: &Name, element: Element) -> Name {
        let to = integer("to", i32::from(element).into());
        self.node(name, "Cast", &[input], vec![to])
    }

    /// What was put together.
    pub fn finish(self) -> Graph {
        self.graph
    }
}

/// A setting of a whole number.
pub(super) fn integer(name: &str, value: i64) -> Attribute {
    Attribute {
        name: name.to_owned(),
        integer: Some(value),
        kind: AttributeKind::Integer.into(),
        ..Attribute::default()
    }
}

/// A setting of whole numbers.
pub(super) fn integers(name: &str, values: Vec<i64>) -> Attribute {
    Attribute {
        name: name.to_owned(),
        integers: values,
        kind: AttributeKind::Integers.into(),
        ..Attribute::default()
    }
}

/// A setting of text.
pub(super) fn text(name: &str, value: &str) -> Attribute {
    Attribute {
        name: name.to_owned(),
        text: Some(value.as_bytes().to_vec()),
        kind: AttributeKind::Text.into(),
        ..Attribute::default()
    }
}
