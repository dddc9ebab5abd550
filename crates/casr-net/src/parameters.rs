//! The network's parameters by name, for files and for moving averages.

use crate::network::Network;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Tensor, TensorData};

/// One parameter tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its path in the network, such as `blocks.0.first.weights`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values, row-major.
    pub values: Vec<f32>,
}

impl Network {
    /// All parameters, in the network's own order.
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut collector = Collector::default();
        self.visit(&mut collector);
        collector.parameters
    }

    /// This network with other values: `supply` is asked for each parameter by name and shape.
    ///
    /// Parameters get ids by their order, so that an optimizer's record fits the network again after a restart.
    ///
    /// # Errors
    /// The first error of `supply`; a wrong number of values is the caller's bug and panics in Burn.
    pub fn with_parameters<E>(
        self,
        supply: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let mut replacer = Replacer {
            path: Vec::new(),
            count: 0,
            supply,
            error: None,
        };
        let network = self.map(&mut replacer);
        match replacer.error {
            None => Ok(network),
            Some(error) => Err(error),
        }
    }

    /// Number of trained values.
    pub fn parameter_count(&self) -> usize {
        self.num_params()
    }
}

#[derive(Default)]
struct Collector {
    path: Vec<String>,
    parameters: Vec<Parameter>,
}

impl ModuleVisitor for Collector {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        self.parameters.push(Parameter {
            name: self.path.join("."),
            shape: tensor.dims().to_vec(),
            values: tensor.into_data().iter::<f32>().collect(),
        });
    }
}

struct Replacer<F, E> {
    path: Vec<String>,
    count: u64,
    supply: F,
    error: Option<E>,
}

impl<E, F: FnMut(&str, &[usize]) -> Result<Vec<f32>, E>> ModuleMapper for Replacer<F, E> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.error.is_some() {
            return param;
        }
        let (_, tensor, mapper) = param.consume();
        let tensor = match (self.supply)(&self.path.join("."), &tensor.dims()) {
            Ok(values) => {
                let tracked = tensor.is_require_grad();
                let shape = tensor.dims();
                let replaced = Tensor::from_data(TensorData::new(values, shape), &tensor.device());
                replaced.set_require_grad(tracked)
            }
            Err(error) => {
                self.error = Some(error);
                tensor
            }
        };
        self.count += 1;
        Param::from_mapped_value(ParamId::from(self.count), tensor, mapper)
    }
}
