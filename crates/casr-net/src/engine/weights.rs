//! A network's values by name.

use crate::parameters::Parameter;
use casr_kernels::InstructionSet;
use casr_kernels::conv::Layer;
use casr_kernels::conv::half::{HalfInstructions, HalfLayer};
use std::collections::HashMap;

/// The values of a network that have not found their place yet.
pub(super) struct Weights<'a> {
    set: InstructionSet,
    values: HashMap<&'a str, &'a Parameter>,
}

impl<'a> Weights<'a> {
    pub fn new(set: InstructionSet, parameters: &'a [Parameter]) -> Self {
        let named = |parameter: &'a Parameter| (&*parameter.name, parameter);
        Self {
            set,
            values: parameters.iter().map(named).collect(),
        }
    }

    /// Whether there is such a parameter.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A parameter's values.
    ///
    /// # Panics
    /// If the network has none of this name: its own parameters have them all.
    pub fn take(&mut self, name: &str) -> Vec<f32> {
        self.parameter(name).values.clone()
    }

    /// A convolution.
    ///
    /// # Panics
    /// As [`Weights::take`].
    pub fn layer(&mut self, name: &str) -> Layer {
        let weights = self.parameter(&format!("{name}.weights"));
        let kernel = weights.shape[0];
        let bias = self.take(&format!("{name}.bias"));
        Layer::new(self.set, kernel, weights.values.clone(), bias)
    }

    /// A 3×3 convolution in half precision.
    ///
    /// # Panics
    /// As [`Weights::take`].
    pub fn half_layer(&mut self, instructions: HalfInstructions, name: &str) -> HalfLayer {
        let weights = self.parameter(&format!("{name}.weights"));
        let bias = self.parameter(&format!("{name}.bias"));
        HalfLayer::new(instructions, &weights.values, &bias.values)
    }

    fn parameter(&mut self, name: &str) -> &'a Parameter {
        let parameter = self.values.remove(name);
        parameter.unwrap_or_else(|| panic!("a network without {name}"))
    }
}
