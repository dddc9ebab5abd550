//! A training step of twenty 48→48 convolutions with SiLU on 16 patches of 48×48, forward and
//! backward: our op and Burn's own convolution in turn. Prints medians, GFLOP/s and the ratio.

use burn::module::{Module, Param};
use burn::optim::GradientsParams;
use burn::tensor::{
    Device, Distribution, Tensor, activation::silu, module::conv2d, ops::ConvOptions,
};
use casr_burn::ops::convolution;
use casr_net::Activation;
use std::time::Instant;

const LAYERS: usize = 20;
const CHANNELS: usize = 48;
const SHAPE: [usize; 4] = [16, 48, 48, CHANNELS];
const ROUNDS: usize = 5;

#[derive(Module, Debug)]
struct Layer {
    weights: Param<Tensor<4>>,
    bias: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
struct Stack {
    layers: Vec<Layer>,
}

impl Stack {
    fn new(device: &Device) -> Self {
        let deviation = (2.0 / (9 * CHANNELS) as f64).sqrt();
        let layer = |_| Layer {
            weights: Param::from_tensor(Tensor::random(
                [3, 3, CHANNELS, CHANNELS],
                Distribution::Normal(0.0, deviation),
                device,
            )),
            bias: Param::from_tensor(Tensor::zeros([CHANNELS], device)),
        };
        Self {
            layers: (0..LAYERS).map(layer).collect(),
        }
    }

    fn ours(&self, input: Tensor<4>) -> Tensor<4> {
        self.layers.iter().fold(input, |x, layer| {
            convolution(
                x,
                layer.weights.val(),
                layer.bias.val(),
                None,
                Activation::Silu,
            )
        })
    }

    /// Burn's layout is channels first: the data is turned once, not in every layer.
    fn burns(&self, input: Tensor<4>) -> Tensor<4> {
        let options = || ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
        self.layers
            .iter()
            .fold(input.permute([0, 3, 1, 2]), |x, layer| {
                let weights = layer.weights.val().permute([3, 2, 0, 1]);
                silu(conv2d(x, weights, Some(layer.bias.val()), options()))
            })
    }
}

/// Seconds of one forward and backward pass.
fn seconds(stack: &Stack, pass: impl Fn(&Stack) -> Tensor<4>) -> f64 {
    let start = Instant::now();
    let gradients = pass(stack).abs().mean().backward();
    std::hint::black_box(GradientsParams::from_grads(gradients, stack));
    start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let device = Device::flex().autodiff();
    let stack = Stack::new(&device);
    let input = Tensor::<4>::random(SHAPE, Distribution::Uniform(0.0, 1.0), &device);
    let (mut ours, mut burns) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let a = seconds(&stack, |stack| stack.ours(input.clone()));
        let b = seconds(&stack, |stack| stack.burns(input.clone()));
        // The first round fills caches and memory pools.
        if round > 0 {
            ours.push(a);
            burns.push(b);
        }
    }
    let pixels = SHAPE[0] * SHAPE[1] * SHAPE[2];
    let operations = 3.0 * 2.0 * (LAYERS * 9 * pixels * CHANNELS * CHANNELS) as f64;
    let (ours, burns) = (median(ours), median(burns));
    for (name, time) in [("casr", ours), ("burn", burns)] {
        println!(
            "{name}: {:.0} ms, {:.0} GFLOP/s",
            time * 1e3,
            operations / time / 1e9
        );
    }
    println!("ratio: {:.2}", burns / ours);
}
