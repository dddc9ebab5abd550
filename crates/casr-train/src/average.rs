//! The exponential moving average of the weights.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use casr_burn::Network;
use std::collections::VecDeque;

/// `average`·decay + `network`·(1 − decay), parameter by parameter, on the average's device; what
/// has not moved stays to the bit.
pub(crate) fn update(average: Network, network: &Network, decay: f64) -> Network {
    let mut values = Values(VecDeque::new());
    network.visit(&mut values);
    average.map(&mut Blend {
        values: values.0,
        decay,
    })
}

/// Flat, untracked copies in visiting order.
struct Values(VecDeque<Tensor<1>>);

impl ModuleVisitor for Values {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let flat: Tensor<1> = param.val().inner().flatten(0, D - 1);
        self.0.push_back(flat);
    }
}

struct Blend {
    values: VecDeque<Tensor<1>>,
    decay: f64,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.values.pop_front() {
            Some(value) => param.map(|average| {
                let value = value.reshape(average.dims());
                average.clone() + (value - average) * (1.0 - self.decay)
            }),
            None => param,
        }
    }
}
