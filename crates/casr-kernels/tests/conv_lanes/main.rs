//! The vector code at vector lengths that this processor does not have: 16 lanes with AVX-512's
//! register tile and 4 lanes with NEON's, emulated with AVX2. It compiles the crate's sources
//! itself to reach below their public functions.

#![cfg(target_arch = "x86_64")]
#![allow(dead_code, unused_imports)]

#[path = "../conv_support/mod.rs"]
mod conv_support;
#[cfg(feature = "backward")]
mod gradient;

#[path = "../../src/activation.rs"]
mod activation;
#[path = "../../src/conv/mod.rs"]
mod conv;
#[path = "../../src/dispatch.rs"]
mod dispatch;

use conv::forward::Forward;
use conv::instructions::Kernel;
use conv::{Activation, ConvShape};
use conv_support::{Numbers, assert_same_bits, odd_shapes};
use dispatch::InstructionSet;
use fearless_simd::{Level, f32x4, f32x16};

/// Vector length, or scalar code.
#[derive(Clone, Copy, Debug)]
enum Lanes {
    Scalar,
    Four,
    Sixteen,
}

fn run(lanes: Lanes, kernel: impl Kernel) {
    match (lanes, InstructionSet::Avx2.level()) {
        (Lanes::Four, Some(Level::Avx2(simd))) => kernel.simd::<_, f32x4<_>, 6, 4>(simd),
        (Lanes::Sixteen, Some(Level::Avx2(simd))) => kernel.simd::<_, f32x16<_>, 8, 3>(simd),
        _ => kernel.scalar(),
    }
}

fn compare(what: &str, shape: ConvShape, compute: impl Fn(Lanes) -> Vec<f32>) {
    if InstructionSet::Avx2.level().is_none() {
        println!("skipped: this processor has no AVX2");
        return;
    }
    let expected = compute(Lanes::Scalar);
    for lanes in [Lanes::Four, Lanes::Sixteen] {
        let name = format!("{what} with {lanes:?} lanes");
        assert_same_bits(&name, shape.into(), &compute(lanes), &expected);
    }
}

fn shapes() -> Vec<ConvShape> {
    odd_shapes().into_iter().map(ConvShape::from).collect()
}

impl From<casr_kernels::conv::ConvShape> for ConvShape {
    fn from(shape: casr_kernels::conv::ConvShape) -> Self {
        Self {
            images: shape.images,
            height: shape.height,
            width: shape.width,
            inputs: shape.inputs,
            outputs: shape.outputs,
            kernel: shape.kernel,
        }
    }
}

impl From<ConvShape> for casr_kernels::conv::ConvShape {
    fn from(shape: ConvShape) -> Self {
        Self {
            images: shape.images,
            height: shape.height,
            width: shape.width,
            inputs: shape.inputs,
            outputs: shape.outputs,
            kernel: shape.kernel,
        }
    }
}

#[test]
fn forward_is_exact_at_every_width() {
    for shape in shapes() {
        let mut numbers = Numbers::new(41);
        let input = numbers.take(shape.input_len());
        let weights = numbers.take(shape.weights_len());
        let bias = numbers.take(shape.outputs);
        let residual = numbers.take(shape.output_len());
        compare("forward", shape, |lanes| {
            let mut output = vec![f32::NAN; shape.output_len()];
            let mut pre_activation = vec![f32::NAN; shape.output_len()];
            let kernel = Forward {
                shape,
                rows: 0..shape.images * shape.height,
                cache: None,
                input: &input,
                weights: &weights,
                bias: Some(&bias),
                activation: Activation::Silu,
                residual: Some(&residual),
                output: &mut output,
                pre_activation: Some(&mut pre_activation),
            };
            run(lanes, kernel);
            output.extend(pre_activation);
            output
        });
    }
}
