//! The gradient of gated corrections.

use super::noise;
use casr_kernels::guard::{apply, apply_gradient};
use casr_kernels::heat::CellAxis;

#[test]
fn the_gradient_is_the_adjoint() {
    let (rows, columns) = (CellAxis::new(5, 11), CellAxis::new(4, 6).bordered(0, 2));
    let count = 2 * 11 * 6 * 3;
    let (gate, zeros) = (noise(2 * 5 * 6 * 2, 4), vec![0.0; count]);
    let (correction, gradient) = (noise(count, 5), noise(count, 6));
    let mut passed = correction.clone();
    apply(2, &rows, &columns, &gate, &zeros, &mut passed);
    let mut back = gradient.clone();
    apply_gradient(2, &rows, &columns, &gate, &mut back);
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum()
    };
    let (ours, theirs) = (dot(&passed, &gradient), dot(&correction, &back));
    assert!((ours - theirs).abs() < 1e-4 * ours.abs(), "{ours} {theirs}");
}
