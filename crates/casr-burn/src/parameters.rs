//! The network's parameters by name: out of the tensors, and into them.

use crate::network::Network;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Tensor, TensorData};
use casr_net::Parameter;

impl Network {
    /// All parameters, in the network's own order.
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut collector = Collector::default();
        self.visit(&mut collector);
        collector.parameters
    }

    /// This network with other values, in its own order.
    ///
    /// Parameters get ids by their order, so that an optimizer's record fits the network again
    /// after a restart.
    ///
    /// # Panics
    /// If there are fewer parameters, or a parameter has another number of values.
    #[must_use]
    pub fn with_values(self, values: Vec<Vec<f32>>) -> Self {
        self.map(&mut Replacer {
            count: 0,
            values: values.into_iter(),
        })
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

struct Replacer {
    count: u64,
    values: std::vec::IntoIter<Vec<f32>>,
}

impl ModuleMapper for Replacer {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (_, tensor, mapper) = param.consume();
        let values = self.values.next().expect("values for every parameter");
        let data = TensorData::new(values, tensor.dims());
        let replaced = Tensor::from_data(data, &tensor.device());
        let replaced = replaced.set_require_grad(tensor.is_require_grad());
        self.count += 1;
        Param::from_mapped_value(ParamId::from(self.count), replaced, mapper)
    }
}
