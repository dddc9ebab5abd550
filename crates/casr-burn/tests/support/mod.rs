//! What tests share.

#![allow(dead_code, reason = "no test needs all of it")]

use burn::tensor::{Device, Distribution, Tensor};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The processor, drawing the random numbers of `seed` for as long as the guard is held: Burn's
/// generator is one for all threads, so tests take turns.
pub fn seeded(seed: u64) -> (Device, MutexGuard<'static, ()>) {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let device = Device::flex().autodiff();
    device.seed(seed);
    (device, turn)
}

/// Normal numbers whose gradients are wanted.
pub fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    normal(shape, 1.0, device)
}

/// Weights of a convolution, `[kernel, kernel, in, out]`, of the size that a network's have: sums
/// of a hundred, rounded in another order, would differ by more than a SiLU forgives.
pub fn weights([kernel, inputs, outputs]: [usize; 3], device: &Device) -> Tensor<4> {
    let deviation = (2.0 / (kernel * kernel * inputs) as f64).sqrt();
    normal([kernel, kernel, inputs, outputs], deviation, device)
}

fn normal<const D: usize>(shape: [usize; D], deviation: f64, device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, deviation), device).require_grad()
}
