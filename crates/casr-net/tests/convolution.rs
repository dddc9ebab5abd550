//! The convolution op against Burn's own conv2d: values and all gradients.

use burn::tensor::{
    Device, Distribution, Tensor, activation::silu, module::conv2d, ops::ConvOptions,
};
use casr_net::{Activation, ops::convolution};

/// The same computation from Burn's operations.
fn reference(
    input: Tensor<4>,
    weights: Tensor<4>,
    bias: Tensor<1>,
    residual: Option<Tensor<4>>,
    activation: Activation,
) -> Tensor<4> {
    let pad = weights.dims()[0] / 2;
    let options = ConvOptions::new([1, 1], [pad, pad], [1, 1], 1);
    let output = conv2d(
        input.permute([0, 3, 1, 2]),
        weights.permute([3, 2, 0, 1]),
        Some(bias),
        options,
    )
    .permute([0, 2, 3, 1]);
    let output = match activation {
        Activation::None => output,
        Activation::Silu => silu(output),
    };
    match residual {
        Some(residual) => output + residual,
        None => output,
    }
}

/// Largest difference over the largest value.
fn difference<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> f32 {
    let scale: f32 = b.clone().abs().max().into_scalar();
    let error: f32 = (a - b).abs().max().into_scalar();
    error / scale
}

#[test]
fn equals_burns_convolution() {
    let device = Device::flex().autodiff();
    device.seed(3);
    let cases = [
        (3, 2, 13, 17, 3, 48),
        (3, 2, 9, 31, 48, 48),
        (1, 1, 5, 3, 48, 195),
        (3, 1, 11, 10, 20, 100),
        (3, 1, 1, 1, 5, 7),
    ];
    for (kernel, images, height, width, inputs, outputs) in cases {
        for activation in [Activation::None, Activation::Silu] {
            for with_residual in [false, true] {
                let random = |shape: [usize; 4]| {
                    Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &device)
                };
                let input = random([images, height, width, inputs]).require_grad();
                let weights = random([kernel, kernel, inputs, outputs]).require_grad();
                let bias = Tensor::<1>::random([outputs], Distribution::Normal(0.0, 1.0), &device)
                    .require_grad();
                let residual = random([images, height, width, outputs]).require_grad();
                let probe = random([images, height, width, outputs]);
                let chosen = with_residual.then(|| residual.clone());

                let run = |output: Tensor<4>| {
                    let gradients = (output.clone() * probe.clone()).sum().backward();
                    let residual = with_residual.then(|| residual.grad(&gradients).unwrap());
                    (
                        output.inner(),
                        input.grad(&gradients).unwrap(),
                        weights.grad(&gradients).unwrap(),
                        bias.grad(&gradients).unwrap(),
                        residual,
                    )
                };
                let (i, w, b) = (input.clone(), weights.clone(), bias.clone());
                let ours = run(convolution(i, w, b, chosen.clone(), activation));
                let (i, w, b) = (input.clone(), weights.clone(), bias.clone());
                let burns = run(reference(i, w, b, chosen, activation));

                let case = format!("{kernel} {inputs}->{outputs} {activation:?} {with_residual}");
                assert!(difference(ours.0, burns.0) < 1e-5, "output of {case}");
                assert!(
                    difference(ours.1, burns.1) < 1e-5,
                    "input gradient of {case}"
                );
                assert!(
                    difference(ours.2, burns.2) < 1e-5,
                    "weight gradient of {case}"
                );
                assert!(
                    difference(ours.3, burns.3) < 1e-5,
                    "bias gradient of {case}"
                );
                if let (Some(ours), Some(burns)) = (ours.4, burns.4) {
                    assert!(
                        difference(ours, burns) < 1e-6,
                        "residual gradient of {case}"
                    );
                }
            }
        }
    }
}
