//! The optimizers: Adam, or Muon for the convolutions between many channels and Adam for everything
//! else.

use crate::options::Optimizer as Kind;
use burn::optim::{
    Adam, AdamConfig, AdamState, AdjustLrFn, Muon, MuonConfig, Optimizer, RecordState, StateSink,
    StateSource, momentum::MomentumConfig,
};
use burn::tensor::{Device, Tensor};

/// Momentum of the orthogonalised updates.
const MOMENTUM: f64 = 0.95;
/// Kernels with fewer channels than this are left to Adam: their updates have no directions to
/// balance.
const FEWEST_CHANNELS: usize = 16;

/// Muon treats kernels of side 3 between many channels, seen as matrices
/// `[taps · inputs, outputs]`, with updates as large as Adam's (Liu et al., arXiv 2502.16982); Adam
/// treats the rest, or everything.
#[derive(Clone)]
pub(crate) struct MuonOrAdam {
    muon: Option<Muon>,
    adam: Adam,
}

/// The state of one parameter: of one of the two.
#[derive(Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each of some forty parameters"
)]
pub(crate) enum State<const D: usize> {
    Velocity(Tensor<D>),
    Adam(AdamState<D>),
}

/// The name under which a velocity is stored.
const VELOCITY: &str = "velocity";

impl<const D: usize> RecordState for State<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        match self {
            Self::Velocity(velocity) => {
                out.push_tensor(prefix, VELOCITY, velocity.clone().into_data());
            }
            Self::Adam(adam) => adam.state_flatten(prefix, out),
        }
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        match source.take_tensor(prefix, VELOCITY) {
            Some(velocity) => Some(Self::Velocity(Tensor::from_data(velocity, device))),
            None => AdamState::state_unflatten(prefix, source, device).map(Self::Adam),
        }
    }
}

impl MuonOrAdam {
    pub fn new(kind: Kind) -> Self {
        // The momentum is ours: it is kept in the parameter's own shape.
        let muon = || {
            MuonConfig::new()
                .with_momentum(MomentumConfig {
                    momentum: 0.0,
                    dampening: 0.0,
                    nesterov: false,
                })
                .with_adjust_lr_fn(AdjustLrFn::MatchRmsAdamW)
                .build()
        };
        Self {
            muon: (kind == Kind::Muon).then(muon),
            adam: AdamConfig::new()
                .with_beta_1(0.9)
                .with_beta_2(0.99)
                .with_epsilon(1e-8)
                .build(),
        }
    }
}

fn suits(shape: &[usize]) -> bool {
    match *shape {
        [kernel, _, inputs, outputs] => kernel > 1 && inputs.min(outputs) >= FEWEST_CHANNELS,
        _ => false,
    }
}

impl Optimizer for MuonOrAdam {
    type State<const D: usize> = State<D>;

    fn step<const D: usize>(
        &self,
        rate: f64,
        tensor: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<State<D>>,
    ) -> (Tensor<D>, Option<State<D>>) {
        let shape = tensor.dims();
        let Some(muon) = self.muon.as_ref().filter(|_| suits(&shape)) else {
            let state = match state {
                Some(State::Adam(adam)) => Some(adam),
                _ => None,
            };
            let (tensor, state) = self.adam.step(rate, tensor, gradient, state);
            return (tensor, state.map(State::Adam));
        };
        let velocity = match state {
            Some(State::Velocity(velocity)) => velocity * MOMENTUM + gradient.clone(),
            _ => gradient.clone(),
        };
        let direction = velocity.clone() * MOMENTUM + gradient;
        let outputs = shape[D - 1];
        let matrix = [shape.iter().product::<usize>() / outputs, outputs];
        let (tensor, _) = muon.step(
            rate,
            tensor.reshape(matrix),
            direction.reshape(matrix),
            None,
        );
        (tensor.reshape(shape), Some(State::Velocity(velocity)))
    }

    fn to_device<const D: usize>(state: State<D>, device: &Device) -> State<D> {
        match state {
            State::Velocity(velocity) => State::Velocity(velocity.to_device(device)),
            State::Adam(adam) => State::Adam(Adam::to_device(adam, device)),
        }
    }
}
